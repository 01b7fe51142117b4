"""News for people: numbered rows of an account or of one user, told live and kept for whoever was away."""

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
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="notices_of_account"),
            models.Index(fields=["account", "kind", "-created_at", "-id"], name="notices_of_account_by_kind"),
        ]

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


class UserNoticeKind(models.TextChoices):
    """What one user is told that belongs to no account."""

    IPO = "ipo", "공모주 일정"
    PRICE = "price", "기준가 도달"
    SCREEN = "screen", "조건 진입·이탈"
    APPROVAL = "approval", "블록 승인 요청"
    BLOCK = "block", "블록 진행"
    JOB = "job", "작업 실패"
    SCRAPE = "scrape", "수집 이상"


STAFF_KINDS = frozenset({UserNoticeKind.JOB, UserNoticeKind.SCRAPE})


class Inbox(models.Model):
    """The head of a user's own notices, and how far they were read; every new notice moves it.

    MongoDB lets only one transaction move it at a time, so numbers have no gaps and a key is told once.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inbox")
    seq = models.BigIntegerField(default=0)
    read = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "알림함"
        verbose_name_plural = "알림함"


class UserNotice(models.Model):
    """News for one user; `seq` counts up by one per user, `key` names what it is about and is told once."""

    user_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notices",
        verbose_name="사용자",
        db_index=False,
    )
    seq = models.BigIntegerField("번호")
    kind = models.CharField("구분", max_length=16, choices=UserNoticeKind.choices)
    text = models.TextField("내용")
    url = models.CharField("주소", max_length=500, blank=True, default="")  # a path of our own
    key = models.CharField("열쇠", max_length=200)
    created_at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "사용자 알림"
        verbose_name_plural = "사용자 알림"
        constraints = [
            models.UniqueConstraint(fields=["user", "seq"], name="one_user_notice_per_seq"),
            models.UniqueConstraint(fields=["user", "key"], name="one_user_notice_per_key"),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="notices_of_user")]

    def __str__(self) -> str:
        return self.text
