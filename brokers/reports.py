"""The end-of-day report of an account: pure sums over the day's orders, fills and differences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from brokers.costs import Estimate, Rates, estimate
from brokers.models import Discrepancy, Fill, Order
from brokers.terms import Side


@dataclass(frozen=True, slots=True)
class SideTotal:
    """What one side did, in shares and won; costs are estimates at the account's rates, fill by fill."""

    orders: int
    shares: int
    amount: Decimal
    fee: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class DayReport:
    orders: Sequence[Order]
    fills: Sequence[Fill]
    differences: Sequence[Discrepancy]
    buys: SideTotal
    sells: SideTotal

    @property
    def net(self) -> Decimal:
        """Won that the day's trades bring (positive) or cost, after fee and tax."""
        return (
            self.sells.amount
            - self.sells.fee
            - self.sells.tax
            - self.buys.amount
            - self.buys.fee
            - self.buys.tax
        )


def day_report(
    orders: Sequence[Order],
    fills: Sequence[Fill],
    differences: Sequence[Discrepancy],
    rates: Rates,
    kinds: Mapping[str, str],
) -> DayReport:
    """`kinds` are those of the issues by code; what is not in it counts as a share."""
    costs = [(fill, _costs(fill, rates.of(kinds.get(fill.symbol, "")))) for fill in fills]
    return DayReport(
        orders, fills, differences, _total(Side.BUY, orders, costs), _total(Side.SELL, orders, costs)
    )


def _total(side: Side, orders: Iterable[Order], costs: Iterable[tuple[Fill, Estimate]]) -> SideTotal:
    told = [(fill, cost) for fill, cost in costs if fill.side == side]
    return SideTotal(
        orders=sum(order.side == side for order in orders),
        shares=sum(fill.quantity for fill, _ in told),
        amount=sum((cost.amount for _, cost in told), Decimal(0)),
        fee=sum((cost.fee for _, cost in told), Decimal(0)),
        tax=sum((cost.tax for _, cost in told), Decimal(0)),
    )


def _costs(fill: Fill, rates: Rates) -> Estimate:
    return estimate(Side(fill.side), fill.quantity, fill.price, rates)
