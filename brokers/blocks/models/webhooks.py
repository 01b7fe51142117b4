"""Who outside is told of allocations, and every attempt to tell them."""

from bson import ObjectId
from django.conf import settings
from django.core.validators import URLValidator
from django.db import models

from brokers.blocks.models.blocks import Block
from brokers.blocks.terms import DeliveryState, WebhookEvent
from lucy.secrets import EncryptedTextField


class Webhook(models.Model):
    """An address that is told of the blocks that `user` may see; each message is signed with `secret`."""

    user_id: ObjectId
    name = models.CharField("이름", max_length=60)
    url = models.CharField("주소", max_length=500, validators=[URLValidator(["http", "https"])])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="사용자",
        help_text="이 사용자가 볼 수 있는 블록만 알립니다.",
    )
    secret = EncryptedTextField("서명 비밀", blank=True, default="")
    is_active = models.BooleanField("사용", default=True)

    class Meta:
        verbose_name = "웹훅"
        verbose_name_plural = "웹훅"

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One message to one address; saved with what it tells, sent until it was taken or given up."""

    webhook_id: ObjectId
    block_id: ObjectId
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries", verbose_name="웹훅", db_index=False
    )
    block = models.ForeignKey(
        Block, on_delete=models.CASCADE, related_name="+", verbose_name="블록", db_index=False
    )
    event = models.CharField("사건", max_length=16, choices=WebhookEvent.choices)
    revision = models.BigIntegerField("개정")
    body = models.TextField("본문")
    state = models.CharField(
        "상태", max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.IntegerField("시도", default=0)
    due_at = models.DateTimeField("다음 시도")
    answer = models.CharField("마지막 답", max_length=300, blank=True, default="")
    created_at = models.DateTimeField("만든 시각")
    delivered_at = models.DateTimeField("전달시각", null=True)

    class Meta:
        verbose_name = "웹훅 전달"
        verbose_name_plural = "웹훅 전달"
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "block", "event", "revision"], name="one_delivery_per_revision"
            )
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="deliveries_due"),
            models.Index(fields=["-created_at", "-id"], name="deliveries_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} #{self.revision}"
