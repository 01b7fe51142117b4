"""One offer's own page (`/html/fund/?o=v&no=N`): 300 kB, of which 200 are an analysis pasted from Word.

Three tables are found by their summary and must be there: 기업개요, 공모정보, 공모청약일정. Behind them stand
blocks under a picture each (its alt text is the title) that come and go with the offer's progress.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar
from urllib.parse import unquote

from ipo.pages import bids
from ipo.pages.figures import FigureTable, figure_tables
from ipo.pages.labels import Labels
from ipo.pages.offer import Offer, read_offer
from ipo.pages.otc import OtcQuotes, otc_quotes
from ipo.pages.schedule import Schedule, read_schedule
from ipo.pages.values import day, number
from lucy.html import (
    Node,
    PageChanged,
    cells,
    compact,
    document,
    label,
    links,
    reading,
    rows,
    table,
    text,
)

WEB_ADDRESS = re.compile(r"https?://\S", re.IGNORECASE)
CODE = re.compile(r"[0-9A-Z]{6}")
OWN_NUMBER = re.compile(r"[?&]no=(\d+)")
FILING = re.compile(r"'(\d{14})'")
VALUES, ANALYSIS, FILINGS = "본질가치분석", "공모분석", "공시자료"
V = TypeVar("V")
TITLES = frozenset({bids.LOCKUP, bids.PARTICIPATION, bids.PRICES, VALUES, ANALYSIS, FILINGS})


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    progress: str  # 공모주 until it is listed, then 신규상장
    market: str
    code: str  # six characters, letters since 2024; "" until it has one
    industry: str
    chief: str
    kind: str
    address: str
    homepage: str
    phone: str
    largest_holder: str
    sales_million: Decimal | None
    pretax_income_million: Decimal | None
    net_income_million: Decimal | None
    capital_million: Decimal | None


@dataclass(frozen=True, slots=True)
class Filing:
    filed_on: date | None
    title: str
    number: str  # DART's


@dataclass(frozen=True, slots=True)
class DetailPage:
    no: int | None  # as the page names its own address; None where it does not
    company: Company
    offer: Offer
    schedule: Schedule
    lockup: bids.Lockup | None
    participation: bids.Participation | None
    prices: tuple[bids.PriceLine, ...]
    figures: tuple[FigureTable, ...]
    filings: tuple[Filing, ...]
    otc: OtcQuotes
    oddities: tuple[str, ...]  # blocks that have another shape and were left out, values told twice

    def figure_table(self, *words: str) -> FigureTable | None:
        """The first table whose title holds one of the words: 재무비율, 주가지표, 자산가치 …"""
        found = (one for one in self.figures if any(word in one.title for word in words))
        return next(found, None)


def parse_detail(page: str) -> DetailPage:
    """Everything the page tells about the offer."""
    tree = document(page)
    with reading("기업개요"):
        company = _company(Labels(table(tree, "기업개요")))
    with reading("공모정보"):
        offered = read_offer(table(tree, "공모정보"))
    with reading("공모청약일정"):
        days = read_schedule(table(tree, "공모청약일정"))
    blocks, oddities = _blocks(tree), _disagreements(offered, days)
    tables, unread = figure_tables(blocks.get(VALUES, []))
    oddities += list(unread)

    def optional(read: Callable[[list[Node]], V], title: str, otherwise: V) -> V:
        """A block that changed its shape is named and left out: the three tables say what counts."""
        try:
            return read(blocks.get(title, []))
        except PageChanged as error:
            oddities.append(str(error))
            return otherwise

    return DetailPage(
        no=_own_number(tree),
        company=company,
        offer=offered,
        schedule=days,
        lockup=optional(bids.lockup, bids.LOCKUP, None),
        participation=optional(bids.participation, bids.PARTICIPATION, None),
        prices=optional(bids.prices, bids.PRICES, ()),
        figures=tables,
        filings=optional(_filings, FILINGS, ()),
        otc=otc_quotes(blocks.get(FILINGS, [])),
        oddities=tuple(oddities),
    )


def _company(told: Labels) -> Company:
    return Company(
        name=told.read("종목명", _named),
        progress=told.text("진행상황"),
        market=told.text("시장구분"),
        code=told.read("종목코드", _code),
        industry=told.text("업종"),
        chief=_or_blank(told.text("대표자")),
        kind=_or_blank(told.text("기업구분")),
        address=_or_blank(told.text("본점소재지")),
        homepage=_homepage(told.cell("홈페이지")),
        phone=_or_blank(told.text("대표전화")),
        largest_holder=_or_blank(told.text("최대주주")),
        sales_million=told.read("매출액", number),
        pretax_income_million=told.read("법인세비용차감전계속사업이익", number),
        net_income_million=told.read("순이익", number),
        capital_million=told.read("자본금", number),
    )


def _named(words: str) -> str:
    if not words:
        raise PageChanged("blank")
    return words


def _code(words: str) -> str:
    packed = compact(words).upper().strip("-")
    if packed and not CODE.fullmatch(packed):
        raise PageChanged(f"no code: '{words}'")
    return packed


def _or_blank(words: str) -> str:
    return "" if words == "-" else words


def _homepage(cell: Node) -> str:
    """The link's address; an empty one is `http://`. What leads not to the web becomes no link of ours."""
    written = next((address.strip() for address in links(cell)), text(cell))
    return written if WEB_ADDRESS.match(written) else ""


def _blocks(tree: Node) -> dict[str, list[Node]]:
    """Title -> the tables behind its picture, without the next title's own table."""
    found: dict[str, list[Node]] = {}
    title = ""
    for node in tree.iter("table", "img"):
        if node.tag == "img":
            if (words := compact(node.get("alt", ""))) in TITLES:
                title = words
                found.setdefault(title, [])
        elif title and title != ANALYSIS and not _is_title(node):
            found[title].append(node)
    return found


def _is_title(node: Node) -> bool:
    first = next(node.iter("img"), None)
    return first is not None and compact(first.get("alt", "")) in TITLES


def _filings(block: list[Node]) -> tuple[Filing, ...]:
    """공시자료, the first table of its block; the boxes of visitors' offers follow."""
    if not block:
        return ()
    with reading(FILINGS):
        names = [label(text(cell)) for row in rows(block[0])[:1] for cell in cells(row)]
        if names != ["접수일자", "보고서명"]:
            raise PageChanged(f"the headings are {', '.join(names)}")
        return tuple(_filing(cells(row)) for row in rows(block[0])[1:] if len(cells(row)) == 2)


def _filing(line: list[Node]) -> Filing:
    numbers = [match[1] for address in links(line[1]) if (match := FILING.search(address))]
    return Filing(day(text(line[0])), text(line[1]), numbers[0] if numbers else "")


def _own_number(tree: Node) -> int | None:
    """The sign-in form keeps the address to return to."""
    kept = [unquote(node.get("value", "")) for node in tree.iter("input") if node.get("name") == "reurl"]
    numbers = {int(match[1]) for address in kept if (match := OWN_NUMBER.search(address))}
    return numbers.pop() if len(numbers) == 1 else None


def _disagreements(offered: Offer, days: Schedule) -> list[str]:
    """공모청약일정 repeats what 공모정보 tells."""
    pairs = (
        ("확정공모가", offered.offer_price, days.offer_price),
        ("총공모주식수", offered.shares, days.shares),
    )
    return [f"{name}: {one} and {other}" for name, one, other in pairs if one != other]
