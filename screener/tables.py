"""The one table: which columns, in which order, which rows; and how each value is written. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from brokers.hangul import initials_of, is_initials
from brokers.templatetags.lucy import arrow, figure, rate, signed, trend, won
from lucy.sheets import harmless
from screener.screens import Column, Kind, Row, Screen, Value

PART = 100  # rows at a time
NONE = "–"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a column's values must keep: at least, at most, or containing these words."""

    least: Decimal | None = None
    most: Decimal | None = None
    has: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What a user made of a table.

    `columns`: the keys shown, in the screen's order; empty means the usual ones.
    `sort`: a column's key; empty leaves the source's order, which often means a rank.
    """

    columns: tuple[str, ...] = ()
    sort: str = ""
    down: bool = False
    text: str = ""
    limits: dict[str, Limit] = field(default_factory=dict)


def shown_columns(screen: Screen, view: View) -> list[Column]:
    chosen = set(view.columns)
    found = [column for column in screen.columns if column.key in chosen]
    return found or [column for column in screen.columns if not column.hidden]


def arrange(screen: Screen, rows: Iterable[Row], view: View) -> list[Row]:
    """The rows that pass, in order; what is unknown comes last whichever way is sorted."""
    found = [row for row in rows if _passes(screen, row, view)]
    column = screen.column(view.sort)
    if column is None:
        return found
    key = column.key
    known = [row for row in found if row.get(key) is not None]
    unknown = [row for row in found if row.get(key) is None]
    known.sort(key=lambda row: sort_key(row[key]), reverse=view.down)
    return known + unknown


def sort_key(value: Value) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _passes(screen: Screen, row: Row, view: View) -> bool:
    if view.text and not _has_text(screen, row, view.text.strip().casefold()):
        return False
    return all(_keeps(row.get(key), limit) for key, limit in view.limits.items() if screen.column(key))


def _has_text(screen: Screen, row: Row, wanted: str) -> bool:
    """In a word of the row; initials (초성) begin the name."""
    if is_initials(wanted):
        return initials_of(str(row.get("name") or "")).startswith(wanted)
    words = (column.key for column in screen.columns if column.kind in {Kind.TEXT, Kind.CODE, Kind.NAME})
    return any(wanted in str(row.get(key) or "").casefold() for key in words)


def _keeps(value: Value, limit: Limit) -> bool:
    if limit.has and limit.has.casefold() not in str("" if value is None else value).casefold():
        return False
    if limit.least is None and limit.most is None:
        return True
    if value is None or isinstance(value, str | date):
        return False
    number = Decimal(str(value))
    above = limit.least is None or number >= limit.least
    return above and (limit.most is None or number <= limit.most)


# --- how values are written ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """One value on the page; `was`: what it was in the result compared with."""

    column: Column
    text: str
    css: str
    link: str = ""
    was: str = ""


def cell(column: Column, row: Row, before: Row | None = None, tint: int = 0) -> Cell:
    value = row.get(column.key)
    moved = before is not None and before.get(column.key) != value
    names = [f"tint-{tint}" if tint else "", "num" if column.kind.is_number else ""]
    names += [_TONE.get(column.kind, ""), "cell-moved" if moved else ""]
    if column.kind.is_signed and isinstance(value, int | float | Decimal):
        names.append(trend(value))
    return Cell(
        column=column,
        text=written(column, value),
        css=" ".join(name for name in names if name),
        link=_link(column, row),
        was=written(column, before.get(column.key)) if moved and before is not None else "",
    )


_TONE = {Kind.NAME: "issue", Kind.CODE: "code-cell", Kind.DATE: "when", Kind.TIME: "when"}


def _link(column: Column, row: Row) -> str:
    if column.link and row.get(column.key):
        return column.link.format_map({key: quote(str(value or ""), safe="") for key, value in row.items()})
    if column.kind == Kind.NAME and row.get("symbol"):
        return f"/stocks/{row['symbol']}/"
    return ""


def written(column: Column, value: Value) -> str:
    """As a trader reads it; a dash for what is not known."""
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return "예" if value else "아니오"
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    return _WRITERS.get(column.kind, figure)(value)


def _change(value: Any) -> str:
    return f"{arrow(value)} {signed(value)}".strip()


def _two(value: Any) -> str:
    return f"{round(Decimal(str(value)), 2):,.2f}"


_WRITERS = {
    Kind.WON: won,
    Kind.MILLION: won,
    Kind.EOK: won,
    Kind.CHANGE: _change,
    Kind.FLOW: signed,
    Kind.RATE: rate,
    Kind.PERCENT: lambda value: f"{_two(value)}%",
    Kind.RATIO: _two,
}


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbouring columns of one group, tinted together; no label and tint 0 for those of none."""

    label: str
    columns: tuple[Column, ...]
    tint: int


def bands(columns: Sequence[Column]) -> list[Band]:
    found, tint = [], 0
    for label, members in groupby(columns, key=lambda column: column.group):
        tint += 1 if label else 0
        found.append(Band(label, tuple(members), (tint - 1) % 4 + 1 if label else 0))
    return found


def write_csv(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """With a heading of the columns' labels; numbers plain, so that a spreadsheet counts with them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.full_label for column in columns])
    for row in rows:
        writer.writerow([_plain(row.get(column.key)) for column in columns])
    return text.getvalue()


def _plain(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return harmless(value) if isinstance(value, str) else str(value)
