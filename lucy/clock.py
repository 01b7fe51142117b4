"""Korean time, trading days and sessions: the one place that knows KST."""

from datetime import date, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from brokers.rules.calendar import MarkedDay, TradingYear, trading_year
from brokers.rules.sessions import Hours, Session, open_sessions
from brokers.terms import Venue

KST = ZoneInfo("Asia/Seoul")
DAYS_KEPT_SECONDS = 30.0  # how late another process may hear that staff overruled a day


def now() -> datetime:
    """The present, aware, to the millisecond that MongoDB keeps."""
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def trade_date() -> date:
    """Today in Seoul: the date that order numbers and fills are counted under."""
    return trade_date_of(now())


def trade_date_of(moment: datetime) -> date:
    """The date in Seoul at that moment."""
    return moment.astimezone(KST).date()


def day_start(day: date | None = None) -> datetime:
    """Midnight in Seoul at the beginning of `day`, today if none is given."""
    day = day or trade_date()
    return datetime(day.year, day.month, day.day, tzinfo=KST)


# --- trading days and sessions ----------------------------------------------------------------------------


def market_hours_apply() -> bool:
    """Whether orders keep to the exchanges' hours: always with real money; in practice only when asked for.

    The paper broker is open day and night, so that a newcomer's order fills on a Sunday.
    """
    return bool(settings.BROKERS == "live" or settings.MARKET_HOURS)


def is_trading_day(day: date) -> bool:
    return closed_because(day) is None


def closed_because(day: date) -> str | None:
    """Why the exchange is closed on `day` (a holiday's name); None when it is open."""
    return _year(day.year).closed.get(day)


def next_trading_day(day: date) -> date:
    """The first trading day after `day`."""
    return _beside(day, timedelta(days=1))


def previous_trading_day(day: date) -> date:
    """The last trading day before `day`."""
    return _beside(day, timedelta(days=-1))


def _beside(day: date, step: timedelta) -> date:
    day += step
    while not is_trading_day(day):
        day += step
    return day


def sessions(venue: Venue, moment: datetime | None = None) -> tuple[Session, ...]:
    """What is open at `venue` at that moment (now), by the calendar and the exchange's hours."""
    local = (moment or now()).astimezone(KST)
    if not is_trading_day(local.date()):
        return ()
    return open_sessions(venue, local.time(), hours_of(local.date()))


def session(venue: Venue, moment: datetime | None = None) -> Session | None:
    """The session that an ordinary limit order would meet, else the one that is open, else None."""
    return next(iter(sessions(venue, moment)), None)


def hours_of(day: date) -> Hours:
    return _year(day.year).hours.get(day, Hours.USUAL)


_years: dict[int, tuple[float, TradingYear]] = {}


def forget_days() -> None:
    """Read the stored days again: staff changed one, or a new list came."""
    _years.clear()


def _year(year: int) -> TradingYear:
    good_until, known = _years.get(year, (0.0, None))
    if known is None or monotonic() > good_until:
        known = trading_year(year, _stored_days(year))
        _years[year] = monotonic() + DAYS_KEPT_SECONDS, known
    return known


def _stored_days(year: int) -> list[MarkedDay]:
    from brokers.models import EventDay  # models know the time, too

    rows = EventDay.objects.filter(locdate__gte=date(year, 1, 1), locdate__lte=date(year, 12, 31))
    return [row.marked() for row in rows.order_by("decided_at", "pk")]
