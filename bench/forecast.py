"""The price forecast: a fit with its leave-one-out errors over 1,000 listings, beside 1,000 fits."""

import time
from collections.abc import Callable

import numpy as np

from bench.figures import Figure
from ipo.forecast import Floats, fit_arrays

ROWS = 1_000
TARGET_MS = 50.0
TIMES = 20


def forecast_figure() -> Figure:
    x, y = _listings()
    fit_arrays(x, y)
    took = min(_milliseconds(lambda: fit_arrays(x, y)) for _ in range(TIMES))
    return Figure(
        name="forecast: fit and leave-one-out, 1,000 rows",
        unit="ms",
        value=took,
        floor=_milliseconds(lambda: _each_left_out(x, y)),
        floor_name="ms, each row left out anew",
        compared=took,
        target=TARGET_MS,
        rule="ms",
    )


def _listings() -> tuple[Floats, Floats]:
    chance = np.random.default_rng(1)
    x = np.column_stack(
        [chance.lognormal(5.5, 1.2, ROWS), chance.uniform(20, 1500, ROWS), chance.uniform(0, 80, ROWS)]
    )
    y = np.clip(0.64 + x @ np.array([3e-5, 1.6e-3, 8.6e-3]) + chance.normal(0, 0.5, ROWS), 0.6, 4.0)
    return x, y


def _each_left_out(x: Floats, y: Floats) -> None:
    design = np.column_stack([np.ones(ROWS), x])
    for left_out in range(ROWS):
        others = np.arange(ROWS) != left_out
        np.linalg.lstsq(design[others], y[others], rcond=None)


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
