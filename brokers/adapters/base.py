"""What a broker is to Lucy: the values that cross the line, the errors, and two protocols.

    BrokerError
    ├── Rejected       the broker answered no; nothing is working there
    ├── RateLimited    refused for pace before it was looked at; nothing is working there
    ├── AuthFailed     key or token refused; nothing is working there
    ├── Unreachable    the request never left, or a question stayed without an answer
    ├── BadReply       a question was answered with something unreadable; names the field
    └── ReplyLost      an order, modify or cancel left and its outcome is not known

Only `ReplyLost` leaves an order in doubt: every other error proves that the broker holds no such request.
Wire formats stay inside an adapter's folder; outside there are these frozen values, money in won as
`Decimal`, quantities in shares as `int`, times aware.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from brokers.adapters.companies import Company
from brokers.adapters.history import IssueDay, TradePage
from brokers.terms import (
    Condition,
    Customer,
    InstrumentKind,
    Market,
    OrderType,
    RequestKind,
    Server,
    Side,
    Venue,
)


class BrokerError(Exception):
    """A broker's no, or its silence; `code` and `message` are the broker's own words."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(f"[{code}] {message}" if code else message)
        self.code = code
        self.message = message


class Rejected(BrokerError):
    """The broker answered no; nothing is working there."""


class RateLimited(BrokerError):
    """Refused for pace; the request was not looked at."""


class AuthFailed(BrokerError):
    """The key or the token was refused, also after one renewal."""


class Unreachable(BrokerError):
    """No connection, or no answer to a question; an order that meets this has never left."""


class BadReply(BrokerError):
    """The answer to a question lacks what matters or cannot be read; the message names the field."""


class ReplyLost(BrokerError):
    """The request may have arrived; only the broker's own order list can tell."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an adapter needs to speak for one account; never logged (`repr` shows no secret)."""

    account_no: str  # digits only: KIS 10 (8 + 2), LS 11
    server: Server
    customer: Customer
    hts_id: str
    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    rest_url: str = ""
    socket_url: str = ""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    symbol: str
    side: Side
    quantity: int
    price: Decimal | None  # None where the type has no price
    order_type: OrderType = OrderType.LIMIT
    condition: Condition = Condition.DAY
    venue: Venue = Venue.KRX


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order at the broker, as a modify or a cancel must name it."""

    order_no: str  # the latest number of the chain
    branch: str  # KIS: KRX_FWDG_ORD_ORGNO of the acknowledgement; empty elsewhere
    symbol: str
    side: Side
    open_quantity: int
    order_type: OrderType
    condition: Condition = Condition.DAY
    venue: Venue = Venue.KRX


@dataclass(frozen=True, slots=True)
class Receipt:
    """The broker took a request and gave it this number (unique per account and trade date)."""

    order_no: str  # without leading zeros
    branch: str = ""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order number in the broker's own list; a modify or cancel is a line of its own."""

    trade_date: date
    order_no: str
    original_no: str  # the number it modifies or cancels; empty for a new order
    kind: RequestKind
    branch: str
    symbol: str
    name: str
    side: Side
    order_type: OrderType
    condition: Condition
    venue: Venue
    quantity: int
    price: Decimal
    filled_quantity: int
    filled_amount: Decimal  # won; quantity x price summed over the fills
    cancelled_quantity: int
    rejected_quantity: int
    open_quantity: int
    ordered_at: datetime
    status_text: str  # the broker's word, for people


@dataclass(frozen=True, slots=True)
class Cash:
    deposit: Decimal  # 예수금
    deposit_d1: Decimal
    deposit_d2: Decimal  # after settlement of everything done so far
    orderable: Decimal  # 주문가능현금


@dataclass(frozen=True, slots=True)
class Holding:
    symbol: str
    name: str
    quantity: int
    sellable: int
    average_price: Decimal
    cost: Decimal
    price: Decimal
    value: Decimal
    profit: Decimal
    profit_rate: Decimal  # percent
    fee: Decimal | None = None  # of buying and selling it all; None where the broker does not tell
    tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    cash: Cash
    holdings: tuple[Holding, ...]
    net_asset: Decimal
    realised: Decimal | None  # today; None where the broker does not tell
    unrealised: Decimal


@dataclass(frozen=True, slots=True)
class BuyingPower:
    cash: Decimal
    quantity: int  # shares that cash buys at `price`, without credit
    price: Decimal  # the price the broker counted with; market orders: the upper limit


@dataclass(frozen=True, slots=True)
class Quote:
    symbol: str
    name: str  # empty where the broker's service has none
    price: Decimal
    base_price: Decimal  # 기준가, the middle of the day's band
    change: Decimal  # signed, won
    change_rate: Decimal  # signed, percent
    open: Decimal
    high: Decimal
    low: Decimal
    upper_limit: Decimal
    lower_limit: Decimal
    volume: int
    halted: bool


