"""Four eyes: which blocks need a second person, and what that person said."""

from bson import ObjectId
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from brokers.blocks.models.blocks import Block
from brokers.blocks.terms import ApprovalState

DEFAULT_MINUTES = 30


class BlockRule(models.Model):
    """When a block needs a second person; one row for the house."""

    key = models.CharField(max_length=8, unique=True, default="house", editable=False)
    approval_value = models.DecimalField(
        "이 금액부터 승인 (원)",
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="비우면 금액으로는 승인을 요구하지 않습니다.",
        max_digits=20,
        decimal_places=0,
    )
    approval_minutes = models.IntegerField(
        "승인 유효시간 (분)", default=DEFAULT_MINUTES, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = "블록 승인 규칙"
        verbose_name_plural = "블록 승인 규칙"

    def __str__(self) -> str:
        return "블록 승인 규칙"


class Approval(models.Model):
    """A block's question to a second person, and the answer."""

    block_id: ObjectId
    block = models.OneToOneField(
        Block, on_delete=models.PROTECT, related_name="approval", verbose_name="블록"
    )
    reasons = models.JSONField("이유", default=list)  # sentences: why a second person is needed
    state = models.CharField(
        "상태", max_length=10, choices=ApprovalState.choices, default=ApprovalState.PENDING
    )
    asked_at = models.DateTimeField("요청시각")
    expires_at = models.DateTimeField("만료시각")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인자"
    )
    decided_at = models.DateTimeField("결정시각", null=True)
    note = models.CharField("의견", max_length=300, blank=True, default="")

    class Meta:
        verbose_name = "블록 승인"
        verbose_name_plural = "블록 승인"
        indexes = [
            models.Index(fields=["block"], name="approval_of_block"),
            models.Index(fields=["state", "expires_at"], name="approvals_open"),
        ]

    def __str__(self) -> str:
        return f"{self.block_id} {self.get_state_display()}"
