"""Block orders: the order as a whole, its children on the way to the brokers, who got what, and the trail."""

from decimal import Decimal
from typing import Any

from bson import ObjectId
from django.conf import settings
from django.db import models

from brokers.blocks.models.funds import Fund
from brokers.blocks.models.plans import Plan
from brokers.blocks.terms import NEXT_STATUSES, BlockStatus, ChildState, EventKind
from brokers.models import BrokerAccount, Order
from brokers.terms import OrderType, Side
from lucy import clock, mongo


class Block(models.Model):
    """One order over a plan. Its sums are those of its children, as of `revision`."""

    plan_id: ObjectId
    user_id: ObjectId
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="blocks", verbose_name="배분계획", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="요청자",
        db_index=False,
    )
    client_block_id = models.CharField("고객 블록 ID", max_length=64)
    symbol = models.CharField("종목코드", max_length=7)
    name = models.CharField("종목명", max_length=60, blank=True, default="")
    side = models.CharField("구분", max_length=4, choices=Side.choices)
    order_type = models.CharField("유형", max_length=12, choices=OrderType.choices)
    price = models.DecimalField("가격", max_digits=14, decimal_places=0, null=True)
    quantity = models.BigIntegerField("요청수량")
    amount = models.DecimalField(
        "요청금액", null=True, max_digits=20, decimal_places=0
    )  # where the block was asked for in won
    ordered_quantity = models.BigIntegerField("주문수량")  # what the children add up to
    has_targets = models.BooleanField(default=False)  # quantities per leg were given, not worked out
    worst_value = models.DecimalField(
        "최대금액", max_digits=20, decimal_places=0
    )  # won, at the price or the upper limit
    status = models.CharField("상태", max_length=12, choices=BlockStatus.choices)
    halted = models.CharField("멈춘 이유", max_length=300, blank=True, default="")
    needs_approval = models.BooleanField("승인 필요", default=False)
    filled_quantity = models.BigIntegerField("체결수량", default=0)
    filled_amount = models.DecimalField("체결금액", default=Decimal(0), max_digits=24, decimal_places=4)
    fee = models.DecimalField("수수료", default=Decimal(0), max_digits=20, decimal_places=0)
    tax = models.DecimalField("세금", default=Decimal(0), max_digits=20, decimal_places=0)
    open_quantity = models.BigIntegerField("미체결", default=0)
    troubled = models.IntegerField("거부·확인 중", default=0)  # children that did not go as they should
    revision = models.BigIntegerField("개정", default=0)  # counts the changes of the allocation
    trail_seq = models.BigIntegerField(default=0)
    trade_date = models.DateField("매매일", null=True)
    created_at = models.DateTimeField("작성시각")
    updated_at = models.DateTimeField("변경시각")
    final_at = models.DateTimeField("확정시각", null=True)

    class Meta:
        verbose_name = "블록주문"
        verbose_name_plural = "블록주문"
        constraints = [
            models.UniqueConstraint(fields=["user", "client_block_id"], name="one_block_per_client_id")
        ]
        indexes = [
            models.Index(fields=["plan", "-created_at", "-id"], name="blocks_of_plan"),
            # A unique key of this backend is a partial index, which answers no question.
            models.Index(fields=["user", "client_block_id"], name="blocks_by_client_id"),
            models.Index(fields=["-created_at", "-id"], name="blocks_newest"),
            models.Index(fields=["status", "-created_at"], name="blocks_by_status"),
            models.Index(fields=["trade_date", "plan"], name="blocks_of_day"),
        ]

    def __str__(self) -> str:
        what = f"{self.get_side_display()} {self.name or self.symbol} {self.ordered_quantity:,}주"
        return f"{what} ({self.get_status_display()})"

    @property
    def average_price(self) -> Decimal | None:
        """Won per share over all fills."""
        if not self.filled_quantity:
            return None
        return (self.filled_amount / self.filled_quantity).quantize(Decimal("0.0001"))

    def move_to(self, status: BlockStatus, **changes: Any) -> bool:
        """Take the step if it is legal and no other process took one first."""
        sources = [source for source, targets in NEXT_STATUSES.items() if status in targets]
        moved = mongo.change_if(self, {"status": sources}, status=status, **changes)
        if not moved:
            self.refresh_from_db()
        return moved


