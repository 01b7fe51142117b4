"""Figures of many stocks at once. Pure numpy.

An array has a row for each stock and a column for each of that stock's own trading days, the newest last; NaN
on the left where a stock has fewer days (`own_days` lays a panel out like this, so that a day without trade
shifts no window). Answers have one figure for each stock, NaN where there are too few days; percentages are
12.5 for 12.5 %.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from brokers.prices import FIGURES, Panel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prices:
    """The figures by each stock's own trading days; won, shares, won traded."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    value: Floats
    traded: Bools  # on the panel's last day; a stock that did not, has no figure of today


def own_days(panel: Panel, symbols: tuple[str, ...]) -> Prices:
    """The panel's rows of these symbols, in this order; one that it lacks has no days."""
    rows = _rows(panel, symbols)
    figures = {name: getattr(panel, name)[rows] for name in FIGURES}
    if panel.symbols:
        for name in FIGURES:
            figures[name][rows < 0] = np.nan
    missing = np.isnan(figures["close"])
    traded = ~missing[:, -1] if missing.shape[1] else np.zeros(len(symbols), np.bool_)
    gaps = np.flatnonzero((np.diff(missing.astype(np.int8), axis=1) > 0).any(axis=1))
    if len(gaps):  # a stable sort puts the days without trade first and keeps the others in order
        order = np.argsort(~missing[gaps], axis=1, kind="stable")
        for name in FIGURES:
            figures[name][gaps] = np.take_along_axis(figures[name][gaps], order, axis=1)
    return Prices(**figures, traded=traded)


def _rows(panel: Panel, symbols: tuple[str, ...]) -> NDArray[np.int64]:
    """Where each symbol stands in the panel; -1 for one that it lacks."""
    place = {symbol: row for row, symbol in enumerate(panel.symbols)}
    return np.array([place.get(symbol, -1) for symbol in symbols], np.int64)


def empty_panel() -> Panel:
    """Of a history that has not begun; one row, so that any symbol finds nothing in it."""
    nothing = [np.full((1, 0), np.nan) for _ in FIGURES]
    return Panel(("",), np.array([], "datetime64[D]"), *nothing)


def _unknown(figures: Floats) -> Floats:
    return np.full(len(figures), np.nan)


def last(figures: Floats, back: int = 0) -> Floats:
    """The figure of the newest day, or of `back` days before it."""
    return figures[:, -1 - back] if figures.shape[1] > back else _unknown(figures)


def _window(figures: Floats, days: int, back: int = 0) -> Floats | None:
    """The `days` columns that end `back` days before the newest; None when there are fewer."""
    end = figures.shape[1] - back
    return figures[:, end - days : end] if end >= days else None


def average(figures: Floats, days: int, back: int = 0) -> Floats:
    """이동평균, simple: of the `days` days that end `back` days before the newest."""
    window = _window(figures, days, back)
    return _unknown(figures) if window is None else window.mean(axis=1)


def change(close: Floats, days: int) -> Floats:
    """등락률 over `days` trading days, %."""
    return _percent(last(close), last(close, days))


def _percent(now: Floats, before: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, (now / before - 1) * 100, np.nan)


