"""The state of the market: what is open where, when that changes next, and why a day has no market."""

from dataclasses import dataclass
from datetime import date, datetime

from brokers.rules.sessions import Hours, Session, sessions_of
from brokers.terms import Venue
from lucy import clock

VENUES = (Venue.KRX, Venue.NXT)


@dataclass(frozen=True, slots=True)
class VenueState:
    """One exchange at one moment."""

    venue: Venue
    open: tuple[Session, ...]
    changes_at: datetime
    becomes: tuple[Session, ...]  # what is open from `changes_at` on; empty: closed

    @property
    def now(self) -> str:
        return _named(self.open)

    @property
    def then(self) -> str:
        return _named(self.becomes)


@dataclass(frozen=True, slots=True)
class MarketState:
    day: date
    closed_because: str | None  # a holiday's name, or the weekend
    hours: Hours
    next_day: date  # the next one with a market
    venues: tuple[VenueState, ...]
    hours_apply: bool  # practice takes orders day and night

    @property
    def odd_hours(self) -> str:
        return "" if self.hours is Hours.USUAL else str(self.hours.label)


def market_state() -> MarketState:
    """As it is now."""
    local = clock.now().astimezone(clock.KST)
    return MarketState(
        day=local.date(),
        closed_because=clock.closed_because(local.date()),
        hours=clock.hours_of(local.date()),
        next_day=clock.next_trading_day(local.date()),
        venues=tuple(_venue(venue, local) for venue in VENUES),
        hours_apply=clock.market_hours_apply(),
    )


def _venue(venue: Venue, local: datetime) -> VenueState:
    changes_at = _next_change(venue, local)
    return VenueState(venue, clock.sessions(venue, local), changes_at, clock.sessions(venue, changes_at))


def _next_change(venue: Venue, local: datetime) -> datetime:
    """When the next session begins or ends, today or on the next trading day."""
    day = local.date()
    if not clock.is_trading_day(day):
        day = clock.next_trading_day(day)
    while True:
        sessions = sessions_of(venue, clock.hours_of(day))
        times = sorted({time for session in sessions for time in (session.begins, session.ends)})
        moments = [datetime.combine(day, time, clock.KST) for time in times]
        ahead = [moment for moment in moments if moment > local]
        if ahead:
            return ahead[0]
        day = clock.next_trading_day(day)


def _named(sessions: tuple[Session, ...]) -> str:
    return " · ".join(str(session.name) for session in sessions) or "닫힘"
