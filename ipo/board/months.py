"""A month of subscriptions, payments, refunds and listings, as a grid of weeks."""

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import Q

from accounts.models import User
from ipo.board.offers import TONES, named
from ipo.models import Offering, OfferingMark
from lucy import clock

KINDS: Final = ("청약", "납입", "환불", "상장")


@dataclass(frozen=True, slots=True)
class Event:
    """One day, or the two of a subscription, of one offer."""

    offering: Offering
    kind: str
    first: date
    last: date

    @property
    def tone(self) -> str:
        return TONES[self.kind]

    @property
    def uid(self) -> str:
        return f"ipo-{self.offering.no}-{self.tone}@lucy"

    @property
    def words(self) -> str:
        return f"{self.kind} {self.offering.name}"


@dataclass(frozen=True, slots=True)
class Bar:
    """An event's part within one week."""

    event: Event
    column: int  # 1 is Sunday
    span: int
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    in_month: bool
    is_today: bool
    closed: str  # a holiday's name; a weekend has none

    @property
    def tone(self) -> str:
        if self.closed or self.day.weekday() == calendar.SUNDAY:
            return "red"
        return "blue" if self.day.weekday() == calendar.SATURDAY else ""


@dataclass(frozen=True, slots=True)
class Week:
    days: list[Day]
    bars: list[Bar]


@dataclass
class Month:
    year: int
    month: int
    events: list[Event]
    today: date = field(default_factory=clock.trade_date)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=32)).replace(day=1)

    @cached_property
    def weeks(self) -> list[Week]:
        rows = calendar.Calendar(calendar.SUNDAY).monthdatescalendar(self.year, self.month)
        return [Week([self._day(day) for day in row], list(self._bars(row[0], row[-1]))) for row in rows]

    def _day(self, day: date) -> Day:
        return Day(day, day.month == self.month, day == self.today, holiday(day))

    @cached_property
    def shown(self) -> list[Event]:
        """As the grid shows them: one entry where payment and refund fall on one day."""
        paid = {(one.offering.pk, one.first) for one in self.events if one.kind == "납입"}
        refunded = {(one.offering.pk, one.first) for one in self.events if one.kind == "환불"}
        both = paid & refunded
        found = []
        for one in self.events:
            if (one.offering.pk, one.first) not in both or one.kind not in {"납입", "환불"}:
                found.append(one)
            elif one.kind == "환불":
                found.append(replace(one, kind="납입·환불"))
        return found

    def _bars(self, first: date, last: date) -> Iterator[Bar]:
        for event in self.shown:
            if event.first > last or event.last < first:
                continue
            start, end = max(event.first, first), min(event.last, last)
            yield Bar(
                event,
                column=(start - first).days + 1,
                span=(end - start).days + 1,
                begins=start == event.first,
                ends=end == event.last,
            )

    @property
    def agenda(self) -> list[tuple[Day, list[Event]]]:
        """The month's days that have something, for a narrow screen and for reading aloud."""
        found = []
        for week in self.weeks:
            for day in week.days:
                events = [one for one in self.shown if one.first <= day.day <= one.last]
                if day.in_month and (events or day.closed):
                    found.append((day, events))
        return found

    def as_dict(self) -> dict[str, Any]:
        """What the picture is drawn from."""
        return {
            "title": f"{self.year}년 {self.month}월 공모주",
            "file": f"lucy-ipo-{self.year}-{self.month:02d}.png",
            "weeks": [
                {
                    "days": [
                        {"number": one.day.day, "in": one.in_month, "tone": one.tone, "name": one.closed}
                        for one in week.days
                    ],
                    "bars": [
                        {
                            "column": bar.column,
                            "span": bar.span,
                            "tone": bar.event.tone,
                            "text": bar.event.words,
                        }
                        for bar in week.bars
                    ],
                }
                for week in self.weeks
            ],
        }


def holiday(day: date) -> str:
    """The name of a day on which the exchange is closed, for another reason than the weekend."""
    closed = clock.closed_because(day) or ""
    return "" if closed == "주말" else closed


def month(year: int, number: int, kinds: Iterable[str] = KINDS, **narrower: Any) -> Month:
    """A month's grid, with the days of the neighbours that it shows."""
    rows = calendar.Calendar(calendar.SUNDAY).monthdatescalendar(year, number)
    return Month(year, number, events_between(rows[0][0], rows[-1][-1], kinds, **narrower))


def events_between(
    first: date,
    last: date,
    kinds: Iterable[str] = KINDS,
    *,
    spacs: bool = True,
    agent: str = "",
    marked: User | None = None,
) -> list[Event]:
    """By day, then in the order of a deal's life."""
    within = Q(subscription_start__lte=last, subscription_end__gte=first)
    for name in ("payment_on", "refund_on", "listing_on"):
        within |= Q(**{f"{name}__gte": first, f"{name}__lte": last})
    offers = named(Offering.objects.filter(within), "", agent).defer("sections")
    if not spacs:
        offers = offers.filter(is_spac=False)
    if marked is not None:
        keys = OfferingMark.objects.filter(user=marked).values_list("offering_id", flat=True)
        offers = offers.filter(pk__in=list(keys))
    wanted = set(kinds)
    found = [
        Event(one, kind, begin, end)
        for one in offers
        for kind, begin, end in one.days()
        if kind in wanted and begin <= last and end >= first
    ]
    return sorted(found, key=lambda one: (one.first, KINDS.index(one.kind), one.offering.name))
