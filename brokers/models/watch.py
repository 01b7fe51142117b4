"""나의 주식: the stocks a user keeps an eye on, why, and at which prices to call."""

from decimal import Decimal

from bson import ObjectId
from django.conf import settings
from django.db import models


class Tag(models.TextChoices):
    """Why a stock is on the list; several at once. Each value names its field."""

    HELD = "held", "보유"
    FOLLOWED = "followed", "관심"
    DAY_TRADE = "day_trade", "단타"


class Crossing(models.TextChoices):
    NONE = "", "없음"
    BELOW = "below", "매수 기준가 도달"
    ABOVE = "above", "매도 기준가 도달"


class WatchedStock(models.Model):
    user_id: ObjectId
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="watched_stocks",
        verbose_name="사용자",
        db_index=False,
    )
    symbol = models.CharField("종목코드", max_length=7)
    name = models.CharField("종목명", max_length=60)
    held = models.BooleanField("보유", default=False)
    followed = models.BooleanField("관심", default=False)
    day_trade = models.BooleanField("단타", default=False)
    buy_below = models.DecimalField("매수 기준가", max_digits=14, decimal_places=0, null=True, blank=True)
    sell_above = models.DecimalField("매도 기준가", max_digits=14, decimal_places=0, null=True, blank=True)
    crossing = models.CharField("기준가 도달", max_length=8, choices=Crossing.choices, blank=True, default="")
    crossed_at = models.DateTimeField("도달시각", null=True, blank=True)
    crossed_price = models.DecimalField("도달가격", max_digits=14, decimal_places=0, null=True, blank=True)
    added_at = models.DateTimeField("추가")

    class Meta:
        verbose_name = "나의 주식"
        verbose_name_plural = "나의 주식"
        constraints = [
            models.UniqueConstraint(fields=["user", "symbol"], name="a_stock_is_watched_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol})"

    @property
    def tags(self) -> list[Tag]:
        return [tag for tag in Tag if getattr(self, tag.value)]

    def crosses(self, price: Decimal) -> Crossing:
        """Which base price `price` has reached."""
        if self.buy_below is not None and price <= self.buy_below:
            return Crossing.BELOW
        if self.sell_above is not None and price >= self.sell_above:
            return Crossing.ABOVE
        return Crossing.NONE
