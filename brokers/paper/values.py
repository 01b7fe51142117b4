"""What the paper ledger is made of: accounts, orders, executions, events. Won are int, averages Decimal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

CENT = Decimal("0.0001")  # the finest cost a broker shows: 매입평균가격 has four decimals


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class PriceType(StrEnum):
    """호가유형. Only LIMIT, CONDITIONAL, AFTER_HOURS and STOP carry a price of their own."""

    LIMIT = "limit"  # 지정가
    MARKET = "market"  # 시장가
    CONDITIONAL = "conditional"  # 조건부지정가: market in the closing auction
    BEST = "best"  # 최유리: the opposite side's best price
    FIRST = "first"  # 최우선: the own side's best price
    PRE_OPEN = "pre_open"  # 장전시간외: at the previous close
    AFTER_CLOSE = "after_close"  # 장후시간외: at the closing price
    AFTER_HOURS = "after_hours"  # 시간외단일가
    MID = "mid"  # 중간가
    STOP = "stop"  # 스톱지정가


PRICED = frozenset({PriceType.LIMIT, PriceType.CONDITIONAL, PriceType.AFTER_HOURS, PriceType.STOP})


class Condition(StrEnum):
    NONE = "none"
    IOC = "ioc"
    FOK = "fok"


class OrderKind(StrEnum):
    NEW = "new"
    MODIFY = "modify"
    CANCEL = "cancel"


class EventKind(StrEnum):
    ACCEPTED = "accepted"
    FILLED = "filled"
    MODIFIED = "modified"  # the event's order is the new one
    CANCELLED = "cancelled"  # the event's order is the cancel request
    REJECTED = "rejected"  # by the exchange, after the broker had taken it
    KILLED = "killed"  # what an IOC or FOK order left


class Reason(StrEnum):
    """Why the ledger refuses a request; each broker has its own code and words for it."""

    NOT_BUSINESS_DAY = "not_business_day"
    SESSION_CLOSED = "session_closed"
    BEFORE_OPEN = "before_open"
    UNKNOWN_ISSUE = "unknown_issue"
    HALTED = "halted"
    PRICE_TYPE = "price_type"
    WRONG_EXCHANGE = "wrong_exchange"
    OFF_TICK = "off_tick"
    OUTSIDE_BAND = "outside_band"  # ``detail`` is "above" or "below"
    QUANTITY = "quantity"
    NO_CASH = "no_cash"
    NO_HOLDING = "no_holding"
    NO_SUCH_ORDER = "no_such_order"
    NOTHING_TO_CHANGE = "nothing_to_change"
    PRICE_UNCHANGED = "price_unchanged"
    QUANTITY_ABOVE_OPEN = "quantity_above_open"


class Refusal(Exception):
    """The ledger says no; nothing has changed."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill; ``number`` rises over the day for the whole broker. Fee and tax in won."""

    number: int
    order_number: int
    code: str
    side: Side
    quantity: int
    price: int
    at: datetime
    trade_date: date
    fee: int
    tax: int
    realised: Decimal  # profit of a sale after its costs; 0 for a purchase

    @property
    def amount(self) -> int:
        return self.quantity * self.price


@dataclass(slots=True)
class Holding:
    """Shares of one issue; ``cost`` is what the remaining shares cost, without fees."""

    code: str
    quantity: int = 0
    cost: Decimal = Decimal(0)
    on_order: int = 0  # in open sell orders
    bought_today: int = 0
    sold_today: int = 0
    bought_before: int = 0  # on the previous business day
    sold_before: int = 0
    realised: Decimal = Decimal(0)  # today
    last_traded: date | None = None

    @property
    def sellable(self) -> int:
        return self.quantity - self.on_order

    @property
    def average_price(self) -> Decimal:
        return (self.cost / self.quantity).quantize(CENT) if self.quantity else Decimal(0)


@dataclass(slots=True)
class DayFigures:
    """One day's trading of an account, in won."""

    bought: int = 0
    sold: int = 0
    fees: int = 0
    taxes: int = 0
    realised: Decimal = Decimal(0)

    @property
    def costs(self) -> int:
        return self.fees + self.taxes

    @property
    def net(self) -> int:
        """What the day does to the cash when it settles."""
        return self.sold - self.bought - self.costs


