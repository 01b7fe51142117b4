"""Funds as their keepers write them: name and limits, books, targets, restricted issues.

Each write asks for the right, takes its turn on the fund as blocks do (so no block is staged on figures that
change under it), and is told in the history of rules. `seen`: the edition that the writer looked at; where
another one was stored meanwhile, nothing is written.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import F

from accounts.models import User
from brokers.blocks.models import AllocationShare, Fund, FundGrant, FundHolding, FundTarget, IssueRule
from brokers.blocks.rights import SEE_ALL, require_aiming, require_keeping, require_making
from brokers.blocks.selectors import names_of
from brokers.blocks.terms import IssueStance
from brokers.services.limits import note_change, note_values, values_of
from brokers.terms import Side
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional

HUNDRED = Decimal(100)
MOST_ROWS = 500
MOST_SHARES = 10**12


@dataclass(frozen=True, slots=True)
class Head:
    """What a fund is and how much it may order: won, None without a limit."""

    name: str
    order_value: Decimal | None = None
    day_value: Decimal | None = None
    four_eyes: bool = False
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Books:
    """Won and shares by symbol that a fund had at one moment."""

    cash: Decimal
    as_of: datetime
    holdings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Restriction:
    """An issue that the fund may not trade, or only with a second person; no side: both."""

    symbol: str
    side: Side | None
    stance: IssueStance
    reason: str

    @property
    def key(self) -> str:
        return f"{self.symbol} {self.side.label if self.side else '매수·매도'}"


def _wrong(field: str, words: str, **more: Any) -> LucyError:
    return LucyError("invalid", words, field=field, **more)


# --- making one, its name and limits ------------------------------------------------------------------------


def make_fund(user: User, code: str, head: Head, cash: Decimal, as_of: datetime) -> Fund:
    """Raises `LucyError`: `may_not_make_fund` (403), `invalid` with the field (a code that is taken, too)."""
    require_making(user)
    require_past(as_of)
    fund = Fund(code=code, cash=cash, as_of=as_of)
    _set_head(fund, head)
    try:
        return _make(user, fund)
    except IntegrityError as taken:
        raise _wrong("code", "이 코드의 펀드가 이미 있습니다.") from taken


@transactional
def _make(user: User, fund: Fund) -> Fund:
    mongo.insert(fund)
    if not user.has_perm(SEE_ALL):  # who makes a fund may look at it
        mongo.insert(FundGrant(fund=fund, user=user))
    note_change(user.get_username(), fund, {}, values_of(fund))
    return fund


def change_fund(user: User, fund: Fund, head: Head, *, seen: str = "") -> Fund:
    """Raises `LucyError`: `may_not_keep_fund` (403), `fund_changed` (409), `invalid` with the field."""
    require_keeping(user, fund)
    return _change(user, fund, head, seen)


@transactional
def _change(user: User, fund: Fund, head: Head, seen: str) -> Fund:
    fund = _taken(fund)
    before = values_of(fund)
    _require_seen(before, seen)
    _set_head(fund, head)
    mongo.change((fund, {name: getattr(fund, name) for name in Head.__slots__}))
    note_change(user.get_username(), fund, before, values_of(fund))
    return fund


def _set_head(fund: Fund, head: Head) -> None:
    for name in Head.__slots__:
        setattr(fund, name, getattr(head, name))
    try:
        fund.full_clean(validate_unique=False)  # the index decides on the code
    except ValidationError as odd:
        field, words = next(iter(odd.message_dict.items()))
        raise _wrong(field, words[0]) from odd


# --- books --------------------------------------------------------------------------------------------------


def set_books(user: User, fund: Fund, books: Books, *, seen: str = "") -> Fund:
    """What the fund has, all of it: an issue that is not named is not held.

    Raises `LucyError`: `may_not_keep_fund` (403), `blocks_open` and `fund_changed` (409), `invalid` with the
    field (and the symbol, where it is about one).
    """
    require_keeping(user, fund)
    require_past(books.as_of)
    if books.cash < 0 or books.cash != int(books.cash) or books.cash >= 10**15:
        raise _wrong("cash", "현금은 0 이상의 원 단위 정수입니다.")
    for symbol, quantity in books.holdings.items():
        if not 0 <= quantity <= MOST_SHARES:
            raise _wrong("holdings", "수량은 0 이상의 정수입니다.", symbol=symbol)
    _require_issues(fund, FundHolding, "holdings", books.holdings)
    return _write_books(user, fund, books, seen)


@transactional
def _write_books(user: User, fund: Fund, books: Books, seen: str) -> Fund:
    fund = _taken(fund)
    before = books_of(fund)
    _require_seen(before, seen)
    require_settled(fund, books.as_of)
    mongo.change((fund, {"cash": books.cash, "as_of": books.as_of}))
    rows = [FundHolding(fund=fund, symbol=s, quantity=q) for s, q in sorted(books.holdings.items()) if q]
    _replace(FundHolding, fund, rows)
    _tell(user, "펀드 현금·보유", fund, before, books_of(fund))
    return fund


def books_of(fund: Fund) -> dict[str, str]:
    """In words: cash, its moment, and shares by symbol."""
    rows = FundHolding.objects.filter(fund=fund).order_by("symbol")
    held = {row.symbol: f"{row.quantity:,}주" for row in rows}
    return {"현금": f"{fund.cash:,.0f}원", "기준시각": fund.as_of.astimezone(clock.KST).isoformat(" ")} | held


def require_settled(fund: Fund, as_of: datetime) -> None:
    """Books of `as_of` hold what blocks made before it have done: none of those may still be open.

    Lucy adds only blocks made since `as_of`, so what an older one still binds would be forgotten.
    Raises `LucyError` (`blocks_open`, 409).
    """
    shares = AllocationShare.objects.filter(fund=fund, created_at__gte=fund.as_of, created_at__lt=as_of)
    still_open = set(shares.filter(open__gt=0).values_list("block_id", flat=True))
    if still_open:
        raise LucyError(
            "blocks_open",
            f"이 펀드의 블록 {len(still_open)}건이 기준시각 전에 나가 아직 끝나지 않았습니다. 끝난 뒤에 "
            "고치거나, 그 블록보다 앞선 기준시각의 현금과 보유를 적으세요.",
            status=409,
            field="as_of",
        )


def require_past(as_of: datetime) -> None:
    """A moment to come would leave out what blocks do until then."""
    if as_of > clock.now():
        raise _wrong("as_of", "기준시각은 지금보다 앞이어야 합니다.")


# --- targets and restrictions -------------------------------------------------------------------------------


def set_targets(user: User, fund: Fund, targets: Mapping[str, Decimal], *, seen: str = "") -> None:
    """Percent of the net value by symbol, all of them.

    Raises `LucyError`: `may_not_aim_fund` (403), `fund_changed` (409), `invalid` with the field and symbol.
    """
    require_aiming(user, fund)
    for symbol, percent in targets.items():
        if not 0 <= percent <= HUNDRED or percent != round(percent, 2):
            raise _wrong("targets", "0에서 100 사이, 소수점 둘째 자리까지 적으세요.", symbol=symbol)
    if (total := sum(targets.values(), Decimal(0))) > HUNDRED:
        raise _wrong("targets", f"목표 비중의 합이 100 %를 넘습니다. 지금은 {total.normalize():f} %입니다.")
    _require_issues(fund, FundTarget, "targets", targets)
    _write_targets(user, fund, targets, seen)


@transactional
def _write_targets(user: User, fund: Fund, targets: Mapping[str, Decimal], seen: str) -> None:
    fund = _taken(fund)
    before = targets_of(fund)
    _require_seen(before, seen)
    rows = [
        FundTarget(fund=fund, symbol=s, percent=percent) for s, percent in sorted(targets.items()) if percent
    ]
    _replace(FundTarget, fund, rows)
    _tell(user, "펀드 목표 비중", fund, before, targets_of(fund))


def targets_of(fund: Fund) -> dict[str, str]:
    rows = FundTarget.objects.filter(fund=fund).order_by("symbol")
    return {row.symbol: f"{row.percent.normalize():f} %" for row in rows}


def restrict(user: User, fund: Fund, rules: Sequence[Restriction], *, seen: str = "") -> None:
    """The fund's own restrictions, all of them; those of every fund stay with the admin.

    Raises `LucyError`: `may_not_keep_fund` (403), `fund_changed` (409), `invalid` with the field and symbol.
    """
    require_keeping(user, fund)
    keys: set[str] = set()
    for rule in rules:
        if rule.key in keys:
            raise _wrong("restrictions", "같은 종목과 구분이 두 번 있습니다.", symbol=rule.symbol)
        if not rule.reason.strip():
            raise _wrong("restrictions", "사유를 적으세요.", symbol=rule.symbol)
        keys.add(rule.key)
    _require_issues(fund, IssueRule, "restrictions", {rule.symbol for rule in rules})
    _restrict(user, fund, rules, seen)


@transactional
def _restrict(user: User, fund: Fund, rules: Sequence[Restriction], seen: str) -> None:
    fund = _taken(fund)
    before = restrictions_of(fund)
    _require_seen(before, seen)
    rows = [
        IssueRule(
            fund=fund,
            symbol=rule.symbol,
            side=rule.side or "",
            stance=rule.stance,
            reason=rule.reason.strip(),
        )
        for rule in rules
    ]
    _replace(IssueRule, fund, rows)
    _tell(user, "펀드 제한 종목", fund, before, restrictions_of(fund))


def restrictions_of(fund: Fund) -> dict[str, str]:
    rules = [
        Restriction(row.symbol, Side(row.side) if row.side else None, IssueStance(row.stance), row.reason)
        for row in IssueRule.objects.filter(fund=fund).order_by("symbol", "side")
    ]
    return {rule.key: f"{rule.stance.label}: {rule.reason}" for rule in rules}


# --- what every write does ----------------------------------------------------------------------------------


def edition(values: Mapping[str, str]) -> str:
    """A short name of what is stored, for a form to say what its writer saw."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _require_seen(stored: Mapping[str, str], seen: str) -> None:
    if seen and seen != edition(stored):
        raise LucyError(
            "fund_changed",
            "그 사이 다른 사람이 고쳤습니다. 화면을 새로 고쳐 바뀐 값을 보고 다시 적으세요.",
            status=409,
        )


