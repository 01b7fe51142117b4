"""The history that fills itself: from the source's offers, and from the broker's daily candles."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters.base import Period
from brokers.services import desk
from ipo.models import OfferingHistory
from ipo.services.listings import fill_highs, fill_history
from lucy import clock
from tests.ipo.rows import make_history, make_offering, make_spac

pytestmark = pytest.mark.django_db


def yesterday():
    return clock.previous_trading_day(clock.trade_date())


def test_what_has_listed_comes_into_the_history_once():
    offering = make_offering(name="니어스랩", listing_on=yesterday())
    make_offering(listing_on=clock.trade_date())  # its day is not over
    make_spac(listing_on=yesterday())
    assert fill_history(None).added == 1
    row = OfferingHistory.objects.get()
    assert (row.company, row.code, row.offer_price) == (offering.name, offering.code, Decimal(10_000))
    assert (row.sales_eok, row.first_day_high) == (Decimal("148.77"), None)
    assert fill_history(None).added == 0


def test_a_lock_up_without_a_ratio_is_unknown():
    make_offering(listing_on=yesterday(), institution_ratio=None, lockup_percent=Decimal(0))
    fill_history(None)
    assert OfferingHistory.objects.get().lockup_percent is None


def test_a_row_written_by_hand_under_its_name_is_the_same_listing():
    make_history(company="니어스랩(구.옛이름)", code="")
    make_offering(name="니어스랩", listing_on=yesterday())
    assert fill_history(None).added == 0


def test_the_broker_tells_the_days_high(paper, account):
    day = yesterday()
    (candle,) = desk.candles(account, "005930", Period.DAY, day, day, adjusted=False)
    offer = (candle.high / 2).quantize(Decimal(1))
    row = make_history(code="005930", listing_on=day, offer_price=offer, first_day_high=None)
    make_history(code="0999Z9", listing_on=day, first_day_high=None)  # nobody knows it
    far = make_history(code="000660", listing_on=day, offer_price=1, first_day_high=None)
    known = make_history(code="035720", listing_on=day, first_day_high=12_345)
    assert fill_highs(account) == 1
    for one in (row, far, known):
        one.refresh_from_db()
    assert row.first_day_high == candle.high
    assert far.first_day_high is None  # thousands of times the offer: not that day's price
    assert known.first_day_high == Decimal(12_345)


def test_a_click_fills_the_history(client, trader):
    make_offering(name="니어스랩", listing_on=clock.trade_date() - timedelta(days=3))
    client.force_login(trader)
    shown = client.post("/ipo/history/fill/", follow=True).content.decode()
    assert "새로 상장한 1건을 더하고" in shown
    assert "니어스랩" in shown
