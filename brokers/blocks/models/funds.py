"""Funds: their money and shares, what they want to hold, what they may not, and who orders for them."""

from bson import ObjectId
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from brokers.blocks.terms import IssueStance
from brokers.terms import Side


class Fund(models.Model):
    """Money that orders are placed for; its figures hold as of `as_of`, Lucy adds what came since."""

    code = models.CharField(
        "펀드코드",
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^[0-9A-Za-z._-]+$", "영문자, 숫자, . _ - 만 쓸 수 있습니다.")],
    )
    name = models.CharField("펀드명", max_length=60)
    cash = models.DecimalField(
        "현금 (원)", default=0, validators=[MinValueValidator(0)], max_digits=20, decimal_places=0
    )
    as_of = models.DateTimeField("기준시각", help_text="현금과 보유 수량이 이 시각의 것입니다.")
    order_value = models.DecimalField(
        "블록 1건 한도 (원)",
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        max_digits=20,
        decimal_places=0,
    )
    day_value = models.DecimalField(
        "하루 한도 (원)",
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        max_digits=20,
        decimal_places=0,
    )
    four_eyes = models.BooleanField(
        "항상 두 사람 확인", default=False, help_text="이 펀드가 든 블록은 금액과 관계없이 승인을 받습니다."
    )
    is_active = models.BooleanField("사용", default=True)
    turns = models.BigIntegerField(default=0, editable=False)  # blocks that took their turn on its money

    class Meta:
        verbose_name = "펀드"
        verbose_name_plural = "펀드"
        permissions = [
            ("see_every_fund", "모든 펀드 조회"),
            ("approve_block", "블록 승인"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class FundGrant(models.Model):
    """Who may see a fund, and who may also order for it."""

    fund_id: ObjectId
    user_id: ObjectId
    fund = models.ForeignKey(Fund, on_delete=models.CASCADE, related_name="grants", verbose_name="펀드")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="사용자"
    )
    can_order = models.BooleanField("주문 가능", default=False)

    class Meta:
        verbose_name = "펀드 권한"
        verbose_name_plural = "펀드 권한"
        constraints = [models.UniqueConstraint(fields=["fund", "user"], name="one_fund_grant_per_user")]

    def __str__(self) -> str:
        return f"{self.user} · {self.fund}"


class FundHolding(models.Model):
    """Shares of an issue that a fund held at its `as_of`."""

    fund_id: ObjectId
    fund = models.ForeignKey(Fund, on_delete=models.CASCADE, related_name="holdings", verbose_name="펀드")
    symbol = models.CharField("종목코드", max_length=7)
    quantity = models.BigIntegerField("수량 (주)", validators=[MinValueValidator(0)])

    class Meta:
        verbose_name = "펀드 보유"
        verbose_name_plural = "펀드 보유"
        constraints = [models.UniqueConstraint(fields=["fund", "symbol"], name="one_holding_per_issue")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.quantity}주"


class FundTarget(models.Model):
    """The part of a fund that an issue should be, in percent of its net value."""

    fund_id: ObjectId
    fund = models.ForeignKey(Fund, on_delete=models.CASCADE, related_name="targets", verbose_name="펀드")
    symbol = models.CharField("종목코드", max_length=7)
    percent = models.DecimalField(
        "목표 비중 (%)",
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )

    class Meta:
        verbose_name = "목표 비중"
        verbose_name_plural = "목표 비중"
        constraints = [models.UniqueConstraint(fields=["fund", "symbol"], name="one_target_per_issue")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.percent} %"


class IssueRule(models.Model):
    """An issue that a fund (without one: every fund) may not trade, or only with a second person's eyes."""

    fund_id: ObjectId | None
    fund = models.ForeignKey(
        Fund,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="issue_rules",
        verbose_name="펀드",
        help_text="비우면 모든 펀드",
    )
    symbol = models.CharField("종목코드", max_length=7)
    side = models.CharField(
        "쪽", max_length=4, choices=Side.choices, blank=True, default="", help_text="비우면 매수·매도 모두"
    )
    stance = models.CharField("규칙", max_length=10, choices=IssueStance.choices)
    reason = models.CharField("사유", max_length=200)

    class Meta:
        verbose_name = "펀드 제한 종목"
        verbose_name_plural = "펀드 제한 종목"
        constraints = [models.UniqueConstraint(fields=["symbol", "fund", "side"], name="one_rule_per_issue")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.get_stance_display()}"
