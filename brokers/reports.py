"""The end-of-day report of an account: pure sums over the day's orders, fills and differences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from brokers.costs import Estimate, estimate
from brokers.models import Discrepancy, Fill, Order
from brokers.terms import Side


@dataclass(frozen=True, slots=True)
class SideTotal:
    """What one side did, in shares and won; costs are estimates at the published rates, fill by fill."""

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
    orders: Sequence[Order], fills: Sequence[Fill], differences: Sequence[Discrepancy]
) -> DayReport:
    return DayReport(
        orders, fills, differences, _total(Side.BUY, orders, fills), _total(Side.SELL, orders, fills)
    )


def _total(side: Side, orders: Iterable[Order], fills: Iterable[Fill]) -> SideTotal:
    told = [fill for fill in fills if fill.side == side]
    costs = [_costs(fill) for fill in told]
    return SideTotal(
        orders=sum(order.side == side for order in orders),
        shares=sum(fill.quantity for fill in told),
        amount=sum((cost.amount for cost in costs), Decimal(0)),
        fee=sum((cost.fee for cost in costs), Decimal(0)),
        tax=sum((cost.tax for cost in costs), Decimal(0)),
    )


def _costs(fill: Fill) -> Estimate:
    return estimate(Side(fill.side), fill.quantity, fill.price)
