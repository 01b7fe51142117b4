"""Korean market rules: price steps, the day's band, what each session takes."""

from datetime import time
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.rules.band import band_of
from brokers.rules.sessions import Hours, SessionName, open_sessions, sessions_of
from brokers.terms import Condition, InstrumentKind, OrderType, Venue
from brokers.ticks import is_on_tick


@pytest.mark.parametrize(
    ("base", "lower", "upper"),
    [(128_500, 90_000, 167_000), (78_200, 54_800, 101_600), (3_870, 2_710, 5_030)],
)
def test_the_band_is_what_kis_shows(base, lower, upper):
    assert band_of(Decimal(base)) == (lower, upper)


def test_a_fund_has_finer_steps():
    assert band_of(Decimal(10_005), InstrumentKind.ETF) == (7_005, 13_005)


@given(st.integers(100, 2_000_000))
def test_limits_are_on_the_tick_and_within_thirty_percent(base):
    lower, upper = band_of(Decimal(base))
    assert is_on_tick(lower)
    assert is_on_tick(upper)
    assert Decimal("0.7") * base <= lower <= base <= upper <= Decimal("1.3") * base


def takes(venue, clock_time, order_type, condition=Condition.DAY, hours=Hours.USUAL):
    return any(s.takes(order_type, condition) for s in open_sessions(venue, clock_time, hours))


@pytest.mark.parametrize(
    ("at", "order_type", "taken"),
    [
        (time(8, 29, 59), OrderType.LIMIT, False),
        (time(8, 30), OrderType.LIMIT, True),
        (time(8, 39, 59), OrderType.PRE_OPEN, True),
        (time(8, 40), OrderType.PRE_OPEN, False),
        (time(8, 59), OrderType.BEST, False),
        (time(9, 0), OrderType.BEST, True),
        (time(15, 20), OrderType.CONDITIONAL, False),
        (time(15, 29, 59), OrderType.MARKET, True),
        (time(15, 30), OrderType.LIMIT, False),
        (time(15, 40), OrderType.AFTER_CLOSE, True),
        (time(16, 0), OrderType.AFTER_CLOSE, False),
        (time(17, 59), OrderType.AFTER_HOURS, True),
        (time(18, 0), OrderType.AFTER_HOURS, False),
    ],
)
def test_krx_takes_each_type_in_its_session(at, order_type, taken):
    assert takes(Venue.KRX, at, order_type) is taken


@pytest.mark.parametrize(
    ("at", "order_type", "taken"),
    [
        (time(8, 0), OrderType.LIMIT, True),
        (time(8, 50), OrderType.LIMIT, False),
        (time(9, 0, 29), OrderType.LIMIT, False),
        (time(9, 0, 30), OrderType.MID, True),
        (time(10, 0), OrderType.MARKET, False),
        (time(15, 25), OrderType.LIMIT, False),
        (time(15, 35), OrderType.LIMIT, True),
        (time(19, 59), OrderType.LIMIT, True),
        (time(19, 59), OrderType.MID, False),
        (time(20, 0), OrderType.LIMIT, False),
    ],
)
def test_nxt_takes_each_type_in_its_session(at, order_type, taken):
    assert takes(Venue.NXT, at, order_type) is taken


def test_single_price_trading_takes_no_ioc():
    assert not takes(Venue.KRX, time(8, 45), OrderType.LIMIT, Condition.IOC)
    assert takes(Venue.KRX, time(9, 45), OrderType.LIMIT, Condition.IOC)


def test_sor_reaches_both_venues_with_the_types_it_takes():
    assert takes(Venue.SOR, time(8, 10), OrderType.LIMIT)
    assert takes(Venue.SOR, time(10, 0), OrderType.MARKET)
    assert not takes(Venue.SOR, time(10, 0), OrderType.MID)
    assert not takes(Venue.SOR, time(15, 45), OrderType.AFTER_CLOSE)


def test_a_late_day_opens_at_ten():
    assert not takes(Venue.KRX, time(9, 15), OrderType.LIMIT, hours=Hours.LATE_OPEN)
    assert takes(Venue.KRX, time(16, 25), OrderType.LIMIT, hours=Hours.ALL_LATE)
    assert not takes(Venue.KRX, time(15, 35), OrderType.LIMIT, hours=Hours.LATE_OPEN)


@pytest.mark.parametrize("hours", list(Hours))
def test_ordinary_sessions_of_a_venue_do_not_overlap(hours):
    for venue in (Venue.KRX, Venue.NXT):
        rows = [s for s in sessions_of(venue, hours) if s.name is not SessionName.PRE_OPEN]
        assert all(first.ends <= second.begins for first, second in pairwise(rows))
