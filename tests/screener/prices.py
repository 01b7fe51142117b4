"""Price history for tests."""

from datetime import date, timedelta
from decimal import Decimal

from brokers.adapters.base import Candle
from brokers.models import PriceHistory
from brokers.prices import Interval
from brokers.services import prices
from lucy import clock

LAST = date(2026, 11, 20)


def keep_closes(symbol: str, *closes: int, volume: int = 1_000, last: date = LAST) -> None:
    """Days that end on `last`, opened at the close of the day before, marked as the collector marks them."""
    first = last - timedelta(days=len(closes) - 1)
    candles = [
        _candle(first + timedelta(days=day), closes[max(day - 1, 0)], close, volume)
        for day, close in enumerate(closes)
    ]
    prices.add(symbol, Interval.DAY, candles)
    PriceHistory.objects.update_or_create(
        symbol=symbol, interval=Interval.DAY.value, defaults={"collected_at": clock.now()}
    )


def _candle(day: date, opened: int, close: int, volume: int) -> Candle:
    return Candle(
        at=clock.day_start(day),
        open=Decimal(opened),
        high=Decimal(max(opened, close)),
        low=Decimal(min(opened, close)),
        close=Decimal(close),
        volume=volume,
        value=Decimal(close * volume),
    )
