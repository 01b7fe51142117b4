"""Stored prices as arrays: a chunk of one stock's bars, packed, and the panel of many stocks' days.

Won and shares are whole numbers below 2^53 (nine thousand trillion), so float64 holds them exactly; NaN
stands where there was no trade, or where the broker does not tell the figure. Days are kept as the brokers'
daily chart gives them with splits counted in (수정주가); a collector that meets another close than the stored
one reads that stock's past again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brokers.adapters.base import Candle, Period
from lucy.clock import KST

FIGURES: Final = ("open", "high", "low", "close", "volume", "value")
_SLOT: Final = np.dtype("<u2")  # days since the year's first, minutes since midnight
_FIGURE: Final = np.dtype("<f8")

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Offsets = NDArray[np.int64]


class Interval(StrEnum):
    """What one stored bar spans; the bars of a calendar year, or of a day, are stored together."""

    DAY = "day"
    MINUTE = "minute"

    def chunk_of(self, day: date) -> date:
        """The day that names the chunk with `day`'s bars."""
        return Period.YEAR.start_of(day) if self is Interval.DAY else day

    def last_of(self, chunk: date) -> date:
        """The last day of a chunk."""
        return chunk.replace(month=12, day=31) if self is Interval.DAY else chunk


@dataclass(frozen=True, slots=True)
class Panel:
    """Days of many stocks; each figure is float64 of shape (symbols, days), NaN where there was no trade.

    Prices are won after splits (수정주가), `volume` shares, `value` won traded (거래대금).
    """

    symbols: tuple[str, ...]  # ascending
    days: Days  # datetime64[D], ascending
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Chunk:
    """One stock's bars of a year or of a day, as they are stored."""

    symbol: str
    starts_on: date  # `Interval.chunk_of`
    slots: bytes  # per bar: uint16, days or minutes since the chunk began
    figures: bytes  # float64, the six `FIGURES` one after another


def pack(symbol: str, interval: Interval, candles: Iterable[Candle]) -> list[Chunk]:
    """The bars by chunk, oldest first; of two at the same time the later one counts."""
    bars = {candle.at.astimezone(KST): candle for candle in candles}
    chunks: dict[date, list[datetime]] = {}
    for at in sorted(bars):
        chunks.setdefault(interval.chunk_of(at.date()), []).append(at)
    return [
        Chunk(
            symbol,
            start,
            np.array([_slot(interval, start, at) for at in moments], _SLOT).tobytes(),
            np.array([_figures(bars[at]) for at in moments], _FIGURE).T.tobytes(),
        )
        for start, moments in chunks.items()
    ]


def _slot(interval: Interval, start: date, at: datetime) -> int:
    return (at.date() - start).days if interval is Interval.DAY else at.hour * 60 + at.minute


def _figures(bar: Candle) -> tuple[float, ...]:
    value = float("nan") if bar.value is None else float(bar.value)
    return float(bar.open), float(bar.high), float(bar.low), float(bar.close), float(bar.volume), value


def unpack(interval: Interval, chunk: Chunk) -> list[Candle]:
    """The bars of a chunk, oldest first."""
    midnight = datetime(chunk.starts_on.year, chunk.starts_on.month, chunk.starts_on.day, tzinfo=KST)
    step = timedelta(days=1) if interval is Interval.DAY else timedelta(minutes=1)
    slots = np.frombuffer(chunk.slots, _SLOT).tolist()
    return [
        Candle(
            midnight + slot * step,
            _won(opened),
            _won(high),
            _won(low),
            _won(close),
            int(volume),
            None if value != value else _won(value),
        )
        for slot, (opened, high, low, close, volume, value) in zip(
            slots, _rows(chunk).T.tolist(), strict=True
        )
    ]


def _won(figure: float) -> Decimal:
    return Decimal(int(figure)) if figure.is_integer() else Decimal(repr(figure))


def _rows(chunk: Chunk) -> Floats:
    return np.frombuffer(chunk.figures, _FIGURE).reshape(len(FIGURES), -1)


def panel_of(chunks: Sequence[Chunk], days: int) -> Panel:
    """The last `days` days that any of these chunks of daily bars has."""
    symbols = tuple(sorted({chunk.symbol for chunk in chunks}))
    row_of = {symbol: row for row, symbol in enumerate(symbols)}
    epoch = min((chunk.starts_on.toordinal() for chunk in chunks), default=0)
    when = [
        np.frombuffer(chunk.slots, _SLOT).astype(np.int64) + chunk.starts_on.toordinal() - epoch
        for chunk in chunks
    ]
    traded = _traded(when)[-days:] if days > 0 else np.array([], np.int64)
    column_of = np.full(_reach(when), -1)  # of each calendar day; -1: before the first that is shown
    column_of[traded] = np.arange(len(traded))
    table = np.full((len(FIGURES), len(symbols), len(traded)), np.nan)
    for chunk, moments in zip(chunks, when, strict=True):
        columns = column_of[moments]
        skipped = int(np.searchsorted(columns, 0))  # bars are stored oldest first
        table[:, row_of[chunk.symbol], columns[skipped:]] = _rows(chunk)[:, skipped:]
    first = date.fromordinal(max(epoch, 1))
    return Panel(symbols, np.datetime64(first, "D") + traded, *table)


def _traded(when: Sequence[Offsets]) -> Offsets:
    """The days on which any stock traded, ascending."""
    marks = np.zeros(_reach(when), np.bool_)
    for moments in when:
        marks[moments] = True
    return np.flatnonzero(marks)


def _reach(when: Sequence[Offsets]) -> int:
    return max((int(moments[-1]) for moments in when if len(moments)), default=-1) + 1


def joined(parts: Sequence[Panel], days: int) -> Panel:
    """The last `days` days of all; of a stock that several parts have, the last one's counts."""
    part_of = {symbol: place for place, part in enumerate(parts) for symbol in part.symbols}
    symbols = tuple(sorted(part_of))
    row_of = {symbol: row for row, symbol in enumerate(symbols)}
    when = np.unique(np.concatenate([part.days for part in parts]))[-days:]
    table = np.full((len(FIGURES), len(symbols), len(when)), np.nan)
    for place, part in enumerate(parts):
        kept = np.array([part_of[symbol] == place for symbol in part.symbols], np.bool_)
        rows, shown = np.flatnonzero(kept), np.flatnonzero(np.isin(part.days, when))
        targets = np.array([row_of[part.symbols[row]] for row in rows], np.int64)
        columns = np.searchsorted(when, part.days[shown])
        for figure, name in enumerate(FIGURES):
            table[figure][np.ix_(targets, columns)] = getattr(part, name)[np.ix_(rows, shown)]
    return Panel(symbols, when, *table)
