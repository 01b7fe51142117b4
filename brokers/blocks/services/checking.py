"""A block's children checked as a whole, before the first of them leaves.

Every child passes the checks of any order (`brokers/services/checks.py`, the same functions), as if it were
saved. What several children share is checked once more for all of them together: cash, holdings and the day's
limits of an account over all its children, the user's day over the whole block, each fund's cash, shares and
limits. Each child is checked again by the order service when it leaves: nothing here takes its place.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from accounts.models import User
from brokers.adapters.base import OrderRequest
from brokers.blocks import lanes
from brokers.blocks.models import Fund, IssueRule
from brokers.blocks.selectors import Position
from brokers.blocks.terms import IssueStance
from brokers.models import BrokerAccount, Order
from brokers.services import checks, gate
from brokers.services.checks import Case, Check, Refusal
from brokers.services.facts import FactMissing
from brokers.services.standing import Standing, standing_of
from brokers.services.tally import Bound
from brokers.terms import Side
from lucy import mongo
from lucy.errors import LucyError


@dataclass(frozen=True, slots=True)
class Wanted:
    """One child as it would leave."""

    position: int
    account: BrokerAccount
    request: OrderRequest


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the block may not leave; `position` 0 where it is about an account, a fund or the whole."""

    code: str
    message: str
    position: int = 0
    account: str = ""
    fund: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "position": self.position,
            "account": self.account,
            "fund": self.fund,
        }

    @property
    def where(self) -> str:
        return self.fund or self.account or "블록 전체"


@dataclass(frozen=True)
class UnsavedCase(Case):
    """An order that is not stored: the day's tally does not count it yet, so it is added."""

    @cached_property
    def added(self) -> Bound:
        return Bound(self.request.quantity, self.value)


TOGETHER: tuple[Check, ...] = (checks.day_allowed, checks.cash_enough, checks.holdings_enough)


def troubles_of(user: User, wanted: Sequence[Wanted]) -> list[Trouble]:
    """What the checks of orders say to these children, each account asked in its own lane."""
    by_account: dict[Any, list[Wanted]] = defaultdict(list)
    for one in wanted:
        by_account[one.account.pk].append(one)
    work: dict[Any, Callable[[], list[Trouble]]] = {
        key: partial(_account_troubles, user, group) for key, group in by_account.items()
    }
    found = [trouble for troubles in lanes.side_by_side(work).values() for trouble in troubles]
    if not found and len(wanted) > 1:
        found = _user_troubles(user, wanted)
    return sorted(found, key=lambda trouble: trouble.position)


def _account_troubles(user: User, group: Sequence[Wanted]) -> list[Trouble]:
    account = group[0].account
    standing = standing_of(account, user, group[0].request.symbol)
    try:
        gate.require_running(standing.stop)
        checks.require_unpaused(account)
        checks.require_sound(group[0].request)
    except LucyError as no:
        return [Trouble(no.code, no.message, account=str(account))]
    found = [
        Trouble(refusal.code, refusal.message, one.position, str(account))
        for one in group
        if (refusal := checks.refusal_of(_case(user, one, standing)))
    ]
    if not found and len(group) > 1:
        together = _case(user, _sum_of(group), standing)
        found = [
            Trouble(
                refusal.code,
                f"이 계좌의 주문 {len(group)}건을 합하면: {refusal.message}",
                account=str(account),
            )
            for refusal in _said(TOGETHER, together)
        ]
    return found


def _user_troubles(user: User, wanted: Sequence[Wanted]) -> list[Trouble]:
    together = _sum_of(wanted)
    case = _case(user, together, standing_of(together.account, user, together.request.symbol))
    return [Trouble(refusal.code, refusal.message) for refusal in _said((checks.user_day_allowed,), case)]


def _sum_of(group: Sequence[Wanted]) -> Wanted:
    quantity = sum(one.request.quantity for one in group)
    return replace(group[0], request=replace(group[0].request, quantity=quantity))


def _case(user: User, one: Wanted, standing: Standing) -> UnsavedCase:
    return UnsavedCase(unsaved(user, one), one.request, user, standing)


