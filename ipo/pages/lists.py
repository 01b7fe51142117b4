"""What the source's lists have in common: a table found by its summary, columns found by their headings.

Side boxes of the same page repeat links to offers with names cut off; only the table's own rows count.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

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

OFFER_LINK = re.compile(r"[?&;]o=v(?:[&;].*?)?[&;]no=(\d+)|[?&;]no=(\d+).*?[&;]o=v\b")
SAYS_EMPTY = re.compile(r"없습니다|없음|존재하지않습니다")
A_LETTER = re.compile(r"[^\W\d_]")
A_RATIO = re.compile(r"\d:1\b")
LAST_PAGE = re.compile(r"[?&;]page=(\d+)")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Layout:
    """A list's table: its summary, and for each field the headings it is known under."""

    summary: str
    fields: Mapping[str, Sequence[str]]
    spare: Sequence[str] = ()  # fields that may be missing
    bare: Sequence[str] = ()  # the order of columns of a copy without headings, where that is certain


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list: the offer's number and its cells by field."""

    no: int
    by_field: Mapping[str, Node]

    def text(self, field: str) -> str:
        return text(self.by_field[field])

    def read(self, field: str, value: Callable[[str], Any]) -> Any:
        """The field's value; None when the list has no such column."""
        if field not in self.by_field:
            return None
        with reading(field):
            return value(self.text(field))


def read_list(page: str, layout: Layout, row_of: Callable[[Line], Row]) -> list[Row]:
    """Every offer of the list, in page order; an empty list only when the page says that it is empty."""
    with reading(layout.summary):
        return _read(table(document(page), layout.summary), layout, row_of)


def last_page(page: str) -> int:
    """The number behind [마지막]; 1 without a pager."""
    last = [link.get("href", "") for link in document(page).iter("a") if compact(text(link)) == "[마지막]"]
    numbers = [int(match[1]) for address in last if (match := LAST_PAGE.search(address))]
    return max(numbers, default=1)


def _read(node: Node, layout: Layout, row_of: Callable[[Line], Row]) -> list[Row]:
    columns, width, following = _columns(rows(node), layout)
    found: dict[int, Row] = {}
    for row in following:
        line = _line(row, columns, width)
        if line is None:
            continue
        with reading(f"no. {line.no}"):
            made = row_of(line)
            if found.setdefault(line.no, made) != made:
                raise PageChanged("told twice, differently")
    if not found and not SAYS_EMPTY.search(compact(text(node))):
        raise PageChanged("no offers, and no word that there are none")
    return list(found.values())


def _columns(all_rows: list[Node], layout: Layout) -> tuple[dict[str, int], int, list[Node]]:
    """Where each field stands, how many columns there are, and the rows below the headings."""
    for number, row in enumerate(all_rows):
        headings = _headings(row)
        if _has(headings, layout.fields["name"]) and not _offers(row):
            return _places(headings, layout), len(headings), all_rows[number + 1 :]
    if layout.bare and not any(cell.tag == "th" for row in all_rows for cell in cells(row)):
        return {field: place for place, field in enumerate(layout.bare)}, len(layout.bare) + 1, all_rows
    raise PageChanged(f"no heading {layout.fields['name'][0]}")


def _headings(row: Node) -> list[str]:
    headings: list[str] = []
    for cell in cells(row):
        headings += [label(text(cell))] * _width(cell)
    return headings


def _has(headings: list[str], names: Sequence[str]) -> bool:
    return any(name in headings for name in names)


def _places(headings: list[str], layout: Layout) -> dict[str, int]:
    places = {}
    for field, names in layout.fields.items():
        found = [place for place, heading in enumerate(headings) if heading in names]
        if not found and field in layout.spare:
            continue
        if len(found) != 1:
            raise PageChanged(f"{len(found)} columns {names[0]} among {', '.join(headings)}")
        places[field] = found[0]
    return places


def _line(row: Node, columns: dict[str, int], width: int) -> Line | None:
    """None for a separator: a row without an offer's link and with hardly anything else."""
    own, offers = cells(row), _offers(row)
    if not offers:
        if len(own) < width / 2 or not compact(text(row)):
            return None
        raise PageChanged(f"a row without an offer's number: '{text(row)[:60]}'")
    if len(set(offers)) != 1:
        raise PageChanged(f"a row of several offers: {', '.join(map(str, offers))}")
    if len(own) != width or any(_width(cell) != 1 for cell in own):
        raise PageChanged(f"no. {offers[0]}: {len(own)} cells under {width} headings")
    line = Line(offers[0], {field: own[place] for field, place in columns.items()})
    if not _offers(line.by_field["name"]):
        raise PageChanged(f"no. {offers[0]}: its name has no link")
    if not line.text("name"):
        raise PageChanged(f"no. {offers[0]}: no name")
    return line


def _offers(node: Node) -> list[int]:
    found = (OFFER_LINK.search(address) for address in links(node))
    return [int(match[1] or match[2]) for match in found if match]


def _width(cell: Node) -> int:
    written = cell.get("colspan")
    return int(written) if written and written.isdecimal() else 1


def firms(words: str) -> tuple[str, ...]:
    """주간사, comma separated; never a figure."""
    names = tuple(" ".join(name.split()) for name in words.split(",") if name.strip(" -\u00a0"))
    for name in names:
        if not A_LETTER.search(name) or A_RATIO.search(name):
            raise PageChanged(f"no firm in '{words}'")
    return names
