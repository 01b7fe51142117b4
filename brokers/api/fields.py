"""What inputs of several operations have in common: keys, symbols, quantities, prices."""

from datetime import datetime, time
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from django.http import Http404
from rest_framework import serializers

from lucy.clock import KST

MOST_SHARES = 1_000_000_000
LONGEST_SEQ = 2**53


class KeyField(serializers.CharField):
    """The 24 hexadecimal digits of one of our keys."""

    default_error_messages = {"key": "24자리 16진수 ID가 아닙니다."}

    def to_internal_value(self, data: Any) -> ObjectId:  # type: ignore[override]
        try:
            return ObjectId(super().to_internal_value(data))
        except InvalidId:
            self.fail("key")


def key_in_address(raw: str) -> ObjectId:
    """A key out of the address; garbage names nothing, so it is a 404."""
    try:
        return ObjectId(raw)
    except InvalidId as error:
        raise Http404 from error


class DayField(serializers.DateField):
    """A day in Seoul, as the moment it begins."""

    default_error_messages = {"far": "1990년부터 2100년 사이의 날짜를 적으세요."}

    def to_internal_value(self, value: Any) -> datetime:
        day = super().to_internal_value(value)
        if not 1990 <= day.year <= 2100:
            self.fail("far")
        return datetime.combine(day, time.min, tzinfo=KST)


class SymbolField(serializers.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9A-Z]{6,7}$", help_text="Six characters (005930), ETN: Q and six.", **kwargs)


class RequestIdField(serializers.RegexField):
    """The caller's own name of a request: sent again, it is the same request."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9A-Za-z._:-]{1,64}$", help_text="1 to 64 of 0-9 A-Z a-z . _ : -", **kwargs)


class SharesField(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MOST_SHARES, **kwargs)


class PriceField(serializers.DecimalField):
    """Won per share; no value where the order type has no price."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=12,
            decimal_places=0,
            min_value=1,
            required=False,
            allow_null=True,
            default=None,
            **kwargs,
        )


class MoneyField(serializers.DecimalField):
    """An exact number of the broker's, as a string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, coerce_to_string=True, **kwargs)
