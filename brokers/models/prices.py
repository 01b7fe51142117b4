"""Stored prices: a year of a stock's days or a day of its minutes in one document, and how far they reach."""

from datetime import date

from django.db import models

from brokers.prices import Chunk, Interval

INTERVALS = [(Interval.DAY.value, "일"), (Interval.MINUTE.value, "분")]


class PriceChunk(models.Model):
    """One stock's bars of a calendar year or of a day, written whole; see `brokers.prices.Chunk`."""

    symbol = models.CharField("종목코드", max_length=7)
    interval = models.CharField("간격", max_length=8, choices=INTERVALS)
    starts_on = models.DateField("시작일")
    slots = models.BinaryField("시각")
    figures = models.BinaryField("시가·고가·저가·종가·거래량·거래대금")

    class Meta:
        verbose_name = "저장된 시세"
        verbose_name_plural = "저장된 시세"
        constraints = [
            models.UniqueConstraint(
                fields=["symbol", "interval", "starts_on"], name="bars_of_a_span_are_stored_once"
            ),
        ]
        # The panel of all stocks asks by interval and year.
        indexes = [models.Index(fields=["interval", "starts_on", "symbol"], name="bars_of_all_stocks")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.starts_on}"

    @property
    def chunk(self) -> Chunk:
        return Chunk(self.symbol, self.starts_on, bytes(self.slots), bytes(self.figures))


class PriceHistory(models.Model):
    """How far a stock's stored bars reach, without a gap; where collecting goes on after a break."""

    symbol = models.CharField("종목코드", max_length=7)
    interval = models.CharField("간격", max_length=8, choices=INTERVALS)
    first_day = models.DateField("첫날", null=True)  # asked for from here on
    last_day = models.DateField("마지막 날", null=True, db_index=True)  # the last one whose bars are final
    collected_at = models.DateTimeField("수집", null=True, db_index=True)
    reread_at = models.DateTimeField("다시 읽음", null=True)  # a split or the like changed the past
    error = models.CharField("오류", max_length=300, blank=True, default="")
    failed_at = models.DateTimeField("오류 시각", null=True)

    class Meta:
        verbose_name = "시세 수집"
        verbose_name_plural = "시세 수집"
        constraints = [
            models.UniqueConstraint(fields=["symbol", "interval"], name="a_stocks_bars_reach_one_day"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.get_interval_display()}"

    def covers(self, first: date, last: date) -> bool:
        """Whether every bar from `first` to `last` is stored."""
        if self.first_day is None or self.last_day is None:
            return False
        return self.first_day <= first and last <= self.last_day
