"""Modify and cancel from the blotter."""

from uuid import uuid4

import pytest
from django.urls import reverse

from brokers.models import ChangeStatus, OrderChange, OrderStatus, TradingStop
from brokers.terms import RequestKind
from lucy.errors import LucyError
from tests.brokers.test_pages import signed_in
from tests.factories import make_order, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(account, trader):
    return make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="9")


@pytest.fixture
def asked(monkeypatch):
    """What reached the order service, which answers with an accepted change."""
    calls = []

    def change(order, user, request_id, **wanted):
        calls.append((order, user, request_id, wanted))
        return OrderChange(
            kind=RequestKind.CANCEL, quantity=5, status=ChangeStatus.ACCEPTED, broker_order_no="10"
        )

    monkeypatch.setattr("brokers.views.orders.changes.modify_order", change)
    monkeypatch.setattr("brokers.views.orders.changes.cancel_order", change)
    return calls


def post(user, name, order, **values):
    values = {"client_request_id": str(uuid4())} | values
    answer = signed_in(user).post(reverse(f"brokers:{name}", args=[order.pk]), values)
    return answer.status_code, answer.content.decode()


def test_the_forms_show_what_is_open(order, trader):
    browser = signed_in(trader)
    assert "남은 10주 전체" in browser.get(reverse("brokers:modify", args=[order.pk])).content.decode()
    assert 'value="10"' in browser.get(reverse("brokers:cancel", args=[order.pk])).content.decode()


def test_a_modify_goes_with_its_price(order, trader, asked):
    status, page = post(trader, "modify", order, order_type="limit", price="70,100")
    assert status == 200
    assert "접수되었습니다" in page
    assert asked[0][3] == {"quantity": None, "price": 70_100, "order_type": "limit"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"order_type": "limit", "price": ""}, "가격이 필요합니다"),
        ({"order_type": "limit", "price": "70,001"}, "호가 단위(100원)"),
        ({"order_type": "never", "price": "70,000"}, "never"),
    ],
)
def test_a_wrong_modify_is_named_and_not_sent(order, trader, asked, values, words):
    status, page = post(trader, "modify", order, **values)
    assert status == 422
    assert words in page or "order_type" in page
    assert not asked


@pytest.mark.parametrize(("quantity", "wanted"), [("", None), ("10", None), ("4", 4)])
def test_a_cancel_asks_for_all_or_for_some(order, trader, asked, quantity, wanted):
    assert post(trader, "cancel", order, quantity=quantity)[0] == 200
    assert asked[0][3] == {"quantity": wanted, "by_staff": False, "reason": ""}


def test_more_than_is_open_cannot_be_cancelled(order, trader, asked):
    status, page = post(trader, "cancel", order, quantity="11")
    assert status == 422
    assert "남은 수량은 10주입니다" in page
    assert not asked


def test_staff_cancel_on_other_peoples_accounts_with_a_reason(order, asked):
    staff = make_user(groups=("back office",))
    status, page = post(staff, "cancel", order, quantity="10")
    assert status == 422
    assert "사유를 적으세요" in page
    assert not asked
    assert post(staff, "cancel", order, reason="고객 요청")[0] == 200
    assert asked[0][3] == {"quantity": None, "by_staff": True, "reason": "고객 요청"}
    chosen = {"id": [str(order.pk)], "batch": "b-1"}
    page = signed_in(staff).post(reverse("brokers:cancel-chosen"), chosen).content.decode()
    assert "사유를 적으세요" in page
    assert len(asked) == 1
    signed_in(staff).post(reverse("brokers:cancel-chosen"), chosen | {"reason": "장 종료"})
    assert asked[1][3] == {"by_staff": True, "reason": "장 종료"}


@pytest.mark.parametrize("name", ["modify", "cancel"])
def test_a_refusal_is_told_in_the_form(order, trader, monkeypatch, name):
    def refuse(*_, **__):
        raise LucyError("not_working", "이미 끝난 주문입니다.", status=409)

    monkeypatch.setattr(f"brokers.views.orders.changes.{name}_order", refuse)
    status, page = post(trader, name, order, order_type="limit", price="70,000")
    assert status == 422
    assert "이미 끝난 주문입니다" in page


def test_chosen_orders_are_shown_first_and_then_cancelled_each(order, account, trader, asked):
    ended = make_order(account, trader, status=OrderStatus.FILLED, broker_order_no="8")
    browser = signed_in(trader)
    chosen = {"id": [str(order.pk), str(ended.pk), "nonsense"]}
    page = browser.post(reverse("brokers:cancel-chosen"), chosen).content.decode()
    assert "1건의 남은 수량을 모두 취소합니다" in page
    assert not asked
    page = browser.post(reverse("brokers:cancel-chosen"), chosen | {"batch": "b-1"}).content.decode()
    assert "취소 접수 5주" in page
    assert [(one.pk, request_id) for one, _, request_id, _ in asked] == [(order.pk, "b-1")]


def test_a_trader_stops_themselves_with_a_reason(order, trader):
    address = reverse("brokers:stop-own")
    browser = signed_in(trader)
    assert "관리자만" in browser.get(address).content.decode()
    answer = browser.post(address, {"reason": " "})
    assert (answer.status_code, TradingStop.objects.count()) == (422, 0)
    answer = browser.post(address, {"reason": "잘못 누름"})
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "lucy:stops")
    stop = TradingStop.objects.get()
    assert (stop.scope, stop.user, stop.reason) == ("user", trader, "잘못 누름")
    assert "잘못 누름" in browser.get(reverse("brokers:stops")).content.decode()
