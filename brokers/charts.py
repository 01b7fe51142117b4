"""What a stock's chart shows beside its candles: how far it reaches, and where own fills stand on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from brokers.adapters.base import Candle, Period
from brokers.models import Fill
from lucy.clock import KST

REACH = {
    Period.MINUTE: timedelta(0),
    Period.DAY: timedelta(days=365),
    Period.WEEK: timedelta(days=5 * 365),
    Period.MONTH: timedelta(days=10 * 365),
    Period.YEAR: timedelta(days=30 * 365),
}
LABELS = {Period.MINUTE: "분", Period.DAY: "일", Period.WEEK: "주", Period.MONTH: "월", Period.YEAR: "년"}


def bar_of(moment: datetime, period: Period) -> datetime:
    """The beginning of the candle that holds `moment`."""
    local = moment.astimezone(KST)
    if period is Period.MINUTE:
        return local.replace(second=0, microsecond=0)
    start: date = period.start_of(local.date())
    return datetime(start.year, start.month, start.day, tzinfo=KST)


@dataclass(slots=True)
class Mark:
    """Own fills of one side within one candle."""

    at: datetime
    side: str
    quantity: int = 0
    amount: Decimal = Decimal(0)


def marks(fills: Iterable[Fill], candles: Sequence[Candle], period: Period) -> list[Mark]:
    """One mark a candle and side; fills outside the candles have none."""
    shown = {candle.at for candle in candles}
    found: dict[tuple[datetime, str], Mark] = {}
    for fill in fills:
        at = bar_of(fill.executed_at, period)
        if at in shown:
            mark = found.setdefault((at, fill.side), Mark(at, fill.side))
            mark.quantity += fill.quantity
            mark.amount += fill.quantity * fill.price
    return sorted(found.values(), key=lambda mark: (mark.at, mark.side))


def drawn(candles: Sequence[Candle], own: Iterable[Mark], period: Period) -> dict[str, Any]:
    """As `stock.js` draws it: figures as numbers, days as dates, minutes as seconds of Korea's clock."""
    return {
        "candles": [
            {
                "time": _time(candle.at, period),
                "open": float(candle.open),
                "high": float(candle.high),
                "low": float(candle.low),
                "close": float(candle.close),
                "volume": candle.volume,
            }
            for candle in candles
        ],
        "fills": [
            {
                "time": _time(mark.at, period),
                "side": mark.side,
                "quantity": mark.quantity,
                "price": round(float(mark.amount / mark.quantity), 2),
            }
            for mark in own
        ],
    }


def _time(at: datetime, period: Period) -> str | int:
    """The library knows no time zones: minutes are counted as if Seoul's clock were UTC's."""
    local = at.astimezone(KST)
    if period is not Period.MINUTE:
        return f"{local:%Y-%m-%d}"
    offset = local.utcoffset() or timedelta(0)
    return int(local.timestamp() + offset.total_seconds())
