"""A theme's stocks: 21 columns, found by their headings, in both shapes of the page.

Figures of one stock must agree with each other (the change with its rate, the price with its highs and lows):
the site's price is minutes old and its averages a little older, so a few percent of difference are usual,
and more is a row that cannot be right. Such a row is left out and named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from brokers.terms import Market
from lucy.html import Node, PageChanged, document, many, reading, text
from screener.judal import values
from screener.judal.table import Line, heading_of, read_table, without_unseen

NAME, PRICE = "종목명", "현재가격"
NEEDED = (
    *(NAME, PRICE, "전일비", "3일합산", "52주최고최저", "52주변동률", "52주소외지수", "3년최고최저"),
    *("3년변동률", "3년소외지수", "3년주가지수", "기대수익률", "PBR", "PER", "EPS", "시가총액"),
    *("당일거래량지수", "최근7일거래량지수", "버핏초이스", "관련테마", "업데이트"),
)
MARKETS = {"KOSPI": Market.KOSPI, "KOSDAQ": Market.KOSDAQ}
LISTED_AS = re.compile(r"(KOSPI|KOSDAQ)\s+([0-9A-Z]{6})")
IN_ADDRESS = re.compile(r"(?:[?&]code=|/stock/)([0-9A-Z]{6})\b")
TITLE_END = re.compile(r"\s*(?:관련주|테마주|테마)\s*$")
RATE_SLACK = Decimal(3)  # percent: the change and its rate may be of different minutes
MOST_ODD = 5  # one row of that many; more is a column that means something else
PRICE_SLACK = Decimal("0.05")  # of a price: the figures of a row are not of the same minute


@dataclass(frozen=True, slots=True)
class StockRow:
    symbol: str
    name: str
    market: Market
    price: Decimal
    change: Decimal
    change_rate: Decimal | None
    three_days: Decimal | None
    high_52w: Decimal | None
    low_52w: Decimal | None
    from_high_52w: Decimal | None  # below zero while the price is under the high
    from_low_52w: Decimal | None
    neglect_52w: Decimal | None
    high_3y: Decimal | None
    low_3y: Decimal | None
    from_high_3y: Decimal | None
    from_low_3y: Decimal | None
    neglect_3y: Decimal | None
    price_index_3y: Decimal | None
    expected: Decimal | None
    pbr: Decimal | None
    per: Decimal | None
    eps: Decimal | None
    market_value: int | None  # hundreds of millions of won
    volume_today: Decimal | None
    volume_week: Decimal | None
    buffett: int | None
    updated: str
    themes: tuple[str, ...]
    reason: str  # why it belongs to this theme


@dataclass(frozen=True, slots=True)
class StockPage:
    title: str
    rows: tuple[StockRow, ...]
    oddities: tuple[str, ...]  # the rows that were left out, and why


def parse_stocks(page: str) -> StockPage:
    """Every stock of a theme, in page order."""
    tree = without_unseen(document(page))
    found: dict[str, StockRow] = {}
    odd: dict[str, str] = {}
    for line in read_table(tree, PRICE, NEEDED):
        row = _row(line)
        if row.symbol in found:
            raise PageChanged(f"{row.name} ({row.symbol}) stands in the table twice")
        found[row.symbol] = row
        if contradiction := next(_contradictions(row), ""):
            odd[row.symbol] = f"{row.name} ({row.symbol}): {contradiction}"
    if len(odd) > max(1, len(found) // MOST_ODD):
        raise PageChanged(
            f"{len(odd)} of {len(found)} rows contradict themselves: {next(iter(odd.values()))}"
        )
    kept = [row for symbol, row in found.items() if symbol not in odd]
    return StockPage(TITLE_END.sub("", heading_of(tree)), tuple(kept), tuple(odd.values()))


def _row(line: Line) -> StockRow:
    name, market, symbol, reason = _who(line.cells[NAME])
    with reading(f"{name} ({symbol})"):
        price = line.read(PRICE, values.won_pair)
        if not price.upper or price.upper < 0:
            raise PageChanged(f"no price in '{line.text(PRICE)}'")
        year, three = line.read("52주최고최저", values.won_pair), line.read("3년최고최저", values.won_pair)
        by_year = line.read("52주변동률", values.percent_pair)
        by_three = line.read("3년변동률", values.percent_pair)
        return StockRow(
            symbol=symbol,
            name=name,
            market=market,
            price=price.upper,
            change=price.lower or Decimal(0),
            change_rate=line.read("전일비", values.percent),
            three_days=line.read("3일합산", values.percent),
            high_52w=year.upper,
            low_52w=year.lower,
            from_high_52w=by_year.upper,
            from_low_52w=by_year.lower,
            neglect_52w=line.read("52주소외지수", values.number),
            high_3y=three.upper,
            low_3y=three.lower,
            from_high_3y=by_three.upper,
            from_low_3y=by_three.lower,
            neglect_3y=line.read("3년소외지수", values.number),
            price_index_3y=line.read("3년주가지수", values.number),
            expected=line.read("기대수익률", values.percent),
            pbr=line.read("PBR", values.number),
            per=line.read("PER", values.number),
            eps=line.read("EPS", values.number),
            market_value=line.read("시가총액", values.eok),
            volume_today=line.read("당일거래량지수", values.percent),
            volume_week=line.read("최근7일거래량지수", values.percent),
            buffett=line.read("버핏초이스", values.place),
            updated=line.text("업데이트"),
            themes=_themes(line.cells["관련테마"]),
            reason=reason,
        )


def _who(cell: Node) -> tuple[str, Market, str, str]:
    """Name, market, code, and the reason that its button shows; the link must lead to the same code."""
    with reading(text(cell)[:40]):
        names = [text(node) for node in many(cell, ".//b")]
        listings = [match for node in many(cell, ".//span") if (match := LISTED_AS.fullmatch(text(node)))]
        if not names or not names[0] or len(listings) != 1:
            raise PageChanged("no name, market and code")
        name, listed = names[0], listings[0]
        addresses = [link.get("href", "") for link in many(cell, ".//a[@href]")]
        linked = [match[1] for address in addresses if (match := IN_ADDRESS.search(address))]
        if any(code != listed[2] for code in linked):
            raise PageChanged(f"its link leads to {', '.join(linked)}")
        tips = many(cell, ".//*[@data-bs-toggle='tooltip']") or many(cell, ".//button")
        reasons = [tip.get("title") or tip.get("data-bs-original-title") or "" for tip in tips]
        return name, MARKETS[listed[1]], listed[2], " ".join(" ".join(reasons).split())


def _themes(cell: Node) -> tuple[str, ...]:
    """Links or buttons, one a theme; names have no commas."""
    marks = [text(mark) for mark in many(cell, ".//a|.//button")] or text(cell).split(",")
    return tuple(dict.fromkeys(name.strip() for name in marks if name.strip()))


# --- figures that contradict each other -------------------------------------------------------------------


def _contradictions(row: StockRow) -> Iterator[str]:
    base = row.price - row.change
    if base <= 0:
        yield f"전일대비 {row.change}이(가) 현재가 {row.price}와 맞지 않습니다"
    elif row.change_rate is not None and abs(row.change * 100 / base - row.change_rate) > RATE_SLACK:
        yield f"전일비 {row.change_rate}%가 현재가 {row.price}, 전일대비 {row.change}와 맞지 않습니다"
    for label, index in (("52주 소외지수", row.neglect_52w), ("3년 소외지수", row.neglect_3y)):
        if index is not None and not 0 <= index <= 100:
            yield f"{label} {index}"
    spans = (
        ("52주", row.high_52w, row.low_52w, row.from_high_52w, row.from_low_52w),
        ("3년", row.high_3y, row.low_3y, row.from_high_3y, row.from_low_3y),
    )
    for span, high, low, from_high, from_low in spans:
        if high is not None and low is not None and not 0 < low <= high:
            yield f"{span} 최고 {high}, 최저 {low}"
        for label, record, told in (("최고", high, from_high), ("최저", low, from_low)):
            if record and told is not None and not _agree(row.price, record, told):
                yield f"{span} {label} {record} 대비 {told}%가 현재가 {row.price}와 맞지 않습니다"


def _agree(price: Decimal, record: Decimal, told: Decimal) -> bool:
    """Whether the price is about `told` percent away from the record."""
    return abs(record * (100 + told) / 100 - price) <= price * PRICE_SLACK
