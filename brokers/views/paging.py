"""Lists without page numbers: the next part starts where the last row ended, however many rows there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import Q, QuerySet

PART = 50


@dataclass(frozen=True, slots=True)
class Part:
    rows: list[Any]
    after: str  # asks for the next part; empty at the end


def newest_first(rows: QuerySet[Any], moment: str, after: str, size: int = PART) -> Part:
    """The rows after the cursor, newest first; a cursor that cannot be read starts at the top."""
    if start := _read(after):
        at, pk = start
        rows = rows.filter(Q(**{f"{moment}__lt": at}) | Q(**{moment: at, "pk__lt": pk}))
    found = list(rows.order_by(f"-{moment}", "-pk")[: size + 1])
    shown = found[:size]
    more = len(found) > size
    return Part(shown, f"{getattr(shown[-1], moment).isoformat()}~{shown[-1].pk}" if more else "")


def _read(cursor: str) -> tuple[datetime, ObjectId] | None:
    at, _, pk = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        key = ObjectId(pk)
    except (ValueError, InvalidId):
        return None
    return (moment, key) if moment.tzinfo else None
