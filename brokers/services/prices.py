"""Stored prices: written a chunk at a time, read as one stock's bars or as the panel of many."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from bson import Binary
from pymongo import ReplaceOne

from brokers.adapters.base import Candle
from brokers.models import PriceChunk, PriceHistory
from brokers.prices import Chunk, Interval, Panel, pack, panel_of, unpack
from lucy import clock
from lucy.mongo import collection, connection, transactional

CHUNKS_A_BATCH = 2_000  # a round trip: a year of one stock is 12 kB
DAY_IS_OVER = time(20, 5)


def panel(days: int, symbols: Iterable[str] | None = None) -> Panel:
    """The last `days` trading days of these stocks, or of all that are stored."""
    wanted: dict[str, Any] = {
        "interval": Interval.DAY.value,
        "starts_on": {"$gte": _stored(Interval.DAY.chunk_of(_days_back(days)))},
    }
    if symbols is not None:
        wanted["symbol"] = {"$in": list(symbols)}
    return panel_of(_chunks(wanted), days)


def collected_at(interval: Interval) -> dict[str, datetime]:
    """When each stock's bars were last written by the collector: the mark by which a reader knows news."""
    rows = collection(PriceHistory).find(
        {"interval": interval.value, "collected_at": {"$ne": None}},
        {"_id": False, "symbol": True, "collected_at": True},
        batch_size=CHUNKS_A_BATCH,
        session=connection.session,
    )
    return {row["symbol"]: row["collected_at"] for row in rows}


def bars(symbol: str, interval: Interval, first: date, last: date) -> list[Candle]:
    """The stored bars of the days from `first` to `last`, oldest first."""
    wanted = {
        "symbol": symbol,
        "interval": interval.value,
        "starts_on": {"$gte": _stored(interval.chunk_of(first)), "$lte": _stored(interval.chunk_of(last))},
    }
    found = sorted(_chunks(wanted), key=lambda chunk: chunk.starts_on)
    return [
        bar
        for chunk in found
        for bar in unpack(interval, chunk)
        if first <= bar.at.astimezone(clock.KST).date() <= last
    ]


def last_bar(symbol: str, interval: Interval) -> Candle | None:
    """The newest stored bar."""
    newest = PriceChunk.objects.filter(symbol=symbol, interval=interval.value).order_by("-starts_on").first()
    return unpack(interval, newest.chunk)[-1] if newest else None


def last_final_day() -> date:
    """The last trading day whose bars change no more: NXT trades until 20:00, and daily bars count it in."""
    local = clock.now().astimezone(clock.KST)
    over = clock.market_hours_apply() and local.time() >= DAY_IS_OVER
    if over and clock.is_trading_day(local.date()):
        return local.date()
    return clock.previous_trading_day(local.date())


@transactional
def add(symbol: str, interval: Interval, candles: Sequence[Candle]) -> None:
    """Put bars beside those that are stored; of two at the same time the new one counts."""
    if not candles:
        return
    days = [candle.at.astimezone(clock.KST).date() for candle in candles]
    first = interval.chunk_of(min(days))
    last = interval.last_of(interval.chunk_of(max(days)))
    store(interval, pack(symbol, interval, [*bars(symbol, interval, first, last), *candles]))


@transactional
def replace(symbol: str, interval: Interval, candles: Sequence[Candle]) -> None:
    """Store these bars in place of all that there are: a split has changed the whole past."""
    chunks = pack(symbol, interval, candles)
    kept = {chunk.starts_on for chunk in chunks}
    PriceChunk.objects.filter(symbol=symbol, interval=interval.value).exclude(starts_on__in=kept).delete()
    store(interval, chunks)


def store(interval: Interval, chunks: Iterable[Chunk]) -> None:
    """Whole documents by their key: writing the same twice changes nothing."""
    writes = []
    for chunk in chunks:
        key = {"symbol": chunk.symbol, "interval": interval.value, "starts_on": _stored(chunk.starts_on)}
        columns = {"slots": Binary(chunk.slots), "figures": Binary(chunk.figures)}
        writes.append(ReplaceOne(key, key | columns, upsert=True))
    if writes:
        collection(PriceChunk).bulk_write(writes, ordered=False, session=connection.session)


def _chunks(wanted: dict[str, Any]) -> list[Chunk]:
    rows = collection(PriceChunk).find(
        wanted, {"_id": False, "interval": False}, batch_size=CHUNKS_A_BATCH, session=connection.session
    )
    return [Chunk(row["symbol"], row["starts_on"].date(), row["slots"], row["figures"]) for row in rows]


def _stored(day: date) -> Any:
    """As the ORM stores a day, which these reads and writes go past."""
    return PriceChunk._meta.get_field("starts_on").get_db_prep_value(day, connection)


def _days_back(days: int) -> date:
    """A day before the first of the last `days` trading days, today's included."""
    day = clock.trade_date() + timedelta(days=1)
    for _ in range(days):
        day = clock.previous_trading_day(day)
    return day
