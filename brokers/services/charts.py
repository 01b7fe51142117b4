"""Candles for pages and scripts: from the store, and from the broker only what the store does not have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from brokers.adapters.base import Candle, Period
from brokers.models import BrokerAccount, PriceHistory
from brokers.prices import Interval
from brokers.services import desk, prices
from lucy.clock import KST
from lucy.errors import LucyError


@dataclass(frozen=True, slots=True)
class Chart:
    candles: list[Candle]  # oldest first
    silence: LucyError | None = None  # why the newest are missing


def candles(
    account: BrokerAccount, symbol: str, period: Period, first: date, last: date, adjusted: bool
) -> Chart:
    """Raises `LucyError` where nothing is stored and the broker stays silent."""
    if period is Period.DAY and adjusted:
        history = _history(symbol, Interval.DAY)
        if history and history.last_day and history.first_day and first <= history.last_day:
            return _days(account, history, history.first_day, history.last_day, first, last)
    elif period is Period.MINUTE:
        return _minutes(account, symbol, first, last)
    return Chart(desk.candles(account, symbol, period, first, last, adjusted))


def _history(symbol: str, interval: Interval) -> PriceHistory | None:
    return PriceHistory.objects.filter(symbol=symbol, interval=interval.value).first()


def _days(
    account: BrokerAccount, history: PriceHistory, reach: date, until: date, first: date, last: date
) -> Chart:
    """What is stored, with what is older and newer; the newest stored day is asked for again.

    Another close there tells of a split since: then the store is of another measure, and the broker is asked
    for everything.
    """
    symbol = history.symbol
    stored = prices.bars(symbol, Interval.DAY, first, min(last, until))
    try:
        if first < reach:
            stored = _asked(account, symbol, first, reach - timedelta(days=1)) + stored
        if last <= until:
            return Chart(stored)
        again = stored[-1].at.astimezone(KST).date() if stored else until
        newer = _asked(account, symbol, again, last)
        if stored and newer and (newer[0].at, newer[0].close) != (stored[-1].at, stored[-1].close):
            return Chart(_asked(account, symbol, first, last))
    except LucyError as silence:
        if not stored:
            raise
        return Chart(stored, silence)
    return Chart(stored[: -1 if newer else None] + newer)


def _asked(account: BrokerAccount, symbol: str, first: date, last: date) -> list[Candle]:
    return desk.candles(account, symbol, Period.DAY, first, last, True)


def _minutes(account: BrokerAccount, symbol: str, first: date, last: date) -> Chart:
    history = _history(symbol, Interval.MINUTE)
    found: list[Candle] = []
    for begin, end, kept in _spans(history, first, last):
        if kept:
            found += prices.bars(symbol, Interval.MINUTE, begin, end)
            continue
        try:
            found += desk.candles(account, symbol, Period.MINUTE, begin, end, True)
        except LucyError as silence:
            if not found:
                raise
            return Chart(found, silence)
    return Chart(found)


def _spans(history: PriceHistory | None, first: date, last: date) -> Sequence[tuple[date, date, bool]]:
    """The days from `first` to `last` in at most three pieces: older, stored, newer."""
    if history is None or history.first_day is None or history.last_day is None:
        return [(first, last, False)]
    begin, end = max(first, history.first_day), min(last, history.last_day)
    if begin > end:
        return [(first, last, False)]
    one = timedelta(days=1)
    pieces = [(first, begin - one, False), (begin, end, True), (end + one, last, False)]
    return [piece for piece in pieces if piece[0] <= piece[1]]
