"""The paper broker's time: Korean time, trade dates and sessions, all of them settable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

KST = ZoneInfo("Asia/Seoul")

# Weekday holidays of the exchange; the weekend is closed anyway. 31 December is the yearly closing day.
HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        *("2025-12-25", "2025-12-31", "2026-01-01", "2026-02-16", "2026-02-17", "2026-02-18", "2026-03-02"),
        *("2026-05-01", "2026-05-05", "2026-05-25", "2026-06-03", "2026-08-17", "2026-09-24", "2026-09-25"),
        *("2026-10-05", "2026-10-09", "2026-12-25", "2026-12-31", "2027-01-01", "2027-02-08", "2027-02-09"),
        *("2027-03-01", "2027-05-05", "2027-05-13", "2027-08-16", "2027-09-14", "2027-09-15", "2027-09-16"),
        *("2027-10-04", "2027-10-11", "2027-12-27", "2027-12-31"),
    )
)


class Session(StrEnum):
    """What an exchange is doing; KRX and NXT each have one at a time."""

    HOLIDAY = "holiday"
    BEFORE = "before"
    OPENING_AUCTION = "opening auction"
    CONTINUOUS = "continuous"
    CLOSING_AUCTION = "closing auction"
    PAUSE = "pause"
    AFTER_CLOSE = "after close"
    AFTER_HOURS = "after hours"
    CLOSED = "closed"


# KST starts of each session (kis.md §2.0); a session lasts until the next one starts.
KRX_DAY = (
    (time(0, 0), Session.BEFORE),
    (time(8, 30), Session.OPENING_AUCTION),
    (time(9, 0), Session.CONTINUOUS),
    (time(15, 20), Session.CLOSING_AUCTION),
    (time(15, 30), Session.PAUSE),
    (time(15, 40), Session.AFTER_CLOSE),
    (time(16, 0), Session.AFTER_HOURS),
    (time(18, 0), Session.CLOSED),
)
NXT_DAY = (
    (time(0, 0), Session.BEFORE),
    (time(8, 0), Session.CONTINUOUS),
    (time(8, 50), Session.PAUSE),
    (time(9, 0, 30), Session.CONTINUOUS),
    (time(15, 20), Session.PAUSE),
    (time(15, 30), Session.CONTINUOUS),
    (time(20, 0), Session.CLOSED),
)


class PaperClock:
    """Korean time for the paper broker.

    Always open by default: today counts as a trade date and trading is continuous, so that a newcomer can
    try Lucy at night. With ``scheduled=True`` the exchanges keep their hours and holidays.
    """

    def __init__(self, *, scheduled: bool = False, holidays: frozenset[date] = HOLIDAYS) -> None:
        self.scheduled = scheduled
        self.holidays = holidays
        self._frozen: datetime | None = None
        self._ahead = timedelta()

    def now(self) -> datetime:
        """This moment in KST."""
        return self._frozen if self._frozen is not None else datetime.now(KST) + self._ahead

    def set(self, moment: datetime) -> None:
        """Stop the clock at ``moment`` (aware; a naive moment is taken as KST)."""
        self._frozen = moment.replace(tzinfo=KST) if moment.utcoffset() is None else moment.astimezone(KST)

    def advance(self, by: timedelta) -> None:
        """Move on by ``by``; a stopped clock stays stopped."""
        if self._frozen is None:
            self._ahead += by
        else:
            self._frozen += by

    def run_freely(self) -> None:
        """Follow the machine's clock again."""
        self._frozen, self._ahead = None, timedelta()

    def trade_date(self) -> date:
        return self.now().date()

    def is_business_day(self, day: date) -> bool:
        """Whether the exchange opens on ``day`` by the calendar."""
        return day.weekday() < 5 and day not in self.holidays

    def session(self, exchange: str = "KRX") -> Session:
        """The session of ``exchange`` ("KRX" or "NXT") at this moment."""
        if not self.scheduled:
            return Session.CONTINUOUS
        moment = self.now()
        if not self.is_business_day(moment.date()):
            return Session.HOLIDAY
        day = NXT_DAY if exchange == "NXT" else KRX_DAY
        return next(session for start, session in reversed(day) if moment.time() >= start)

    def is_trading(self, exchange: str = "KRX") -> bool:
        """Whether orders match there at this moment; SOR matches where either exchange does."""
        venues = ("KRX", "NXT") if exchange == "SOR" else (exchange,)
        return any(self.session(venue) is Session.CONTINUOUS for venue in venues)

    def business_days_back(self, before: date) -> Iterator[date]:
        """Business days before ``before``, the latest first, without end."""
        day = before
        while True:
            day -= timedelta(days=1)
            if self.is_business_day(day):
                yield day

    def business_day_after(self, day: date, count: int) -> date:
        """The ``count``-th business day after ``day``: settlement is two after the trade (D+2)."""
        while count:
            day += timedelta(days=1)
            count -= self.is_business_day(day)
        return day
