"""Judal's themes and stocks: a run is one snapshot of the whole site, shown when it was read to its end."""

from datetime import datetime
from decimal import Decimal

from bson import ObjectId
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from brokers.terms import Market


class JudalStatus(models.TextChoices):
    RUNNING = "running", "진행 중"
    DONE = "done", "완료"
    PARTIAL = "partial", "일부 실패"
    FAILED = "failed", "실패"


class JudalList(models.TextChoices):
    """The site's own orders of its themes; the values are its `type`."""

    RISING = "changeRateDesc", "상승중인 테마"
    FALLING = "changeRateAsc", "하락중인 테마"
    EXPECTED = "expectRateDesc", "기대수익률 높은 테마"
    NEGLECTED = "neglectRateDesc", "많이 소외된 테마"
    HOT = "neglectRateHot", "현재 핫한 테마"


class JudalRun(models.Model):
    """One reading of the site. Only a DONE one is shown; its files stand in a folder of the same name."""

    name = models.CharField("폴더", max_length=24, unique=True)  # YYYY_MM_DD_HH_MM_SS, in Korean time
    started_at = models.DateTimeField("시작")
    ended_at = models.DateTimeField("끝", null=True, blank=True)
    status = models.CharField("상태", max_length=8, choices=JudalStatus.choices, default=JudalStatus.RUNNING)
    trigger = models.CharField("누가", max_length=150, blank=True, default="")  # a user; empty: the clock
    pages = models.PositiveIntegerField("읽은 페이지", default=0)
    themes = models.PositiveIntegerField("테마", default=0)
    stocks = models.PositiveIntegerField("종목", default=0)
    refused = models.JSONField("읽지 못한 것", default=list)  # [{"theme", "url", "reason"}]
    oddities = models.JSONField("눈에 띈 것", default=list)  # the same, for what was left out of a page
    error = models.TextField("실패 사유", blank=True, default="")

    class Meta:
        verbose_name = "주달 수집"
        verbose_name_plural = "주달 수집"
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["status", "-started_at"], name="judal_runs_by_status")]

    def __str__(self) -> str:
        return self.name

    @property
    def read_at(self) -> datetime:
        """When its figures were true: the site's are minutes old."""
        return self.ended_at or self.started_at


class JudalTheme(models.Model):
    """A theme of one run: its stocks in the site's order, its figures, its places in the site's lists."""

    run_id: ObjectId
    run = models.ForeignKey(JudalRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField("번호")  # themeIdx
    name = models.CharField("테마명", max_length=100)
    told = models.PositiveIntegerField("메뉴의 종목수", null=True)
    members = models.JSONField("종목", default=list)  # [[symbol, why it belongs]]
    places = models.JSONField("순위", default=dict)  # {JudalList value: place from 1}
    figures = models.JSONField("수치", default=dict)  # of the list of themes; decimals as text

    class Meta:
        verbose_name = "주달 테마"
        verbose_name_plural = "주달 테마"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_judal_theme_of_a_run")]

    def __str__(self) -> str:
        return self.name


def _figure(label: str, places: int) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(label, max_digits=20, decimal_places=places, null=True)


class JudalStock(models.Model):
    """A stock's figures in one run, however many themes it belongs to. Won, percent, indices 0 to 100."""

    run_id: ObjectId
    run = models.ForeignKey(JudalRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    symbol = models.CharField("종목코드", max_length=6)
    name = models.CharField("종목명", max_length=60)
    market = models.CharField("시장", max_length=8, choices=Market.choices)
    price = models.DecimalField("현재가", max_digits=12, decimal_places=0)
    change = models.DecimalField("전일대비", max_digits=12, decimal_places=0)
    change_rate = _figure("전일비", 2)
    three_days = _figure("3일합산", 2)
    high_52w = _figure("52주 최고", 0)
    low_52w = _figure("52주 최저", 0)
    from_high_52w = _figure("52주 최고 대비", 2)
    from_low_52w = _figure("52주 최저 대비", 2)
    neglect_52w = _figure("52주 소외지수", 2)
    high_3y = _figure("3년 최고", 0)
    low_3y = _figure("3년 최저", 0)
    from_high_3y = _figure("3년 최고 대비", 2)
    from_low_3y = _figure("3년 최저 대비", 2)
    neglect_3y = _figure("3년 소외지수", 2)
    price_index_3y = _figure("3년 주가지수", 2)
    expected = _figure("기대수익률", 2)
    pbr = _figure("PBR", 2)
    per = _figure("PER", 2)
    eps = _figure("EPS", 2)
    market_value = models.BigIntegerField("시가총액 (억원)", null=True)
    volume_today = _figure("당일 거래량지수", 2)
    volume_week = _figure("최근7일 거래량지수", 2)
    buffett = models.PositiveIntegerField("버핏초이스", null=True)  # its place; None for none
    updated = models.CharField("업데이트", max_length=30, blank=True)  # as the site says it: 3분 전

    class Meta:
        verbose_name = "주달 종목"
        verbose_name_plural = "주달 종목"
        constraints = [models.UniqueConstraint(fields=["run", "symbol"], name="one_judal_stock_of_a_run")]

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol})"


class JudalSettings(models.Model):
    """How the site is read; one row, edited in the admin."""

    key = models.CharField(max_length=8, unique=True, default="judal", editable=False)
    enabled = models.BooleanField("수집함", default=True)
    pause_seconds = models.FloatField(
        "요청 사이 쉼 (초)", default=1.5, validators=[MinValueValidator(0.5), MaxValueValidator(60)]
    )
    keep_days = models.PositiveSmallIntegerField(
        "보관 (일)", default=7, validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="지난 수집은 파일과 함께 지웁니다. 마지막으로 끝까지 읽은 것은 남깁니다.",
    )  # fmt: skip

    class Meta:
        verbose_name = "주달 수집 설정"
        verbose_name_plural = "주달 수집 설정"

    def __str__(self) -> str:
        return "주달 수집 설정"
