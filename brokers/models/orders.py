"""Orders, the requests that change them, the numbers brokers give, and the trail of all of it."""

from decimal import Decimal
from typing import Any

from bson import ObjectId
from django.conf import settings
from django.db import models

from brokers.adapters.base import OrderRequest, WorkingOrder
from brokers.models.accounts import BrokerAccount
from brokers.terms import Condition, OrderType, RequestKind, Side, Venue
from lucy import mongo


class OrderStatus(models.TextChoices):
    PENDING = "pending", "저장됨"
    SENT = "sent", "전송 중"
    UNKNOWN = "unknown", "확인 중"
    ACCEPTED = "accepted", "접수"
    PARTIALLY_FILLED = "partially_filled", "부분체결"
    FILLED = "filled", "체결"
    REJECTED = "rejected", "거부"
    CANCELLED = "cancelled", "취소"
    EXPIRED = "expired", "만료"


S = OrderStatus
NEXT_STATUSES: dict[OrderStatus, frozenset[OrderStatus]] = {
    S.PENDING: frozenset({S.SENT, S.REJECTED}),
    S.SENT: frozenset({S.ACCEPTED, S.REJECTED, S.UNKNOWN, S.PARTIALLY_FILLED, S.FILLED}),
    S.UNKNOWN: frozenset({S.ACCEPTED, S.REJECTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.EXPIRED}),
    S.ACCEPTED: frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.EXPIRED}),
    S.PARTIALLY_FILLED: frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.EXPIRED}),
    S.FILLED: frozenset(),
    S.REJECTED: frozenset(),
    # A late fill of an ended order still counts; all of it makes the order filled after all.
    S.CANCELLED: frozenset({S.FILLED}),
    S.EXPIRED: frozenset({S.FILLED}),
}
WORKING = frozenset({S.ACCEPTED, S.PARTIALLY_FILLED})  # at the broker, may fill
ENDED = frozenset({S.FILLED, S.REJECTED, S.CANCELLED, S.EXPIRED})
OPEN = frozenset(S) - ENDED


class OrderOrigin(models.TextChoices):
    LUCY = "lucy", "Lucy"
    ELSEWHERE = "elsewhere", "외부(HTS·MTS)"


class Order(models.Model):
    """One order of one account, from before it was sent until nothing of it can change.

    Quantities obey: quantity = filled + open + cancelled + expired + rejected.
    """

    account_id: ObjectId
    user_id: ObjectId | None
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, related_name="orders", verbose_name="계좌", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="orders",
        verbose_name="주문자",
        db_index=False,
    )
    client_order_id = models.CharField("고객 주문 ID", max_length=64)
    origin = models.CharField("출처", max_length=10, choices=OrderOrigin.choices, default=OrderOrigin.LUCY)
    symbol = models.CharField("종목코드", max_length=7)
    name = models.CharField("종목명", max_length=60, blank=True, default="")
    side = models.CharField("구분", max_length=4, choices=Side.choices)
    order_type = models.CharField("유형", max_length=12, choices=OrderType.choices)
    condition = models.CharField("조건", max_length=4, choices=Condition.choices, default=Condition.DAY)
    venue = models.CharField("거래소", max_length=4, choices=Venue.choices, default=Venue.KRX)
    quantity = models.BigIntegerField("주문수량")
    price = models.DecimalField("주문가격", max_digits=14, decimal_places=0, null=True)
    status = models.CharField("상태", max_length=16, choices=OrderStatus.choices, default=OrderStatus.PENDING)
    filled_quantity = models.BigIntegerField("체결수량", default=0)
    filled_amount = models.DecimalField("체결금액", max_digits=24, decimal_places=4, default=Decimal(0))
    cancelled_quantity = models.BigIntegerField("취소수량", default=0)
    expired_quantity = models.BigIntegerField("만료수량", default=0)
    rejected_quantity = models.BigIntegerField("거부수량", default=0)
    trade_date = models.DateField("매매일", null=True)
    broker_order_no = models.CharField(
        "주문번호", max_length=20, blank=True, default=""
    )  # latest of the chain
    branch = models.CharField("주문조직", max_length=8, blank=True, default="")
    note = models.TextField("사유", blank=True, default="")
    note_code = models.CharField("사유 코드", max_length=40, blank=True, default="")
    from_total_quantity = models.BigIntegerField(
        "합계로 채운 수량", default=0
    )  # filled by the broker's total alone
    in_doubt = models.BooleanField("확인 필요", default=False)  # the broker's total must be asked for
    created_at = models.DateTimeField("주문시각")
    sent_at = models.DateTimeField("전송시각", null=True)
    updated_at = models.DateTimeField("변경시각")

    class Meta:
        verbose_name = "주문"
        verbose_name_plural = "주문"
        constraints = [
            models.UniqueConstraint(fields=["user", "client_order_id"], name="one_order_per_client_id"),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="orders_of_account"),
            models.Index(fields=["user", "-created_at", "-id"], name="orders_of_user"),
            models.Index(fields=["status", "-created_at"], name="orders_by_status"),
            models.Index(
                fields=["account", "status", "-created_at", "-id"], name="orders_of_account_by_status"
            ),
            models.Index(
                fields=["account", "symbol", "-created_at", "-id"], name="orders_of_account_by_symbol"
            ),
            models.Index(
                fields=["in_doubt", "-created_at"], condition=models.Q(in_doubt=True), name="orders_in_doubt"
            ),
            models.Index(fields=["account", "updated_at"], name="orders_changed"),
            models.Index(fields=["user", "updated_at"], name="orders_changed_of_user"),
        ]
        permissions = [("cancel_any_order", "모든 계좌의 주문 취소")]

    def __str__(self) -> str:
        what = f"{self.get_side_display()} {self.name or self.symbol} {self.quantity}주"
        return f"{what} ({self.get_status_display()})"

    @property
    def open_quantity(self) -> int:
        done = self.filled_quantity + self.cancelled_quantity + self.expired_quantity + self.rejected_quantity
        return self.quantity - done

    @property
    def average_price(self) -> Decimal | None:
        """Won per share over all fills, exact to four decimals."""
        if not self.filled_quantity:
            return None
        return (self.filled_amount / self.filled_quantity).quantize(Decimal("0.0001"))

    @property
    def is_open(self) -> bool:
        return self.status not in ENDED

    def request(self) -> OrderRequest:
        return OrderRequest(
            symbol=self.symbol,
            side=Side(self.side),
            quantity=self.quantity,
            price=self.price,
            order_type=OrderType(self.order_type),
            condition=Condition(self.condition),
            venue=Venue(self.venue),
        )

    def working(self) -> WorkingOrder:
        return WorkingOrder(
            order_no=self.broker_order_no,
            branch=self.branch,
            symbol=self.symbol,
            side=Side(self.side),
            open_quantity=self.open_quantity,
            order_type=OrderType(self.order_type),
            condition=Condition(self.condition),
            venue=Venue(self.venue),
        )

    def move_to(self, status: OrderStatus, **changes: Any) -> bool:
        """Take the step if it is legal and no other process moved the order first."""
        sources = [source for source, targets in NEXT_STATUSES.items() if status in targets]
        moved = mongo.change_if(self, {"status": sources}, status=status, **changes)
        if not moved:
            self.refresh_from_db()
        return moved


