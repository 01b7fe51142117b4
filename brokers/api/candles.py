"""Candles over REST."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.adapters.base import Candle, Period
from brokers.api.accounts import ASKED
from brokers.api.fields import MoneyField, SymbolField
from brokers.api.views import ApiView
from brokers.services import charts

LONGEST = {  # what one call may ask for: a broker is asked page by page, at its pace
    Period.MINUTE: timedelta(days=5),
    Period.DAY: timedelta(days=11 * 366),
    Period.WEEK: timedelta(days=30 * 366),
    Period.MONTH: timedelta(days=60 * 366),
    Period.YEAR: timedelta(days=100 * 366),
}


class CandleShape(serializers.Serializer[Candle]):
    at = serializers.DateTimeField(help_text="When it begins: a minute, a day, a Monday, a first of a month.")
    open = MoneyField()
    high = MoneyField()
    low = MoneyField()
    close = MoneyField()
    volume = serializers.IntegerField()
    value = MoneyField(allow_null=True, help_text="Won traded; null where the broker does not tell.")


class CandlesView(ApiView):
    class Question(serializers.Serializer[None]):
        symbol = SymbolField()
        period = serializers.ChoiceField([period.value for period in Period], default=Period.DAY.value)
        first = serializers.DateField()
        last = serializers.DateField()
        adjusted = serializers.BooleanField(
            default=True, help_text="Prices before a split counted as after it."
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if attrs["first"] > attrs["last"]:
                raise serializers.ValidationError({"last": "시작일보다 앞섭니다."})
            longest = LONGEST[Period(attrs["period"])]
            if attrs["last"] - attrs["first"] > longest:
                raise serializers.ValidationError(
                    {"first": f"한 번에 {longest.days}일까지 물을 수 있습니다."}
                )
            return attrs

    @extend_schema(
        operation_id="candles_list",
        tags=["market"],
        parameters=[Question],
        responses={200: CandleShape(many=True), **ASKED},
        description=(
            "Candles of one issue, oldest first: from the store, and what it does not have of this "
            "account's broker now."
        ),
    )
    def get(self, request: Request, account_id: str) -> Response:
        form = self.Question(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        account = self.account_in_address(account_id)
        chart = charts.candles(
            account,
            asked["symbol"],
            Period(asked["period"]),
            asked["first"],
            asked["last"],
            asked["adjusted"],
        )
        if chart.silence:
            raise chart.silence  # a script takes what it gets for the whole
        return Response([CandleShape(candle).data for candle in chart.candles])
