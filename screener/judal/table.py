"""What Judal's tables have in common: found by their headings, read by them, wherever a column stands."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lucy.html import Node, PageChanged, cells, compact, many, reading, rows, text

OWN_HOST = "judal.co.kr"
UNSEEN = "visually-hidden", "sr-only"  # words for screen readers, such as `Information` behind a name
SAYS_EMPTY = re.compile(r"없습니다|없음")
LAST_COUNT = re.compile(r"\s*\((\d[\d,]*)\)\s*$")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its cells by heading."""

    cells: Mapping[str, Node]

    def text(self, heading: str) -> str:
        return text(self.cells[heading])

    def read(self, heading: str, value: Callable[[str], Any]) -> Any:
        with reading(heading):
            return value(self.text(heading))


def without_unseen(tree: Node) -> Node:
    """The page as it looks: what only screen readers see goes."""
    for node in list(tree.iter()):
        classes = str(node.get("class") or "").split()
        parent = node.getparent()
        if parent is not None and any(name in classes for name in UNSEEN):
            _drop(parent, node)
    return tree


def _drop(parent: Node, node: Node) -> None:
    before, tail = node.getprevious(), node.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(node)


def heading_of(tree: Node) -> str:
    """The page's own headings (h1)."""
    return " ".join(text(heading) for heading in many(tree, "//h1"))


def read_table(tree: Node, mark: str, needed: Sequence[str]) -> list[Line]:
    """The rows of the table with the column `mark`; every `needed` column must be there, once.

    No rows only where the table says that there are none.
    """
    found = [node for node in many(tree, "//table") if mark in _headings(node)]
    if len(found) != 1:
        raise PageChanged(f"{len(found)} tables with a column {mark}")
    return _lines(found[0], needed)


def _headings(table: Node) -> list[str]:
    own = rows(table)
    return [compact(text(cell)) for cell in cells(own[0])] if own else []


def _lines(table: Node, needed: Sequence[str]) -> list[Line]:
    headings = _headings(table)
    for heading in needed:
        if headings.count(heading) != 1:
            raise PageChanged(f"{headings.count(heading)} columns {heading} among {', '.join(headings)}")
    found = []
    for row in rows(table)[1:]:
        own = cells(row)
        if _is_separator(own):
            continue
        if len(own) != len(headings) or any(cell.get("colspan", "1") != "1" for cell in own):
            raise PageChanged(f"{len(own)} cells under {len(headings)} headings: '{text(row)[:60]}'")
        found.append(Line(dict(zip(headings, own, strict=True))))
    if not found and not SAYS_EMPTY.search(compact(text(table))):
        raise PageChanged("no rows, and no word that there are none")
    return found


def _is_separator(own: Sequence[Node]) -> bool:
    """A line across the table: an advertisement, or the word that nothing is there; names stand in `th`."""
    return len(own) == 1 and own[0].tag == "td" and own[0].get("colspan", "1") != "1"


# --- addresses --------------------------------------------------------------------------------------------


def query_of(address: str) -> dict[str, str]:
    """What an address of the site's own asks for; empty for another site's."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host and host != OWN_HOST and not host.endswith(f".{OWN_HOST}"):
        return {}
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def theme_number(address: str) -> int | None:
    """themeIdx of a link to a theme's stocks; None for every other link."""
    query = query_of(address)
    number = query.get("themeIdx", "")
    is_theme = query.get("view") == "stockList" and not query.get("type")
    return int(number) if is_theme and number.isascii() and number.isdecimal() else None
