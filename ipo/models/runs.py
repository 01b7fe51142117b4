"""How the source's pages were read: each run, the pages themselves for some days, and the switches."""

import zlib
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

LARGEST_PAGE_BYTES = 4 * 1024 * 1024


class RunStatus(models.TextChoices):
    RUNNING = "running", "진행 중"
    DONE = "done", "완료"
    PARTIAL = "partial", "일부 실패"
    FAILED = "failed", "실패"


class ScrapeRun(models.Model):
    """One reading of a source, from the first page to the last row saved."""

    source = models.CharField("출처", max_length=20, default="site38")
    started_at = models.DateTimeField("시작")
    ended_at = models.DateTimeField("끝", null=True, blank=True)
    status = models.CharField("상태", max_length=8, choices=RunStatus.choices, default=RunStatus.RUNNING)
    trigger = models.CharField("누가", max_length=150, blank=True, default="")  # a user, or empty: the clock
    pages = models.PositiveIntegerField("읽은 페이지", default=0)
    rows = models.PositiveIntegerField("읽은 종목", default=0)
    saved = models.PositiveIntegerField("저장한 종목", default=0)
    refused = models.JSONField("거절한 것", default=list)  # [{"no", "name", "url", "reason"}]
    oddities = models.JSONField("눈에 띈 것", default=list)  # the same, for what was left out of a page
    error = models.TextField("실패 사유", blank=True, default="")

    class Meta:
        verbose_name = "수집 기록"
        verbose_name_plural = "수집 기록"
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["source", "-started_at"], name="runs_of_source")]

    def __str__(self) -> str:
        return f"{self.source} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_good(self) -> bool:
        return self.status in {RunStatus.DONE, RunStatus.PARTIAL}

    @property
    def seconds(self) -> float | None:
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


class RawPage(models.Model):
    """A page's bytes as they came, so that a mended parser can read them again; one per address and run."""

    run = models.ForeignKey(
        ScrapeRun, on_delete=models.CASCADE, related_name="raw_pages", verbose_name="수집"
    )
    kind = models.CharField("종류", max_length=12)  # a key of `services.site38.READERS`, or "detail"
    no = models.PositiveIntegerField("번호", null=True, blank=True)  # of the offer, on its detail page
    url = models.CharField("주소", max_length=300)
    fetched_at = models.DateTimeField("받은 시각", db_index=True)
    size = models.PositiveIntegerField("크기 (바이트)")
    packed = models.BinaryField("내용")

    class Meta:
        verbose_name = "원본 페이지"
        verbose_name_plural = "원본 페이지"
        ordering = ["-fetched_at"]

    def __str__(self) -> str:
        return self.url

    @classmethod
    def holding(
        cls, run: ScrapeRun, kind: str, url: str, body: bytes, fetched_at: datetime, no: int | None = None
    ) -> "RawPage":
        """A page ready to be stored; its text packs to about a seventh."""
        packed = zlib.compress(body, 6)
        return cls(run=run, kind=kind, no=no, url=url, fetched_at=fetched_at, size=len(body), packed=packed)

    def body(self) -> bytes:
        unpacking = zlib.decompressobj()
        return unpacking.decompress(bytes(self.packed), LARGEST_PAGE_BYTES)


class ScrapeSettings(models.Model):
    """How a source is read; one row per source, edited in the admin."""

    source = models.CharField("출처", max_length=20, unique=True, default="site38")
    enabled = models.BooleanField("수집함", default=True)
    list_pages = models.PositiveSmallIntegerField(
        "목록 페이지 수", default=2, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    pause_seconds = models.FloatField(
        "요청 사이 쉼 (초)", default=1.0, validators=[MinValueValidator(0.3), MaxValueValidator(60)]
    )
    keep_raw_days = models.PositiveSmallIntegerField(
        "원본 보관 (일)", default=14, validators=[MaxValueValidator(365)]
    )
    stale_hours = models.PositiveSmallIntegerField(
        "낡았다고 알림 (시간)", default=36, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = "수집 설정"
        verbose_name_plural = "수집 설정"

    def __str__(self) -> str:
        return self.source
