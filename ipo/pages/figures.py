"""본질가치분석: titled tables of figures by year: 재무비율, 주가지표, in some pages 자산가치 or 수익가치."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipo.pages.values import DAY, day, number
from lucy.html import Node, PageChanged, cells, compact, label, reading, rows, text

UNIT = re.compile(r"(백만원|천원|원|배|%)\)?$")
TITLE = re.compile(r"재무비율|주가지표|.{0,6}(?:자산|수익|본질|상대)가치.{0,12}")


@dataclass(frozen=True, slots=True)
class FigureRow:
    group: str  # 안정성, 수익성, 성장성; "" where there is none
    label: str
    unit: str  # 원, %, 배; "" for a bare number
    values: tuple[Decimal | None, ...]  # one for each of the table's periods


@dataclass(frozen=True, slots=True)
class FigureTable:
    title: str  # without white space, which the source puts between the letters
    periods: tuple[date | str, ...]  # the day a year ended; text where the source writes anything else
    rows: tuple[FigureRow, ...]


def figure_tables(block: Iterable[Node]) -> tuple[tuple[FigureTable, ...], tuple[str, ...]]:
    """The block's tables, and a reason for each titled one that has another shape than the known."""
    found: list[FigureTable] = []
    unread: list[str] = []
    title = ""
    for node in block:
        if node.find(".//table") is not None:
            continue
        title = _title(node) or title
        if not title or not _headings(node)[0]:
            continue
        try:
            with reading(title):
                found.append(_table(node, title))
        except PageChanged as error:
            unread.append(str(error))
    return tuple(found), tuple(unread)


def _title(node: Node) -> str:
    titles = (compact(text(cell)) for row in rows(node)[:1] for cell in cells(row))
    return next((words for words in titles if TITLE.fullmatch(words)), "")


def _headings(node: Node) -> tuple[list[Node], list[Node]]:
    """The cells of the row that begins with 구분, and the rows below it; nothing where there is none."""
    all_rows = rows(node)
    for place, row in enumerate(all_rows, 1):
        own = cells(row)
        if len(own) > 1 and label(text(own[0])) == "구분":
            return own, all_rows[place:]
    return [], []


def _table(node: Node, title: str) -> FigureTable:
    headings, below = _headings(node)
    periods = tuple(_period(text(cell)) for cell in headings[1:])
    found: list[FigureRow] = []
    group = ""
    for row in below:
        own = cells(row)
        names, values = own[: -len(periods)], own[-len(periods) :]
        if len(names) not in {1, 2}:
            raise PageChanged(f"{len(own)} cells in the row '{text(row)[:40]}'")
        if len(names) == 2:
            group = text(names[0])
        found.append(_row(group, text(names[-1]), [text(cell) for cell in values]))
    return FigureTable(title, periods, tuple(found))


def _row(group: str, name: str, values: list[str]) -> FigureRow:
    with reading(name):
        units = {match[1] for words in values if (match := UNIT.search(words))}
        if len(units) > 1:
            raise PageChanged(f"several units: {', '.join(sorted(units))}")
        return FigureRow(group, name, "".join(units), tuple(number(words) for words in values))


def _period(words: str) -> date | str:
    if DAY.fullmatch(compact(words)):
        return day(words) or words
    return words