def unsaved(user: User, one: Wanted) -> Order:
    """The child's order as the checks look at it; it is not stored."""
    request = one.request
    return Order(
        account=one.account,
        user=user,
        symbol=request.symbol,
        side=request.side,
        order_type=request.order_type,
        quantity=request.quantity,
        price=request.price,
    )


def _said(which: Sequence[Check], case: Case) -> list[Refusal]:
    found = []
    for check in which:
        try:
            refusal = check(case)
        except FactMissing as missing:
            refusal = Refusal(missing.code, missing.message)
        if refusal:
            found.append(refusal)
    return found


def refused(troubles: Sequence[Trouble], words: str) -> LucyError:
    """The block may not leave: the first trouble in words, all of them in the details."""
    first = troubles[0]
    more = f" 외 {len(troubles) - 1}건" if len(troubles) > 1 else ""
    return LucyError(
        "block_refused",
        f"{words} {first.where}: {first.message}{more}",
        status=409,
        troubles=[trouble.as_dict() for trouble in troubles],
    )


# --- what a fund allows -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FundPart:
    """What a block would do to one fund: shares, and won at the most it can cost (a sale: bring)."""

    fund: Fund
    position: Position
    shares: int
    won: Decimal
    value: Decimal  # without costs

    def cash_after(self, side: str) -> Decimal:
        return self.position.cash - self.won if side == Side.BUY else self.position.cash + self.won


def fund_troubles(
    side: Side, symbol: str, parts: Sequence[FundPart], rules: Sequence[IssueRule]
) -> list[Trouble]:
    """Cash, shares, limits and forbidden issues of every fund that gets shares of the block."""
    parts = [part for part in parts if part.shares]
    found = closed([part.fund for part in parts])
    for part in parts:
        fund = part.fund
        say = partial(Trouble, fund=str(fund))
        if side == Side.BUY and part.won > part.position.cash:
            words = f"현금 {part.position.cash:,.0f}원보다 많은 {part.won:,.0f}원이 필요합니다."
            found.append(say("fund_cash", words))
        held = part.position.shares.get(symbol, 0)
        if side == Side.SELL and part.shares > held:
            words = f"팔 수 있는 수량은 {held:,}주인데 배분은 {part.shares:,}주입니다."
            found.append(say("fund_holdings", words))
        if fund.order_value is not None and part.value > fund.order_value:
            words = (
                f"블록 1건 한도 {fund.order_value:,.0f}원을 넘습니다. 이 블록은 {part.value:,.0f}원입니다."
            )
            found.append(say("fund_order_value", words))
        if fund.day_value is not None and part.position.today + part.value > fund.day_value:
            total = part.position.today + part.value
            words = f"하루 한도 {fund.day_value:,.0f}원을 넘습니다. 이 블록을 더하면 {total:,.0f}원입니다."
            found.append(say("fund_day_value", words))
    return found + forbidden(symbol, [part.fund for part in parts], rules)


def closed(funds: Sequence[Fund]) -> list[Trouble]:
    """The funds that are not in use."""
    words = "쓰지 않는 펀드입니다. 관리자에게 문의하세요."
    return [Trouble("fund_closed", words, fund=str(fund)) for fund in funds if not fund.is_active]


def forbidden(symbol: str, funds: Sequence[Fund], rules: Sequence[IssueRule]) -> list[Trouble]:
    """The funds that may not trade this issue."""
    return [
        Trouble("fund_restricted", f"{symbol}은(는) 금지된 종목입니다. 사유: {rule.reason}", fund=str(fund))
        for fund in funds
        for rule in rules
        if rule.stance == IssueStance.FORBIDDEN and rule.fund_id in {None, fund.pk}
    ]


def issue_rules(symbol: str, side: Side, funds: Sequence[Fund]) -> list[IssueRule]:
    """The rules about this issue and side that hold for one of these funds."""
    keys = {fund.pk for fund in funds} | {None}
    rows = mongo.find_all(IssueRule, symbol=[symbol], side=["", side.value])
    return [row for row in rows if row.fund_id in keys]
