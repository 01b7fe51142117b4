"""Where our books and a broker's differ, and where each account stood when its day began."""

from bson import ObjectId
from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models.accounts import BrokerAccount
from brokers.models.orders import Order


class DiscrepancyKind(models.TextChoices):
    REPLY_FOUND = "reply_found", "응답 유실 주문 확인"
    NEVER_ARRIVED = "never_arrived", "증권사에 없는 요청"
    UNCLEAR = "unclear", "후보가 여럿인 주문"
    ELSEWHERE = "elsewhere", "외부 주문"
    FILLS_MISSED = "fills_missed", "통보되지 않은 체결"
    FILLS_EXTRA = "fills_extra", "증권사보다 많은 체결"
    ENDED = "ended", "통보되지 않은 종료"
    NOT_LISTED = "not_listed", "증권사 목록에 없는 주문"
    STILL_WORKING = "still_working", "증권사에 살아 있는 주문"
    LATE_FILL = "late_fill", "종료 후 체결"
    HOLDING = "holding", "보유수량 차이"
    CASH = "cash", "예수금 차이"


class Resolution(models.TextChoices):
    REPAIRED = "repaired", "자동 반영"
    CHOSEN = "chosen", "담당자 선택"
    GONE = "gone", "차이 해소"
    ACCEPTED = "accepted", "담당자 확인"


class Discrepancy(models.Model):
    """One difference: repaired where that is provable, else open until a person or the books settle it."""

    account_id: ObjectId
    order_id: ObjectId | None
    account = models.ForeignKey(
        BrokerAccount,
        on_delete=models.PROTECT,
        related_name="discrepancies",
        verbose_name="계좌",
        db_index=False,
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, related_name="discrepancies", verbose_name="주문"
    )
    kind = models.CharField("종류", max_length=16, choices=DiscrepancyKind.choices)
    subject = models.CharField("대상", max_length=64)  # what it is about: an order's key, a code, "cash"
    ours = models.CharField("Lucy", max_length=200)
    theirs = models.CharField("증권사", max_length=200)
    candidates = models.JSONField(
        "후보", default=list, blank=True
    )  # numbers at the broker a person may choose
    found_at = models.DateTimeField("발견")
    resolved_at = models.DateTimeField("해결", null=True, blank=True)
    resolution = models.CharField(
        "해결 방법", max_length=12, choices=Resolution.choices, blank=True, default=""
    )
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="담당자",
    )
    note = models.TextField("메모", blank=True, default="")

    class Meta:
        verbose_name = "대사 차이"
        verbose_name_plural = "대사 차이"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "subject"],
                condition=Q(resolution=""),
                name="one_open_row_per_difference",
            )
        ]
        indexes = [models.Index(fields=["account", "-found_at"], name="differences_of_account")]
        permissions = [("resolve_discrepancy", "대사 차이 해결")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"


class DayOpening(models.Model):
    """What the broker said an account held before anything of the day: later figures are compared with it."""

    account_id: ObjectId
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.CASCADE, related_name="openings", verbose_name="계좌", db_index=False
    )
    trade_date = models.DateField("매매일")
    holdings = models.JSONField("보유수량")  # code -> shares
    cash = models.DecimalField("D+2 예수금", max_digits=20, decimal_places=0)
    taken_at = models.DateTimeField("기록")

    class Meta:
        verbose_name = "장 시작 잔고"
        verbose_name_plural = "장 시작 잔고"
        constraints = [models.UniqueConstraint(fields=["account", "trade_date"], name="one_opening_per_day")]
