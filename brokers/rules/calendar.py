"""Which days the exchange is closed: weekends, public holidays, 1 May, the year's last trading day.

유가증권시장 업무규정 제5조 (휴장일). Public holidays: what is stored (data.go.kr, staff) and the
package `holidays`: a day closed by either is closed, because the official list has been incomplete
(substitute days of 2026 were missing in July) and a package knows no day that was decreed last week.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import holidays

from brokers.rules.sessions import Hours

SATURDAY: Final = 5

# The college entrance examination (수능): opening and close one hour later (KRX's notices of each year).
# Staff enter the next ones in the admin.
EXAMINATION_DAYS: Final = frozenset({date(2024, 11, 14), date(2025, 11, 13), date(2026, 11, 19)})


@dataclass(frozen=True, slots=True)
class MarkedDay:
    """What is stored about a day: a public holiday's name, or a decision of staff (`closed`, `hours`)."""

    day: date
    name: str
    is_holiday: bool
    closed: bool | None = None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class TradingYear:
    """One year: why a day is closed (days that are not in it are open), and whose hours differ."""

    closed: Mapping[date, str]
    hours: Mapping[date, Hours] = field(default_factory=dict)


def trading_year(year: int, marked: Iterable[MarkedDay]) -> TradingYear:
    """The year's calendar; what staff decided for a day comes before everything else."""
    rows = list(marked)
    closed = _weekends(year) | _package_holidays(year)
    closed |= {row.day: row.name for row in rows if row.is_holiday}
    closed.setdefault(date(year, 5, 1), "근로자의 날")
    decided = {row.day: row for row in rows if row.closed is not None}
    closed |= {day: row.name for day, row in decided.items() if row.closed}
    opened = {day for day, row in decided.items() if not row.closed}
    closed = {day: name for day, name in closed.items() if day not in opened}
    last = _last_open(year, closed)
    if last not in opened:
        closed[last] = "연말 휴장일"
    return TradingYear(closed, _hours(year, closed, rows))


def _days(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))


def _weekends(year: int) -> dict[date, str]:
    return {day: "주말" for day in _days(year) if day.weekday() >= SATURDAY}


def _package_holidays(year: int) -> dict[date, str]:
    return dict(holidays.country_holidays("KR", years=year, language="ko"))


def _last_open(year: int, closed: Mapping[date, str]) -> date:
    """31 December, or the last weekday before it: closed each year."""
    day = date(year, 12, 31)
    while day in closed:
        day -= timedelta(days=1)
    return day


def _hours(year: int, closed: Mapping[date, str], rows: Iterable[MarkedDay]) -> dict[date, Hours]:
    first = next(day for day in _days(year) if day not in closed)
    hours = {first: Hours.LATE_OPEN}
    hours |= {day: Hours.ALL_LATE for day in EXAMINATION_DAYS if day.year == year}
    return hours | {row.day: row.hours for row in rows if row.hours is not None}
