"""What a screen is asked, as text: kept with its result, told apart by a hash, asked again later. Pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

ASKED = "asked"  # in a query: the form was sent, so what is missing in it was left empty

Asked = dict[str, str | list[str]]


def data_for(form_class: type[forms.Form], query: QueryDict) -> QueryDict:
    """What the form is bound to: a sent form as it came, else its first values with the query's over them."""
    if ASKED in query:
        return query
    data = QueryDict(mutable=True)
    for name, field in form_class.base_fields.items():
        initial = field.initial() if callable(field.initial) else field.initial
        if name in query:
            data.setlist(name, query.getlist(name))
        else:
            _set(data, name, _text(initial))
    return data


def asked_of(form: forms.Form) -> Asked:
    """The values of a valid form, without what was left empty."""
    found = {name: _text(value) for name, value in form.cleaned_data.items()}
    return {name: value for name, value in sorted(found.items()) if value not in ("", [])}


def query_of(asked: Mapping[str, str | list[str]]) -> QueryDict:
    """The same question as a sent form."""
    data = QueryDict(mutable=True)
    data[ASKED] = "1"
    for name, value in asked.items():
        _set(data, name, value)
    return data


def hash_of(asked: Mapping[str, str | list[str]]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def sentence(form: forms.Form) -> str:
    """`시장 코스피 · 최소 거래량 1000`: what was asked, for a reader."""
    parts = []
    for name, value in form.cleaned_data.items():
        words = _words(form.fields[name], value)
        if words:
            parts.append(f"{form.fields[name].label or name} {words}")
    return " · ".join(parts)


def _words(field: forms.Field, value: Any) -> str:
    if isinstance(value, bool):
        return "예" if value else ""
    choices = choices_of(field)
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(str(choices.get(str(one), one)) for one in values if one not in (None, ""))


def choices_of(field: forms.Field) -> dict[str, str]:
    """Value to words; empty for a field in which anything may be typed."""
    return dict(_flat(getattr(field, "choices", [])))


def _flat(choices: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, label in choices:
        found += _flat(label) if isinstance(label, list | tuple) else [(str(key), str(label))]
    return found


def _set(data: QueryDict, name: str, value: str | list[str]) -> None:
    if isinstance(value, list):
        data.setlist(name, value)
    elif value:
        data[name] = value


def _text(value: Any) -> str | list[str]:
    if isinstance(value, list | tuple | set | frozenset):
        return [str(_text(one)) for one in value]
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
