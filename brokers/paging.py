"""Lists that go on: newest first, a cursor that names the last row, no counting and no skipping.

A page costs the same however far it lies, and a row is never shown twice or missed. Rows are never joined
while they are sorted: on MongoDB that reads the whole list for one page of it (`with_related` names what
they point to afterwards).
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import QuerySet

Cursor = tuple[datetime, ObjectId]


@dataclass(frozen=True, slots=True)
class Part:
    rows: list[Any]
    after: str  # the cursor that asks for the next part; empty at the end


def newest_first(rows: QuerySet[Any], moment: str, after: Cursor | None, size: int) -> Part:
    """One part of `rows` by falling `moment` and key, behind the cursor."""
    return newest_of_all([rows], moment, after, size)


def newest_of_all(lists: Sequence[QuerySet[Any]], moment: str, after: Cursor | None, size: int) -> Part:
    """The same over the rows of several tables as one list; keys are unique across tables."""
    found: list[Any] = []
    for rows in lists:
        behind = _behind(rows, moment, after) if after else rows
        found += behind.select_related(None).order_by(f"-{moment}", "-pk")[: size + 1]
    if len(lists) > 1:
        found.sort(key=lambda row: (getattr(row, moment), row.pk), reverse=True)
    shown = found[:size]
    return Part(shown, written(getattr(shown[-1], moment), shown[-1].pk) if len(found) > size else "")


def _behind(rows: QuerySet[Any], moment: str, cursor: Cursor) -> QuerySet[Any]:
    """The first condition bounds the index, the second drops ties already shown."""
    at, key = cursor
    return rows.filter(**{f"{moment}__lte": at}).exclude(**{moment: at, "pk__gte": key})


def written(at: datetime, key: Any) -> str:
    return urlsafe_b64encode(json.dumps([at.isoformat(), str(key)]).encode()).decode()


def read(cursor: str) -> Cursor:
    """Raises `ValueError` for what is no cursor of ours."""
    try:
        moment, key = json.loads(urlsafe_b64decode(cursor))
        return datetime.fromisoformat(moment).astimezone(UTC), ObjectId(key)
    except (binascii.Error, ValueError, TypeError, OverflowError, InvalidId) as odd:
        raise ValueError("no cursor") from odd
