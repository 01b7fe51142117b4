"""What a trade does to an order, a holding and the day's figures. Pure: no market, no events."""

from __future__ import annotations

from decimal import Decimal

from brokers.paper.market import Issue, Trade
from brokers.paper.values import CENT, DayFigures, Holding, Order, Side


def sales_tax(order: Order, issue: Issue, amount: int) -> int:
    """Sales tax in won, fractions dropped; funds are free of it."""
    if order.side is Side.BUY or issue.kind != "stock":
        return 0
    return int(amount * order.account.tax_rate)


def reached(order: Order, price: int) -> bool:
    if order.limit is None:
        return True
    return price <= order.limit if order.side is Side.BUY else price >= order.limit


def share_of(trade: Trade, order: Order) -> int:
    """At the order's own price only as much as was traded there; a price beyond it fills the whole order."""
    if trade.swept or trade.price != order.limit:
        return order.open
    return min(order.open, trade.quantity)


def book_trade(
    day: DayFigures, holding: Holding, side: Side, quantity: int, price: int, fee: int, tax: int
) -> Decimal:
    """Move shares and money; the realised profit of a sale, after its costs."""
    amount = quantity * price
    day.fees += fee
    day.taxes += tax
    if side is Side.BUY:
        day.bought += amount
        holding.quantity += quantity
        holding.cost += amount
        holding.bought_today += quantity
        return Decimal(0)
    cost = holding.cost
    if quantity < holding.quantity:
        cost = (holding.cost * quantity / holding.quantity).quantize(CENT)
    realised = amount - cost - fee - tax
    day.sold += amount
    day.realised += realised
    holding.quantity -= quantity
    holding.cost -= cost
    holding.sold_today += quantity
    holding.realised += realised
    return realised
