"""KIS's addresses, services and codes, each spelled once (kis.md §1, §2, §6)."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from brokers.adapters.base import OrderNews, Period, Rejected
from brokers.terms import Condition, Customer, OrderType, RequestKind, Server, Side, Venue

REST_URL = {
    Server.REAL: "https://openapi.koreainvestment.com:9443",
    Server.PAPER: "https://openapivts.koreainvestment.com:29443",
}
SOCKET_URL = {
    Server.REAL: "ws://ops.koreainvestment.com:21000",
    Server.PAPER: "ws://ops.koreainvestment.com:31000",
}
CALLS_PER_SECOND = {Server.REAL: 18.0, Server.PAPER: 1.0}  # the portal's notice of 2026-08

JSON_CONTENT = {"content-type": "application/json; charset=utf-8"}
TOKEN_PATH = "/oauth2/tokenP"  # noqa: S105
APPROVAL_PATH = "/oauth2/Approval"


@dataclass(frozen=True, slots=True)
class Service:
    """A REST service: one path, a TR id on each server."""

    path: str
    real: str
    paper: str  # empty where paper has none

    def tr_id(self, server: Server) -> str:
        """`Rejected` where that server lacks the service."""
        tr_id = self.real if server is Server.REAL else self.paper
        if not tr_id:
            raise Rejected(f"모의투자에서 제공하지 않는 서비스입니다 ({self.real})")
        return tr_id


def _trading(name: str, real: str, paper: str) -> Service:
    return Service(f"/uapi/domestic-stock/v1/trading/{name}", real, paper)


def _quotation(name: str, real: str, paper: str) -> Service:
    return Service(f"/uapi/domestic-stock/v1/quotations/{name}", real, paper)


def _ranking(name: str, real: str) -> Service:
    return Service(f"/uapi/domestic-stock/v1/ranking/{name}", real, "")


CASH_ORDER = {
    Side.BUY: _trading("order-cash", "TTTC0012U", "VTTC0012U"),
    Side.SELL: _trading("order-cash", "TTTC0011U", "VTTC0011U"),
}
CHANGE_ORDER = _trading("order-rvsecncl", "TTTC0013U", "VTTC0013U")
OPEN_ORDERS = _trading("inquire-psbl-rvsecncl", "TTTC0084R", "")
RECENT_ORDERS = _trading("inquire-daily-ccld", "TTTC0081R", "VTTC0081R")
OLDER_ORDERS = _trading("inquire-daily-ccld", "CTSC9215R", "VTSC9215R")
PROFITS = _trading("inquire-period-trade-profit", "TTTC8715R", "")
BALANCE = _trading("inquire-balance", "TTTC8434R", "VTTC8434R")
BUYING_POWER = _trading("inquire-psbl-order", "TTTC8908R", "VTTC8908R")
PRICE = _quotation("inquire-price", "FHKST01010100", "FHKST01010100")
STATEMENTS = tuple(
    Service(f"/uapi/domestic-stock/v1/finance/{path}", tr_id, "")
    for path, tr_id in (
        ("balance-sheet", "FHKST66430100"),
        ("income-statement", "FHKST66430200"),
        ("financial-ratio", "FHKST66430300"),
        ("stability-ratio", "FHKST66430600"),
    )
)
PRICES = _quotation("intstock-multprice", "FHKST11300006", "")
ORDER_BOOK = _quotation("inquire-asking-price-exp-ccn", "FHKST01010200", "FHKST01010200")
CANDLES = _quotation("inquire-daily-itemchartprice", "FHKST03010100", "FHKST03010100")
MINUTES_TODAY = _quotation("inquire-time-itemchartprice", "FHKST03010200", "FHKST03010200")
MINUTES_OF_DAY = _quotation("inquire-time-dailychartprice", "FHKST03010230", "")
INVESTOR_TOTALS = _quotation("foreign-institution-total", "FHPTJ04400000", "")
STOCK_OPINIONS = _quotation("invest-opinion", "FHKST663300C0", "")
FIRM_OPINIONS = _quotation("invest-opbysec", "FHKST663400C0", "")
WATCH_GROUPS = _quotation("intstock-grouplist", "HHKCM113004C7", "")
WATCHED_ISSUES = _quotation("intstock-stocklist-by-group", "HHKCM113004C6", "")
CONDITIONS = _quotation("psearch-title", "HHKST03900300", "")
CONDITION_HITS = _quotation("psearch-result", "HHKST03900400", "")
AFTER_HOURS_RANKS = _ranking("after-hour-balance", "FHPST01760000")
BOOK_RANKS = _ranking("quote-balance", "FHPST01720000")

PRICES_A_CALL = 30
STOCK_OPINIONS_A_CALL, FIRM_OPINIONS_A_CALL = 100, 20
NO_HITS = "MCA05918"  # a condition that nothing meets
CANDLES_A_CALL = 100
PERIOD = {Period.DAY: "D", Period.WEEK: "W", Period.MONTH: "M", Period.YEAR: "Y"}
# RECENT_ORDERS reaches three months back, OLDER_ORDERS tells what was before; three months are 89 to 92 days.
RECENT_AT_LEAST, RECENT_AT_MOST = timedelta(days=89), timedelta(days=92)


def three_months_before(day: date) -> date:
    """The same day of the month three months ago, or that month's last."""
    year, month = (day.year, day.month - 3) if day.month > 3 else (day.year - 1, day.month + 9)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