@dataclass(frozen=True, slots=True)
class Level:
    price: Decimal
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderBook:
    symbol: str
    asks: tuple[Level, ...]  # best first, up to ten
    bids: tuple[Level, ...]
    at: datetime


class Period(StrEnum):
    """What one candle spans."""

    MINUTE = "minute"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    def start_of(self, day: date) -> date:
        """The calendar day on which the candle that holds `day` begins: brokers date theirs differently."""
        match self:
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)
            case Period.YEAR:
                return day.replace(month=1, day=1)
        return day


@dataclass(frozen=True, slots=True)
class Candle:
    at: datetime  # when the span begins: a minute, or midnight in Seoul of `Period.start_of`
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    value: Decimal | None = None  # won traded; LS counts millions; None where the broker does not tell


@dataclass(frozen=True, slots=True)
class InstrumentLine:
    symbol: str
    name: str
    market: Market
    kind: InstrumentKind
    base_price: Decimal
    upper_limit: Decimal
    lower_limit: Decimal


@dataclass(frozen=True, slots=True)
class Connected:
    """The stream is (again) complete from now on; what happened before must be read back."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Alive:
    """The broker's socket said something that is no news."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The broker said something that nobody can read: it may have been a fill, so its books must be asked."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class FillReport:
    account_no: str
    trade_date: date
    order_no: str  # the number that was live when it happened
    original_no: str
    fill_no: str  # the broker's number of the execution; empty where it gives none (KIS)
    symbol: str
    side: Side
    quantity: int
    price: Decimal
    executed_at: datetime
    order_quantity: int
    order_price: Decimal | None


class OrderNews(StrEnum):
    ACCEPTED = "accepted"
    MODIFIED = "modified"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    KILLED = "killed"  # the rest of an IOC or FOK


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What happened to an order number, other than a fill."""

    account_no: str
    trade_date: date
    news: OrderNews
    order_no: str
    original_no: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity: int  # accepted: ordered; modified: resting; cancelled, rejected, killed: that many (0 not told)
    price: Decimal | None
    at: datetime
    reason: str = ""
    request: RequestKind = RequestKind.NEW  # what an accepted or rejected number asked for


Report = Connected | Alive | Unreadable | FillReport | OrderReport


class BrokerClient(Protocol):
    """The broker over HTTP; sync, so views, tasks and the admin call it directly; safe to share by threads.

    `place`, `modify` and `cancel` raise `Rejected`, `RateLimited`, `AuthFailed`, `Unreachable` (nothing is
    working) or `ReplyLost` (nobody knows). The questions raise all but `ReplyLost`, and follow paging to its
    end: a list is whole or an error.
    """

    def place(self, request: OrderRequest) -> Receipt: ...
    def modify(
        self, order: WorkingOrder, quantity: int, price: Decimal | None, order_type: OrderType
    ) -> Receipt:
        """Replace price and type for `quantity` shares of what is open."""

    def cancel(self, order: WorkingOrder, quantity: int) -> Receipt: ...
    def day_orders(self) -> list[OrderLine]:
        """Every order number of today's trade date, oldest first, filled, open and dead."""

    def order_line(self, order_no: str) -> OrderLine | None:
        """Today's line of one number, asked for on its own; None when the broker does not know it."""

    def open_orders(self) -> list[OrderLine]: ...
    def day_fills(self) -> list[OrderLine]:
        """Today's numbers with fills, as totals per number: neither broker lists single fills."""

    def orders_between(self, first: date, last: date) -> list[OrderLine]: ...
    def trades(self, first: date, last: date, after: str = "") -> TradePage:
        """One page of the history, in the broker's own order; `after` is the page before's."""

    def profits(self, first: date, last: date) -> list[IssueDay]:
        """What each issue's trades of each day made, oldest first; `Rejected` where that is not told."""

    def balance(self) -> Balance: ...
    def buying_power(self, symbol: str, price: Decimal | None, order_type: OrderType) -> BuyingPower: ...
    def quote(self, symbol: str) -> Quote: ...
    def quotes(self, symbols: Sequence[str]) -> list[Quote]: ...
    def order_book(self, symbol: str) -> OrderBook: ...
    def candles(
        self, symbol: str, period: Period, first: date, last: date, adjusted: bool = True
    ) -> list[Candle]:
        """Every candle with a day from `first` to `last`, oldest first; none for a span without a trade.

        `adjusted` counts splits and the like into the prices before them. How far minutes reach back is the
        broker's own affair; `Rejected` where it has none of an earlier day.
        """

    def company(self, symbol: str) -> Company:
        """What the company is and earns; without figures for a fund."""

    def instruments(self) -> list[InstrumentLine]:
        """Every listed issue, where the broker offers the list; else `Rejected`."""

    def renew_token(self) -> datetime:
        """Fetch a fresh token for all processes and tell until when it holds."""


class BrokerStream(Protocol):
    """The push channel; async, read by the gateway alone. It reconnects by itself and never ends."""

    def reports(self) -> AsyncIterator[Report]: ...
