"""Price history: collected a little further each time, told anew after a split, read before brokers are."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from brokers.adapters.base import Period
from brokers.models import Instrument, PriceChunk, PriceHistory, Tag
from brokers.paper.faults import Action, Rule
from brokers.prices import Interval
from brokers.services import charts, collect, desk, prices, watch
from brokers.services.instruments import refresh_instruments
from lucy import clock
from lucy.errors import LucyError
from tests.brokers.test_pages import signed_in

pytestmark = pytest.mark.django_db
SAMSUNG = "005930"
DAYS = {"period": "day", "adjusted": "1"}


@pytest.fixture
def listed(paper, ls_account):
    """Three issues of the paper broker's list."""
    refresh_instruments()
    symbols = [SAMSUNG, "000660", "035720"]
    Instrument.objects.exclude(symbol__in=symbols).delete()
    return sorted(symbols)


def soon():
    return clock.now() + timedelta(minutes=1)


def silent(paper, broker="ls"):
    paper.call(lambda running: running.faults.add(Rule(Action.CUT, broker=broker, times=None)))


def calls(monkeypatch):
    """The spans that brokers were asked for."""
    asked = []
    real = desk.candles

    def counted(account, symbol, period, first, last, adjusted):
        asked.append((first, last))
        return real(account, symbol, period, first, last, adjusted)

    monkeypatch.setattr("brokers.services.desk.candles", counted)
    return asked


def test_days_are_collected_once_and_go_on_after_a_break(listed, account, monkeypatch):
    assert collect.collect_days(clock.now()).left == 3  # no time: nothing was asked
    with monkeypatch.context() as broken:
        one = collect._days_of

        def only_one(client, history, last):
            if PriceHistory.objects.exists():
                raise RuntimeError("the machine went down")
            return one(client, history, last)

        broken.setattr(collect, "_days_of", only_one)
        with pytest.raises(RuntimeError):
            collect.collect_days(soon())
    assert PriceHistory.objects.count() == 1

    done = collect.collect_days(soon())
    assert (done.done, done.left, done.reread) == (2, 0, 0)
    assert str(collect.collect_days(soon())) == "수집 0종목, 다시 읽음 0, 거절 0, 남음 0"
    found = prices.panel(250)
    assert found.symbols == tuple(listed)
    assert found.close.shape == (3, 250)
    assert found.days[-1].tolist() == prices.last_final_day()
    assert (found.value > 0).all()


def test_only_what_came_since_is_asked_for(listed, monkeypatch):
    collect.collect_days(soon())
    last = prices.last_final_day()
    before = clock.previous_trading_day(last)
    PriceHistory.objects.update(last_day=before)
    whole = prices.bars(SAMSUNG, Interval.DAY, last - timedelta(days=730), last)
    prices.replace(SAMSUNG, Interval.DAY, whole[:-1])
    assert collect.collect_days(soon()).reread == 0
    assert prices.bars(SAMSUNG, Interval.DAY, last - timedelta(days=730), last) == whole


def test_another_close_of_the_last_day_reads_the_past_anew(listed):
    collect.collect_days(soon())
    last = prices.last_final_day()
    real = prices.bars(SAMSUNG, Interval.DAY, last - timedelta(days=730), last)
    split = [replace(bar, close=5 * bar.close) for bar in real]
    prices.replace(SAMSUNG, Interval.DAY, split)
    PriceHistory.objects.filter(symbol=SAMSUNG).update(last_day=clock.previous_trading_day(last))
    assert collect.collect_days(soon()).reread == 1
    assert prices.bars(SAMSUNG, Interval.DAY, last - timedelta(days=730), last) == real
    assert PriceHistory.objects.get(symbol=SAMSUNG).reread_at is not None


def test_a_silent_account_leaves_it_to_the_next(paper, listed, account):
    silent(paper)
    assert collect.collect_days(soon()).done == 3


def test_without_an_answer_the_job_says_how_far_it_came(paper, listed):
    silent(paper)
    with pytest.raises(LucyError, match="여기까지 수집 0종목"):
        collect.collect_days(soon())


def test_minutes_of_watched_stocks_are_stored_by_the_day(paper, listed, trader, monkeypatch):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    done = collect.collect_minutes(soon())
    assert (done.done, done.left) == (1, 0)
    history = PriceHistory.objects.get(interval="minute")
    assert (history.symbol, history.last_day) == (SAMSUNG, prices.last_final_day())
    assert {row.starts_on for row in PriceChunk.objects.all()} <= set(
        collect._days_to_read(PriceHistory(), history.last_day)
    )


def test_the_chart_asks_only_for_what_is_not_stored(listed, ls_account, monkeypatch):
    collect.collect_days(soon())
    asked = calls(monkeypatch)
    today = clock.trade_date()
    first, last = today - timedelta(days=365), prices.last_final_day()
    stored = charts.candles(ls_account, SAMSUNG, Period.DAY, first, last, True)
    assert asked == []
    whole = charts.candles(ls_account, SAMSUNG, Period.DAY, first, today, True)
    assert asked == [(last, today)]
    assert whole.candles[: len(stored.candles)] == stored.candles
    assert whole.candles == desk.candles(ls_account, SAMSUNG, Period.DAY, first, today, True)


def test_the_chart_shows_what_is_stored_while_the_broker_is_away(paper, listed, trader, ls_account):
    collect.collect_days(soon())
    silent(paper)
    answer = signed_in(trader).get(reverse("brokers:stock-candles", args=[SAMSUNG]), DAYS).json()
    assert len(answer["candles"]) > 200
    assert "증권사" in answer["silence"]


def test_the_chart_of_a_split_stock_is_the_brokers(listed, ls_account):
    collect.collect_days(soon())
    last = prices.last_final_day()
    first = last - timedelta(days=365)
    real = prices.bars(SAMSUNG, Interval.DAY, first, last)
    prices.add(SAMSUNG, Interval.DAY, [replace(real[-1], close=Decimal(1))])
    shown = charts.candles(ls_account, SAMSUNG, Period.DAY, first, clock.trade_date(), True)
    assert shown.candles[: len(real)] == real


def test_the_admin_shows_how_far_it_is(listed, admin_client):
    collect.collect_days(soon())
    PriceHistory.objects.filter(symbol=SAMSUNG).update(last_day=prices.last_final_day() - timedelta(days=7))
    page = admin_client.get(reverse("admin:brokers_pricehistory_changelist")).content.decode()
    line = page[page.index("일봉") :]
    assert [line.index(part) for part in ("3종목", "2종목", "1종목")] == sorted(
        line.index(part) for part in ("3종목", "2종목", "1종목")
    )
