"""The parts of a page's list that "더 보기" asks for."""

from typing import Any

from django.db.models import QuerySet

from brokers import paging
from brokers.paging import Cursor, Part
from brokers.selectors import with_related

PART = 50


def newest_first(rows: QuerySet[Any], moment: str, after: str, *related: str) -> Part:
    """The rows after the cursor, with what they point to."""
    part = paging.newest_first(rows, moment, cursor_in(after), PART)
    with_related(part.rows, *related)
    return part


def cursor_in(after: str) -> Cursor | None:
    """The cursor in an address; one that cannot be read starts at the top."""
    try:
        return paging.read(after) if after else None
    except ValueError:
        return None
