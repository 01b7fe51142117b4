"""Trading days and sessions: KRX's own closings, what is stored, what staff decided."""

from datetime import date, datetime

import pytest

from brokers.models import EventDay
from brokers.rules.sessions import SessionName
from brokers.terms import Venue
from lucy import clock
from lucy.clock import KST

pytestmark = pytest.mark.django_db

# Closed weekdays as KRX announced them (2026: by its rules).
CLOSED = {
    2024: "01-01 02-09 02-12 03-01 04-10 05-01 05-06 05-15 06-06 08-15 09-16 09-17 09-18 10-01 10-03 10-09 "
    "12-25 12-31",
    2025: "01-01 01-27 01-28 01-29 01-30 03-03 05-01 05-05 05-06 06-03 06-06 08-15 10-03 10-06 10-07 10-08 "
    "10-09 12-25 12-31",
    2026: "01-01 02-16 02-17 02-18 03-02 05-01 05-05 05-25 06-03 07-17 08-17 09-24 09-25 10-05 10-09 12-25 "
    "12-31",
    2027: "01-01 02-08 02-09 03-01 05-03 05-05 05-13 07-19 08-16 09-14 09-15 09-16 10-04 10-11 12-27 12-31",
}


@pytest.fixture(autouse=True)
def _nothing_kept():
    clock.forget_days()
    yield
    clock.forget_days()


def closed_weekdays(year):
    days = (
        date.fromordinal(n) for n in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
    )
    return " ".join(f"{d:%m-%d}" for d in days if d.weekday() < 5 and not clock.is_trading_day(d))


@pytest.mark.parametrize("year", list(CLOSED))
def test_with_nothing_stored_the_package_and_krx_rules_decide(year):
    assert closed_weekdays(year) == CLOSED[year]


def test_weekends_are_closed_and_days_are_stepped_over():
    assert clock.closed_because(date(2026, 11, 21)) == "주말"
    assert clock.next_trading_day(date(2026, 12, 30)) == date(2027, 1, 4)
    assert clock.previous_trading_day(date(2027, 1, 4)) == date(2026, 12, 30)


def test_a_stored_holiday_closes_the_day():
    day = date(2026, 11, 18)
    assert clock.is_trading_day(day)
    EventDay.objects.create(locdate=day, date_name="임시공휴일", is_holiday=True, source="godata")
    assert clock.closed_because(day) == "임시공휴일"


def test_an_anniversary_closes_nothing():
    EventDay.objects.create(locdate=date(2026, 11, 17), date_name="순국선열의 날", is_holiday=False)
    assert clock.is_trading_day(date(2026, 11, 17))


def test_staff_overrule_a_day_both_ways():
    closed = EventDay.objects.create(
        locdate=date(2026, 11, 18), date_name="전산 장애", is_holiday=False, closed=True
    )
    EventDay.objects.create(locdate=date(2026, 12, 25), date_name="개장", is_holiday=False, closed=False)
    assert not clock.is_trading_day(date(2026, 11, 18))
    assert clock.is_trading_day(date(2026, 12, 25))
    closed.delete()
    assert clock.is_trading_day(date(2026, 11, 18))


def at(day, hour, minute=0):
    month, of_month = day
    return datetime(2026, month, of_month, hour, minute, tzinfo=KST)


def test_sessions_of_an_ordinary_day_and_of_a_closed_one():
    found = clock.session(Venue.KRX, at((11, 20), 10))
    assert found is not None
    assert found.name is SessionName.CONTINUOUS
    assert clock.session(Venue.KRX, at((11, 20), 15, 35)) is None
    assert clock.session(Venue.NXT, at((11, 20), 19)) is not None
    assert clock.session(Venue.KRX, at((12, 25), 10)) is None


def test_the_years_first_day_and_the_examination_day_open_at_ten():
    assert clock.session(Venue.KRX, at((1, 2), 9, 15)) is None
    assert clock.session(Venue.KRX, at((11, 19), 9, 15)) is None
    late = clock.session(Venue.KRX, at((11, 19), 16, 25))
    assert late is not None
    assert late.name is SessionName.CLOSING_AUCTION


def test_staff_decide_the_hours_of_a_day():
    EventDay.objects.create(locdate=date(2026, 12, 1), date_name="훈련", is_holiday=False, hours="all_late")
    assert clock.session(Venue.KRX, at((12, 1), 9, 15)) is None


def test_market_hours_hold_with_real_money_and_in_practice_on_request(settings):
    assert not clock.market_hours_apply()
    settings.MARKET_HOURS = True
    assert clock.market_hours_apply()
    settings.MARKET_HOURS, settings.BROKERS = False, "live"
    assert clock.market_hours_apply()
