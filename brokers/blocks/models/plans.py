"""Allocation plans: over which funds and accounts a block goes, and by which rule."""

from decimal import Decimal

from bson import ObjectId
from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from brokers.blocks.models.funds import Fund
from brokers.blocks.terms import Basis, Mode, OnTrouble, Rounding
from brokers.models import BrokerAccount

PARTS_OF_WHOLE = 10_000  # a weight is in hundredths of a percent


class Plan(models.Model):
    """A version of a plan. From its first order on (`frozen_at`) it never changes; a change is a new one."""

    executing_account_id: ObjectId | None
    code = models.CharField(
        "계획코드",
        max_length=20,
        validators=[RegexValidator(r"^[0-9A-Za-z._-]+$", "영문자, 숫자, . _ - 만 쓸 수 있습니다.")],
    )
    version = models.IntegerField("버전", default=1)
    name = models.CharField("이름", max_length=60)
    mode = models.CharField("실행 방식", max_length=8, choices=Mode.choices, default=Mode.OWN)
    basis = models.CharField("배분 기준", max_length=10, choices=Basis.choices, default=Basis.WEIGHT)
    rounding = models.CharField("끝수 처리", max_length=20, choices=Rounding.choices, default=Rounding.QUOTA)
    lot = models.IntegerField("배분단위 (주)", default=1, validators=[MinValueValidator(1)])
    on_trouble = models.CharField(
        "한 건이 거부되거나 확인 중이면", max_length=8, choices=OnTrouble.choices, default=OnTrouble.GO_ON
    )
    executing_account = models.ForeignKey(
        BrokerAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="실행 계좌",
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="작성자"
    )
    created_at = models.DateTimeField("작성시각")
    frozen_at = models.DateTimeField("확정시각", null=True)
    replaced_at = models.DateTimeField("새 버전이 나온 시각", null=True)  # the newest version has none

    class Meta:
        verbose_name = "배분계획"
        verbose_name_plural = "배분계획"
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="one_plan_per_version")]
        indexes = [models.Index(fields=["-created_at", "-id"], name="plans_newest")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Leg(models.Model):
    """One taker in a plan: a fund, the account it executes in (own accounts), and its part."""

    plan_id: ObjectId
    fund_id: ObjectId
    account_id: ObjectId | None
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="legs", verbose_name="배분계획")
    position = models.IntegerField("순서")
    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="legs", verbose_name="펀드", db_index=False
    )
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="계좌"
    )
    weight = models.BigIntegerField("몫")  # hundredths of a percent, or shares (`Plan.basis`)
    cap = models.BigIntegerField("상한 (주)", null=True)

    class Meta:
        verbose_name = "배분 항목"
        verbose_name_plural = "배분 항목"
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="one_leg_per_position")]
        indexes = [models.Index(fields=["fund", "plan"], name="legs_of_fund")]

    def __str__(self) -> str:
        return f"{self.position}. {self.fund}"

    @property
    def percent(self) -> Decimal:
        return Decimal(self.weight) / 100
