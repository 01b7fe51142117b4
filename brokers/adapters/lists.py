"""What only one broker lists: the values of rankings, opinions, watch lists and saved conditions.

The calls stand on each broker's own lists (`kis/lists.py`, `ls/lists.py`), since no other broker has them;
the errors are those of base.py. Money in won as `Decimal` unless the name says otherwise, quantities in
shares, rates in percent and signed, None where the broker tells nothing.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from brokers.terms import Market, Venue


@dataclass(frozen=True, slots=True)
class Ticker:
    """A stock as lists name it, with its price of the moment."""

    symbol: str
    name: str
    price: Decimal
    change: Decimal  # signed, against the previous close
    change_rate: Decimal
    volume: int | None  # accumulated today


# --- KIS --------------------------------------------------------------------------------------------------


class Ranked(StrEnum):
    """By what provisional totals are ranked."""

    QUANTITY = "quantity"
    AMOUNT = "amount"


class Investor(StrEnum):
    ALL = "all"
    FOREIGN = "foreign"
    INSTITUTION = "institution"
    OTHER = "other"


class Universe(StrEnum):
    """The issues a KIS ranking is made of."""

    ALL = "all"
    KOSPI = "kospi"
    KOSDAQ = "kosdaq"
    KOSPI200 = "kospi200"


@dataclass(frozen=True, slots=True)
class InvestorTotal:
    """가집계: what foreigners and institutions bought net, as typed in by staff during the day."""

    ticker: Ticker
    net_quantity: int  # signed; of the investors asked for
    foreign_quantity: int
    foreign_amount_million: Decimal
    institution_quantity: int
    institution_amount_million: Decimal


@dataclass(frozen=True, slots=True)
class Opinion:
    """A securities firm's opinion on a stock; prices are of now, the opinion of `day`."""

    day: date
    symbol: str
    name: str  # empty where the service was asked for one stock
    firm: str
    opinion: str  # the firm's own word: 매수, BUY, NotRated
    previous_opinion: str
    target: Decimal | None  # None where the firm names none
    price: Decimal | None  # None where the service was asked for one stock
    change: Decimal | None
    change_rate: Decimal | None
    previous_close: Decimal  # of the day before the opinion
    gap: Decimal | None  # 괴리도: KIS's own figure, won
    gap_rate: Decimal | None  # 괴리율: KIS's own figure; below zero while the price is under the target


@dataclass(frozen=True, slots=True)
class Opinions:
    """`cut_days`: KIS tells no more than 20 opinions a question, and these days had more of one kind."""

    found: tuple[Opinion, ...]
    cut_days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchGroup:
    """A group of 관심종목 as saved in KIS's own programs."""

    code: str
    name: str
    rank: int
    issues: int
    saved_at: datetime | None


@dataclass(frozen=True, slots=True)
class WatchedIssue:
    """An issue of a watch group; `price` is None for what KIS prices elsewhere (futures, foreign stocks)."""

    rank: int
    exchange: str
    symbol: str
    name: str
    memo: str
    is_domestic: bool  # a stock, ETF or ETN of the Korean exchanges
    price: "WatchedPrice | None" = None


@dataclass(frozen=True, slots=True)
class WatchedPrice:
    ticker: Ticker
    ask_total: int  # shares on all levels
    bid_total: int
    amount: Decimal  # traded today


@dataclass(frozen=True, slots=True)
class SavedCondition:
    """조건식 as saved to KIS's server from its own program."""

    key: str
    group: str
    name: str


@dataclass(frozen=True, slots=True)
class ConditionHit:
    ticker: Ticker
    open: Decimal
    high: Decimal
    low: Decimal
    high_52w: Decimal
    low_52w: Decimal
    strength: Decimal  # 체결강도: 100 where buyers and sellers are even
    volume_rate: Decimal  # today's volume against yesterday's, percent
    expected_price: Decimal | None
    expected_rate: Decimal | None