CUSTTYPE = {Customer.PERSON: "P", Customer.CORPORATION: "B"}

ORD_DVSN = {
    (OrderType.LIMIT, Condition.DAY): "00",
    (OrderType.MARKET, Condition.DAY): "01",
    (OrderType.CONDITIONAL, Condition.DAY): "02",
    (OrderType.BEST, Condition.DAY): "03",
    (OrderType.FIRST, Condition.DAY): "04",
    (OrderType.PRE_OPEN, Condition.DAY): "05",
    (OrderType.AFTER_CLOSE, Condition.DAY): "06",
    (OrderType.AFTER_HOURS, Condition.DAY): "07",
    (OrderType.LIMIT, Condition.IOC): "11",
    (OrderType.LIMIT, Condition.FOK): "12",
    (OrderType.MARKET, Condition.IOC): "13",
    (OrderType.MARKET, Condition.FOK): "14",
    (OrderType.BEST, Condition.IOC): "15",
    (OrderType.BEST, Condition.FOK): "16",
    (OrderType.MID, Condition.DAY): "21",
    (OrderType.MID, Condition.IOC): "23",
    (OrderType.MID, Condition.FOK): "24",
}
TYPE_OF_ORD_DVSN = {code: terms for terms, code in ORD_DVSN.items()}

SIDE = {"01": Side.SELL, "02": Side.BUY}
EXCHANGE = {Venue.KRX: "KRX", Venue.NXT: "NXT", Venue.SOR: "SOR"}
VENUE = {code: venue for venue, code in EXCHANGE.items()}
MODIFY, CANCEL = "01", "02"  # RVSE_CNCL_DVSN_CD
HALTED = "58"  # iscd_stat_cls_code

# What a refusal proves. None of these was looked at by the order ledger, whatever the HTTP status.
TOKEN_REFUSED = frozenset({"EGW00121", "EGW00123"})
TOO_FAST = frozenset({"EGW00201", "EGW00215", "EGW00133"})
KEY_REFUSED = frozenset(
    {"EGW00003", "EGW00004", "EGW00102", "EGW00103", "EGW00104", "EGW00105", "EGW00122"}
    | {"EGW00205", "EGW00206", "EGW00207", "EGW00208", "EGW00209", "EGW00210", "EGW02004"}
)
NOT_ACCEPTED = frozenset(
    {"EGW00101", "EGW00112", "EGW00113", "EGW00114", "EGW00115", "EGW00116", "EGW00117", "EGW00118"}
    | {"EGW00131", "EGW00132", "EGW02006", "MCA00124", "OPSQ0002", "OPSQ2000", "OPSQ2001", "OPSQ2002"}
    | {"OPSQ9995", "OPSQ9996", "OPSQ9997", "OPSQ9998", "OPSQ9999"}
)
# Every other code of the gateway (a server error, a broken link to the ledger) leaves an order in doubt.
GATEWAY_PREFIXES = ("EGW", "IGW")

# The stream
NOTICE_TR = {Server.REAL: "H0STCNI0", Server.PAPER: "H0STCNI9"}
NOTICE_FRAMES = frozenset({"H0STCNI0", "H0STCNI9", "K0STCNI0", "K0STCNI9"})  # K…: the older receive names
KEEP_ALIVE = "PINGPONG"
APPROVAL_REFUSED = frozenset({"OPSP0010", "OPSP0011", "OPSP9994"})

REQUEST_KIND = {"0": RequestKind.NEW, "1": RequestKind.MODIFY, "2": RequestKind.CANCEL}  # RCTF_CLS
ORDER_NOTICE, FILL_NOTICE = "1", "2"  # CNTG_YN
REFUSED = {"0": False, "1": True}  # RFUS_YN: digits here, not Y and N
RECEIVED, CONFIRMED, KILLED = "1", "2", "3"  # ACPT_YN
CONFIRMED_NEWS = {
    RequestKind.NEW: OrderNews.ACCEPTED,
    RequestKind.MODIFY: OrderNews.MODIFIED,
    RequestKind.CANCEL: OrderNews.CANCELLED,
}
