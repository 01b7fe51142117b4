"""When a saved search runs: the moments of each schedule, on trading days, in Korean time."""

from datetime import datetime, time, timedelta

from brokers.rules.sessions import SessionName
from brokers.terms import Venue
from lucy import clock
from screener.models import Schedule

# The job looks every ten minutes, so these are whole tens. Daily bars are complete after 20:05 and collected
# within the hour, so the evening's run judges today's bars.
TIMES = {Schedule.MORNING: time(8, 40), Schedule.CLOSE: time(15, 50), Schedule.EVENING: time(21, 30)}
STEP = timedelta(minutes=10)


def last_moment(schedule: Schedule, now: datetime) -> datetime | None:
    """The newest moment of today that has come; None before the first one and on days without trade."""
    local = now.astimezone(clock.KST)
    if not clock.is_trading_day(local.date()):
        return None
    if schedule in TIMES:
        moment = datetime.combine(local.date(), TIMES[schedule], clock.KST)
        return moment if moment <= local else None
    minutes = {Schedule.TEN_MINUTES: 10, Schedule.HOURLY: 60}[schedule]
    moment = local.replace(minute=local.minute // minutes * minutes, second=0, microsecond=0)
    in_time = local - moment < STEP  # an hour that was missed is over
    return moment if in_time and _in_session(moment) else None


def _in_session(moment: datetime) -> bool:
    """While prices are made continuously at KRX, and were ten minutes before."""
    open_now = {session.name for session in clock.sessions(Venue.KRX, moment)}
    before = {session.name for session in clock.sessions(Venue.KRX, moment - STEP)}
    return SessionName.CONTINUOUS in open_now & before


def is_due(schedule: Schedule, started_at: datetime | None, now: datetime) -> bool:
    moment = last_moment(schedule, now) if schedule != Schedule.NONE else None
    return moment is not None and (started_at is None or started_at < moment)
