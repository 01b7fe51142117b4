"""The kept panel: as the store is now, without reading again what has not changed."""

from datetime import date, timedelta

import numpy as np
import pytest

from brokers.models import Instrument, PriceChunk, PriceHistory
from brokers.prices import FIGURES
from brokers.services import collect, prices
from brokers.services.instruments import refresh_instruments
from lucy import clock
from lucy.errors import LucyError
from screener import own as rules
from screener.services import own
from screener.services.panel import KeptPanel
from tests.screener.prices import LAST, keep_closes

pytestmark = pytest.mark.django_db
DAYS = 3


def same(panel, other):
    assert panel.symbols == other.symbols
    assert panel.days.tolist() == other.days.tolist()
    for name in FIGURES:
        np.testing.assert_array_equal(getattr(panel, name), getattr(other, name))


def test_only_what_changed_is_read_again():
    kept = KeptPanel(DAYS)
    assert kept.current().days.size == 0
    keep_closes("000660", 70, 80, 90, 100)
    keep_closes("005930", 10, 20, 30)
    first = kept.current()
    same(first, prices.panel(DAYS))
    assert kept.current() is first

    keep_closes("005930", 31, 41, last=LAST + timedelta(days=1))
    keep_closes("035720", 5, last=LAST + timedelta(days=1))
    wanted = prices.panel(DAYS)
    PriceChunk.objects.filter(symbol="000660").delete()  # without a mark: nobody looks there
    same(kept.current(), wanted)
    assert wanted.days.tolist() == [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)]
    np.testing.assert_array_equal(wanted.close, [[90, 100, np.nan], [20, 31, 41], [np.nan, np.nan, 5]])


def test_another_store_in_its_place_is_read_whole():
    kept = KeptPanel(DAYS)
    keep_closes("000660", 70, 80)
    keep_closes("005930", 10, 20)
    kept.current()
    for rows in (PriceChunk.objects, PriceHistory.objects):
        rows.filter(symbol="000660").delete()
    assert kept.current().symbols == ("005930",)
    PriceChunk.objects.all().delete()
    PriceHistory.objects.all().delete()
    assert kept.current().days.size == 0


def test_what_the_collector_brings_is_judged_at_once(paper, ls_account, trader):
    refresh_instruments()
    Instrument.objects.exclude(symbol="005930").delete()
    terms = [{"condition": "close", "values": {"limit": "1"}}]
    rule = rules.read({"joint": "all", "groups": [{"joint": "all", "terms": terms}]}, own.names())
    with pytest.raises(LucyError, match="가격 이력이 아직 없습니다"):
        own.run(trader, rule)
    collect.collect_days(clock.now() + timedelta(minutes=1))
    assert [row["symbol"] for row in own.run(trader, rule).rows] == ["005930"]
