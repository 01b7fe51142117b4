"""How screens, their rows and what is kept of them read in REST."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from lucy.errors import LucyError
from screener.questions import choices_of
from screener.screens import Column, Kind, Row, Screen, Value
from screener.services.results import Answer

_column_shape = inline_serializer(
    "ScreenColumn",
    {
        "key": serializers.CharField(),
        "label": serializers.CharField(),
        "kind": serializers.ChoiceField(Kind.choices),
        "group": serializers.CharField(allow_blank=True),
        "unit": serializers.CharField(allow_blank=True),
    },
    many=True,
)
_question_shape = inline_serializer(
    "ScreenQuestion",
    {
        "name": serializers.CharField(help_text="The query parameter."),
        "label": serializers.CharField(allow_blank=True),
        "choices": serializers.DictField(help_text="Value to words; empty where anything may be typed."),
    },
    many=True,
)


screen_shape = inline_serializer(
    "Screen",
    {
        "key": serializers.CharField(),
        "title": serializers.CharField(),
        "about": serializers.CharField(allow_blank=True),
        "source": serializers.CharField(),
        "columns": _column_shape,
        "questions": _question_shape,
    },
)
screens_shape = type(screen_shape)(many=True)
rows_shape = inline_serializer(
    "ScreenRows",
    {
        "as_of": serializers.DateTimeField(help_text="When the source's figures were true."),
        "read_at": serializers.DateTimeField(),
        "source": serializers.CharField(),
        "complete": serializers.BooleanField(help_text="False: half read, and there was never a whole one."),
        "silence": serializers.CharField(
            allow_blank=True,
            help_text="Why the source did not answer now; the rows are the last good ones then.",
        ),
        "partial": serializers.IntegerField(
            allow_null=True, help_text="Rows of a newer run that broke off; it is not shown."
        ),
        "notes": serializers.ListField(child=serializers.CharField()),
        "total": serializers.IntegerField(),
        "next": serializers.IntegerField(
            allow_null=True, help_text="`start` of the next part; null at the end."
        ),
        "results": serializers.ListField(
            child=serializers.DictField(), help_text="By the columns' keys; money as strings."
        ),
    },
)


def screen_snapshot(screen: Screen, form: forms.Form | None) -> dict[str, Any]:
    """`form`: None where its choices cannot be fetched now."""
    return {
        "key": screen.key,
        "title": screen.title,
        "about": screen.about,
        "source": screen.source,
        "columns": [_column(column) for column in screen.columns],
        "questions": [_question(name, one) for name, one in form.fields.items()] if form else [],
    }


def _column(column: Column) -> dict[str, str]:
    return {
        "key": column.key,
        "label": column.label,
        "kind": column.kind.value,
        "group": column.group,
        "unit": column.kind.unit,
    }


def _question(name: str, one: forms.Field) -> dict[str, Any]:
    return {"name": name, "label": str(one.label or ""), "choices": choices_of(one)}


def rows_snapshot(answer: Answer, rows: list[Row], start: int, limit: int) -> dict[str, Any]:
    """A part of an answer's rows. Raises `LucyError` (503) when nothing was ever read."""
    if answer.result is None or answer.read_at is None:
        raise answer.silence or LucyError("not_read", "아직 조회한 결과가 없습니다.", status=503)
    end = start + limit
    return {
        "as_of": answer.result.as_of.isoformat(),
        "read_at": answer.read_at.isoformat(),
        "source": answer.result.source,
        "complete": answer.result.complete,
        "silence": answer.silence.message if answer.silence else "",
        "partial": answer.partial,
        "notes": list(answer.result.notes),
        "total": len(rows),
        "next": end if len(rows) > end else None,
        "results": plain(rows[start:end]),
    }


def plain(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [{key: _value(value) for key, value in row.items()} for row in rows]


def _value(value: Value) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date | datetime) else value
