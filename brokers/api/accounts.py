"""Accounts: which ones, how their connections are, what they hold, what they can buy."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import PriceField, SymbolField
from brokers.api.shapes import (
    AccountHealthShape,
    AccountShape,
    AccountWithHealthShape,
    BalanceShape,
    BuyingPowerShape,
    HealthShape,
    OrderBookShape,
    QuoteShape,
)
from brokers.api.views import ApiView
from brokers.models import BrokerAccount
from brokers.rights import accounts_of, tradable_accounts_of
from brokers.selectors import Health, health_of
from brokers.services import desk
from brokers.terms import OrderType
from lucy.errors import errors

ASKED = errors(400, 401, 404, 429, 502, 503, 504)


def account_snapshot(account: BrokerAccount, may_trade: bool) -> dict[str, Any]:
    return {
        "id": str(account.pk),
        "broker": account.broker,
        "server": account.server,
        "number": account.shown_number,
        "name": account.name,
        "paused": account.paused,
        "may_trade": may_trade,
    }


def health_snapshot(health: Health) -> dict[str, Any]:
    return dict(HealthShape(health).data)


class AccountsView(ApiView):
    @extend_schema(
        operation_id="accounts_list",
        tags=["accounts"],
        responses={200: AccountShape(many=True), **errors(401, 429)},
        description="The accounts you may see, and which of them you may trade.",
    )
    def get(self, request: Request) -> Response:
        tradable = set(tradable_accounts_of(self.user).values_list("pk", flat=True))
        seen = accounts_of(self.user)
        return Response([account_snapshot(account, account.pk in tradable) for account in seen])


class AccountView(ApiView):
    @extend_schema(
        operation_id="accounts_read",
        tags=["accounts"],
        responses={200: AccountWithHealthShape, **errors(401, 404, 429)},
        description="One account and the state of its connection.",
    )
    def get(self, request: Request, account_id: str) -> Response:
        account = self.account_in_address(account_id)
        may_trade = tradable_accounts_of(self.user).filter(pk=account.pk).exists()
        health = next(row for row in health_of(self.user) if row.account.pk == account.pk)
        return Response(account_snapshot(account, may_trade) | {"health": health_snapshot(health)})


class HealthView(ApiView):
    @extend_schema(
        operation_id="health_list",
        tags=["accounts"],
        responses={200: AccountHealthShape(many=True), **errors(401, 429)},
        description="The connection of every account you may see.",
    )
    def get(self, request: Request) -> Response:
        rows = health_of(self.user)
        return Response([{"account": str(row.account.pk)} | health_snapshot(row) for row in rows])


class HoldingsView(ApiView):
    @extend_schema(
        operation_id="holdings_read",
        tags=["accounts"],
        responses={200: BalanceShape, **errors(401, 404, 429, 502, 503, 504)},
        description="Cash and holdings, asked of the broker now.",
    )
    def get(self, request: Request, account_id: str) -> Response:
        return Response(BalanceShape(desk.balance(self.account_in_address(account_id))).data)


class QuoteView(ApiView):
    class Question(serializers.Serializer[None]):
        symbol = SymbolField()

    @extend_schema(
        operation_id="quotes_read",
        tags=["market"],
        parameters=[Question],
        responses={200: QuoteShape, **ASKED},
        description="The price of one issue, asked of this account's broker now.",
    )
    def get(self, request: Request, account_id: str) -> Response:
        form = self.Question(data=request.query_params)
        form.is_valid(raise_exception=True)
        account = self.account_in_address(account_id)
        return Response(QuoteShape(desk.quote(account, form.validated_data["symbol"])).data)


class OrderBookView(ApiView):
    class Question(serializers.Serializer[None]):
        symbol = SymbolField()

    @extend_schema(
        operation_id="order_books_read",
        tags=["market"],
        parameters=[Question],
        responses={200: OrderBookShape, **ASKED},
        description="The order book of one issue, up to ten levels a side.",
    )
    def get(self, request: Request, account_id: str) -> Response:
        form = self.Question(data=request.query_params)
        form.is_valid(raise_exception=True)
        account = self.account_in_address(account_id)
        return Response(OrderBookShape(desk.order_book(account, form.validated_data["symbol"])).data)


class BuyingPowerView(ApiView):
    class Question(serializers.Serializer[None]):
        symbol = SymbolField()
        order_type = serializers.ChoiceField(OrderType.choices, default=OrderType.LIMIT)
        price = PriceField()

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if OrderType(attrs["order_type"]).has_price and attrs["price"] is None:
                raise serializers.ValidationError({"price": "이 주문 유형에는 가격이 필요합니다."})
            return attrs

    @extend_schema(
        operation_id="buying_power_read",
        tags=["market"],
        parameters=[Question],
        responses={200: BuyingPowerShape, **ASKED},
        description="How many shares the account's cash buys, by the broker's own figure.",
    )
    def get(self, request: Request, account_id: str) -> Response:
        form = self.Question(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        account = self.account_in_address(account_id)
        power = desk.buying_power(account, data["symbol"], data["price"], OrderType(data["order_type"]))
        return Response(BuyingPowerShape(power).data)
