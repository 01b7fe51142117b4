"""Orders and their records in the admin: questions answered, nothing changed, one last resort."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import ADMINISTRATOR, BACK_OFFICE
from brokers.models import (
    AccountHealth,
    EventKind,
    Fill,
    Instrument,
    Notice,
    NoticeKind,
    Order,
    OrderChange,
    OrderEvent,
    OrderStatus,
)
from brokers.services.journal import Journal
from brokers.services.orders import place_order
from lucy import clock
from lucy.mongo import transactional
from tests.accounts.callers import browser_of, make_staff
from tests.factories import make_account, make_order, make_user

pytestmark = pytest.mark.django_db

ORDERS = "/admin/brokers/order/"
RECORDS = ["order", "orderevent", "orderchange", "fill", "notice", "instrument", "accounthealth"]


@pytest.fixture
def staff(db):
    return make_staff(BACK_OFFICE, "office")


@pytest.fixture
def chief(db):
    return make_staff(ADMINISTRATOR, "chief")


@transactional
def note(account, order):
    journal = Journal(account)
    journal.event(order, EventKind.SAVED, "kim", "매수 10주")
    journal.notice(NoticeKind.ORDER, order, "주문 접수", {})
    journal.write()


@pytest.fixture
def records(account, trader):
    """One row of everything."""
    order = make_order(account, trader, status=OrderStatus.PARTIALLY_FILLED, broker_order_no="77")
    note(account, order)
    now = clock.now()
    of_order = {"account": account, "order": order, "quantity": 1}
    Fill.objects.create(
        **of_order,
        trade_date=clock.trade_date(),
        broker_order_no="77",
        fill_no="1",
        symbol="005930",
        side="buy",
        price=Decimal(70_000),
        executed_at=now,
        recorded_at=now,
    )
    OrderChange.objects.create(
        **of_order, client_request_id="c", kind="cancel", order_type="limit", original_no="77", created_at=now
    )
    limits = dict.fromkeys(("base_price", "upper_limit", "lower_limit"), 70_000)
    Instrument.objects.create(
        symbol="005930", name="삼성전자", market="kospi", kind="stock", seen_at=now, **limits
    )
    return order


def rows(response):
    return [order.pk for order in response.context["cl"].result_list]


def test_every_list_and_page_opens(staff, records):
    client = browser_of(staff)
    for model in RECORDS:
        page = client.get(f"/admin/brokers/{model}/")
        assert page.status_code == 200
        assert len(page.context["cl"].result_list) == 1, model
        key = page.context["cl"].result_list[0].pk
        assert client.get(f"/admin/brokers/{model}/{key}/change/").status_code == 200


@pytest.mark.parametrize("model", ["order", "orderevent", "orderchange", "fill", "notice", "instrument"])
def test_searches_and_filters_open(staff, records, model):
    client = browser_of(staff)
    for query in (
        "q=005930",
        "q=%24where",
        "q=77",
        "period=all",
        "period=week",
        "period=x",
        "o=1",
        "account=x",
    ):
        assert client.get(f"/admin/brokers/{model}/?{query}").status_code in {200, 302}, query


@pytest.mark.parametrize("model", RECORDS)
def test_not_even_a_superuser_adds_changes_or_deletes(records, model):
    client = browser_of(make_user(is_staff=True, is_superuser=True))
    key = client.get(f"/admin/brokers/{model}/").context["cl"].result_list[0].pk
    address = f"/admin/brokers/{model}/"
    assert client.get(f"{address}add/").status_code == 403
    assert client.post(f"{address}{key}/change/", {"text": "forged"}).status_code == 403
    assert client.post(f"{address}{key}/delete/", {"post": "yes"}).status_code == 403
    client.post(address, {"action": "delete_selected", "_selected_action": [str(key)], "post": "yes"})
    assert client.get(address).context["cl"].result_list[0].pk == key


def test_one_order_shows_its_trail_fills_and_changes(staff, records):
    page = browser_of(staff).get(f"{ORDERS}{records.pk}/change/").content.decode()
    assert "매수 10주" in page
    assert OrderEvent.objects.get().get_kind_display() in page
    assert page.count("77") >= 2


def test_questions_are_answered(staff, account, trader):
    now, day = clock.now(), timedelta(days=1)
    lost = make_order(account, trader, status=OrderStatus.UNKNOWN, created_at=now - 2 * day)
    slow = make_order(account, trader, status=OrderStatus.SENT, sent_at=now - timedelta(minutes=5))
    make_order(account, trader, status=OrderStatus.SENT, sent_at=now)
    refused = make_order(account, trader, status=OrderStatus.REJECTED)
    make_order(account, trader, status=OrderStatus.REJECTED, created_at=now - 2 * day)
    odd = make_order(account, trader, status=OrderStatus.CANCELLED, cancelled_quantity=10, filled_quantity=1)
    doubtful = make_order(account, trader, status=OrderStatus.ACCEPTED, in_doubt=True)
    client = browser_of(staff)
    for question, answer in {
        "stuck": {lost.pk, slow.pk},
        "rejected": {refused.pk},
        "odd": {odd.pk},
        "doubt": {doubtful.pk},
        "working": {doubtful.pk},
    }.items():
        assert set(rows(client.get(f"{ORDERS}?question={question}"))) == answer, question


def test_without_a_question_today_is_shown(staff, account, trader):
    old = make_order(account, trader, created_at=clock.now() - timedelta(days=3))
    new = make_order(account, trader)
    client = browser_of(staff)
    assert rows(client.get(ORDERS)) == [new.pk]
    assert rows(client.get(f"{ORDERS}?period=week")) == [new.pk, old.pk]
    assert rows(client.get(f"{ORDERS}?period=all&q={old.client_order_id}")) == [old.pk]


def test_a_list_asks_few_questions_and_never_joins_or_counts_all(staff, account, trader):
    for _ in range(30):
        make_order(account, trader)
    client = browser_of(staff)
    client.get(ORDERS)
    with CaptureQueriesContext(connection) as asked:
        client.get(ORDERS)
    of_orders = [query["sql"] for query in asked.captured_queries if "db.brokers_order." in query["sql"]]
    assert len(asked) < 20
    assert not any("$lookup" in sql or "$addFields" in sql for sql in of_orders)
    assert len(of_orders) == 2


def test_staff_sees_only_accounts_open_to_it(account, trader):
    make_order(account, trader)
    looker = make_user(is_staff=True)
    looker.user_permissions.add(*_permissions("view_order"))
    client = browser_of(looker)
    assert rows(client.get(ORDERS)) == []
    assert client.get(f"{ORDERS}{Order.objects.get().pk}/change/").status_code == 302


def _permissions(*codenames):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codenames)


def cancel(user, *orders, **more):
    chosen = {"action": "cancel_at_broker", "_selected_action": [str(order.pk) for order in orders]}
    return browser_of(user).post(ORDERS, chosen | more, follow=True)


def working_order(account, trader):
    from brokers.adapters.base import OrderRequest
    from brokers.terms import Side

    order = place_order(account, trader, "mine", OrderRequest("005930", Side.BUY, 5, Decimal(69_000)))
    assert order.status == OrderStatus.ACCEPTED, order.note
    return order


def test_cancelling_asks_first_and_then_asks_the_broker_once(paper, account, trader, chief):
    order = working_order(account, trader)
    page = cancel(chief, order).content.decode()
    assert "되돌릴 수 없습니다" in page
    assert not OrderChange.objects.exists()
    assert "사유를 적으세요" in cancel(chief, order, confirmed="1", request_id="once").content.decode()
    assert not OrderChange.objects.exists()
    for _ in range(2):
        cancel(chief, order, confirmed="1", request_id="once", reason="고객 요청")
    change = OrderChange.objects.get()
    assert order.events.filter(actor=chief.get_username(), text__contains="사유: 고객 요청").exists()
    assert (change.order, change.user, change.kind, change.quantity) == (order, chief, "cancel", 5)
    assert change.status in {"accepted", "confirmed"}


def test_only_who_may_cancel_any_order_does(account, trader):
    staff = make_user("looker", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "see_every_account"]))
    order = make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="1")
    assert "증권사에 취소 요청" not in browser_of(staff).get(ORDERS).content.decode()
    cancel(staff, order, confirmed="1", request_id="x", reason="x")
    assert not OrderChange.objects.exists()


def test_dead_orders_are_not_asked_about(account, trader, chief):
    order = make_order(account, trader, status=OrderStatus.FILLED)
    assert "살아 있는 주문이 없습니다" in cancel(chief, order).content.decode()


def test_a_refusal_is_shown(account, trader, chief, settings):
    settings.BROKER_ADDRESSES = dict.fromkeys(
        settings.BROKER_ADDRESSES, ("http://127.0.0.1:1", "ws://127.0.0.1:1")
    )
    order = make_order(
        account, trader, status=OrderStatus.ACCEPTED, broker_order_no="1", trade_date=clock.trade_date()
    )
    page = cancel(chief, order, confirmed="1", request_id="x", reason="x").content.decode()
    assert "거부" in page or "확인 중" in page
    assert account.app_secret not in page


def test_who_is_down_comes_first(staff, account, ls_account):
    AccountHealth.objects.filter(account=account).update(socket="up")
    AccountHealth.objects.filter(account=ls_account).update(socket="down", last_error="연결이 끊겼습니다")
    page = browser_of(staff).get("/admin/brokers/accounthealth/")
    assert [row.socket for row in page.context["cl"].result_list] == ["down", "up"]
    assert Notice.objects.count() == 0
    assert make_account()
