"""Candles made from the seed: the same seed and day give the same past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random

from brokers.paper import grid
from brokers.paper.clock import KST, PaperClock

PAST_DAYS = 2_500  # ten years: a hundred monthly bars
FIRST_MINUTE, SESSION_MINUTES = time(9, 0), 391


@dataclass(frozen=True, slots=True)
class Candle:
    """``at`` is the bar's day at midnight or its minute, KST; prices and ``value`` in won."""

    at: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int


class CandleMaker:
    """Makes an issue's past once a day, as far back as it is asked for, and remembers it."""

    def __init__(self, seed: int, clock: PaperClock) -> None:
        self.seed = seed
        self.clock = clock
        self._daily: dict[tuple[str, date], tuple[list[Candle], Iterator[Candle]]] = {}
        self._minutes: dict[tuple[str, date], list[Candle]] = {}

    def daily(self, code: str, base_price: int, kind: str, days: int = PAST_DAYS) -> list[Candle]:
        """Business days before today, the latest first; the latest closes at the base price."""
        today = self.clock.trade_date()
        if (code, today) not in self._daily:
            self._daily[code, today] = ([], self._make_daily(code, today, base_price, kind))
        bars, older = self._daily[code, today]
        bars += islice(older, max(0, days - len(bars)))
        return bars[:days]

    def minutes(self, code: str, base_price: int, price: int, kind: str) -> list[Candle]:
        """Minutes of today's regular session up to now, the latest first.

        Outside the session a market that is always open shows the whole of it.
        """
        today, now = self.clock.trade_date(), self.clock.now()
        if (code, today) not in self._minutes:
            self._minutes[code, today] = self._make_minutes(code, today, base_price, kind)
        bars = self._minutes[code, today]
        if self.clock.scheduled or now >= bars[-1].at:
            bars = [bar for bar in bars if bar.at <= now]
        return [_closing_at(bars[0], price), *bars[1:]] if bars else []

    def _make_daily(self, code: str, today: date, base_price: int, kind: str) -> Iterator[Candle]:
        # Each day draws from its own seed: tomorrow the same days show the same moves.
        close = base_price
        for day in islice(self.clock.business_days_back(today), PAST_DAYS):
            random = Random(f"{self.seed}:{code}:{day}")  # noqa: S311
            move = random.randint(-260, 260) + (8 if close > base_price // 3 else -80)
            before = max(grid.snap_down(close * 10_000 // (10_000 + move), kind), 100)
            yield _bar(random, datetime.combine(day, time(), KST), before, close, kind, 1_000_000)
            close = before

    def _make_minutes(self, code: str, today: date, base_price: int, kind: str) -> list[Candle]:
        random = Random(f"{self.seed}:{code}:{today}:minutes")  # noqa: S311
        start, price, bars = datetime.combine(today, FIRST_MINUTE, KST), base_price, []
        for minute in range(SESSION_MINUTES):
            drift = grid.tick_size(price, kind) * random.choice((-1, 0, 0, 1))
            close = grid.snap_down(min(max(price + drift, base_price * 9 // 10), base_price * 11 // 10), kind)
            bars.append(_bar(random, start + timedelta(minutes=minute), price, close, kind, 8_000))
            price = close
        return bars[::-1]


def _bar(random: Random, at: datetime, opened: int, close: int, kind: str, volume_scale: int) -> Candle:
    high = grid.snap_up(max(opened, close) + grid.tick_size(close, kind) * random.randint(0, 4), kind)
    low = grid.snap_down(min(opened, close) - grid.tick_size(close, kind) * random.randint(0, 4), kind)
    volume = random.randint(volume_scale // 10, volume_scale) * 100_000 // (close + 20_000)
    return Candle(at, opened, high, max(low, 1), close, volume, volume * ((high + low) // 2))


def _closing_at(bar: Candle, price: int) -> Candle:
    high, low = max(bar.high, price), min(bar.low, price)
    return Candle(bar.at, bar.open, high, low, price, bar.volume, bar.value)
