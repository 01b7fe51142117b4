"""How a user wants a screen's table, remembered on the server: the same at every desk."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError
from django.http import QueryDict

from accounts.models import User
from screener.models import TableLayout
from screener.screens import Screen
from screener.tables import Limit, View

LONGEST_WORDS = 60
LARGEST = Decimal(10) ** 18


def layout_of(user: User, screen: Screen) -> View:
    row = TableLayout.objects.filter(user=user, screen=screen.key).first()
    return _read(screen, row.layout) if row else View()


def remember(user: User, screen: Screen, view: View) -> None:
    """All of it but the words searched for: those would hide rows the next day."""
    layout = {
        "columns": list(view.columns),
        "sort": view.sort,
        "down": view.down,
        "limits": {
            key: [_text(limit.least), _text(limit.most), limit.has] for key, limit in view.limits.items()
        },
    }
    try:
        TableLayout.objects.update_or_create(user=user, screen=screen.key, defaults={"layout": layout})
    except IntegrityError:  # another tab was quicker
        TableLayout.objects.filter(user=user, screen=screen.key).update(layout=layout)


def sent_view(screen: Screen, data: QueryDict) -> View:
    """What a page's controls send: `t.sort` (-key falls), `t.q`, `t.column`, `t.least.key`, …

    The prefix keeps them apart from the screen's own questions.
    """
    sort = data.get("t.sort", "")
    limits = {}
    for column in screen.columns:
        limit = Limit(
            _number(data.get(f"t.least.{column.key}", "")),
            _number(data.get(f"t.most.{column.key}", "")),
            data.get(f"t.has.{column.key}", "").strip()[:LONGEST_WORDS],
        )
        if limit != Limit():
            limits[column.key] = limit
    return View(
        columns=_columns(screen, data.getlist("t.column")),
        sort=_sortable(screen, sort.removeprefix("-")),
        down=sort.startswith("-"),
        text=data.get("t.q", "").strip()[:LONGEST_WORDS],
        limits=limits,
    )


def _read(screen: Screen, layout: Mapping[str, Any]) -> View:
    """What was stored, without what the screen has no more."""
    limits = {
        key: Limit(_number(least), _number(most), has)
        for key, (least, most, has) in layout.get("limits", {}).items()
        if screen.column(key)
    }
    sort = _sortable(screen, layout.get("sort", ""))
    return View(_columns(screen, layout.get("columns", [])), sort, bool(layout.get("down")), "", limits)


def _columns(screen: Screen, wanted: list[str]) -> tuple[str, ...]:
    """In the screen's order; none when they are the usual ones, which may grow."""
    chosen = tuple(column.key for column in screen.columns if column.key in set(wanted))
    usual = tuple(column.key for column in screen.columns if not column.hidden)
    return () if chosen == usual else chosen


def _sortable(screen: Screen, key: str) -> str:
    return key if screen.column(key) else ""


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", "").strip()) if text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and abs(number) <= LARGEST else None


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def has_view(data: QueryDict) -> bool:
    return "t.sort" in data
