"""What an order works at, and what it may cost."""

from __future__ import annotations

from brokers.paper.market import Market
from brokers.paper.values import PRICED, Account, PriceType, Side


def working_price(market: Market, code: str, side: Side, price: int, price_type: PriceType) -> int | None:
    """The limit a price type stands for at this moment; None takes any price."""
    if price_type in PRICED:
        return price
    if price_type is PriceType.MARKET:
        return None
    issue, book = market.issue(code), market.book(code)
    ask, bid = book.asks[0].price or issue.price, book.bids[0].price or issue.price
    return {
        PriceType.BEST: ask if side is Side.BUY else bid,
        PriceType.FIRST: bid if side is Side.BUY else ask,
        PriceType.MID: (ask + bid) // 2,
        PriceType.PRE_OPEN: issue.base_price,
        PriceType.AFTER_CLOSE: issue.price,
    }[price_type]


def cash_needed(market: Market, account: Account, code: str, quantity: int, limit: int | None) -> int:
    """Won a purchase may cost with its fee; an order at any price is counted at the upper limit."""
    amount = quantity * (limit or market.upper_limit(code))
    return amount + account.fee_of(amount)


def buyable(market: Market, account: Account, code: str, price: int | None) -> tuple[int, int]:
    """(shares, price used) the cash buys; None asks at the upper limit, as a market order would."""
    used = price or market.upper_limit(code)
    cash = max(account.orderable_cash, 0)
    quantity = int(cash / (used * (1 + account.fee_rate)))
    while quantity and cash_needed(market, account, code, quantity, used) > cash:
        quantity -= 1
    return quantity, used