class ChangeStatus(models.TextChoices):
    SENT = "sent", "전송 중"
    UNKNOWN = "unknown", "확인 중"
    ACCEPTED = "accepted", "접수"
    CONFIRMED = "confirmed", "확인"
    REJECTED = "rejected", "거부"


class OrderChange(models.Model):
    """A modify or cancel: a request of its own on an order, with the same rule for a lost reply."""

    account_id: ObjectId
    order_id: ObjectId
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, related_name="+", verbose_name="계좌", db_index=False
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="changes", verbose_name="주문", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="요청자"
    )
    client_request_id = models.CharField("고객 요청 ID", max_length=64)
    kind = models.CharField("구분", max_length=8, choices=RequestKind.choices)
    quantity = models.BigIntegerField("수량")
    price = models.DecimalField("가격", max_digits=14, decimal_places=0, null=True)
    order_type = models.CharField("유형", max_length=12, choices=OrderType.choices)
    original_no = models.CharField("원주문번호", max_length=20)
    broker_order_no = models.CharField("주문번호", max_length=20, blank=True, default="")
    status = models.CharField("상태", max_length=12, choices=ChangeStatus.choices, default=ChangeStatus.SENT)
    note = models.TextField("사유", blank=True, default="")
    created_at = models.DateTimeField("요청시각")

    class Meta:
        verbose_name = "정정·취소"
        verbose_name_plural = "정정·취소"
        constraints = [
            models.UniqueConstraint(fields=["order", "client_request_id"], name="one_change_per_client_id"),
        ]
        indexes = [models.Index(fields=["account", "status"], name="changes_in_flight")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity}주"


class OrderNumber(models.Model):
    """A number the broker gave, and the order it belongs to: how news finds its order."""

    account_id: ObjectId
    order_id: ObjectId
    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    trade_date = models.DateField()
    number = models.CharField(max_length=20)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="numbers")
    kind = models.CharField(max_length=8, choices=RequestKind.choices, default=RequestKind.NEW)

    class Meta:
        verbose_name = "증권사 주문번호"
        verbose_name_plural = "증권사 주문번호"
        constraints = [
            models.UniqueConstraint(fields=["account", "trade_date", "number"], name="one_order_per_number"),
        ]


class EventKind(models.TextChoices):
    SAVED = "saved", "저장"
    REFUSED = "refused", "점검 거부"
    SENT = "sent", "전송"
    REPLY_LOST = "reply_lost", "응답 유실"
    ACCEPTED = "accepted", "접수"
    REJECTED = "rejected", "거부"
    FILLED = "filled", "체결"
    CHANGE_SENT = "change_sent", "정정·취소 전송"
    CHANGE_LOST = "change_lost", "정정·취소 응답 유실"
    CHANGE_ACCEPTED = "change_accepted", "정정·취소 접수"
    CHANGE_REJECTED = "change_rejected", "정정·취소 거부"
    MODIFIED = "modified", "정정 확인"
    CANCELLED = "cancelled", "취소 확인"
    EXPIRED = "expired", "만료"
    ADOPTED = "adopted", "외부 주문"
    SETTLED = "settled", "대사"


class OrderEvent(models.Model):
    """The trail: who did what when, in the broker's words; append-only, each row sealed by the hash chain."""

    account_id: ObjectId
    order_id: ObjectId
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, related_name="+", verbose_name="계좌", db_index=False
    )
    seq = models.BigIntegerField("번호")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="events", verbose_name="주문", db_index=False
    )
    kind = models.CharField("구분", max_length=16, choices=EventKind.choices)
    actor = models.CharField("누가", max_length=150)
    text = models.TextField("내용", blank=True, default="")
    at = models.DateTimeField("시각")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "주문 이력"
        verbose_name_plural = "주문 이력"
        constraints = [models.UniqueConstraint(fields=["account", "seq"], name="one_event_per_seq")]
        indexes = [models.Index(fields=["order", "seq"], name="trail_of_order")]
        ordering = ["account", "seq"]

    def __str__(self) -> str:
        return f"#{self.seq} {self.get_kind_display()}"
