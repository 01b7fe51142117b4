"""Public holidays as data.go.kr tells them, and what staff decided about a day."""

from typing import Any

from django.db import models

from brokers.rules.calendar import MarkedDay
from brokers.rules.sessions import Hours


class DaySource(models.TextChoices):
    GODATA = "godata", "공공데이터"
    STAFF = "staff", "직원"


class EventDay(models.Model):
    """One name of one day: two holidays may fall on the same day (2025-05-05)."""

    locdate = models.DateField("날짜")
    date_kind = models.CharField(
        "종류", max_length=2, default="01", help_text="01 공휴일·국경일, 02 기념일, 03 절기, 04 잡절"
    )
    date_name = models.CharField("이름", max_length=60)
    is_holiday = models.BooleanField("공휴일", default=True)
    source = models.CharField("출처", max_length=8, choices=DaySource.choices, default=DaySource.STAFF)
    seen_at = models.DateTimeField("마지막 확인", null=True, editable=False)
    closed = models.BooleanField(
        "휴장 여부를 정함",
        null=True,
        blank=True,
        help_text="예: 휴장. 아니요: 개장. 비우면 공휴일 목록과 거래소 규칙(주말, 5/1, 연말)을 따릅니다.",
    )
    hours = models.CharField(
        "거래시간을 정함",
        max_length=10,
        choices=Hours.choices,
        blank=True,
        default="",
        help_text="비우면 보통",
    )
    decided_by = models.CharField("정한 사람", max_length=150, blank=True, default="", editable=False)
    decided_at = models.DateTimeField("정한 시각", null=True, editable=False)

    class Meta:
        verbose_name = "휴장일"
        verbose_name_plural = "휴장일"
        constraints = [models.UniqueConstraint(fields=["locdate", "date_name"], name="one_row_per_day_name")]

    def __str__(self) -> str:
        return f"{self.locdate} {self.date_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        _forget_days()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        gone = super().delete(*args, **kwargs)
        _forget_days()
        return gone

    def marked(self) -> MarkedDay:
        return MarkedDay(
            day=self.locdate,
            name=self.date_name,
            is_holiday=self.is_holiday,
            closed=self.closed,
            hours=Hours(self.hours) if self.hours else None,
        )


def _forget_days() -> None:
    from lucy import clock  # it reads this model

    clock.forget_days()
