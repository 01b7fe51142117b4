"""Stored prices: packed without loss, written twice as once, laid side by side as a panel."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from brokers.adapters.base import Candle
from brokers.models import PriceChunk
from brokers.prices import Interval, pack, unpack
from brokers.services import prices
from lucy import clock


def bar(day: date, close: int, value: int | None = 1_000, minute: int = 0) -> Candle:
    at = clock.day_start(day) + timedelta(minutes=minute)
    won = Decimal(close)
    return Candle(at, won, won + 10, won - 10, won, 100, None if value is None else Decimal(value))


def test_bars_come_back_as_they_were_packed() -> None:
    days = [date(2024, 12, 30), date(2025, 1, 2), date(2025, 12, 30)]
    found = [bar(day, 70_000, value) for day, value in zip(days, (None, 2**53 - 1, 0), strict=True)]
    chunks = pack("005930", Interval.DAY, reversed(found))
    assert [chunk.starts_on for chunk in chunks] == [date(2024, 1, 1), date(2025, 1, 1)]
    assert [one for chunk in chunks for one in unpack(Interval.DAY, chunk)] == found

    minutes = [bar(date(2026, 11, 20), 70_000 + minute, minute=minute) for minute in (540, 541, 930)]
    (chunk,) = pack("005930", Interval.MINUTE, minutes)
    assert unpack(Interval.MINUTE, chunk) == minutes


@pytest.fixture
def last_days(monkeypatch: pytest.MonkeyPatch, db: None) -> list[date]:
    """Three trading days over the turn of a year, the last of which is today."""
    days = [date(2025, 12, 30), date(2026, 1, 2), date(2026, 1, 5)]
    noon = datetime(2026, 1, 5, 12, tzinfo=clock.KST)
    monkeypatch.setattr(clock, "now", lambda: noon)
    return days


def test_a_panel_lays_stocks_and_days_side_by_side(last_days: list[date]) -> None:
    old, first, last = last_days
    prices.add("005930", Interval.DAY, [bar(old, 100), bar(first, 200), bar(last, 300)])
    prices.add("000660", Interval.DAY, [bar(date(2025, 1, 2), 5), bar(last, 900, None)])

    found = prices.panel(2)
    assert found.symbols == ("000660", "005930")
    assert found.days.tolist() == [first, last]
    np.testing.assert_array_equal(found.close, [[np.nan, 900], [200, 300]])
    np.testing.assert_array_equal(found.low, [[np.nan, 890], [190, 290]])
    np.testing.assert_array_equal(found.value, [[np.nan, np.nan], [1_000, 1_000]])
    assert prices.panel(3, ["005930"]).close.tolist() == [[100, 200, 300]]
    assert prices.panel(3, []).close.shape == (0, 0)


def test_writing_twice_is_writing_once_and_the_later_bar_counts(last_days: list[date]) -> None:
    old, first, last = last_days
    prices.add("005930", Interval.DAY, [bar(old, 100), bar(first, 200)])
    for _ in range(2):
        prices.add("005930", Interval.DAY, [bar(first, 210), bar(last, 300)])
    stored = prices.bars("005930", Interval.DAY, old, last)
    assert [int(one.close) for one in stored] == [100, 210, 300]
    assert PriceChunk.objects.count() == 2

    prices.replace("005930", Interval.DAY, [bar(last, 30)])  # split ten for one: the past is told anew
    assert [int(one.close) for one in prices.bars("005930", Interval.DAY, old, last)] == [30]
    assert PriceChunk.objects.count() == 1
