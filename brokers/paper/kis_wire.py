"""KIS's envelope: requests, answers, refusals, paging, padding (kis.md §1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from brokers.paper.ledger import Account, Ledger, Reason, Refusal
from brokers.paper.market import Issue, Market

if TYPE_CHECKING:
    from brokers.paper.server import PaperBroker

Row = dict[str, str]
Item = TypeVar("Item")

MESSAGE_WIDTH = 80  # ledger services pad msg1 (§1.4)
BRANCH = "00950"  # KRX_FWDG_ORD_ORGNO on paper, and here on both servers


class KisError(Exception):
    """An answer that is a refusal: HTTP status, rt_cd, msg_cd, msg1."""

    def __init__(self, code: str, message: str, *, rt_cd: str = "1", status: int = 200) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.rt_cd = rt_cd
        self.status = status


def invalid(field_name: str) -> KisError:
    """OPSQ2001 for a missing or impossible field; the text drops the FID prefixes (§1.5)."""
    short = field_name.upper()
    for prefix in ("FID_COND_", "FID_INPUT_", "FID_"):
        short = short.removeprefix(prefix)
    return KisError("OPSQ2001", f"ERROR : INPUT INVALID_CHECK_{short}", rt_cd="2")


@dataclass(frozen=True, slots=True)
class KisCall:
    """A checked request: its fields by upper-case name, the account its key opens, the server it came to."""

    broker: PaperBroker
    server: str  # "real" or "paper"
    account: Account
    tr_id: str
    fields: Mapping[str, str]

    @property
    def ledger(self) -> Ledger:
        return self.broker.ledger

    @property
    def market(self) -> Market:
        return self.broker.market

    @property
    def on_paper(self) -> bool:
        return self.server == "paper"

    def get(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def issue(self, name: str = "FID_INPUT_ISCD") -> Issue:
        """The issue a field names; the ETN prefix Q and the stock prefix A are dropped."""
        issue = self.market.issues.get(plain_code(self.get(name)))
        if issue is None:
            raise invalid(name)
        return issue

    def day(self, name: str) -> date:
        return parse_day(self.get(name), name)

    def page(
        self, items: Sequence[Item], size: int, key: Callable[[Item], str], width: int = 100
    ) -> Page[Item]:
        """The page that ``CTX_AREA_NK…`` points to; without it, the first.

        The cursor is the last key sent and its place: if that row is gone, the place decides.
        """
        cursor = self.get(f"CTX_AREA_NK{width}")
        start = _after(items, key, cursor) if cursor else 0
        rows = items[start : start + size]
        more = start + size < len(items)
        next_key = f"{key(rows[-1])}^{start + size}^" if more else ""
        return Page(rows, more, f"{self.account.number[:8]}^{self.account.number[8:]}^", next_key, width)


def _after(items: Sequence[Item], key: Callable[[Item], str], cursor: str) -> int:
    last, _, place = cursor.strip("^").rpartition("^")
    for index, item in enumerate(items):
        if key(item) == last:
            return index + 1
    return int(place) if place.isdigit() else 0


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some of many rows, and where to go on."""

    rows: Sequence[Item]
    more: bool
    search: str
    next_key: str
    width: int

    def context(self) -> dict[str, str]:
        """``ctx_area_fk…`` and ``ctx_area_nk…``, padded; a blank key means the last page."""
        names = (f"ctx_area_fk{self.width}", f"ctx_area_nk{self.width}")
        return dict(zip(names, (self.search.ljust(self.width), self.next_key.ljust(self.width)), strict=True))

    @property
    def tr_cont(self) -> str:
        return "M" if self.more else "D"


@dataclass(frozen=True, slots=True)
class KisAnswer:
    """A service's answer without the envelope."""

    body: Mapping[str, Any]
    code: str = "MCA00000"
    message: str = "정상처리 되었습니다."
    tr_cont: str = ""
    padded: bool = False

    def envelope(self) -> dict[str, Any]:
        message = self.message.ljust(MESSAGE_WIDTH) if self.padded else self.message
        return {**self.body, "rt_cd": "0", "msg_cd": self.code, "msg1": message}


@dataclass(frozen=True, slots=True)
class Service:
    """One KIS service: where it is, what it is called, what it needs, who answers.

    ``trs`` are the real server's names, the current one first. A new service is one more entry of a table.
    """

    path: str
    trs: tuple[str, ...]
    answer: Callable[[KisCall], KisAnswer]
    required: tuple[str, ...] = ()
    on_paper: bool = True
    method: str = "GET"
    orders: bool = False
    account: bool = field(default=False)  # asks about an account: CANO and ACNT_PRDT_CD are checked

    def paper_trs(self) -> tuple[str, ...]:
        """Account services begin with V there, quotations keep their name (§1.1)."""
        return tuple(f"V{tr[1:]}" for tr in self.trs) if self.account else self.trs


def refused(reason: Refusal, words: Mapping[Reason, tuple[str, str]], rt_cd: str) -> KisError:
    """A ledger's refusal in the broker's words; ``{detail}`` in them is filled in."""
    code, message = words[reason.reason]
    return KisError(code, message.format(detail=reason.detail).ljust(MESSAGE_WIDTH), rt_cd=rt_cd)


def plain_code(text: str) -> str:
    """6 characters: the last six of ``A005930``, ``Q530031`` or ``00000A005930``."""
    return text.strip()[-6:]


def long_code(code: str, kind: str) -> str:
    """12 characters: 00000A005930, and Q for an ETN."""
    return f"00000{'Q' if kind == 'ETN' else 'A'}{code}"


def parse_day(text: str, name: str) -> date:
    """YYYYMMDD, or 00YYYYMMDD as some services document it; python-kis says 00000101 for the beginning."""
    if text == "00000101":
        return date.min
    try:
        return datetime.strptime(text[-8:], "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        raise invalid(name) from None


def day_text(day: date) -> str:
    return f"{day:%Y%m%d}"


def clock_text(moment: datetime) -> str:
    return f"{moment:%H%M%S}"


def decimals(value: Decimal | int, places: int) -> str:
    return f"{Decimal(value):.{places}f}"


def sign_of(change: int) -> str:
    """prdy_vrss_sign of a change: 2 up, 3 flat, 5 down."""
    return "2" if change > 0 else "5" if change < 0 else "3"


def percent(part: Decimal | int, whole: Decimal | int, places: int = 2) -> str:
    """``part`` of ``whole`` in percent; 0 where there is no whole."""
    return decimals(Decimal(part) * 100 / Decimal(whole) if whole else Decimal(0), places)
