"""The main page: the market's state at odd hours; parts that say what is missing while the rest stands."""

import time
from datetime import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from brokers.market import market_state
from brokers.models import EventDay, Fill, Tag
from brokers.paper.faults import Action, Rule
from brokers.rules.sessions import Hours
from brokers.services import watch
from lucy import clock
from tests.brokers.test_mystock import make_instrument
from tests.brokers.test_pages import signed_in
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db
SAMSUNG = "005930"


@pytest.fixture(autouse=True)
def _forget():
    yield
    clock.forget_days()
    watch._kept.clear()


def at(monkeypatch, text):
    moment = datetime.fromisoformat(text).replace(tzinfo=clock.KST)
    monkeypatch.setattr(clock, "now", lambda: moment)
    clock.forget_days()
    krx, nxt = market_state().venues
    return [(one.now, f"{one.changes_at:%m-%d %H:%M}", one.then) for one in (krx, nxt)]


def test_what_is_open_and_when_that_changes(monkeypatch):
    assert at(monkeypatch, "2026-11-16T08:05") == [
        ("닫힘", "11-16 08:30", "시가 단일가 · 장전 시간외종가"),
        ("프리마켓", "11-16 08:50", "닫힘"),
    ]
    assert at(monkeypatch, "2026-11-16T10:00") == [
        ("접속매매", "11-16 15:20", "종가 단일가"),
        ("메인마켓", "11-16 15:20", "닫힘"),
    ]
    assert at(monkeypatch, "2026-11-20T21:00") == [  # a Friday
        ("닫힘", "11-23 08:30", "시가 단일가 · 장전 시간외종가"),
        ("닫힘", "11-23 08:00", "프리마켓"),
    ]


def test_a_holiday_and_odd_hours_are_named(monkeypatch):
    EventDay.objects.create(locdate="2026-11-17", date_name="임시 휴장", closed=True, decided_at=clock.now())
    EventDay.objects.create(locdate="2026-11-18", date_name="수능", is_holiday=False, hours=Hours.ALL_LATE)
    at(monkeypatch, "2026-11-17T10:00")
    state = market_state()
    assert (state.closed_because, str(state.next_day)) == ("임시 휴장", "2026-11-18")
    assert at(monkeypatch, "2026-11-18T09:45")[0] == ("시가 단일가", "11-18 10:00", "접속매매")
    assert market_state().odd_hours == "한 시간 늦춤"


def part(user, name):
    answer = signed_in(user).get(reverse(f"brokers:{name}"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_silent_broker_leaves_the_other_accounts_and_the_page(paper, trader, account, ls_account):
    rule = Rule(Action.SILENCE, broker="kis", times=None)
    paper.call(lambda running: running.faults.add(rule))
    began = time.monotonic()
    assert "오늘의 주문" in part(trader, "desk")
    assert time.monotonic() - began < 6  # no broker was waited for
    money = part(trader, "desk-money")
    assert time.monotonic() - began < 12  # 2.3 s of patience; KIS would take fifteen
    kis, ls = money.index(account.name), money.index(ls_account.name)
    assert "부터 새 잔고가 오지 않습니다" in money[kis:ls]
    assert "다시 묻기" in money[kis:ls]
    assert "1개 계좌 빠짐" in money
    assert "받지 못함" not in money[ls:]


def test_watched_stocks_come_with_prices_and_age(paper, trader, ls_account):
    make_instrument(SAMSUNG, "삼성전자")
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    assert "–" in part(trader, "desk")  # the page itself asks nobody
    price = paper.call(lambda running: running.market.issues[SAMSUNG].price)
    assert f"{price:,}" in part(trader, "desk-watched")


def test_fills_of_today_are_ones_own(trader, account):
    other = make_account(make_user())
    for whose, quantity in ((account, 11), (other, 999)):
        now = clock.now()
        Fill.objects.create(
            account=whose, trade_date=clock.trade_date(), broker_order_no="1", fill_no="1", symbol=SAMSUNG,
            side="buy", quantity=quantity, price=Decimal(70_000), executed_at=now, recorded_at=now,
        )  # fmt: skip
    fills = part(trader, "desk-fills")
    assert "770,000" in fills
    assert "999" not in fills
