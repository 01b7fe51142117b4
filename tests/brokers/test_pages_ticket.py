"""The order ticket's steps: written, confirmed, sent, answered."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from brokers.adapters.base import BuyingPower, Level, OrderBook, Quote
from brokers.models import Instrument, Order, OrderStatus
from brokers.ticks import is_on_tick, tick_size
from lucy import clock
from lucy.errors import LucyError
from tests.brokers.test_pages import signed_in
from tests.factories import make_account, make_order, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def figures(monkeypatch):
    """What the broker answers while a ticket is written."""
    won = Decimal
    quote = Quote(
        "005930", "삼성전자", won(70_000), won(69_000), won(1_000), won("1.45"), won(69_500), won(70_500),
        won(69_100), won(89_700), won(48_300), 1234, False,
    )  # fmt: skip
    book = OrderBook("005930", (Level(won(70_100), 30),), (Level(won(70_000), 60),), clock.now())
    power = BuyingPower(won(1_000_000), 14, won(70_000))
    monkeypatch.setattr("brokers.views.ticket.desk.quote", lambda account, symbol: quote)
    monkeypatch.setattr("brokers.views.ticket.desk.order_book", lambda account, symbol: book)
    monkeypatch.setattr("brokers.views.ticket.desk.buying_power", lambda *_: power)


@pytest.fixture
def samsung(db):
    return Instrument.objects.create(
        symbol="005930", name="삼성전자", initials="ㅅㅅㅈㅈ", market="kospi", kind="stock",
        base_price=69_000, upper_limit=89_700, lower_limit=48_300, seen_at=clock.now(),
    )  # fmt: skip


@pytest.fixture
def sent(monkeypatch):
    """What reached the order service."""
    calls = []

    def place(account, user, client_order_id, request, *, confirmed=False):
        calls.append((account, user, client_order_id, request, confirmed))
        return make_order(account, user, status=OrderStatus.ACCEPTED, broker_order_no="42")

    monkeypatch.setattr("brokers.views.ticket.orders.place_order", place)
    return calls


def written(account, **changes):
    values = {
        "client_order_id": str(uuid4()),
        "account": str(account.pk),
        "symbol": "005930",
        "side": "buy",
        "order_type": "limit",
        "quantity": "1,000",
        "price": "70,000",
    }
    return values | changes


def post(user, name, values):
    answer = signed_in(user).post(reverse(f"brokers:ticket-{name}"), values)
    return answer.status_code, answer.content.decode()


def test_a_fresh_ticket_is_a_limit_order_with_an_id_of_its_own(account, trader):
    browser = signed_in(trader)
    first, second = (browser.get(reverse("brokers:ticket")) for _ in range(2))
    form = first.context["form"]
    assert form["order_type"].value() == "limit"
    assert form["client_order_id"].value() != second.context["form"]["client_order_id"].value()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": ""}, "종목을 고르세요"),
        ({"symbol": "삼성"}, "종목코드는 여섯 자리입니다"),
        ({"quantity": ""}, "수량을 적으세요"),
        ({"quantity": "0"}, "1 이상이어야 합니다"),
        ({"quantity": "1.5"}, "소수점 없이 적으세요"),
        ({"quantity": "many"}, "숫자로 적으세요"),
        ({"price": ""}, "지정가 주문은 가격이 필요합니다"),
        ({"price": "70,050"}, "호가 단위(100원)에 맞지 않습니다. 70,000원 또는 70,100원"),
        ({"side": "borrow"}, "borrow"),
        ({"account": "0" * 24}, "주문할 수 없는 계좌입니다"),
        ({"client_order_id": "1"}, "주문창을 닫았다가"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_sent(account, trader, sent, changes, words):
    for step in ("review", "place"):
        status, page = post(trader, step, written(account) | changes | {"read": "on"})
        assert status == 422
        assert words in page
    assert not sent


def test_an_account_of_others_cannot_be_chosen(account, trader, sent):
    status, page = post(trader, "place", written(make_account(make_user()), read="on"))
    assert status == 422
    assert "주문할 수 없는 계좌입니다" in page
    assert not sent


def test_the_confirmation_says_everything_in_words(account, trader, samsung):
    status, page = post(trader, "review", written(account))
    assert status == 200
    for words in (str(account), "삼성전자", "1,000주", "지정가 70,000원", "매수", "70,010,500"):
        assert words in page
    assert not Order.objects.exists()


def test_a_market_order_says_that_its_price_is_open(account, trader):
    status, page = post(trader, "review", written(account, order_type="market", price="70,000"))
    assert status == 200
    assert "시장가 주문은 가격을 보장하지 않습니다" in page
    assert "현재가 70,000원으로 셈했습니다" in page


def test_an_order_goes_only_when_it_was_read(account, trader, sent):
    status, page = post(trader, "place", written(account))
    assert status == 422
    assert "수량과 가격을 확인하고 표시하세요" in page
    assert not sent


def test_a_confirmed_ticket_is_sent_once_as_it_was_written(account, trader, sent):
    values = written(account, read="on")
    status, page = post(trader, "place", values)
    assert status == 200
    assert "접수되었습니다" in page
    assert "42" in page
    [(to, user, client_order_id, request, confirmed)] = sent
    assert (to, user, client_order_id, confirmed) == (account, trader, values["client_order_id"], False)
    assert (request.symbol, request.quantity, request.price) == ("005930", 1000, 70_000)


def test_a_market_order_carries_no_price(account, trader, sent):
    post(trader, "place", written(account, order_type="market", price="70,000", read="on"))
    assert sent[0][3].price is None


def test_a_repeat_is_asked_about_and_then_sent(account, trader, monkeypatch):
    answers = []

    def place(account, user, client_order_id, request, *, confirmed=False):
        answers.append(confirmed)
        if not confirmed:
            raise LucyError("confirm_repeat", "10초 안에 같은 주문이 있습니다.", status=409)
        return make_order(account, user, status=OrderStatus.ACCEPTED, broker_order_no="43")

    monkeypatch.setattr("brokers.views.ticket.orders.place_order", place)
    values = written(account, read="on")
    status, page = post(trader, "place", values)
    assert status == 422
    assert "같은 주문을 한 번 더 보내기" in page
    assert post(trader, "place", values | {"confirmed": "on"})[0] == 200
    assert answers == [False, True]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (OrderStatus.REJECTED, "주문이 거부되었습니다"),
        (OrderStatus.UNKNOWN, "같은 주문을 다시 내지 마세요"),
        (OrderStatus.FILLED, "모두 체결되었습니다"),
    ],
)
def test_the_outcome_is_told_in_place(account, trader, status, words):
    order = make_order(account, trader, status=status, note="주문가능금액 부족", filled_quantity=0)
    page = signed_in(trader).get(reverse("brokers:ticket-placed", args=[order.pk])).content.decode()
    assert words in page
    assert ("고쳐서 다시" in page) == (status == OrderStatus.REJECTED)


def test_a_refusal_keeps_the_ticket_and_says_why(account, trader, monkeypatch):
    def refuse(*_, **__):
        raise LucyError("may_not_trade", "이 계좌로 주문할 권한이 없습니다.", status=403)

    monkeypatch.setattr("brokers.views.ticket.orders.place_order", refuse)
    status, page = post(trader, "place", written(account, read="on"))
    assert status == 422
    assert "이 계좌로 주문할 권한이 없습니다" in page
    assert "주문은 나가지 않았습니다" in page


@pytest.mark.parametrize("text", ["삼성", "005", "ㅅㅅㅈ"])
def test_issues_are_found_by_name_code_and_initials(trader, samsung, text):
    page = signed_in(trader).get(reverse("brokers:ticket-instruments"), {"text": text}).content.decode()
    assert 'data-symbol="005930"' in page


def test_what_is_not_found_is_said(trader):
    page = signed_in(trader).get(reverse("brokers:ticket-instruments"), {"text": "없는것"}).content.decode()
    assert "맞는 종목이 없습니다" in page


def test_figures_come_as_the_ticket_is_written(account, trader, samsung):
    browser = signed_in(trader)
    asked = {"account": str(account.pk), "symbol": "005930", "side": "buy", "order_type": "limit"}
    book = browser.get(reverse("brokers:ticket-book"), asked).content.decode()
    assert 'data-level="70100"' in book
    assert "+1.59%" in book
    power = browser.get(reverse("brokers:ticket-power"), asked | {"price": "70,000"}).content.decode()
    assert 'data-most="14"' in power
    assert "data-most" not in browser.get(reverse("brokers:ticket-power"), asked).content.decode()
    asked |= {"price": "70,000", "quantity": "10"}
    cost = browser.get(reverse("brokers:ticket-cost"), asked | {"side": "sell"}).content.decode()
    assert "698,495" in cost  # 700,000 less fee 105 and tax 1,400


@pytest.mark.parametrize("name", ["ticket-book", "ticket-power", "ticket-cost"])
def test_figures_of_an_unfinished_ticket_are_blank(trader, name):
    assert signed_in(trader).get(reverse(f"brokers:{name}"), {"symbol": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("price", "kind", "step"),
    [
        (1_999, "stock", 1),
        (2_000, "stock", 5),
        (5_000, "stock", 10),
        (20_000, "stock", 50),
        (50_000, "stock", 100),
        (200_000, "stock", 500),
        (500_000, "stock", 1_000),
        (1_999, "etf", 1),
        (2_000, "etf", 5),
        (150_000, "etn", 5),
    ],
)
def test_price_steps_are_krx_s(price, kind, step):
    assert tick_size(Decimal(price), kind) == step
    assert is_on_tick(Decimal(step * 1_000_000), "stock")