@dataclass(slots=True, eq=False)
class Account:
    """An account at one of the brokers, with everything in it.

    ``deposit`` is settled cash: it moves on settlement (D+2), not on a trade (예수금).
    """

    broker: str  # "kis" or "ls"
    number: str  # KIS: 8 digits and 2; LS: 11
    server: str  # "real" or "paper"
    hts_id: str
    name: str
    app_key: str
    app_secret: str
    deposit: int
    customer: str = "P"  # "B" for a corporation
    fee_rate: Decimal = Decimal("0.00015")
    tax_rate: Decimal = Decimal("0.0020")  # sales tax incl. 농특세: 0.15 % in 2025, 0.20 % from 2026
    holdings: dict[str, Holding] = field(default_factory=dict)
    orders: dict[tuple[date, int], Order] = field(default_factory=dict, repr=False)
    executions: list[Execution] = field(default_factory=list, repr=False)
    today: DayFigures = field(default_factory=DayFigures)
    past: dict[date, DayFigures] = field(default_factory=dict)
    unsettled: list[tuple[date, int]] = field(default_factory=list)  # (settlement day, net won), past trades
    reserved: int = 0  # won held for open buy orders
    previous_total: int = 0  # yesterday's total assets

    @property
    def bought_today(self) -> int:
        return self.today.bought

    @property
    def sold_today(self) -> int:
        return self.today.sold

    @property
    def fees_today(self) -> int:
        """Fees and taxes together (제비용)."""
        return self.today.costs

    @property
    def settled_cash(self) -> int:
        """Cash after everything has settled (D+2, 가수도정산금액)."""
        return self.deposit + sum(net for _, net in self.unsettled) + self.today.net

    @property
    def orderable_cash(self) -> int:
        """Today's sales may be spent at once; open buy orders hold their amount and fee."""
        return self.settled_cash - self.reserved

    def fee_of(self, amount: int) -> int:
        """The broker's fee, fractions of a won dropped."""
        return int(amount * self.fee_rate)


@dataclass(slots=True, eq=False)
class Order:
    """A request with a number of its own: a new order, a modify or a cancel.

    quantity = filled + open + cancelled + moved (to a modify's number) + rejected + expired.
    A cancel request has no open quantity; its ``quantity`` is what it took from its parent.
    """

    number: int
    account: Account = field(repr=False)
    code: str
    side: Side
    quantity: int
    price: int  # as sent: 0 where the type has none
    price_type: PriceType
    condition: Condition
    exchange: str  # "KRX", "NXT" or "SOR"
    kind: OrderKind
    parent: int | None  # the number this request changes
    first: int  # the number the chain began with
    placed_at: datetime
    trade_date: date
    trace: str  # the same in all events of one request
    limit: int | None = None  # the working price; None takes any
    stop_price: int = 0
    triggered: bool = True  # False for a stop order that waits
    channel: str = "api"  # "hts" for an order placed elsewhere
    filled: int = 0
    filled_amount: int = 0
    cancelled: int = 0
    moved: int = 0
    rejected: int = 0
    expired: int = 0
    reserved: int = 0  # won held while open (buys)
    executions: list[Execution] = field(default_factory=list)

    @property
    def open(self) -> int:
        """Shares still working."""
        if self.kind is OrderKind.CANCEL:
            return 0
        return self.quantity - self.filled - self.cancelled - self.moved - self.rejected - self.expired

    @property
    def average_price(self) -> Decimal:
        return Decimal(self.filled_amount) / self.filled if self.filled else Decimal(0)


@dataclass(frozen=True, slots=True)
class Event:
    """Something the broker announces. ``price`` is the fill's, or the order's as sent."""

    kind: EventKind
    account: Account
    order: Order
    execution: Execution | None
    quantity: int
    price: int
    at: datetime
    trace: str


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's figures at current prices, in won (kis.md §2.5 names the identities)."""

    deposit: int
    d1_cash: int
    d2_cash: int
    orderable: int
    reserved: int
    today: DayFigures
    yesterday: DayFigures
    stock_value: int
    stock_cost: Decimal
    previous_total: int

    @property
    def total(self) -> int:
        return self.stock_value + self.d2_cash

    @property
    def profit(self) -> Decimal:
        return self.stock_value - self.stock_cost
