"""One stock's page and its parts: at once without a broker, plain when it is down."""

from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic

import pytest
from django.urls import reverse

from brokers.adapters.base import Candle, Period
from brokers.charts import bar_of, marks
from brokers.models import Fill, Instrument, OrderStatus
from brokers.paper.faults import Action, Rule
from lucy import clock
from lucy.clock import KST
from tests.accounts.callers import script_of
from tests.brokers.test_pages import signed_in
from tests.factories import make_account, make_order, make_user

pytestmark = pytest.mark.django_db
PARTS = ("stock-book", "stock-held", "stock-candles")


@pytest.fixture
def samsung(db):
    return Instrument.objects.create(
        symbol="005930", name="삼성전자", initials="ㅅㅅㅈㅈ", market="kospi", kind="stock",
        base_price=96_200, upper_limit=125_000, lower_limit=67_400, seen_at=clock.now(),
    )  # fmt: skip


def part(user, name, symbol="005930", **query):
    return signed_in(user).get(reverse(f"brokers:{name}", args=[symbol]), query)


def make_fill(account, at, side="buy", quantity=1, price=70_000, number="1"):
    return Fill.objects.create(
        account=account, trade_date=clock.trade_date(), broker_order_no="7", fill_no=number, symbol="005930",
        side=side, quantity=quantity, price=price, executed_at=at, recorded_at=at,
    )  # fmt: skip


# The page


def test_the_page_asks_no_broker(trader, account, samsung, monkeypatch):
    monkeypatch.setattr("brokers.services.desk.client_for", None)
    page = part(trader, "stock").content.decode()
    for words in ("삼성전자", "코스피", "기준가", "125,000", "67,400", "수정주가", "수수료 0.015%"):
        assert words in page


def test_an_unknown_code_has_a_page_and_says_so(trader, account):
    assert "종목 목록에 없는 코드" in part(trader, "stock", "0001A0").content.decode()


@pytest.mark.parametrize("symbol", ["12345", "삼성전자", "005930x", "..%2F"])
def test_what_is_no_code_is_not_found(trader, account, symbol):
    assert part(trader, "stock", symbol).status_code == 404


@pytest.mark.parametrize("name", ["stock", *PARTS])
def test_anothers_account_is_not_found(trader, account, name):
    hidden = make_account(make_user())
    assert part(trader, name, account=hidden.pk, period="day").status_code == 404


def test_someone_without_accounts_is_told_so(samsung):
    user = make_user()
    assert "볼 수 있는 계좌가 없습니다" in part(user, "stock").content.decode()
    assert part(user, "stock-book").status_code == 404


def test_search_leads_to_the_page(trader, samsung):
    found = signed_in(trader).get(reverse("brokers:stocks"), {"text": "ㅅㅅ"}).content.decode()
    assert reverse("brokers:stock", args=["005930"]) in found


# Costs


def test_costs_count_by_the_accounts_rates(trader, samsung):
    page = part(trader, "stock-costs", price="100,000", quantity="7").content.decode()
    assert "700,105" in page  # 7 bought: 700,000 and a fee of 105
    assert "698,495" in page  # 7 sold at 100,000: less 105 and a tax of 1,400
    assert "−1,610" in page


def test_a_wrong_figure_in_costs_is_named(trader, samsung):
    answer = part(trader, "stock-costs", price="-5")
    assert answer.status_code == 422
    assert "1 이상이어야 합니다" in answer.content.decode()


def test_sales_follow_the_ticks(trader, samsung):
    page = part(trader, "stock-costs", price="200000", quantity="1").content.decode()
    assert "200,500" in page
    assert "199,900" in page


# Parts, against the paper broker


@pytest.mark.parametrize("broker", ["account", "ls_account"])
def test_the_book_marks_own_orders(paper, trader, samsung, broker, request):
    own = request.getfixturevalue(broker)
    bids = paper.call(lambda running: [int(level.price) for level in running.market.book("005930").bids])
    changes = {"status": OrderStatus.ACCEPTED, "trade_date": clock.trade_date()}
    make_order(own, trader, price=bids[3], quantity=4, broker_order_no="1", **changes)
    make_order(own, trader, price=bids[3], quantity=3, broker_order_no="2", **changes)
    make_order(own, trader, price=bids[9] - 1_000, quantity=5, broker_order_no="3", **changes)
    page = part(trader, "stock-book", account=own.pk).content.decode()
    assert page.count("data-ticket") == 20
    assert '<span class="own own-buy">내 7</span>' in page
    assert "10단계 밖" in page
    assert f'data-price="{bids[0]}"' in page


def test_what_is_held_tells_its_average(paper, trader, ls_account, samsung):
    page = part(trader, "stock-held", account=ls_account.pk).content.decode()
    assert "data-average" in page
    assert "100주" in page
    assert (
        "보유한 주식이 없습니다"
        in part(trader, "stock-held", "000660", account=ls_account.pk).content.decode()
    )


