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
