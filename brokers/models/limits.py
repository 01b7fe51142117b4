"""What staff allow: limits of orders, issues that may not be traded, and who changed which rule."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from brokers.models.stops import ScopedModel
from brokers.terms import Side


class TradingLimit(ScopedModel):
    """Limits of one scope; an empty field limits nothing, and of several rows the strictest holds.

    Quantities in shares, values in won. A day's figures are what was filled or may still be filled:
    cancelled, expired and refused shares do not count.
    """

    order_quantity = models.BigIntegerField(
        "1회 주문수량 (주)", null=True, blank=True, validators=[MinValueValidator(0)]
    )
    order_value = models.DecimalField(
        "1회 주문금액 (원)",
        max_digits=18,
        decimal_places=0,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    day_quantity = models.BigIntegerField(
        "하루 주문수량 (주)",
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="전체·계좌 한도는 계좌마다, 사용자 한도는 그 사용자의 모든 계좌를 합해 셉니다.",
    )
    day_value = models.DecimalField(
        "하루 주문금액 (원)",
        max_digits=18,
        decimal_places=0,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    distance_percent = models.DecimalField(
        "현재가와의 차이 (%)",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )

    class Meta:
        verbose_name = "주문 한도"
        verbose_name_plural = "주문 한도"

    def __str__(self) -> str:
        return f"{self.target_name} 한도"


class RestrictedIssue(models.Model):
    """An issue that may not be bought, sold, or either."""

    symbol = models.CharField("종목코드", max_length=7, unique=True)
    side = models.CharField(
        "막는 쪽",
        max_length=4,
        choices=Side.choices,
        blank=True,
        default="",
        help_text="비우면 매수·매도 모두",
    )
    reason = models.CharField("사유", max_length=200)

    class Meta:
        verbose_name = "거래 제한 종목"
        verbose_name_plural = "거래 제한 종목"

    def __str__(self) -> str:
        return self.symbol

    def forbids(self, side: str) -> bool:
        return self.side in {"", side}


class RuleChange(models.Model):
    """Who changed a limit, a restriction or a day, from what to what; append-only."""

    at = models.DateTimeField("시각", db_index=True)
    by = models.CharField("누가", max_length=150)
    rule = models.CharField("규칙", max_length=40)
    target = models.CharField("대상", max_length=200)
    deed = models.CharField(
        "한 일", max_length=8, choices=[("add", "추가"), ("change", "변경"), ("delete", "삭제")]
    )
    text = models.TextField("바뀐 값", blank=True, default="")
    changes = models.JSONField("자료", default=dict)  # field -> [before, after], as text

    class Meta:
        verbose_name = "규칙 변경 이력"
        verbose_name_plural = "규칙 변경 이력"
        indexes = [models.Index(fields=["target", "-at"], name="rule_changes_of_target")]

    def __str__(self) -> str:
        return f"{self.target} {self.deed}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The history is append-only.")
        super().save(*args, **kwargs)
