"""Hours of KRX and NXT in Korean time, and what each session takes.

Sources: KRX 업무규정 시행세칙 (hours, order types of single-price trading), Nextrade's own hours since
2025-03-04, KIS' table of order types per venue (`ORD_DVSN`). A time stands for the clock in Seoul.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Final

from django.db.models import TextChoices

from brokers.terms import Condition, OrderType, Venue


class Hours(TextChoices):
    """A trading day's hours."""

    USUAL = "usual", "보통"
    LATE_OPEN = "late_open", "10시 개장"  # the first trading day of a year
    ALL_LATE = "all_late", "한 시간 늦춤"  # the day of the college entrance examination (수능)


class SessionName(StrEnum):
    PRE_OPEN = "장전 시간외종가"
    OPENING_AUCTION = "시가 단일가"
    CONTINUOUS = "접속매매"
    CLOSING_AUCTION = "종가 단일가"
    AFTER_CLOSE = "장후 시간외종가"
    AFTER_HOURS = "시간외 단일가"
    NXT_PRE = "프리마켓"
    NXT_MAIN = "메인마켓"
    NXT_AFTER_OPENING = "애프터마켓 시가 단일가"
    NXT_AFTER = "애프터마켓"


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch of one venue's day, from `begins` until just before `ends`, and what it takes."""

    venue: Venue
    name: SessionName
    begins: time
    ends: time
    order_types: frozenset[OrderType]
    conditions: frozenset[Condition]

    def takes(self, order_type: OrderType, condition: Condition = Condition.DAY) -> bool:
        return order_type in self.order_types and condition in self.conditions

    def __str__(self) -> str:
        return f"{self.venue} {self.name} {self.begins:%H:%M}~{self.ends:%H:%M}"


T, S = OrderType, SessionName
Span = tuple[SessionName, time, time]

# What a venue takes at all (kis.md 2.0): NXT has no market order, SOR only what both venues understand.
VENUE_TYPES: Final[dict[Venue, frozenset[OrderType]]] = {
    Venue.KRX: frozenset(OrderType),
    Venue.NXT: frozenset({T.LIMIT, T.BEST, T.FIRST, T.MID}),
    Venue.SOR: frozenset({T.LIMIT, T.MARKET, T.BEST, T.FIRST}),
}

# Single-price trading takes no 최유리, 최우선, 중간가 and no IOC or FOK; a 조건부지정가 turns into a market
# order when the closing auction begins, so that one takes none.
_ONLY_DAY = frozenset({Condition.DAY})
_ALL = frozenset(Condition)
_TAKES: Final[dict[SessionName, tuple[frozenset[OrderType], frozenset[Condition]]]] = {
    S.PRE_OPEN: (frozenset({T.PRE_OPEN}), _ONLY_DAY),
    S.OPENING_AUCTION: (frozenset({T.LIMIT, T.MARKET, T.CONDITIONAL}), _ONLY_DAY),
    S.CONTINUOUS: (frozenset({T.LIMIT, T.MARKET, T.CONDITIONAL, T.BEST, T.FIRST, T.MID}), _ALL),
    S.CLOSING_AUCTION: (frozenset({T.LIMIT, T.MARKET}), _ONLY_DAY),
    S.AFTER_CLOSE: (frozenset({T.AFTER_CLOSE}), _ONLY_DAY),
    S.AFTER_HOURS: (frozenset({T.AFTER_HOURS}), _ONLY_DAY),
    S.NXT_PRE: (frozenset({T.LIMIT, T.BEST, T.FIRST}), _ALL),
    S.NXT_MAIN: (frozenset({T.LIMIT, T.BEST, T.FIRST, T.MID}), _ALL),
    S.NXT_AFTER_OPENING: (frozenset({T.LIMIT}), _ONLY_DAY),
    S.NXT_AFTER: (frozenset({T.LIMIT, T.BEST, T.FIRST}), _ALL),
}