def _taken(fund: Fund) -> Fund:
    """The fund as of now, alone with it: of two that write at once one begins again."""
    Fund.objects.filter(pk=fund.pk).update(turns=F("turns") + 1)
    return Fund.objects.get(pk=fund.pk)


def _replace(model: Any, fund: Fund, rows: Sequence[Any]) -> None:
    model.objects.filter(fund=fund).delete()
    if rows:
        mongo.insert(*rows)


def _require_issues(fund: Fund, model: Any, field: str, symbols: Collection[str]) -> None:
    """Each code is one that the list of issues has, or that the fund has here already."""
    if len(symbols) > MOST_ROWS:
        raise _wrong(field, f"{MOST_ROWS}종목까지 적습니다.")
    there = set(model.objects.filter(fund=fund).values_list("symbol", flat=True))
    unknown = sorted(set(symbols) - there - set(names_of(symbols)))
    if unknown:
        raise _wrong(field, f"종목 목록에 없는 코드입니다: {', '.join(unknown)}", symbol=unknown[0])


def _tell(user: User, rule: str, fund: Fund, before: dict[str, str], after: dict[str, str]) -> None:
    labels = {symbol: f"{symbol} {name}" for symbol, name in names_of({*before, *after}).items()}
    note_values(user.get_username(), rule, str(fund), before, after, labels)
