"""What a block would do to the broker accounts it uses: their money or shares, and their day's limits."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from brokers.blocks.preview import Wish, cost_of
from brokers.blocks.services.checking import Wanted
from brokers.blocks.services.previewing import Preview, children_wanted
from brokers.models import BrokerAccount
from brokers.services import facts
from brokers.services.answers import Answer, Question, ask_all
from brokers.services.facts import FactMissing
from brokers.services.limits import Limit, Limits, limits_over
from brokers.services.tally import Bound, tally_of, tally_of_user
from brokers.terms import Side
from lucy.errors import LucyError


@dataclass(frozen=True, slots=True)
class DayLimit:
    """The day's orders before and after, in won or shares, and how much they may be."""

    unit: str  # 원, 주
    now: Decimal
    after: Decimal
    limit: Limit | None

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.after > self.limit.most


@dataclass(frozen=True, slots=True)
class Day:
    """Of an account, or of a user on all accounts; as the checks count."""

    value: DayLimit
    quantity: DayLimit

    @property
    def is_limited(self) -> bool:
        return self.value.limit is not None or self.quantity.limit is not None


@dataclass(frozen=True, slots=True)
class AccountPart:
    """All orders of the block in one account together, at the most they can cost."""

    account: BrokerAccount
    side: Side
    orders: int
    shares: int
    won: Decimal  # leaves on a buy, with the fee; comes on a sale, after fee and tax
    free: Answer[Decimal]  # the broker's own figure: won to buy with, or shares that can be sold
    day: Day

    @property
    def takes(self) -> Decimal:
        """As `free`."""
        return self.won if self.side == Side.BUY else Decimal(self.shares)

    @property
    def left(self) -> Decimal | None:
        return None if self.free.value is None else self.free.value - self.takes


@dataclass(frozen=True, slots=True)
class AccountParts:
    accounts: list[AccountPart]
    user: Day

    @property
    def is_out(self) -> bool:
        """Whether a broker may still answer."""
        return any(part.free.is_out for part in self.accounts)


def account_parts(user: User, found: Preview, *, waited: bool = False) -> AccountParts:
    """Every broker is asked side by side, or its figure of the last minute taken, as the checks do.

    One that is silent has its last good figure with its age (`services.answers`).
    """
    groups: dict[Any, list[Wanted]] = defaultdict(list)
    for one in children_wanted(found.plan, found.wish, found.lines):
        groups[one.account.pk].append(one)
    questions = [_question(group[0].account, found.wish) for group in groups.values()]
    answers = ask_all(questions, waited=waited)
    strictest: Limits = {}
    parts = []
    for group, answer in zip(groups.values(), answers, strict=True):
        strictest = limits_over(group[0].account, user)
        parts.append(_part(group, found, answer, strictest))
    shares = sum(part.shares for part in parts)
    whole = Bound(shares, shares * found.worst)
    return AccountParts(parts, _day(tally_of_user(user).read().total, whole, strictest, "user_"))


def _part(group: Sequence[Wanted], found: Preview, answer: Answer[Decimal], limits: Limits) -> AccountPart:
    account, side = group[0].account, Side(found.wish.side)
    rates = account.rates.of(found.kind)
    shares = sum(one.request.quantity for one in group)
    won = sum((cost_of(side, one.request.quantity, found.worst, rates).total for one in group), Decimal(0))
    day = _day(tally_of(account).read().total, Bound(shares, shares * found.worst), limits, "")
    return AccountPart(account, side, len(group), shares, won, answer, day)


def _day(now: Bound, more: Bound, limits: Limits, prefix: str) -> Day:
    after = now + more
    return Day(
        DayLimit("원", now.value, after.value, limits.get(f"{prefix}day_value")),
        DayLimit("주", Decimal(now.quantity), Decimal(after.quantity), limits.get(f"{prefix}day_quantity")),
    )


# --- the brokers' own figures -------------------------------------------------------------------------------


def _question(account: BrokerAccount, wish: Wish) -> Question[Decimal]:
    """The very figure that the check judges by: nothing is more than enough, so it is only told."""

    def cash() -> Decimal:
        day = tally_of(account).read()
        return facts.cash_enough(account, day, Decimal(0), wish.symbol, wish.price, wish.order_type).figure

    def sellable() -> Decimal:
        return facts.shares_enough(account, tally_of(account).read(), wish.symbol, 0).figure

    if wish.side == Side.BUY:
        return Question(account, "free-cash", lambda: _told(cash))
    return Question(account, f"sellable:{wish.symbol}", lambda: _told(sellable))


def _told(figure: Callable[[], Decimal]) -> Decimal:
    """Raises `LucyError`; what a check would say of an order is left out: here none was refused."""
    try:
        return figure()
    except FactMissing as missing:
        words = f"증권사가 답하지 않았습니다: {missing.__cause__ or missing}"
        raise LucyError(missing.code, words, status=503) from missing
