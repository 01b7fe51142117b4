"""나의 주식: the stocks that the caller watches, their tags and base prices, and what they cost now."""

from decimal import Decimal
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import MoneyField, SymbolField
from brokers.api.views import ApiView
from brokers.models import Crossing, Tag, WatchedStock
from brokers.services import watch
from brokers.services.watch import Priced
from lucy.errors import errors


def _base_price() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=14, decimal_places=0, min_value=Decimal(1), allow_null=True, required=False
    )


class WatchedShape(serializers.Serializer[WatchedStock]):
    symbol = serializers.CharField()
    name = serializers.CharField()
    tags = serializers.ListField(child=serializers.ChoiceField(Tag.choices))
    buy_below = MoneyField(allow_null=True, help_text="매수 기준가: calls at or below it.")
    sell_above = MoneyField(allow_null=True, help_text="매도 기준가: calls at or above it.")
    crossing = serializers.ChoiceField(
        Crossing.choices, allow_blank=True, help_text="Which base price is reached now."
    )
    crossed_at = serializers.DateTimeField(allow_null=True)
    crossed_price = MoneyField(allow_null=True)


class WatchedPriceShape(serializers.Serializer[Priced]):
    symbol = serializers.CharField(source="quote.symbol")
    price = MoneyField(source="quote.price")
    change = MoneyField(source="quote.change")
    change_rate = MoneyField(source="quote.change_rate", help_text="Percent.")
    at = serializers.DateTimeField(help_text="When the broker told it.")
    old = serializers.BooleanField(source="is_old", help_text="More than 30 seconds ago.")


class WatchedPricesShape(serializers.Serializer[Any]):
    prices = WatchedPriceShape(many=True)
    silence = serializers.CharField(
        allow_blank=True, help_text="Why no broker answered; the prices are then the last known ones."
    )


class WatchedListView(ApiView):
    @extend_schema_serializer(component_name="WatchStock")
    class Input(serializers.Serializer[None]):
        symbol = SymbolField()
        tags = serializers.ListField(
            child=serializers.ChoiceField(Tag.choices), min_length=1, default=[Tag.FOLLOWED.value]
        )

    @extend_schema(
        operation_id="mystock_list",
        tags=["mystock"],
        responses={200: WatchedShape(many=True), **errors(401, 429)},
        description="The stocks that you watch, in the order in which they were added; at most 300.",
    )
    def get(self, request: Request) -> Response:
        return Response([WatchedShape(row).data for row in watch.watched_by(self.user)])

    @extend_schema(
        operation_id="mystock_add",
        tags=["mystock"],
        request=Input,
        responses={200: WatchedShape, **errors(400, 401, 429)},
        description="Watch a stock, or give one that you watch more tags.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        rows = [watch.watch(self.user, given["symbol"], Tag(tag)) for tag in given["tags"]]
        return Response(WatchedShape(rows[-1]).data)


class WatchedPricesView(ApiView):
    @extend_schema(
        operation_id="mystock_prices",
        tags=["mystock"],
        responses={200: WatchedPricesShape, **errors(401, 429)},
        description="Prices of all stocks that you watch, in one round of calls to one broker. A price that "
        "was asked for less than eight seconds ago is not asked for again.",
    )
    def get(self, request: Request) -> Response:
        rows = watch.watched_by(self.user)
        priced, silence = watch.prices(self.user, [row.symbol for row in rows])
        watch.newly_crossed(rows, priced)
        found = [priced[row.symbol] for row in rows if row.symbol in priced]
        told = {"prices": found, "silence": silence.message if silence else ""}
        return Response(WatchedPricesShape(told).data)


class WatchedView(ApiView):
    @extend_schema_serializer(component_name="ChangeWatchedStock")
    class Input(serializers.Serializer[None]):
        tags = serializers.ListField(
            child=serializers.ChoiceField(Tag.choices), required=False, help_text="All tags it is to have."
        )
        buy_below = _base_price()
        sell_above = _base_price()

    @extend_schema(
        operation_id="mystock_change",
        tags=["mystock"],
        request=Input,
        responses={200: WatchedShape, **errors(400, 401, 404, 429)},
        description="Change tags and base prices; what is left out stays. New base prices call anew.",
    )
    def patch(self, request: Request, symbol: str) -> Response:
        row = self._row(symbol)
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        if {"buy_below", "sell_above"} & set(given):
            bases = [given.get(name, getattr(row, name)) for name in ("buy_below", "sell_above")]
            watch.base_prices(row, *bases)
        for tag in Tag if "tags" in given else ():
            watch.tag(row, tag, tag.value in given["tags"])
        return Response(WatchedShape(row).data)

    @extend_schema(
        operation_id="mystock_remove",
        tags=["mystock"],
        responses={204: None, **errors(401, 404, 429)},
        description="Watch it no longer, whatever its tags.",
    )
    def delete(self, request: Request, symbol: str) -> Response:
        row = self._row(symbol)
        watch.remove(self.user, watch.Removal([row], []))
        return Response(status=204)

    def _row(self, symbol: str) -> WatchedStock:
        row = WatchedStock.objects.filter(user=self.user, symbol=symbol).first()
        if row is None:
            raise Http404
        return row
