"""The identities that the paper ledger's books must obey at any moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from brokers.paper.values import Account, Order, OrderKind, Side


def audit(accounts: Iterable[Account], resting: Mapping[str, Mapping[tuple[str, int], Order]]) -> None:
    """Raise AssertionError at the first thing that does not add up."""
    working = {id(order) for orders in resting.values() for order in orders.values()}
    for account in accounts:
        for order in account.orders.values():
            _audit_order(order)
            _demand((id(order) in working) == bool(order.open), order, "rests exactly while it is open")
        _audit_cash(account)
        _audit_holdings(account)


def _demand(holds: bool, subject: object, rule: str) -> None:
    if not holds:
        raise AssertionError(f"{rule}: {subject}")


def _audit_order(order: Order) -> None:
    _demand(order.open >= 0, order, "open quantity is not negative")
    if order.kind is OrderKind.CANCEL:
        _demand(order.filled == 0, order, "a cancel request is never filled")
        return
    parts = (order.filled, order.open, order.cancelled, order.moved, order.rejected, order.expired)
    _demand(order.quantity == sum(parts), order, "the parts make up the ordered quantity")
    _demand(order.filled == sum(fill.quantity for fill in order.executions), order, "fills sum up")
    _demand(order.filled_amount == sum(fill.amount for fill in order.executions), order, "amounts sum up")


def _audit_cash(account: Account) -> None:
    buys = [order for order in account.orders.values() if order.side is Side.BUY]
    _demand(account.reserved == sum(order.reserved for order in buys), account, "held cash is the orders'")
    days = {execution.trade_date for execution in account.executions} - set(account.past)
    _demand(len(days) <= 1, account, "at most one day is not closed")
    current = [execution for execution in account.executions if execution.trade_date in days]
    for side, booked in ((Side.BUY, account.today.bought), (Side.SELL, account.today.sold)):
        traded = sum(execution.amount for execution in current if execution.side is side)
        _demand(booked == traded, account, f"today's {side} amount is that of the executions")
    _demand(account.today.fees == sum(execution.fee for execution in current), account, "fees sum up")
    _demand(account.today.taxes == sum(execution.tax for execution in current), account, "taxes sum up")
    _demand(account.settled_cash >= account.reserved or not buys, account, "no purchase without cash")


def _audit_holdings(account: Account) -> None:
    on_order: dict[str, int] = {}
    for order in account.orders.values():
        if order.side is Side.SELL:
            on_order[order.code] = on_order.get(order.code, 0) + order.open
    for code, holding in account.holdings.items():
        _demand(holding.on_order == on_order.get(code, 0), holding, "held shares are the orders'")
        _demand(holding.sellable >= 0, holding, "nothing is sold twice")
        _demand((holding.quantity == 0) == (holding.cost == Decimal(0)), holding, "no cost without shares")
