"""What a user keeps about offers: stars, the reminders they bring, and a calendar address."""

from bson import ObjectId
from django.conf import settings
from django.db import models

from ipo.models.offerings import Offering


class OfferingMark(models.Model):
    """A user's star: Lucy reminds of the offer's days."""

    user_id: ObjectId
    offering_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="ipo_marks",
        verbose_name="사용자",
        db_index=False,
    )
    offering = models.ForeignKey(
        Offering, on_delete=models.CASCADE, related_name="marks", verbose_name="공모주"
    )
    created_at = models.DateTimeField("표시한 시각", auto_now_add=True)

    class Meta:
        verbose_name = "관심 공모주"
        verbose_name_plural = "관심 공모주"
        constraints = [models.UniqueConstraint(fields=["user", "offering"], name="one_mark_per_offering")]

    def __str__(self) -> str:
        return f"{self.user}: {self.offering}"


class ReminderKind(models.TextChoices):
    SUBSCRIPTION = "subscription", "내일 청약 시작"
    REFUND = "refund", "환불일"
    LISTING = "listing", "상장일"


class UserNotice(models.Model):
    """A reminder of one user, once per offer, kind and day: a day that moves is told again."""

    user_id: ObjectId
    offering_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="ipo_notices",
        verbose_name="사용자",
        db_index=False,
    )
    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="+", verbose_name="공모주")
    kind = models.CharField("종류", max_length=12, choices=ReminderKind.choices)
    day = models.DateField("날짜")
    text = models.CharField("내용", max_length=200)
    created_at = models.DateTimeField("시각", auto_now_add=True)
    read_at = models.DateTimeField("읽은 시각", null=True, blank=True)

    class Meta:
        verbose_name = "공모주 알림"
        verbose_name_plural = "공모주 알림"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "offering", "kind", "day"], name="each_reminder_once")
        ]

    def __str__(self) -> str:
        return self.text


class CalendarFeed(models.Model):
    """Behind a user's calendar address: a new `secret` makes the old address useless."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="사용자"
    )
    secret = models.CharField("비밀", max_length=32)
    renewed_at = models.DateTimeField("만든 시각")

    class Meta:
        verbose_name = "달력 구독"
        verbose_name_plural = "달력 구독"

    def __str__(self) -> str:
        return str(self.user)
