"""News for people: numbered rows of an account, told live and kept for whoever was away."""

from bson import ObjectId
from django.conf import settings
from django.db import models

from brokers.models.accounts import BrokerAccount
from brokers.models.orders import Order


class NoticeKind(models.TextChoices):
    FILL = "fill", "체결"
    ORDER = "order", "주문"
    WARNING = "warning", "주의"


class Notice(models.Model):
    """One piece of news; `seq` counts up by one per account, so a reader sees when one is missing."""

    account_id: ObjectId
    order_id: ObjectId | None
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, related_name="notices", verbose_name="계좌", db_index=False
    )
    seq = models.BigIntegerField("번호")
    kind = models.CharField("구분", max_length=8, choices=NoticeKind.choices)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="주문", db_index=False
    )
    text = models.TextField("내용")
    data = models.JSONField("자료", default=dict)  # what a page or script needs to redraw without asking
    created_at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "알림"
        verbose_name_plural = "알림"
        constraints = [models.UniqueConstraint(fields=["account", "seq"], name="one_notice_per_seq")]
        indexes = [models.Index(fields=["account", "-created_at", "-id"], name="notices_of_account")]

    def __str__(self) -> str:
        return self.text


class NoticeRead(models.Model):
    """How far a user has read an account's notices."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "읽은 알림"
        verbose_name_plural = "읽은 알림"
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="one_mark_per_reader")]