_AFTER_CLOSE: tuple[Span, ...] = (
    (S.AFTER_CLOSE, time(15, 40), time(16, 0)),
    (S.AFTER_HOURS, time(16, 0), time(18, 0)),
)
_KRX: Final[dict[Hours, tuple[Span, ...]]] = {
    Hours.USUAL: (
        (S.OPENING_AUCTION, time(8, 30), time(9, 0)),
        (S.PRE_OPEN, time(8, 30), time(8, 40)),
        (S.CONTINUOUS, time(9, 0), time(15, 20)),
        (S.CLOSING_AUCTION, time(15, 20), time(15, 30)),
        *_AFTER_CLOSE,
    ),
    Hours.LATE_OPEN: (
        (S.OPENING_AUCTION, time(9, 30), time(10, 0)),
        (S.PRE_OPEN, time(9, 30), time(9, 40)),
        (S.CONTINUOUS, time(10, 0), time(15, 20)),
        (S.CLOSING_AUCTION, time(15, 20), time(15, 30)),
        *_AFTER_CLOSE,
    ),
    Hours.ALL_LATE: (
        (S.OPENING_AUCTION, time(9, 30), time(10, 0)),
        (S.PRE_OPEN, time(9, 30), time(9, 40)),
        (S.CONTINUOUS, time(10, 0), time(16, 20)),
        (S.CLOSING_AUCTION, time(16, 20), time(16, 30)),
        (S.AFTER_CLOSE, time(16, 40), time(17, 0)),
        (S.AFTER_HOURS, time(17, 0), time(18, 0)),
    ),
}
# NXT announces its hours of a late day each time; its pre-market is taken as open until KRX' new opening, so
# that nothing is refused here which NXT might take.
_NXT: Final[dict[Hours, tuple[Span, ...]]] = {
    Hours.USUAL: (
        (S.NXT_PRE, time(8, 0), time(8, 50)),
        (S.NXT_MAIN, time(9, 0, 30), time(15, 20)),
        (S.NXT_AFTER_OPENING, time(15, 30), time(15, 40)),
        (S.NXT_AFTER, time(15, 40), time(20, 0)),
    ),
    Hours.LATE_OPEN: (
        (S.NXT_PRE, time(8, 0), time(9, 50)),
        (S.NXT_MAIN, time(10, 0, 30), time(15, 20)),
        (S.NXT_AFTER_OPENING, time(15, 30), time(15, 40)),
        (S.NXT_AFTER, time(15, 40), time(20, 0)),
    ),
    Hours.ALL_LATE: (
        (S.NXT_PRE, time(8, 0), time(9, 50)),
        (S.NXT_MAIN, time(10, 0, 30), time(16, 20)),
        (S.NXT_AFTER_OPENING, time(16, 30), time(16, 40)),
        (S.NXT_AFTER, time(16, 40), time(20, 0)),
    ),
}


def sessions_of(venue: Venue, hours: Hours = Hours.USUAL) -> tuple[Session, ...]:
    """The sessions of a trading day; SOR reaches those of both venues with the types that it takes."""
    return tuple(_sessions(venue, hours))


def _sessions(venue: Venue, hours: Hours) -> Iterator[Session]:
    if venue is not Venue.NXT:
        yield from (_session(Venue.KRX, venue, span) for span in _KRX[hours])
    if venue is not Venue.KRX:
        yield from (_session(Venue.NXT, venue, span) for span in _NXT[hours])


def _session(at: Venue, asked: Venue, span: Span) -> Session:
    order_types, conditions = _TAKES[span[0]]
    return Session(at, *span, order_types & VENUE_TYPES[asked], conditions)


def open_sessions(venue: Venue, clock_time: time, hours: Hours = Hours.USUAL) -> tuple[Session, ...]:
    """What is open at that time of a trading day: KRX takes two kinds at once from 08:30 to 08:40."""
    return tuple(s for s in sessions_of(venue, hours) if s.begins <= clock_time < s.ends)
