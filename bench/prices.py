"""The panel that screens reckon with: 250 days of 3,000 stocks out of the store, beside the bare bytes."""

import time
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from bench.figures import Figure

STOCKS = 3_000
DAYS = 250
TIMES = 5


def figures() -> list[Figure]:
    from brokers.models import PriceChunk
    from brokers.services import prices
    from lucy.mongo import collection

    _store()
    stored = collection(PriceChunk)

    def bare() -> None:
        for _ in stored.find_raw_batches({"interval": "day"}):
            pass

    panel, floor = _best(lambda: prices.panel(DAYS)), _best(bare)
    stored.delete_many({})
    name = f"panel of {STOCKS:,} stocks x {DAYS} days"
    return [Figure(name, "ms", panel, floor, "its bytes, unread", panel, 500, "milliseconds")]


def _store() -> None:
    """Two years of every stock, as the collector leaves them."""
    from brokers.prices import Chunk, Interval
    from brokers.services import prices

    random = np.random.default_rng(38)
    today = prices.last_final_day()
    for year in (today.year - 1, today.year):
        first = date(year, 1, 1)
        days = [first + timedelta(days=day) for day in range(365)]
        slots = [day for day, moment in enumerate(days) if moment.weekday() < 5 and moment <= today]
        chunks = [
            Chunk(
                f"{stock:06d}",
                first,
                np.array(slots, "<u2").tobytes(),
                random.integers(1_000, 100_000, (6, len(slots))).astype("<f8").tobytes(),
            )
            for stock in range(STOCKS)
        ]
        prices.store(Interval.DAY, chunks)


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of the quickest of a few: neighbours on the machine only slow it down."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken) * 1000
