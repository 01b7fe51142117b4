"""Orders: place, list, look at one, modify, cancel."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.adapters.base import OrderRequest
from brokers.api.fields import DayField, KeyField, PriceField, RequestIdField, SharesField, SymbolField
from brokers.api.paging import PageInput, newest_first, page_of
from brokers.api.shapes import ChangeShape, EventShape, OrderDetailShape, OrderShape
from brokers.api.views import ApiView
from brokers.models import Fill, Order, OrderChange, OrderStatus
from brokers.selectors import fill_snapshot, fills_of, order_snapshot, orders_of, trail_of
from brokers.services.changes import cancel_order, modify_order
from brokers.services.orders import place_order
from brokers.terms import Condition, OrderType, Side, Venue
from lucy import clock
from lucy.errors import errors


def made_since(started: datetime, created_at: datetime) -> int:
    """201 for what this request made, 200 for what an earlier one with the same id had made."""
    return 201 if created_at >= started else 200


class PeriodInput(PageInput):
    """The filters that lists of orders and fills share."""

    account = KeyField(required=False)
    symbol = SymbolField(required=False)
    side = serializers.ChoiceField(Side.choices, required=False)
    from_date = DayField(required=False, help_text="This day in Seoul and later.")
    to_date = DayField(required=False, help_text="This day in Seoul and earlier.")


def narrowed(rows: QuerySet[Any], form: dict[str, Any], time_field: str, *exact: str) -> QuerySet[Any]:
    """The rows that the given filters leave."""
    rows = rows.filter(**{name: form[name] for name in exact if name in form})
    if first := form.get("from_date"):
        rows = rows.filter(**{f"{time_field}__gte": first})
    if last := form.get("to_date"):
        rows = rows.filter(**{f"{time_field}__lt": last + timedelta(days=1)})
    return rows


class OrdersView(ApiView):
    class Filters(PeriodInput):
        status = serializers.ChoiceField(OrderStatus.choices, required=False)
        client_order_id = RequestIdField(required=False)

    @extend_schema_serializer(component_name="PlaceOrder")
    class Input(serializers.Serializer[None]):
        account = KeyField()
        client_order_id = RequestIdField()
        symbol = SymbolField()
        side = serializers.ChoiceField(Side.choices)
        order_type = serializers.ChoiceField(OrderType.choices, default=OrderType.LIMIT)
        quantity = SharesField()
        price = PriceField()
        condition = serializers.ChoiceField(Condition.choices, default=Condition.DAY)
        venue = serializers.ChoiceField(Venue.choices, default=Venue.KRX)
        confirm_repeat = serializers.BooleanField(
            default=False, help_text="Place it although the same order was placed within ten seconds."
        )

    @extend_schema(
        operation_id="orders_list",
        tags=["orders"],
        parameters=[Filters],
        responses={200: page_of(OrderShape), **errors(400, 401, 429)},
        description="Orders of all accounts you may see, newest first.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        exact = ("account", "symbol", "side", "status", "client_order_id")
        rows = narrowed(orders_of(self.user), data, "created_at", *exact)
        return newest_first(rows, "created_at", data, order_snapshot, request)

    @extend_schema(
        operation_id="orders_place",
        tags=["orders"],
        request=Input,
        responses={200: OrderShape, 201: OrderShape, **errors(400, 401, 403, 404, 409, 423, 429)},
        description="Place an order. It is saved before it is sent. A refusal by Lucy's checks or by the "
        "broker is an order with status `rejected` and its reason; `unknown` means that the broker's answer "
        "was lost and will be found out. The same `client_order_id` again places nothing and returns the "
        "same order (200).",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        started = clock.now()
        with self.account_to_trade(data["account"]) as account:
            order = place_order(
                account,
                self.user,
                data["client_order_id"],
                _wanted(data),
                confirmed=data["confirm_repeat"],
            )
        return Response(order_snapshot(order), status=made_since(started, order.created_at))


def _wanted(data: dict[str, Any]) -> OrderRequest:
    return OrderRequest(
        symbol=data["symbol"],
        side=Side(data["side"]),
        quantity=data["quantity"],
        price=data["price"],
        order_type=OrderType(data["order_type"]),
        condition=Condition(data["condition"]),
        venue=Venue(data["venue"]),
    )


class OrderView(ApiView):
    @extend_schema(
        operation_id="orders_read",
        tags=["orders"],
        responses={200: OrderDetailShape, **errors(401, 404, 429)},
        description="One order with its trail (who did what when) and its fills.",
    )
    def get(self, request: Request, order_id: str) -> Response:
        order = self.order_in_address(order_id)
        trail = [EventShape(event).data for event in trail_of(order)]
        return Response(order_snapshot(order) | {"trail": trail, "fills": self._fills(order)})

    def _fills(self, order: Order) -> list[dict[str, Any]]:
        rows: QuerySet[Fill] = fills_of(self.user).filter(order=order)
        return [fill_snapshot(fill) for fill in rows.order_by("executed_at", "pk")]


class ModifyOrderView(ApiView):
    @extend_schema_serializer(component_name="ModifyOrder")
    class Input(serializers.Serializer[None]):
        client_request_id = RequestIdField()
        order_type = serializers.ChoiceField(OrderType.choices, default=OrderType.LIMIT)
        price = PriceField()
        quantity = SharesField(required=False, allow_null=True, default=None)

    @extend_schema(
        operation_id="orders_modify",
        tags=["orders"],
        request=Input,
        responses={200: ChangeShape, 201: ChangeShape, **errors(400, 401, 403, 404, 409, 423, 429)},
        description="Ask the broker for another price or type for all that is open. `quantity`, when given, "
        "must be what is open. The same `client_request_id` again asks nothing and returns the same "
        "request (200).",
    )
    def post(self, request: Request, order_id: str) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        started = clock.now()
        change = modify_order(
            self.order_in_address(order_id),
            self.user,
            data["client_request_id"],
            quantity=data["quantity"],
            price=data["price"],
            order_type=OrderType(data["order_type"]),
        )
        return _told(change, started)


class CancelOrderView(ApiView):
    @extend_schema_serializer(component_name="CancelOrder")
    class Input(serializers.Serializer[None]):
        client_request_id = RequestIdField()
        quantity = SharesField(required=False, allow_null=True, default=None)

    @extend_schema(
        operation_id="orders_cancel",
        tags=["orders"],
        request=Input,
        responses={200: ChangeShape, 201: ChangeShape, **errors(400, 401, 403, 404, 409, 429)},
        description="Ask the broker to cancel all that is open, or `quantity` shares of it. The same "
        "`client_request_id` again asks nothing and returns the same request (200).",
    )
    def post(self, request: Request, order_id: str) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        started = clock.now()
        order = self.order_in_address(order_id)
        change = cancel_order(order, self.user, data["client_request_id"], quantity=data["quantity"])
        return _told(change, started)


def _told(change: OrderChange, started: datetime) -> Response:
    return Response(ChangeShape(change).data, status=made_since(started, change.created_at))
