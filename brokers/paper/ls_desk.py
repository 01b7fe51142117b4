"""What LS's transactions share: a call as its handler sees it, the answer it gives, pages of long lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar

from brokers.paper.ledger import Account, Condition, Ledger, PriceType, Side
from brokers.paper.ls_wire import Transaction
from brokers.paper.market import Issue, Market
from brokers.paper.switches import Switches

Row = TypeVar("Row")

QUERY_DONE = "정상적으로 조회가 완료되었습니다."
ACCOUNT_QUERY_DONE = ("00136", "조회가 완료되었습니다.")
MORE_ROWS = ("00704", "조회가 계속 됩니다.")
MILLION = 1_000_000
HUNDREDTH = Decimal("0.01")

# OrdprcPtnCode of orders and hogagb of t0425 (ls.md 2.1)
PRICE_TYPES = {
    "00": PriceType.LIMIT,
    "03": PriceType.MARKET,
    "05": PriceType.CONDITIONAL,
    "06": PriceType.BEST,
    "07": PriceType.FIRST,
    "12": PriceType.MID,
    "61": PriceType.PRE_OPEN,
    "81": PriceType.AFTER_CLOSE,
    "82": PriceType.AFTER_HOURS,
}
PRICE_TYPE_CODES = {price_type: code for code, price_type in PRICE_TYPES.items()}
PRICE_TYPE_NAMES = {
    PriceType.LIMIT: "지정가",
    PriceType.MARKET: "시장가",
    PriceType.CONDITIONAL: "조건부지정가",
    PriceType.BEST: "최유리지정가",
    PriceType.FIRST: "최우선지정가",
    PriceType.MID: "중간가",
    PriceType.PRE_OPEN: "장개시전시간외",
    PriceType.AFTER_CLOSE: "시간외종가",
    PriceType.AFTER_HOURS: "시간외단일가",
}
SIDE_CODES = {Side.SELL: "1", Side.BUY: "2"}
SIDE_NAMES = {Side.SELL: "매도", Side.BUY: "매수"}
CASH_ORDER_CODES = {Side.SELL: "01", Side.BUY: "02"}  # 현금매도, 현금매수
CONDITION_CODES = {Condition.NONE: "0", Condition.IOC: "1", Condition.FOK: "2"}
FIRST_TRADE = "090000"
OPEN_API = "40"  # CommdaCode
HIDDEN = "********"
MARKET_CODES = {"KOSPI": "10", "KOSDAQ": "20"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer: block values by the end of the block's name (`OutBlock1`), in our own types."""

    blocks: Mapping[str, Any] = field(default_factory=dict)
    code: str = "00000"
    message: str = QUERY_DONE
    more: str = ""  # tr_cont_key of the next page; empty on the last
    done: str = "N"  # tr_cont of a last page


@dataclass(frozen=True, slots=True)
class Call:
    """One request, past the gateway's checks."""

    transaction: Transaction
    market: Market
    ledger: Ledger
    switches: Switches
    account: Account
    fields: Mapping[str, Any]
    continued: bool  # tr_cont: Y
    key: str  # tr_cont_key

    @property
    def on_paper(self) -> bool:
        return self.account.server == "paper"

    def known(self, block: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the values that this transaction's block has a field for."""
        names = self.transaction.answer[self.transaction.code + block].writers
        return {name: value for name, value in values.items() if name in names}

    def echo(self) -> dict[str, Any]:
        """OutBlock1 of an account transaction: the request again, with the account and a hidden password."""
        account = {"RecCnt": 1, "MgmtBrnNo": "001", "AcntNo": self.account.number, "CommdaCode": OPEN_API}
        return self.known("OutBlock1", {**self.fields, **account, "Pwd": HIDDEN, "InptPwd": HIDDEN})

    def cursor(self, name: str) -> str:
        """The body cursor, which counts only together with `tr_cont: Y` (ls.md 1.9)."""
        return str(self.fields[name]) if self.continued else ""


Handler = Callable[[Call], Answer]


def page_of(
    rows: Sequence[Row], size: int, name: Callable[[Row], str], after: str
) -> tuple[Sequence[Row], str]:
    """The rows behind the one named `after`, and the name to go on from (empty on the last page)."""
    start = next((place + 1 for place, row in enumerate(rows) if name(row) == after), 0) if after else 0
    page = rows[start : start + size]
    return page, name(page[-1]) if start + size < len(rows) else ""


def no_rows(call: Call, blocks: Mapping[str, Any]) -> Answer:
    """An account query that found nothing: another code and text on each server, and not an error (1.5)."""
    if call.on_paper:
        return Answer(blocks, "00707", "조회할 내역(자료)이 없습니다.")
    return Answer(blocks, "02679", "조회내역이 없습니다.")


def short_code(issue: Issue) -> str:
    """The issue as orders name it: A and six characters, Q for an ETN."""
    return f"{'Q' if issue.kind == 'ETN' else 'A'}{issue.code}"


def bare_code(text: str) -> str:
    """Six characters, whatever prefix the client sent."""
    return text[1:] if len(text) == 7 and text[0] in "AJQ" else text


def to_milliseconds(moment: datetime) -> str:
    """HHMMSSmmm"""
    return f"{moment:%H%M%S}{moment.microsecond // 1000:03d}"


def read_day(text: str) -> date | None:
    """A YYYYMMDD field, or None for anything else."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a Korean trade date
    except ValueError:
        return None


def cut_percent(part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` in percent, cut to two decimals as LS cuts returns; nothing of nothing is 0."""
    return (part * 100 / whole).quantize(HUNDREDTH, ROUND_DOWN) if whole else Decimal(0)


def percent(part: int | Decimal, whole: int | Decimal) -> Decimal:
    """`part` of `whole` in percent, two decimals; of nothing it is 0."""
    return (Decimal(part) * 100 / whole).quantize(HUNDREDTH) if whole else Decimal(0)


def sign_of(market: Market, issue: Issue, price: int) -> str:
    """1 upper limit, 2 up, 3 flat, 4 lower limit, 5 down, against the base price."""
    if price == market.upper_limit(issue.code):
        return "1"
    if price == market.lower_limit(issue.code):
        return "4"
    return direction(price - issue.base_price)


def direction(change: int | Decimal) -> str:
    """2 up, 3 flat, 5 down."""
    return "2" if change > 0 else "5" if change < 0 else "3"


def time_of_price(market: Market, issue: Issue, price: int) -> str:
    """HHMMSS of the latest trade at that price, as far back as the market remembers."""
    trades = market.trades[issue.code]
    return next((f"{trade.at:%H%M%S}" for trade in reversed(trades) if trade.price == price), FIRST_TRADE)