def _ratio(one: Floats, other: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(other > 0, one / other, np.nan)


def volume_ratio(volume: Floats, days: int) -> Floats:
    """The newest day's volume as a multiple of the mean of the `days` days before it."""
    return _ratio(last(volume), average(volume, days, back=1))


def disparity(close: Floats, days: int) -> Floats:
    """이격도: the close as a percentage of its moving average."""
    return _ratio(last(close), average(close, days)) * 100


def above_high(high: Floats, close: Floats, days: int) -> Bools:
    """Whether the close is above the highest price of the `days` days before."""
    window = _window(high, days, back=1)
    return np.zeros(len(close), np.bool_) if window is None else last(close) > window.max(axis=1)


def below_low(low: Floats, close: Floats, days: int) -> Bools:
    """Whether the close is below the lowest price of the `days` days before."""
    window = _window(low, days, back=1)
    return np.zeros(len(close), np.bool_) if window is None else last(close) < window.min(axis=1)


def from_high(high: Floats, close: Floats, days: int) -> Floats:
    """The close against the highest price of the last `days` days, %: 0 or less. New listings: since then."""
    return _percent(last(close), np.fmax.reduce(high[:, -days:], axis=1, initial=np.nan))


def from_low(low: Floats, close: Floats, days: int) -> Floats:
    """The close against the lowest price of the last `days` days, %: 0 or more. New listings: since then."""
    return _percent(last(close), np.fmin.reduce(low[:, -days:], axis=1, initial=np.nan))


def gap(open_: Floats, close: Floats) -> Floats:
    """갭: the opening price against the close of the day before, %."""
    return _percent(last(open_), last(close, 1))


def body(open_: Floats, close: Floats) -> Floats:
    """The candle's body, close against open, %: above zero for 양봉."""
    return _percent(last(close), last(open_))


def day_range(high: Floats, low: Floats, close: Floats) -> Floats:
    """당일 변동폭: high minus low, % of the close of the day before."""
    return _ratio(last(high) - last(low), last(close, 1)) * 100


def streak(close: Floats) -> Floats:
    """How many days in a row the close rose (above zero) or fell (below zero); 0 when it stood still."""
    if close.shape[1] < 2:
        return _unknown(close)
    steps = np.sign(np.diff(close, axis=1))[:, ::-1]
    way = steps[:, 0]
    going = (steps == way[:, None]) & (way != 0)[:, None]
    length = np.where(going.all(axis=1), steps.shape[1], np.argmin(going, axis=1))
    return np.where(np.isnan(way), np.nan, way * length)


def rsi(close: Floats, days: int) -> Floats:
    """RSI by Wilder, 0 to 100: the first averages are simple, later ones (before x (n - 1) + today) / n."""
    if close.shape[1] <= days:
        return _unknown(close)
    steps = np.diff(close, axis=1)
    begun = np.isnan(steps).sum(axis=1)  # what is unknown is on the left
    np.nan_to_num(steps, copy=False)
    up = _wilder(np.maximum(steps, 0), begun, days)
    down = _wilder(np.maximum(-steps, 0), begun, days)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 100 * up / (up + down)
    return np.where((up + down) == 0, 50.0, found)  # never moved


def _wilder(steps: Floats, begun: NDArray[np.int64], days: int) -> Floats:
    """The last smoothed average of each row, whose steps begin at `begun`.

    The recursion is written out: a step counts 1/n, a day later (n - 1)/n of that, and so on.
    """
    total, fade = steps.shape[1], (days - 1) / days
    place = np.arange(total)
    first_end = (begun + days)[:, None]
    weights = fade ** (total - 1 - place) / days
    later = np.where(place >= first_end, steps, 0.0) @ weights
    first = np.where(place < first_end, steps, 0.0).sum(axis=1) / days
    known = begun + days <= total
    return np.where(known, later + first * fade ** np.maximum(total - begun - days, 0), np.nan)


def ema(close: Floats, days: int) -> Floats:
    """지수이동평균 of every day, days x stocks: begins with the first close, weight 2 / (n + 1)."""
    weight = 2 / (days + 1)
    found = close.T.copy()
    for day in range(1, len(found)):
        before, now = found[day - 1], found[day]
        found[day] = np.where(np.isnan(before), now, before + weight * (now - before))
    return found


def macd_over_signal(close: Floats, short: int, long: int, signal: int) -> Floats:
    """MACD minus its signal line for the last two days, 2 x stocks; NaN before `long` + `signal` days."""
    if close.shape[1] < 2:
        return np.full((2, len(close)), np.nan)
    line = ema(close, short) - ema(close, long)
    found = (line - ema(line.T, signal))[-2:]
    few = (~np.isnan(close)).sum(axis=1) < long + signal
    return np.where(few, np.nan, found)


def bollinger(close: Floats, days: int, widths: float) -> tuple[Floats, Floats]:
    """The lower and the upper band: the average less and plus `widths` standard deviations (of the whole)."""
    window = _window(close, days)
    if window is None:
        return _unknown(close), _unknown(close)
    middle, width = window.mean(axis=1), window.std(axis=1) * widths
    return middle - width, middle + width


def stochastic(high: Floats, low: Floats, close: Floats, days: int) -> Floats:
    """Fast %K: where the close lies between the lowest and the highest price of the days; 0 to 100."""
    highs, lows = _window(high, days), _window(low, days)
    if highs is None or lows is None:
        return _unknown(close)
    bottom = lows.min(axis=1)
    return _ratio(last(close) - bottom, highs.max(axis=1) - bottom) * 100


def true_range(high: Floats, low: Floats, close: Floats, days: int) -> Floats:
    """ATR as a percentage of the close: the mean of the days' true ranges, simple."""
    highs, lows, before = _window(high, days), _window(low, days), _window(close, days, back=1)
    if highs is None or lows is None or before is None:
        return _unknown(close)
    spans = np.maximum(highs, before) - np.minimum(lows, before)
    return _ratio(spans.mean(axis=1), last(close)) * 100


def rank_down(figures: Floats) -> Floats:
    """1 for the largest; equal figures share the better place; NaN has none."""
    known = np.sort(figures[~np.isnan(figures)])
    above = len(known) - np.searchsorted(known, figures, side="right")
    return np.where(np.isnan(figures), np.nan, above + 1.0)


def crossed(short: list[Floats], long: list[Floats], *, up: bool) -> tuple[Bools, Bools]:
    """Whether one line crossed another within the lines' days, newest first, and where that is known."""
    way = 1 if up else -1
    spans = [way * (one - other) for one, other in zip(short, long, strict=True)]
    holds = np.zeros(len(spans[0]), np.bool_)
    for now, before in pairwise(spans):
        holds |= (now > 0) & (before <= 0)
    known = all_known(spans)
    return holds & known, known


def all_known(figures: list[Floats]) -> Bools:
    """Where none of them is NaN."""
    known: Bools = np.logical_and.reduce([~np.isnan(one) for one in figures])
    return known
