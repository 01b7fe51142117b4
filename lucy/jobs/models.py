"""Runs of the house's jobs: when, for how long, to what end; and how long that is remembered."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from lucy import clock

LONGEST_LOG = 20_000  # characters


class RunStatus(models.TextChoices):
    RUNNING = "running", "진행 중"
    DONE = "done", "완료"
    FAILED = "failed", "실패"
    AGAIN = "again", "다시 시도"  # failed, and has a turn to come
    SKIPPED = "skipped", "건너뜀"  # the one before was still running
    LOST = "lost", "소식 없음"  # past its time limit without an end: its process died, or it hangs


class JobRun(models.Model):
    """One run of a task, by the clock or by hand."""

    task = models.CharField("작업", max_length=200)
    job = models.CharField("예약 이름", max_length=200, blank=True, default="")  # empty: not on the schedule
    asked_by = models.CharField("누가", max_length=150, blank=True, default="")  # empty: the clock
    task_id = models.CharField("실행 번호", max_length=64, blank=True, default="")
    worker = models.CharField("일꾼", max_length=200, blank=True, default="")
    status = models.CharField("상태", max_length=8, choices=RunStatus.choices, default=RunStatus.RUNNING)
    started_at = models.DateTimeField("시작")
    limit_at = models.DateTimeField("제한 시각")
    ended_at = models.DateTimeField("끝", null=True)
    result = models.CharField("결과", max_length=1_000, blank=True, default="")
    error = models.TextField("실패 사유", blank=True, default="")
    log = models.TextField("로그", blank=True, default="")

    class Meta:
        verbose_name = "작업 기록"
        verbose_name_plural = "작업 기록"
        indexes = [
            models.Index(fields=["task", "-started_at"], name="runs_of_a_task"),
            models.Index(fields=["-started_at"], name="runs_by_time"),
        ]
        constraints = [
            # The overlap rule: of two that begin at once, one finds the place taken and is skipped.
            models.UniqueConstraint(
                fields=["task"], condition=Q(status="running"), name="a_task_runs_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job or self.task} {self.started_at.astimezone(clock.KST):%Y-%m-%d %H:%M:%S}"

    @property
    def seconds(self) -> float | None:
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None

    @property
    def is_overdue(self) -> bool:
        return self.status == RunStatus.RUNNING and clock.now() > self.limit_at


class JobSettings(models.Model):
    """How long runs are remembered; one row."""

    keep_days = models.PositiveSmallIntegerField(
        "기록 보관 (일)", default=30, validators=[MinValueValidator(1), MaxValueValidator(3_650)]
    )
    keep_runs = models.PositiveIntegerField(
        "작업마다 기록 (건)",
        default=500,
        validators=[MinValueValidator(10), MaxValueValidator(100_000)],
        help_text="자주 도는 작업의 기록이 쌓이지 않도록 최근 것만 남깁니다.",
    )

    class Meta:
        verbose_name = "작업 설정"
        verbose_name_plural = "작업 설정"

    def __str__(self) -> str:
        return f"{self.keep_days}일, 작업마다 {self.keep_runs}건"
