"""The panel that screens reckon with: 250 days of 3,000 stocks out of the store, beside the bare bytes.

And the same kept in a process, when the collector has written some of them anew.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from bench.figures import Figure

STOCKS = 3_000
DAYS = 250
TIMES = 5
NEWS = 60  # stocks of a minute's collecting


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
    kept, read = _news()
    stored.delete_many({})
    name = f"panel of {STOCKS:,} stocks x {DAYS} days"
    again = f"the same, kept: {NEWS} stocks are new"
    return [
        Figure(name, "ms", panel, floor, "its bytes, unread", panel, 500, "milliseconds"),
        Figure(again, "ms", kept, read, f"those {NEWS} read", kept, 200, "milliseconds"),
    ]


def _news() -> tuple[float, float]:
    """A kept panel brought up to date, and the reading alone that this takes; milliseconds."""
    from brokers.models import PriceHistory
    from brokers.services import prices
    from lucy import clock
    from lucy.mongo import collection
    from screener.services.panel import KeptPanel

    marks, symbols = collection(PriceHistory), [f"{stock:06d}" for stock in range(STOCKS)]
    marks.insert_many(
        {"symbol": symbol, "interval": "day", "collected_at": clock.now()} for symbol in symbols
    )
    kept, some = KeptPanel(DAYS), symbols[:NEWS]
    kept.current()

    def come() -> None:
        marks.update_many({"symbol": {"$in": some}}, {"$set": {"collected_at": clock.now()}})
        kept.current()

    taken = _best(come), _best(lambda: prices.panel(DAYS, some))
    marks.delete_many({})
    return taken


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
