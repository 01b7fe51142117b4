"""Price history: every listed stock's days, and the minutes of what is watched, a little further each time.

A run goes on where the last one stopped: how far each stock reaches is stored with its bars, in one
transaction. Every call keeps to its account's pace, in which orders go first.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from brokers.adapters import client_for
from brokers.adapters.base import (
    AuthFailed,
    BadReply,
    BrokerClient,
    Candle,
    Period,
    RateLimited,
    Rejected,
    Unreachable,
)
from brokers.models import BrokerAccount, Instrument, PriceHistory, WatchedStock
from brokers.prices import Interval
from brokers.services import prices
from brokers.terms import Broker, Server
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import transactional

logger = logging.getLogger(__name__)

FIRST_REACH = timedelta(days=730)  # of a stock that is new here: one call at LS, five at KIS
MINUTE_DAYS = 5  # trading days back, of a stock that is newly watched
AGAIN_AFTER = timedelta(hours=6)  # what a broker refused for one stock
# Daily charts have a pace of their own at LS; KIS's paper server takes hardly two calls a second in all.
_BEST_FIRST = ((Broker.LS, Server.REAL), (Broker.LS, Server.PAPER), (Broker.KIS, Server.REAL))


@dataclass(slots=True)
class Collected:
    """What one run did; `left` stocks wait for the next."""

    done: int = 0
    reread: int = 0  # whose past had changed
    refused: int = 0
    left: int = 0

    def __str__(self) -> str:
        return f"수집 {self.done}종목, 다시 읽음 {self.reread}, 거절 {self.refused}, 남음 {self.left}"


def collect_days(until: datetime) -> Collected:
    """Bring every listed stock's days up to the last final day, stopping at `until`.

    Raises `LucyError` when no broker account answers; what was collected before is kept.
    """
    last = prices.last_final_day()
    symbols = Instrument.objects.order_by("-kind", "symbol").values_list("symbol", flat=True)  # shares first
    return _collect(Interval.DAY, list(symbols), last, until, _days_of)


def collect_minutes(until: datetime) -> Collected:
    """The same for the minutes of the stocks that anyone watches."""
    last = prices.last_final_day()
    symbols = sorted(set(WatchedStock.objects.values_list("symbol", flat=True)))
    return _collect(Interval.MINUTE, symbols, last, until, _minutes_of)


# Brings one stock's bars up to a day; says whether its past was read anew.
_Step = Callable[[BrokerClient, PriceHistory, date], bool]


def _collect(
    interval: Interval, symbols: Sequence[str], last: date, until: datetime, step: _Step
) -> Collected:
    behind = _behind(interval, symbols, last)
    done, sources = Collected(left=len(behind)), _Sources()
    for history in behind:
        if clock.now() >= until:
            break
        try:
            done.reread += sources.ask(step, history, last)
        except (Rejected, BadReply) as refusal:
            _refuse(history, str(refusal))
            done.refused += 1
        except NoSource as silence:
            raise LucyError("no_price_source", f"{silence}. 여기까지 {done}.", status=503) from silence
        else:
            done.done += 1
        done.left -= 1
    return done


class NoSource(Exception):
    """No account is left that answers."""


class _Sources:
    """The accounts to ask, one after the other for as long as the one before fails."""

    def __init__(self) -> None:
        accounts = BrokerAccount.objects.filter(paused=False).exclude(app_key="")
        self._accounts = sorted(accounts, key=self._rank)
        self._silence = "시세를 물을 수 있는 계좌가 없습니다"

    @staticmethod
    def _rank(account: BrokerAccount) -> int:
        place = (account.broker, account.server)
        return _BEST_FIRST.index(place) if place in _BEST_FIRST else len(_BEST_FIRST)

    def ask(self, step: _Step, history: PriceHistory, last: date) -> bool:
        while self._accounts:
            account = self._accounts[0]
            try:
                return step(client_for(account), history, last)
            except (Unreachable, AuthFailed, RateLimited) as failure:
                self._silence = f"{account}: {failure}"
                logger.warning("prices: %s answers no more: %s", account, failure)
                self._accounts.pop(0)
        raise NoSource(self._silence)


def _behind(interval: Interval, symbols: Sequence[str], last: date) -> list[PriceHistory]:
    """Whose bars do not reach `last` yet, those that were never asked for first."""
    known = {row.symbol: row for row in PriceHistory.objects.filter(interval=interval.value)}
    rows = [known.get(symbol) or PriceHistory(symbol=symbol, interval=interval.value) for symbol in symbols]
    patient = clock.now() - AGAIN_AFTER
    behind = [
        row
        for row in rows
        if (row.last_day is None or row.last_day < last)
        and (row.failed_at is None or row.failed_at < patient)
    ]
    return sorted(behind, key=lambda row: row.last_day or date.min)


def _days_of(client: BrokerClient, history: PriceHistory, last: date) -> bool:
    """The days since the last stored one, and that one again: another close there tells of a split."""
    newest = prices.last_bar(history.symbol, Interval.DAY)
    if history.first_day is None or newest is None:
        first = history.first_day or last - FIRST_REACH
        _keep(history, _asked(client, history.symbol, first, last), first, last)
        return False
    found = _asked(client, history.symbol, newest.at.astimezone(clock.KST).date(), last)
    if found and (found[0].at, found[0].close) == (newest.at, newest.close):
        _keep(history, found, history.first_day, last)
        return False
    everything = _asked(client, history.symbol, history.first_day, last)
    if not everything:
        raise Rejected("증권사에 지난 시세가 없습니다. 저장된 시세를 그대로 둡니다.")
    _keep_anew(history, everything, last)
    return True


def _asked(client: BrokerClient, symbol: str, first: date, last: date) -> list[Candle]:
    return client.candles(symbol, Period.DAY, first, last, adjusted=True)


def _minutes_of(client: BrokerClient, history: PriceHistory, last: date) -> bool:
    """A day at a time, so that a break costs at most one; days that the broker no longer has are skipped."""
    refusal: Rejected | None = None
    for day in _days_to_read(history, last):
        try:
            found = client.candles(history.symbol, Period.MINUTE, day, day)
        except Rejected as no:
            refusal = no
            continue
        connects = history.last_day is not None and clock.next_trading_day(history.last_day) == day
        _keep(history, found, history.first_day if connects and history.first_day else day, day)
    if refusal and history.last_day != last:
        raise refusal
    return False


def _days_to_read(history: PriceHistory, last: date) -> list[date]:
    earliest = last
    for _ in range(MINUTE_DAYS - 1):
        earliest = clock.previous_trading_day(earliest)
    day = earliest if history.last_day is None else max(earliest, clock.next_trading_day(history.last_day))
    days = []
    while day <= last:
        days.append(day)
        day = clock.next_trading_day(day)
    return days


@transactional
def _keep(history: PriceHistory, candles: Sequence[Candle], first: date, last: date) -> None:
    """The bars and how far they reach, together."""
    prices.add(history.symbol, Interval(history.interval), candles)
    _reaches(history, first, last)


@transactional
def _keep_anew(history: PriceHistory, candles: Sequence[Candle], last: date) -> None:
    prices.replace(history.symbol, Interval(history.interval), candles)
    history.reread_at = clock.now()
    _reaches(history, history.first_day, last)


def _reaches(history: PriceHistory, first: date | None, last: date) -> None:
    history.first_day, history.last_day = first, last
    history.collected_at = clock.now()
    history.error, history.failed_at = "", None
    history.save()


def _refuse(history: PriceHistory, why: str) -> None:
    history.error, history.failed_at = why[:300], clock.now()
    history.save()


# --- how far it is -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """How far the prices of one interval are collected; in stocks."""

    label: str
    wanted: int
    current: int
    failed: int
    collected_at: datetime | None

    @property
    def left(self) -> int:
        return max(0, self.wanted - self.current)


@dataclass(frozen=True, slots=True)
class Progress:
    day: date  # the last one whose bars are final
    lines: list[ProgressLine]


def progress() -> Progress:
    """Of every listed stock's days, and of the watched stocks' minutes."""
    day = prices.last_final_day()
    wanted = {
        Interval.DAY: Instrument.objects.count(),
        Interval.MINUTE: len(set(WatchedStock.objects.values_list("symbol", flat=True))),
    }
    return Progress(day, [_line(interval, wanted[interval], day) for interval in Interval])


def _line(interval: Interval, wanted: int, day: date) -> ProgressLine:
    rows = PriceHistory.objects.filter(interval=interval.value)
    newest = rows.exclude(collected_at=None).order_by("-collected_at").first()
    return ProgressLine(
        label={Interval.DAY: "일봉", Interval.MINUTE: "분봉"}[interval],
        wanted=wanted,
        current=rows.filter(last_day__gte=day).count(),
        failed=rows.exclude(failed_at=None).count(),
        collected_at=newest.collected_at if newest else None,
    )
