"""How replies read, for the OpenAPI document; broker values are rendered through these too."""

from rest_framework import serializers

from brokers.adapters.base import Balance, BuyingPower, Cash, Holding, Level, OrderBook, Quote
from brokers.api.fields import MoneyField
from brokers.models import (
    BrokerAccount,
    EventKind,
    Fill,
    Instrument,
    Notice,
    NoticeKind,
    Order,
    OrderChange,
    OrderStatus,
    UserNoticeKind,
)
from brokers.models import OrderEvent as Event
from brokers.selectors import Health
from brokers.terms import Broker, Condition, OrderType, Side, Venue


class HealthShape(serializers.Serializer[Health]):
    socket = serializers.CharField(help_text="up, connecting, down")
    socket_since = serializers.DateTimeField(allow_null=True)
    last_message_at = serializers.DateTimeField(allow_null=True)
    last_reconciled_at = serializers.DateTimeField(allow_null=True)
    token_expires_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class AccountShape(serializers.Serializer[BrokerAccount]):
    id = serializers.CharField()
    broker = serializers.ChoiceField(Broker.choices)
    server = serializers.CharField(help_text="real, paper")
    number = serializers.CharField(help_text="As the broker prints it.")
    name = serializers.CharField()
    paused = serializers.BooleanField()
    may_trade = serializers.BooleanField()


class AccountWithHealthShape(AccountShape):
    health = HealthShape()


class AccountHealthShape(HealthShape):
    account = serializers.CharField()


class OrderShape(serializers.Serializer[Order]):
    id = serializers.CharField()
    client_order_id = serializers.CharField()
    account = serializers.CharField()
    origin = serializers.CharField(help_text="lucy, elsewhere (placed in the broker's own programs)")
    symbol = serializers.CharField()
    name = serializers.CharField()
    side = serializers.ChoiceField(Side.choices)
    order_type = serializers.ChoiceField(OrderType.choices)
    condition = serializers.ChoiceField(Condition.choices)
    venue = serializers.ChoiceField(Venue.choices)
    quantity = serializers.IntegerField()
    price = MoneyField(allow_null=True)
    status = serializers.ChoiceField(OrderStatus.choices)
    status_text = serializers.CharField()
    filled_quantity = serializers.IntegerField()
    open_quantity = serializers.IntegerField()
    cancelled_quantity = serializers.IntegerField()
    expired_quantity = serializers.IntegerField()
    rejected_quantity = serializers.IntegerField()
    filled_amount = MoneyField()
    average_price = MoneyField(allow_null=True)
    broker_order_no = serializers.CharField()
    trade_date = serializers.DateField(allow_null=True)
    note = serializers.CharField(help_text="Why it was refused, in the words of whoever refused it.")
    note_code = serializers.CharField(help_text="That refusal's code: Lucy's own or the broker's.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class EventShape(serializers.Serializer[Event]):
    seq = serializers.IntegerField()
    kind = serializers.CharField(help_text=", ".join(EventKind.values))
    actor = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class FillShape(serializers.Serializer[Fill]):
    id = serializers.CharField()
    account = serializers.CharField()
    order = serializers.CharField(allow_null=True)
    trade_date = serializers.DateField()
    broker_order_no = serializers.CharField()
    fill_no = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(Side.choices)
    quantity = serializers.IntegerField()
    price = MoneyField()
    executed_at = serializers.DateTimeField()
    source = serializers.CharField(  # type: ignore[assignment]  # a serializer has one of its own; no clash
        help_text="notice, total (from the broker's order total)"
    )


class OrderDetailShape(OrderShape):
    trail = EventShape(many=True)
    fills = FillShape(many=True)


class ChangeShape(serializers.Serializer[OrderChange]):
    """A modify or cancel; `status` accepted means the broker took it, confirmed that it is done."""

    id = serializers.CharField(source="pk")
    order = serializers.CharField(source="order_id")
    client_request_id = serializers.CharField()
    kind = serializers.CharField(help_text="modify, cancel")
    quantity = serializers.IntegerField()
    price = MoneyField(allow_null=True)
    order_type = serializers.ChoiceField(OrderType.choices)
    status = serializers.CharField(help_text="sent, unknown, accepted, confirmed, rejected")
    broker_order_no = serializers.CharField()
    note = serializers.CharField()
    created_at = serializers.DateTimeField()


class NoticeShape(serializers.Serializer[Notice]):
    account = serializers.CharField(allow_null=True, help_text="Null: your own, of no account.")
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField([*NoticeKind.choices, *UserNoticeKind.choices])
    text = serializers.CharField()
    at = serializers.DateTimeField()
    order = serializers.CharField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]  # as above


class InstrumentShape(serializers.Serializer[Instrument]):
    symbol = serializers.CharField()
    name = serializers.CharField()
    market = serializers.CharField(help_text="kospi, kosdaq")
    kind = serializers.CharField(help_text="stock, etf, etn")
    base_price = MoneyField()
    upper_limit = MoneyField()
    lower_limit = MoneyField()


class CashShape(serializers.Serializer[Cash]):
    deposit = MoneyField()
    deposit_d1 = MoneyField()
    deposit_d2 = MoneyField()
    orderable = MoneyField()


class HoldingShape(serializers.Serializer[Holding]):
    symbol = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    sellable = serializers.IntegerField()
    average_price = MoneyField()
    cost = MoneyField()
    price = MoneyField()
    value = MoneyField()
    profit = MoneyField()
    profit_rate = MoneyField(help_text="Percent.")
    fee = MoneyField(allow_null=True, help_text="Of buying and selling it all; null where not told (KIS).")
    tax = MoneyField(allow_null=True, help_text="Of selling it all; null where not told (KIS).")


class BalanceShape(serializers.Serializer[Balance]):
    cash = CashShape()
    holdings = HoldingShape(many=True)
    net_asset = MoneyField()
    realised = MoneyField(allow_null=True, help_text="Today; null where the broker does not tell.")
    unrealised = MoneyField()


class QuoteShape(serializers.Serializer[Quote]):
    symbol = serializers.CharField()
    name = serializers.CharField(help_text="Empty where the broker's service has none.")
    price = MoneyField()
    base_price = MoneyField()
    change = MoneyField()
    change_rate = MoneyField(help_text="Percent, signed.")
    open = MoneyField()
    high = MoneyField()
    low = MoneyField()
    upper_limit = MoneyField()
    lower_limit = MoneyField()
    volume = serializers.IntegerField()
    halted = serializers.BooleanField()


class LevelShape(serializers.Serializer[Level]):
    price = MoneyField()
    quantity = serializers.IntegerField()


class OrderBookShape(serializers.Serializer[OrderBook]):
    symbol = serializers.CharField()
    asks = LevelShape(many=True, help_text="Best first.")
    bids = LevelShape(many=True, help_text="Best first.")
    at = serializers.DateTimeField()


class BuyingPowerShape(serializers.Serializer[BuyingPower]):
    cash = MoneyField()
    quantity = serializers.IntegerField(help_text="Shares that the cash buys at `price`, without credit.")
    price = MoneyField()
