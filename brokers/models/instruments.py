"""Listed issues: names for codes, and the day's band."""

from django.db import models

from brokers.terms import InstrumentKind, Market


class Instrument(models.Model):
    symbol = models.CharField(
        "종목코드", max_length=7, unique=True
    )  # six characters, letters possible; ETN Q+6
    name = models.CharField("종목명", max_length=60, db_index=True)
    initials = models.CharField("초성", max_length=60, db_index=True)
    market = models.CharField("시장", max_length=8, choices=Market.choices)
    kind = models.CharField("구분", max_length=8, choices=InstrumentKind.choices)
    base_price = models.DecimalField("기준가", max_digits=14, decimal_places=0)
    upper_limit = models.DecimalField("상한가", max_digits=14, decimal_places=0)
    lower_limit = models.DecimalField("하한가", max_digits=14, decimal_places=0)
    seen_at = models.DateTimeField("갱신")

    class Meta:
        verbose_name = "종목"
        verbose_name_plural = "종목"

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol})"
