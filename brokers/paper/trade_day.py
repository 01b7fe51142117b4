"""From one trade date to the next: settlement on D+2, yesterday's figures, sold-out issues."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from brokers.paper.clock import PaperClock
from brokers.paper.market import Market
from brokers.paper.values import Account, DayFigures, Holding

SETTLEMENT_DAYS = 2  # D+2


def close_day(account: Account, closing: date, opening: date, market: Market, clock: PaperClock) -> None:
    """Close an account's day after its open orders have expired, and begin the next one."""
    account.reserved = 0
    account.previous_total = account.settled_cash + sum(
        holding.quantity * market.issue(code).price for code, holding in account.holdings.items()
    )
    account.past[closing] = account.today
    account.unsettled.append((clock.business_day_after(closing, SETTLEMENT_DAYS), account.today.net))
    account.today = _reopened(account, opening, clock)
    account.deposit += sum(net for due, net in account.unsettled if due <= opening)
    account.unsettled = [(due, net) for due, net in account.unsettled if due > opening]
    for holding in account.holdings.values():
        holding.bought_before, holding.sold_before = holding.bought_today, holding.sold_today
        holding.bought_today = holding.sold_today = holding.on_order = 0
        holding.realised = Decimal(0)
    account.holdings = {
        code: holding
        for code, holding in account.holdings.items()
        if holding.quantity or _still_settling(holding, opening, clock)
    }


def _reopened(account: Account, day: date, clock: PaperClock) -> DayFigures:
    """The figures of ``day``: a test may turn the clock back to a day that was closed already."""
    figures = account.past.pop(day, DayFigures())
    if figures.net:
        account.unsettled.append((clock.business_day_after(day, SETTLEMENT_DAYS), -figures.net))
    return figures


def _still_settling(holding: Holding, day: date, clock: PaperClock) -> bool:
    """A sold-out issue stays in the balance until its sale settles (kis.md §2.5)."""
    traded = holding.last_traded
    return traded is not None and clock.business_day_after(traded, SETTLEMENT_DAYS) > day