class BlockChild(models.Model):
    """One order of a block, from before it was sent; in a shared account there is one for all legs."""

    block_id: ObjectId
    fund_id: ObjectId | None
    account_id: ObjectId
    order_id: ObjectId | None
    block = models.ForeignKey(Block, on_delete=models.CASCADE, related_name="children", verbose_name="블록")
    position = models.IntegerField("순서")  # the leg's; 0 in a shared account
    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="펀드", db_index=False
    )
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, related_name="+", verbose_name="계좌", db_index=False
    )
    quantity = models.BigIntegerField("수량")
    client_order_id = models.CharField("고객 주문 ID", max_length=64)
    state = models.CharField("상태", max_length=10, choices=ChildState.choices, default=ChildState.STAGED)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="주문", db_index=False
    )
    note = models.TextField("사유", blank=True, default="")
    note_code = models.CharField("사유 코드", max_length=40, blank=True, default="")

    class Meta:
        verbose_name = "블록의 주문"
        verbose_name_plural = "블록의 주문"
        constraints = [models.UniqueConstraint(fields=["block", "position"], name="one_child_per_position")]

    def __str__(self) -> str:
        return f"{self.position}. {self.quantity}주"


class AllocationShare(models.Model):
    """What one leg has got so far. Shares only grow; won are divided anew with each fill, exact in sum."""

    block_id: ObjectId
    fund_id: ObjectId
    account_id: ObjectId
    block = models.ForeignKey(Block, on_delete=models.CASCADE, related_name="shares", verbose_name="블록")
    position = models.IntegerField("순서")
    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="+", verbose_name="펀드", db_index=False
    )
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, related_name="+", verbose_name="계좌", db_index=False
    )
    weight = models.BigIntegerField("몫")  # what the fills of a shared account are allocated by
    cap = models.BigIntegerField("상한", null=True)
    symbol = models.CharField("종목코드", max_length=7)
    side = models.CharField("구분", max_length=4, choices=Side.choices)
    ordered = models.BigIntegerField("주문수량")
    filled = models.BigIntegerField("배분수량", default=0)
    open = models.BigIntegerField("미체결", default=0)  # shares that may still be filled
    amount = models.DecimalField("금액", default=Decimal(0), max_digits=24, decimal_places=4)
    fee = models.DecimalField("수수료", default=Decimal(0), max_digits=20, decimal_places=0)
    tax = models.DecimalField("세금", default=Decimal(0), max_digits=20, decimal_places=0)
    bound = models.DecimalField(
        "묶인 금액", default=Decimal(0), max_digits=20, decimal_places=0
    )  # won that the open rest may still cost
    created_at = models.DateTimeField("작성시각")
    updated_at = models.DateTimeField("변경시각", default=clock.now)  # set by every write (`booked.py`)
    trade_date = models.DateField("매매일", null=True)

    class Meta:
        verbose_name = "배분"
        verbose_name_plural = "배분"
        constraints = [models.UniqueConstraint(fields=["block", "position"], name="one_share_per_position")]
        indexes = [
            models.Index(fields=["fund", "-created_at", "-id"], name="shares_of_fund"),
            models.Index(fields=["fund", "updated_at"], name="shares_changed"),
            models.Index(fields=["trade_date", "-created_at", "-id"], name="shares_of_day"),
            models.Index(fields=["trade_date", "fund", "-created_at", "-id"], name="shares_of_day_and_fund"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.filled}/{self.ordered}주"

    @property
    def average_price(self) -> Decimal | None:
        return (self.amount / self.filled).quantize(Decimal("0.0001")) if self.filled else None

    @property
    def net(self) -> Decimal:
        """Won that leave the fund (a buy) or come to it (a sale), after fee and tax."""
        return self.amount + self.fee if self.side == Side.BUY else self.amount - self.fee - self.tax


class BlockEvent(models.Model):
    """Who did what with a block when; append-only, numbered without gaps."""

    block_id: ObjectId
    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="events", verbose_name="블록")
    seq = models.BigIntegerField("번호")
    kind = models.CharField("구분", max_length=12, choices=EventKind.choices)
    actor = models.CharField("누가", max_length=150)
    text = models.TextField("내용", blank=True, default="")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "블록 이력"
        verbose_name_plural = "블록 이력"
        constraints = [models.UniqueConstraint(fields=["block", "seq"], name="one_block_event_per_seq")]

    def __str__(self) -> str:
        return f"#{self.seq} {self.get_kind_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The trail is append-only.")
        super().save(*args, **kwargs)