class BookSort(StrEnum):
    """How the ranking of order books is sorted."""

    NET_BID = "net_bid"
    NET_ASK = "net_ask"
    BID_RATE = "bid_rate"
    ASK_RATE = "ask_rate"


class AfterHoursSort(StrEnum):
    """How the ranking of after-hours books is sorted."""

    PRE_OPEN = "pre_open"  # volume before the open
    AFTER_CLOSE = "after_close"  # volume after the close
    ASK = "ask"
    BID = "bid"


@dataclass(frozen=True, slots=True)
class BookRank:
    rank: int
    ticker: Ticker
    ask_total: int
    bid_total: int
    net_bid: int  # signed
    bid_rate: Decimal
    ask_rate: Decimal


@dataclass(frozen=True, slots=True)
class AfterHoursRank:
    rank: int
    ticker: Ticker  # without a volume
    ask_total: int
    bid_total: int
    pre_open_volume: int
    after_close_volume: int


# --- LS ---------------------------------------------------------------------------------------------------


class Ranking(StrEnum):
    """LS's rankings by what they rank."""

    RATE = "rate"
    VOLUME = "volume"
    SURGE = "surge"  # volume against the same time of yesterday
    VALUE = "value"
    AFTER_HOURS_RATE = "after_hours_rate"
    AFTER_HOURS_VOLUME = "after_hours_volume"
    EXPECTED_VOLUME = "expected_volume"
    EXPECTED_RATE = "expected_rate"  # 시간외단일가


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    FLAT = "flat"


class Exclusion(StrEnum):
    """What a ranking leaves out; not every ranking can leave out everything."""

    MANAGED = "managed"
    WARNED = "warned"
    HALTED = "halted"
    PREFERRED = "preferred"
    LIQUIDATION = "liquidation"
    UNFAITHFUL = "unfaithful"
    CAUTION = "caution"
    MARGIN_50 = "margin-50"
    MARGIN_100 = "margin-100"
    ETF = "etf"
    ETN = "etn"
    SPAC = "spac"
    SHIP_FUND = "ship-fund"
    ATTENTION = "attention"
    RISK = "risk"
    RISK_NOTICE = "risk-notice"
    NO_COLLATERAL = "no-collateral"


@dataclass(frozen=True, slots=True)
class RankingFilter:
    """Which issues a ranking takes: it reads the fields that it knows; zeros and None exclude nothing."""

    market: Market | None = None
    direction: Direction = Direction.UP
    yesterday: bool = False  # ranks the day before
    price_from: int = 0
    price_to: int = 0
    volume_from: int = 0  # after-hours rankings know steps: the next one below is taken
    rate_from: int = 0  # percent
    rate_to: int = 0
    previous_volume_from: int = 0  # SURGE: the next step below is taken
    surge_to: int = 0  # SURGE, percent: the next step above is taken
    by_amount: bool = False  # AFTER_HOURS_VOLUME ranked by won instead of shares
    after_close: bool = False  # EXPECTED_VOLUME of the closing auction instead of the opening one
    exclude: frozenset[Exclusion] = field(default_factory=frozenset)
    venue: Venue = Venue.KRX  # SOR: KRX and NXT together


@dataclass(frozen=True, slots=True)
class RankLine:
    ticker: Ticker
    ask: Decimal | None = None
    ask_quantity: int | None = None
    bid: Decimal | None = None
    bid_quantity: int | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    expected_volume: int | None = None
    previous_volume: int | None = None
    previous_rate: Decimal | None = None  # yesterday's change
    growth: Decimal | None = None  # percent of yesterday's volume or amount
    turnover: Decimal | None = None  # percent of the listed shares
    amount: Decimal | None = None
    previous_amount: Decimal | None = None
    market_value: Decimal | None = None
    streak_days: int | None = None  # days in a row in one direction


@dataclass(frozen=True, slots=True)
class RankingPage:
    """The rows asked for; `more` says that the broker has further ones."""

    lines: tuple[RankLine, ...]
    more: bool = False
