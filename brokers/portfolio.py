"""What holdings are worth and what selling them would leave: pure sums over brokers' balances.

Brokers count profit differently (KIS before costs, LS after them): here each figure is counted the same way,
with the broker's own fee and tax where it tells them and the account's rates where it does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from brokers.adapters.base import Balance, Holding
from brokers.costs import Rates, estimate
from brokers.terms import Side

HUNDREDTH = Decimal("0.01")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One issue, held in one account or in several; money in won."""

    symbol: str
    name: str
    quantity: int
    sellable: int
    average_price: Decimal
    price: Decimal
    cost: Decimal
    value: Decimal
    fee: Decimal  # of having bought and of selling it all now
    tax: Decimal
    is_estimate: bool  # fee and tax are counted at the account's rates: the broker tells none
    held_in: tuple[str, ...] = ()  # the accounts' names
    weight: Decimal = NOTHING  # percent of everything that is held

    @property
    def per_share(self) -> Decimal:
        """What a share gained, before costs."""
        return self.price - self.average_price

    @property
    def profit(self) -> Decimal:
        """평가손익: before costs."""
        return self.value - self.cost

    @property
    def costs(self) -> Decimal:
        return self.fee + self.tax

    @property
    def net(self) -> Decimal:
        """What selling it all now would leave as profit."""
        return self.profit - self.costs

    @property
    def net_rate(self) -> Decimal | None:
        """Percent of the cost; None where nothing was paid (a gift, a bonus share)."""
        return percent(self.net, self.cost)


@dataclass(frozen=True, slots=True)
class Totals:
    cost: Decimal
    value: Decimal
    costs: Decimal

    @property
    def profit(self) -> Decimal:
        return self.value - self.cost

    @property
    def net(self) -> Decimal:
        return self.profit - self.costs

    @property
    def net_rate(self) -> Decimal | None:
        return percent(self.net, self.cost)


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return (100 * part / whole).quantize(HUNDREDTH, ROUND_DOWN) if whole else None


def lines_of(balance: Balance, account: str, rates: Rates, kinds: Mapping[str, str]) -> list[Line]:
    """The largest first; `kinds` are the issues' by code, since funds are sold without tax."""
    return weighed(_line(held, account, rates.of(kinds.get(held.symbol, ""))) for held in balance.holdings)


def _line(held: Holding, account: str, rates: Rates) -> Line:
    is_told = held.fee is not None and held.tax is not None
    fee, tax = (held.fee or NOTHING, held.tax or NOTHING) if is_told else _costs(held, rates)
    return Line(
        symbol=held.symbol,
        name=held.name,
        quantity=held.quantity,
        sellable=held.sellable,
        average_price=held.average_price,
        price=held.price,
        cost=held.cost,
        value=held.value,
        fee=fee,
        tax=tax,
        is_estimate=not is_told,
        held_in=(account,),
    )


def _costs(held: Holding, rates: Rates) -> tuple[Decimal, Decimal]:
    bought = estimate(Side.BUY, 1, held.cost, rates)
    sold = estimate(Side.SELL, 1, held.value, rates)
    return bought.fee + sold.fee, sold.tax


def together(lines: Iterable[Line]) -> list[Line]:
    """One line an issue over all accounts, the largest first; the price is that of the newest reading."""
    merged: dict[str, Line] = {}
    for line in lines:
        known = merged.get(line.symbol)
        merged[line.symbol] = _sum(known, line) if known else line
    return weighed(merged.values())


def _sum(one: Line, other: Line) -> Line:
    quantity, cost = one.quantity + other.quantity, one.cost + other.cost
    return replace(
        one,
        quantity=quantity,
        sellable=one.sellable + other.sellable,
        average_price=(cost / quantity).quantize(HUNDREDTH, ROUND_DOWN) if quantity else NOTHING,
        price=other.price,
        cost=cost,
        value=one.value + other.value,
        fee=one.fee + other.fee,
        tax=one.tax + other.tax,
        is_estimate=one.is_estimate or other.is_estimate,
        held_in=(*one.held_in, *other.held_in),
    )


def weighed(lines: Iterable[Line]) -> list[Line]:
    ranked = sorted(lines, key=lambda line: line.value, reverse=True)
    whole = sum((line.value for line in ranked), NOTHING)
    return [replace(line, weight=percent(line.value, whole) or NOTHING) for line in ranked]


def totals_of(lines: Sequence[Line]) -> Totals:
    return Totals(
        cost=sum((line.cost for line in lines), NOTHING),
        value=sum((line.value for line in lines), NOTHING),
        costs=sum((line.costs for line in lines), NOTHING),
    )
