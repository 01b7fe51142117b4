"""The API's lists: a part at a time, with the address of the next one."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers import paging
from brokers.selectors import with_related

M = TypeVar("M", bound=Model)


class CursorField(serializers.CharField):
    default_error_messages = {"cursor": "앞선 응답의 next에 있던 값이 아닙니다."}

    def to_internal_value(self, data: Any) -> paging.Cursor:  # type: ignore[override]
        try:
            return paging.read(super().to_internal_value(data))
        except ValueError:
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
    *related: str,
) -> Response:
    """One page of `rows` by falling time and key, with what they point to where the snapshot tells of it."""
    return newest_of_all([rows], time_field, form, snapshot, request, *related)


def newest_of_all(
    lists: Sequence[QuerySet[Any]],
    time_field: str,
    form: dict[str, Any],
    snapshot: Callable[[Any], dict[str, Any]],
    request: Request,
    *related: str,
) -> Response:
    """The same over the rows of several tables as one list."""
    part = paging.newest_of_all(lists, time_field, form.get("cursor"), form["limit"])
    with_related(part.rows, *related)
    follows = _address(request, cursor=part.after) if part.after else None
    return Response({"next": follows, "results": [snapshot(row) for row in part.rows]})


def by_number(
    rows: QuerySet[M], limit: int, snapshot: Callable[[M], dict[str, Any]], request: Request
) -> Response:
    """One page of rows that count up by `seq`, oldest first; the last number is the cursor."""
    page = list(rows.order_by("seq")[: limit + 1])
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
