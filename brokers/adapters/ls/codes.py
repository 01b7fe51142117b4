"""LS's codes as data: transactions with path and pace, order words, and what the answers' codes mean.

Source: reference/ls.md (sections in the comments), which says of each how sure we are.
"""

from dataclasses import dataclass

from brokers.adapters.base import Period
from brokers.adapters.lists import Ranking
from brokers.terms import Condition, InstrumentKind, Market, OrderType, Server, Side

REST_URL = "https://openapi.ls-sec.co.kr:8080"  # 1.1: one host; the app key decides between real and paper
SOCKET_URL = {
    Server.REAL: "wss://openapi.ls-sec.co.kr:9443/websocket",
    Server.PAPER: "wss://openapi.ls-sec.co.kr:29443/websocket",
}
TOKEN_PATH = "/oauth2/token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True)
class Transaction:
    """A TR: where it is sent, and how often one app key of an individual may."""

    code: str
    path: str
    per_second: int

    @property
    def in_block(self) -> str:
        """C-TRs number their input block, t-TRs do not."""
        return f"{self.code}InBlock1" if self.code.startswith("C") else f"{self.code}InBlock"


# 1.2 and 1.8, portal of 2026-06
NEW_ORDER = Transaction("CSPAT00601", "/stock/order", 10)
MODIFY_ORDER = Transaction("CSPAT00701", "/stock/order", 3)
CANCEL_ORDER = Transaction("CSPAT00801", "/stock/order", 3)
DAY_ORDERS = Transaction("t0425", "/stock/accno", 2)
PAST_ORDERS = Transaction("CSPAQ13700", "/stock/accno", 1)
TRADES = Transaction("CDPCQ04700", "/stock/accno", 1)
HOLDINGS = Transaction("t0424", "/stock/accno", 2)
CASH = Transaction("CSPAQ22200", "/stock/accno", 1)
BUYING_POWER = Transaction("CSPBQ00200", "/stock/accno", 1)
QUOTE = Transaction("t1102", "/stock/market-data", 10)
QUOTES = Transaction("t8407", "/stock/market-data", 5)
ORDER_BOOK = Transaction("t1101", "/stock/market-data", 10)
INSTRUMENTS = Transaction("t8436", "/stock/etc", 2)
COMPANY = Transaction("t3320", "/stock/investinfo", 1)
CANDLES = Transaction("t8410", "/stock/chart", 1)
MINUTES = Transaction("t8412", "/stock/chart", 1)
RANKINGS = {  # 4.1
    Ranking.RATE: Transaction("t1441", "/stock/high-item", 1),
    Ranking.VOLUME: Transaction("t1452", "/stock/high-item", 2),
    Ranking.VALUE: Transaction("t1463", "/stock/high-item", 1),
    Ranking.SURGE: Transaction("t1466", "/stock/high-item", 1),
    Ranking.AFTER_HOURS_RATE: Transaction("t1481", "/stock/high-item", 1),
    Ranking.AFTER_HOURS_VOLUME: Transaction("t1482", "/stock/high-item", 1),
    Ranking.EXPECTED_VOLUME: Transaction("t1489", "/stock/high-item", 1),
    Ranking.EXPECTED_RATE: Transaction("t1492", "/stock/high-item", 1),
}

QUOTES_AT_ONCE = 50  # t8407
CANDLES_AT_ONCE = 500
PERIOD = {Period.DAY: "2", Period.WEEK: "3", Period.MONTH: "4", Period.YEAR: "5"}  # t8410 gubun

# t0425 chegb
ALL = "0"
WITH_FILLS = "1"
OPEN = "2"

# 2.1
SIDES = {Side.SELL: "1", Side.BUY: "2"}
PRICE_TYPES = {
    OrderType.LIMIT: "00",
    OrderType.MARKET: "03",
    OrderType.CONDITIONAL: "05",
    OrderType.BEST: "06",
    OrderType.FIRST: "07",
    OrderType.MID: "12",
    OrderType.PRE_OPEN: "61",
    OrderType.AFTER_CLOSE: "81",
    OrderType.AFTER_HOURS: "82",
}
CONDITIONS = {Condition.DAY: "0", Condition.IOC: "1", Condition.FOK: "2"}
CASH_TRADE = "000"  # MgntrnCode: no credit

SIDE_OF = {code: side for side, code in SIDES.items()}
ORDER_TYPE_OF = {code: order_type for order_type, code in PRICE_TYPES.items()} | {
    # the exchange's own codes for orders with a condition; answers and frames may carry them
    "13": OrderType.MARKET,
    "16": OrderType.BEST,
    "20": OrderType.LIMIT,
    "23": OrderType.MARKET,
    "26": OrderType.BEST,
}
CONDITION_OF = {code: condition for condition, code in CONDITIONS.items()}
CONDITION_OF_PRICE_TYPE = {
    "13": Condition.IOC,
    "16": Condition.IOC,
    "20": Condition.FOK,
    "23": Condition.FOK,
    "26": Condition.FOK,
}
MARKET_OF = {"1": Market.KOSPI, "2": Market.KOSDAQ}
KIND_OF = {"1": InstrumentKind.ETF, "2": InstrumentKind.ETN}

# 1.5: every success code seen begins so; refusals begin otherwise
GOOD_PREFIX = "00"
NO_ROWS = "02679"  # the one "nothing found" (real server) outside that prefix

# 1.7: the gateway's own refusals that are made before a transaction is looked at
TOKEN_REFUSED = frozenset({"IGW00121", "IGW00122", "IGW00123", "IGW00124", "IGW00125", "IGW00126"})
TOO_FAST = "IGW00201"
ASKED_WRONGLY = frozenset({"IGW00215", "IGW40011", "IGW40014"})  # asking again would not help
GATEWAY_PREFIX = "IGW"

# 5.1: WebSocket
REGISTER_ACCOUNT = "1"
ACCOUNT_FEEDS = ("SC1", "SC0", "SC2", "SC3", "SC4")  # fills first: the first yes then covers them
REGISTERED = "00000"
SOCKET_REFUSED = "10001"

# 5.3: who and where in a frame; never logged
PRIVATE_PARTS = ("pwd", "passwd", "acntno", "accno", "acntnm", "userid", "user", "ip", "token")
