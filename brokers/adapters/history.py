"""An account's past as its broker tells it: lines for people, and what the trades of a day made.

Orders that Lucy must follow are `base.OrderLine`; these values are shown and added up, never acted on.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from brokers.terms import Side


@dataclass(frozen=True, slots=True)
class TradeLine:
    """A line of the broker's own history: KIS tells the total of an order number, LS each execution."""

    trade_date: date
    at: datetime
    order_no: str  # empty where the broker does not name it (LS)
    symbol: str
    name: str
    side: Side | None  # None for what is no purchase and no sale
    status_text: str  # the broker's word, for people
    ordered: int | None  # shares; None where executions are told, which are filled by their nature
    quantity: int  # shares filled
    price: Decimal  # average of what was filled
    amount: Decimal
    fee: Decimal | None  # None where the broker does not tell it by line
    tax: Decimal | None
    realised: Decimal | None  # won, after fee and tax


@dataclass(frozen=True, slots=True)
class TradePage:
    """One page of the history as the broker pages it."""

    lines: tuple[TradeLine, ...]
    after: str  # what asks for the next page; empty at the end


@dataclass(frozen=True, slots=True)
class IssueDay:
    """What the trades of one issue on one day moved and made, in shares and won."""

    trade_date: date
    symbol: str
    name: str
    bought: int
    buy_amount: Decimal
    sold: int
    sell_amount: Decimal
    fee: Decimal
    tax: Decimal
    realised: Decimal  # after fee and tax
