"""Lists that go on: newest first, a cursor that names the last row, no counting and no skipping.

DRF's own cursor names a time only and counts off the rows that share it; it also believes any time it is
given. Here a page costs the same however far it lies, and a row is never shown twice or missed.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import Model, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

M = TypeVar("M", bound=Model)
Cursor = tuple[datetime, ObjectId]


class CursorField(serializers.CharField):
    default_error_messages = {"cursor": "앞선 응답의 next에 있던 값이 아닙니다."}

    def to_internal_value(self, data: Any) -> Cursor:  # type: ignore[override]
        try:
            moment, key = json.loads(urlsafe_b64decode(super().to_internal_value(data)))
            return datetime.fromisoformat(moment).astimezone(UTC), ObjectId(key)
        except (binascii.Error, ValueError, TypeError, OverflowError, InvalidId):
            self.fail("cursor")


class PageInput(serializers.Serializer[None]):
    """What every list takes."""

    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    cursor = CursorField(required=False, help_text="From `next` of the page before.")


def newest_first(
    rows: QuerySet[M],
    time_field: str,
    form: dict[str, Any],
    snapshot: Callable[[M], dict[str, Any]],
    request: Request,
) -> Response:
    """One page of `rows` by falling time and key."""
    if cursor := form.get("cursor"):
        rows = _after(rows, time_field, cursor)
    # select_related joins before it sorts here: the whole list, for one page of it.
    rows = rows.select_related(None).order_by(f"-{time_field}", "-pk")
    page = list(rows[: form["limit"] + 1])
    shown, more = page[: form["limit"]], len(page) > form["limit"]
    follows = _address(request, cursor=_name(shown[-1], time_field)) if more else None
    return Response({"next": follows, "results": [snapshot(row) for row in shown]})


def _after(rows: QuerySet[M], time_field: str, cursor: Cursor) -> QuerySet[M]:
    """Rows behind the cursor: the first condition bounds the index, the second drops ties already shown."""
    moment, key = cursor
    return rows.filter(**{f"{time_field}__lte": moment}).exclude(**{time_field: moment, "pk__gte": key})


def _name(row: Model, time_field: str) -> str:
    return urlsafe_b64encode(
        json.dumps([getattr(row, time_field).isoformat(), str(row.pk)]).encode()
    ).decode()


def by_number(
    rows: QuerySet[M], limit: int, snapshot: Callable[[M], dict[str, Any]], request: Request
) -> Response:
    """One page of rows that count up by `seq`, oldest first; the last number is the cursor."""
    page = list(rows.select_related(None).order_by("seq")[: limit + 1])
    shown = [snapshot(row) for row in page[:limit]]
    follows = _address(request, after=shown[-1]["seq"]) if len(page) > limit else None
    return Response({"next": follows, "results": shown})


def _address(request: Request, **changes: Any) -> str:
    query = request.query_params.copy()
    for name, value in changes.items():
        query[name] = str(value)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def page_of(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """How a page reads in the OpenAPI document."""
    return inline_serializer(
        f"{shape.__name__}Page",
        {
            "next": serializers.URLField(allow_null=True, help_text="The next page; null on the last one."),
            "results": shape(many=True),
        },
    )
