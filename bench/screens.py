"""Own screens: a year of 3,000 stocks judged by one screen and by twenty conditions, and the memory it takes.

The floor is the least that must be done: each price of the year read once.
"""

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from bench.figures import Figure, peak_megabytes
from brokers.prices import Panel

STOCKS, DAYS, TIMES = 3_000, 250, 5
SCREEN_MS, TWENTY_MS, MEMORY_MB = 200.0, 1_000.0, 300.0
FEW = ("side_of_average", "averages_crossed", "volume_ratio", "rsi", "from_high")
PRICE_ONLY = (
    *("close", "change", "gap", "body", "day_range", "streak", "side_of_average", "averages_crossed"),
    *("averages_in_order", "disparity", "breakout", "from_high", "from_low", "volume_ratio", "value"),
    *("value_rank", "rsi", "stochastic", "atr", "bollinger"),
)


def figures() -> list[Figure]:
    panel = made_panel()
    floor = _best(lambda: [getattr(panel, name).sum() for name in ("open", "high", "low", "close", "volume")])
    return [
        _figure("own screen, 5 conditions, 3,000 x 250", panel, FEW, floor, SCREEN_MS),
        _figure("20 conditions at once, 3,000 x 250", panel, PRICE_ONLY, floor, TWENTY_MS),
        _memory(),
    ]


def made_panel() -> Panel:
    """Random walks; one stock in ten is a new listing, one in ten stood still for some days."""
    chance = np.random.default_rng(1)
    close = 10_000 * np.exp(chance.normal(0, 0.02, (STOCKS, DAYS)).cumsum(axis=1))
    for row in range(0, STOCKS, 10):
        close[row, : chance.integers(1, DAYS)] = np.nan
        halt = chance.integers(0, DAYS - 10)
        close[row + 5, halt : halt + 5] = np.nan
    volume = np.where(np.isnan(close), np.nan, chance.lognormal(11, 1, close.shape))
    opened = close * chance.normal(1, 0.01, close.shape)
    high, low = np.fmax(opened, close) * 1.01, np.fmin(opened, close) * 0.99
    symbols = tuple(f"{number:06d}" for number in range(STOCKS))
    days = np.datetime64("2026-01-01") + np.arange(DAYS)
    return Panel(symbols, days, opened, high, low, close, volume, close * volume)


def judge(panel: Panel, conditions: tuple[str, ...]) -> int:
    """All of an own screen's work on a panel; returns how many stocks it found."""
    from screener import own
    from screener.conditions import Facts
    from screener.indicators import own_days

    terms = [{"condition": condition} for condition in conditions]
    rule = own.read({"joint": "any", "groups": [{"joint": "all", "terms": terms}]}, own.Names())
    facts = Facts(panel.symbols, own_days(panel, panel.symbols))
    return int(own.evaluate(rule, facts, own.Names()).holds.sum())


def _figure(name: str, panel: Panel, conditions: tuple[str, ...], floor: float, target: float) -> Figure:
    took = _best(lambda: judge(panel, conditions))
    return Figure(name, "ms", took, floor, "ms, prices read once", took, target, "ms")


def _memory() -> Figure:
    """The peak of a process of its own, Django and the panel included."""
    told = subprocess.run([sys.executable, "-m", "bench.screens"], capture_output=True, text=True, check=True)
    peak = float(told.stdout.split()[-1])
    held = STOCKS * DAYS * 6 * 8 / 2**20
    return Figure("20 conditions: peak memory", "MB", peak, held, "MB, the panel", peak, MEMORY_MB, "MB")


def _best(work: Callable[[], object]) -> float:
    work()
    return min(_milliseconds(work) for _ in range(TIMES))


def _milliseconds(work: Callable[[], object]) -> float:
    """In the processor's time: neighbours on the machine do not count."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def _alone() -> None:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lucy.settings")
    import django

    django.setup()
    judge(made_panel(), PRICE_ONLY)
    print(peak_megabytes())


if __name__ == "__main__":
    _alone()
