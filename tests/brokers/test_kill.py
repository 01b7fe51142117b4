"""The kill switch: who may, what stops at once, what goes on, what is told and kept."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from accounts.roles import ADMINISTRATOR, BACK_OFFICE
from brokers.adapters.base import OrderRequest
from brokers.models import Order, OrderChange, OrderStatus, Scope, StopDeed, StopEvent, TradingStop
from brokers.services import gate, kill
from brokers.services.changes import cancel_order, modify_order
from brokers.services.orders import place_order
from brokers.terms import OrderType, Side
from lucy.errors import LucyError
from tests.accounts.callers import browser_of, error_of, make_staff, script_of
from tests.factories import make_account, make_order, make_user
from tests.services import eventually

pytestmark = pytest.mark.django_db

STOPS = "/api/v1/stops/"
RELEASE = "/api/v1/stops/release/"
ADMIN = "/admin/brokers/tradingstop/"


@pytest.fixture
def staff(db):
    return make_staff(BACK_OFFICE, "office")


def request(price=Decimal(60_000)):
    return OrderRequest("005930", Side.BUY, 1, price)


def code_of(deed, *args, **kwargs):
    with pytest.raises(LucyError) as refused:
        deed(*args, **kwargs)
    return refused.value.code, refused.value.status


def targets(account, trader):
    return {Scope.SYSTEM: None, Scope.ACCOUNT: account, Scope.USER: trader}


@pytest.mark.parametrize("scope", list(Scope))
def test_nothing_leaves_while_a_scope_is_stopped(account, trader, staff, scope):
    kill.stop(scope, targets(account, trader)[scope], by=staff, reason="이상 주문")
    assert code_of(place_order, account, trader, "a", request()) == ("stopped", 423)
    assert not Order.objects.exists()
    order = make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="7")
    change = {"quantity": None, "price": Decimal(1_000), "order_type": OrderType.LIMIT}
    assert code_of(modify_order, order, trader, "m", **change) == ("stopped", 423)
    assert not OrderChange.objects.exists()


def test_others_go_on(paper, account, ls_account, trader, staff):
    kill.stop(Scope.ACCOUNT, ls_account, by=staff, reason="점검")
    kill.stop(Scope.USER, make_user(), by=staff, reason="점검")
    price = working_price(account)
    assert place_order(account, trader, "a", request(price)).status == OrderStatus.ACCEPTED


def working_price(account):
    from brokers.adapters import client_for

    return client_for(account).quote("005930").lower_limit


def test_cancels_stay_possible(paper, account, trader, staff):
    order = place_order(account, trader, "a", request(working_price(account)))
    kill.stop(Scope.SYSTEM, None, by=staff, reason="점검")
    assert cancel_order(order, trader, "c").status in {"accepted", "confirmed"}


def test_a_release_opens_the_gate_and_both_are_kept(paper, account, trader, staff):
    kill.stop(Scope.SYSTEM, None, by=staff, reason="점검")
    kill.release(Scope.SYSTEM, None, by=staff, reason="점검 끝")
    assert place_order(account, trader, "a", request(working_price(account))).status == OrderStatus.ACCEPTED
    kept = list(StopEvent.objects.order_by("pk").values_list("deed", "by", "reason"))
    assert kept == [("stopped", "office", "점검"), ("released", "office", "점검 끝")]


def test_the_trail_is_append_only(staff):
    kill.stop(Scope.SYSTEM, None, by=staff, reason="점검")
    event = StopEvent.objects.get()
    event.reason = "아무 일 없음"
    with pytest.raises(TypeError):
        event.save()


def test_a_trader_stops_only_oneself_and_releases_nothing(account, trader, staff):
    for scope, target in ((Scope.SYSTEM, None), (Scope.ACCOUNT, account), (Scope.USER, staff)):
        assert code_of(kill.stop, scope, target, by=trader, reason="x") == ("may_not_stop", 403)
    kill.stop(Scope.USER, trader, by=trader, reason="실수가 잦다")
    assert code_of(kill.release, Scope.USER, trader, by=trader, reason="x") == ("may_not_release", 403)
    kill.release(Scope.USER, trader, by=staff, reason="확인함")
    assert not TradingStop.objects.exists()


def test_a_reason_and_a_fitting_target_are_needed(account, staff):
    assert code_of(kill.stop, Scope.SYSTEM, None, by=staff, reason=" ") == ("invalid", 400)
    assert code_of(kill.stop, Scope.SYSTEM, account, by=staff, reason="x") == ("invalid", 400)
    assert code_of(kill.release, Scope.SYSTEM, None, by=staff, reason="x") == ("not_stopped", 409)


def test_a_second_stop_keeps_the_first_reason(staff):
    for reason in ("먼저", "나중"):
        kill.stop(Scope.SYSTEM, None, by=staff, reason=reason)
    assert TradingStop.objects.get().reason == "먼저"
    assert StopEvent.objects.count() == 2


def test_eight_stops_at_once_are_one(staff):
    def deed():
        kill.stop(Scope.SYSTEM, None, by=staff, reason="동시")

    threads = [threading.Thread(target=deed) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert TradingStop.objects.count() == 1
    assert StopEvent.objects.count() == 8


def test_working_orders_of_the_scope_are_cancelled_once_each(paper, account, ls_account, trader, staff):
    low = working_price(account)
    ours = [place_order(account, trader, f"a{n}", request(low + n * 100)) for n in range(3)]
    other = place_order(ls_account, trader, "b", request(low))
    done = kill.stop(Scope.ACCOUNT, account, by=staff, reason="x", cancel_working=True)
    assert {outcome.order.pk for outcome in done.cancels} == {order.pk for order in ours}
    assert all(outcome.done for outcome in done.cancels)
    assert not OrderChange.objects.filter(order=other).exists()
    assert "취소 요청 3건, 실패 0건" in StopEvent.objects.get(deed=StopDeed.CANCELLED).text
    kill.stop(Scope.SYSTEM, None, by=staff, reason="x", cancel_working=True)
    assert OrderChange.objects.filter(order=other).count() == 1


def test_a_failed_cancel_is_told_and_does_not_keep_the_others(paper, account, trader, staff):
    dead = make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="424242")
    order = place_order(account, trader, "a", request(working_price(account)))
    done = kill.stop(Scope.SYSTEM, None, by=staff, reason="x", cancel_working=True)
    told = {outcome.order.pk: outcome.done for outcome in done.cancels}
    assert told == {dead.pk: False, order.pk: True}
    assert str(dead.pk) in StopEvent.objects.get(deed=StopDeed.CANCELLED).text


def test_orders_in_flight_are_waited_for_and_then_told(account, trader, staff, monkeypatch):
    monkeypatch.setattr(kill, "IN_FLIGHT_SECONDS", 0.2)
    make_order(account, trader, status=OrderStatus.SENT)
    began = time.monotonic()
    assert kill.stop(Scope.SYSTEM, None, by=staff, reason="x", cancel_working=True).in_flight == 1
    assert time.monotonic() - began < 5


def test_an_order_saved_just_after_the_stop_is_waited_for_too(account, trader, staff, monkeypatch):
    """It looked through the gate a moment before, so nothing but a second look can find it."""
    monkeypatch.setattr(kill, "LOOK_HOLDS_SECONDS", 3.0)
    monkeypatch.setattr(kill, "IN_FLIGHT_SECONDS", 0.2)
    with ThreadPoolExecutor(1) as pool:
        stopping = pool.submit(kill.stop, Scope.SYSTEM, None, by=staff, reason="x", cancel_working=True)
        eventually(lambda: TradingStop.objects.exists())
        make_order(account, trader, status=OrderStatus.SENT)
        assert stopping.result().in_flight == 1


def test_a_stop_during_the_checks_still_stops(paper, account, trader, staff, monkeypatch):
    from brokers.adapters import client_for

    monkeypatch.setattr(gate, "LOOK_HOLDS_SECONDS", 0)
    client, low = client_for(account), working_price(account)
    original = client.quote

    def slow(symbol):
        kill.stop(Scope.SYSTEM, None, by=staff, reason="x")
        return original(symbol)

    monkeypatch.setattr(client, "quote", slow)
    order = place_order(account, trader, "a", request(low))
    assert (order.status, order.note_code, order.broker_order_no) == ("rejected", "stopped", "")


# --- REST -------------------------------------------------------------------------------------------------


def stop_over_rest(caller, **body):
    return script_of(caller).post(STOPS, {"reason": "시험"} | body, format="json")


def test_an_operator_stops_and_releases_over_rest(account, trader, staff):
    told = stop_over_rest(staff, scope="account", account=str(account.pk))
    assert told.status_code == 201, told.content
    assert (told.json()["stop"]["account"], told.json()["cancels"]) == (str(account.pk), [])
    order = {"account": str(account.pk), "client_order_id": "x", "symbol": "005930", "side": "buy"}
    refused = script_of(trader).post("/api/v1/orders/", order | {"quantity": 1, "price": "1"}, format="json")
    assert (refused.status_code, error_of(refused)["code"]) == (423, "stopped")
    assert [row["target"] for row in script_of(trader).get(STOPS).json()] == [f"계좌 {account}"]
    body = {"scope": "account", "account": str(account.pk), "reason": "끝"}
    assert script_of(staff).post(RELEASE, body, format="json").json() == []


def test_a_trader_stops_oneself_over_rest_and_nothing_else(account, trader, staff):
    assert stop_over_rest(trader, scope="user").status_code == 201
    assert TradingStop.objects.get().user == trader
    for body in ({"scope": "system"}, {"scope": "user", "user": str(staff.pk)}):
        refused = stop_over_rest(trader, **body)
        assert (refused.status_code, error_of(refused)["code"]) == (403, "may_not_stop")
    body = {"scope": "user", "reason": "다시"}
    assert script_of(trader).post(RELEASE, body, format="json").status_code == 403


def test_a_stranger_sees_no_stop_of_others(account, staff):
    kill.stop(Scope.ACCOUNT, account, by=staff, reason="x")
    assert script_of(make_user()).get(STOPS).json() == []
    assert script_of(staff).get(STOPS).json() != []


def test_odd_bodies_are_named(staff):
    assert stop_over_rest(staff, scope="planet").status_code == 400
    assert stop_over_rest(staff, scope="system", reason="").status_code == 400
    assert stop_over_rest(staff, scope="account").status_code == 404
    missing = {"scope": "user", "user": "0" * 24}
    assert stop_over_rest(staff, **missing).status_code == 404


# --- pages and the admin ----------------------------------------------------------------------------------


def test_every_page_shows_what_is_stopped(account, trader, staff):
    kill.stop(Scope.ACCOUNT, account, by=staff, reason="이상 주문")
    for address in ("/", "/orders/", "/stops/"):
        assert "이상 주문" in browser_of(trader).get(address).content.decode()
        assert "이상 주문" not in browser_of(make_user()).get(address).content.decode()
    assert "이상 주문" in browser_of(staff).get("/admin/").content.decode()


def test_staff_stop_in_the_admin(account, trader, staff):
    order = make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="")
    form = {"scope": "account", "account": str(account.pk), "reason": "시험", "cancel_working": "on"}
    page = browser_of(staff).post(f"{ADMIN}add/", form)
    assert page.status_code == 200  # not sure
    assert not TradingStop.objects.exists()
    page = browser_of(staff).post(f"{ADMIN}add/", form | {"sure": "on"}, follow=True)
    stop = TradingStop.objects.get()
    assert (stop.account, stop.by, stop.reason) == (account, "office", "시험")
    assert str(order) in page.content.decode()


def test_releasing_in_the_admin_asks_for_a_reason(staff):
    kill.stop(Scope.SYSTEM, None, by=staff, reason="x")
    chosen = {"action": "release", "_selected_action": [str(TradingStop.objects.get().pk)]}
    assert "해제 사유" in browser_of(staff).post(ADMIN, chosen).content.decode()
    assert TradingStop.objects.exists()
    browser_of(staff).post(ADMIN, chosen | {"reason": "끝"}, follow=True)
    assert not TradingStop.objects.exists()
    assert StopEvent.objects.get(deed=StopDeed.RELEASED).reason == "끝"


def test_without_the_permission_the_admin_only_shows(account):
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.set(_permissions("view_tradingstop", "view_stopevent"))
    kill.stop(Scope.SYSTEM, None, by=make_staff(ADMINISTRATOR), reason="x")
    browser = browser_of(clerk)
    assert browser.get(ADMIN).status_code == 200
    assert browser.get(f"{ADMIN}add/").status_code == 403
    browser.post(
        ADMIN, {"action": "release", "_selected_action": [str(TradingStop.objects.get().pk)], "reason": "y"}
    )
    assert TradingStop.objects.exists()
    for deed in ("add", "change", "delete"):
        assert not clerk.has_perm(f"brokers.{deed}_stopevent")
    assert browser.get("/admin/brokers/stopevent/").status_code == 200
    assert browser.get("/admin/brokers/stopevent/add/").status_code == 403


def _permissions(*codenames):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codenames)


def test_a_second_account_is_not_touched(account, trader, staff):
    kill.stop(Scope.ACCOUNT, account, by=staff, reason="x")
    gate.require_running(gate.stop_over(make_account(trader), trader))
