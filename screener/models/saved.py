"""Searches that a user saved: run by the clock, with the news of who entered and who left."""

from bson import ObjectId
from django.conf import settings
from django.db import models


class Schedule(models.TextChoices):
    """When a saved search runs, in Korean time on trading days; `services.due` knows the times."""

    NONE = "", "직접 조회할 때만"
    MORNING = "morning", "장 시작 전 (08:40)"
    TEN_MINUTES = "ten_minutes", "장중 10분마다"
    HOURLY = "hourly", "장중 1시간마다"
    CLOSE = "close", "장 마감 뒤 (15:50)"
    EVENING = "evening", "저녁 (21:30), 일봉이 모인 뒤"


class SavedScreen(models.Model):
    """A screen with its conditions, under a name; `members` is whom the last good run found."""

    user_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="사용자",
        db_index=False,
    )
    name = models.CharField("이름", max_length=60)
    screen = models.CharField("화면", max_length=60)
    asked = models.JSONField("조건", default=dict)
    schedule = models.CharField("실행", max_length=12, choices=Schedule.choices, blank=True, default="")
    tell = models.BooleanField("알림", default=True)
    members = models.JSONField("찾은 것", null=True, default=None)  # [[identity, name]…]; None before a run
    started_at = models.DateTimeField("시작", null=True, blank=True)  # of the last run: also its lock
    good_at = models.DateTimeField("마지막 성공", null=True, blank=True)
    failures = models.PositiveIntegerField("연속 실패", default=0)
    error = models.TextField("실패 사유", blank=True, default="")
    created_at = models.DateTimeField("저장")

    class Meta:
        verbose_name = "저장한 검색"
        verbose_name_plural = "저장한 검색"
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="a_saved_search_is_named_once")]
        indexes = [models.Index(fields=["schedule"], name="saved_searches_by_schedule")]

    def __str__(self) -> str:
        return self.name


class ScreenChange(models.Model):
    """What a run found different from the run before."""

    saved_id: ObjectId
    saved = models.ForeignKey(
        SavedScreen,
        on_delete=models.CASCADE,
        related_name="changes",
        verbose_name="저장한 검색",
        db_index=False,
    )
    at = models.DateTimeField("시각")
    entered = models.JSONField("진입", default=list)  # [[symbol, name]…]
    left = models.JSONField("이탈", default=list)

    class Meta:
        verbose_name = "진입과 이탈"
        verbose_name_plural = "진입과 이탈"
        indexes = [models.Index(fields=["saved", "-at"], name="changes_newest_first")]

    def __str__(self) -> str:
        return f"{self.saved} {self.at:%Y-%m-%d %H:%M}"