@pytest.mark.parametrize("period", list(Period))
@pytest.mark.parametrize("broker", ["account", "ls_account"])
def test_candles_of_each_period(paper, trader, broker, period, request):
    own = request.getfixturevalue(broker)
    told = part(trader, "stock-candles", account=own.pk, period=period.value, adjusted="1").json()
    times = [candle["time"] for candle in told["candles"]]
    assert len(times) > {Period.YEAR: 8, Period.MONTH: 100, Period.MINUTE: 0}.get(period, 200)
    assert times == sorted(times)
    assert all(isinstance(time, int) == (period is Period.MINUTE) for time in times)


def test_own_fills_stand_on_their_day(paper, trader, account):
    day = clock.previous_trading_day(clock.trade_date())
    noon = clock.day_start(day) + timedelta(hours=12)
    make_fill(account, noon, quantity=1, price=70_000, number="1")
    make_fill(account, noon, quantity=3, price=71_000, number="2")
    make_fill(make_account(trader), noon, quantity=9)
    told = part(trader, "stock-candles", account=account.pk, period="day").json()
    assert told["fills"] == [{"time": f"{day}", "side": "buy", "quantity": 4, "price": 70_750.0}]


@pytest.mark.parametrize("name", PARTS)
def test_a_broker_that_is_down_is_said_so(paper, trader, account, samsung, name):
    paper.call(lambda running: running.faults.add(Rule(Action.ANSWER, broker="kis", status=500, times=None)))
    answer = part(trader, name, account=account.pk, period="day")
    if name == "stock-candles":
        assert answer.status_code in (502, 504)
        assert "증권사" in answer.json()["message"]
    else:
        text = answer.content.decode()
        assert "받지 못했습니다" in text
        assert "다시 묻기" in text
        assert "부터" in text


def test_a_period_that_does_not_exist_is_not_found(trader, account):
    assert part(trader, "stock-candles", account=account.pk, period="decade").status_code == 404


# Marks


def test_a_fill_belongs_to_the_candle_that_holds_it():
    moment = datetime(2026, 11, 18, 10, 15, 42, tzinfo=KST)
    assert [bar_of(moment, period).isoformat()[:16] for period in Period] == [
        "2026-11-18T10:15",
        "2026-11-18T00:00",
        "2026-11-16T00:00",
        "2026-11-01T00:00",
        "2026-01-01T00:00",
    ]


def test_fills_outside_the_candles_have_no_mark():
    at = datetime(2026, 11, 18, tzinfo=KST)
    candle = Candle(at, *(Decimal(1),) * 4, 1)
    own = [
        Fill(side="buy", quantity=2, price=Decimal(5), executed_at=at + timedelta(days=days))
        for days in (0, 1)
    ]
    assert [(mark.at, mark.quantity) for mark in marks(own, [candle], Period.DAY)] == [(at, 2)]


# REST


def api(user, account, **query):
    values = {"symbol": "005930", "period": "day", "first": "2026-11-02", "last": "2026-11-13"}
    return script_of(user).get(f"/api/v1/accounts/{account.pk}/candles/", values | query)


def test_candles_over_rest(paper, trader, account):
    told = api(trader, account)
    assert told.status_code == 200
    assert [row["at"][:10] for row in told.json()] == [
        f"2026-11-{day:02d}" for day in (*range(2, 7), *range(9, 14))
    ]
    assert isinstance(told.json()[0]["close"], str)


@pytest.mark.parametrize(
    "query",
    [
        {"period": "decade"},
        {"last": "2026-11-01"},
        {"period": "minute", "first": "2026-01-01"},
        {"first": "yesterday"},
        {"symbol": "x"},
    ],
)
def test_odd_questions_over_rest_are_named(trader, account, query):
    assert api(trader, account, **query).status_code == 400


def test_anothers_candles_over_rest_are_not_found(trader):
    assert api(trader, make_account(make_user())).status_code == 404


def test_the_company_is_told_once_in_hundred_millions(paper, trader, account):
    page = signed_in(trader).get(reverse("brokers:stock-company", args=["005930"]))
    assert page.status_code == 200
    body = page.content.decode()
    assert "시가총액" in body
    assert body.index("매출액") < body.index("부채비율")
    paper.call(lambda running: running.faults.add(Rule(Action.CUT, broker="kis", times=None)))
    again = signed_in(trader).get(reverse("brokers:stock-company", args=["005930"])).content.decode()
    assert "받지 못했습니다" not in again  # statements are kept for hours: nobody is asked


@pytest.mark.parametrize("name", ["stock-book", "stock-held", "stock-company"])
def test_a_slow_broker_is_waited_for_a_moment_only(paper, trader, account, samsung, name):
    rule = Rule(Action.DELAY_REQUEST, broker="kis", seconds=10, times=None)
    paper.call(lambda running: running.faults.add(rule))
    began = monotonic()
    text = part(trader, name, account=account.pk).content.decode()
    assert monotonic() - began < 6  # 2.3 s and this busy machine; the broker takes ten
    assert "기다리고 있습니다" in text
