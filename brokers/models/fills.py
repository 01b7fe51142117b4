"""Executions: each counts once, however often it is told."""

from bson import ObjectId
from django.db import models

from brokers.models.accounts import BrokerAccount
from brokers.models.orders import Order
from brokers.terms import Side


class FillSource(models.TextChoices):
    NOTICE = "notice", "체결통보"
    TOTAL = "total", "주문 합계"  # what the broker's total has beyond its notices; a late notice replaces it


class Fill(models.Model):
    """One execution; `order` is empty while the broker's number is not known to us yet."""

    account_id: ObjectId
    order_id: ObjectId | None
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, related_name="fills", verbose_name="계좌", db_index=False
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, related_name="fills", verbose_name="주문"
    )
    trade_date = models.DateField("매매일")
    broker_order_no = models.CharField("주문번호", max_length=20)
    fill_no = models.CharField("체결번호", max_length=40)  # the broker's; KIS: time-quantity-price-ordinal
    symbol = models.CharField("종목코드", max_length=7)
    side = models.CharField("구분", max_length=4, choices=Side.choices)
    quantity = models.BigIntegerField("수량")
    price = models.DecimalField("가격", max_digits=18, decimal_places=4)
    executed_at = models.DateTimeField("체결시각")
    source = models.CharField("근거", max_length=8, choices=FillSource.choices, default=FillSource.NOTICE)
    recorded_at = models.DateTimeField("기록시각")

    class Meta:
        verbose_name = "체결"
        verbose_name_plural = "체결"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "trade_date", "broker_order_no", "fill_no"], name="every_fill_once"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-executed_at", "-id"], name="fills_of_account"),
            models.Index(
                fields=["account", "symbol", "-executed_at", "-id"], name="fills_of_account_by_symbol"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.symbol} {self.quantity}주 @ {self.price}"
