"""The parts of a page's list that "더 보기" asks for."""

from typing import Any

from django.db.models import QuerySet

from brokers import paging
from brokers.paging import Part
from brokers.selectors import with_related

PART = 50


def newest_first(rows: QuerySet[Any], moment: str, after: str, *related: str) -> Part:
    """The rows after the cursor, with what they point to; a cursor that cannot be read starts at the top."""
    try:
        cursor = paging.read(after) if after else None
    except ValueError:
        cursor = None
    part = paging.newest_first(rows, moment, cursor, PART)
    with_related(part.rows, *related)
    return part
