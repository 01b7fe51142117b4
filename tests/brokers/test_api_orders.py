"""Orders over REST: who may, what it answers, what must not happen."""

from datetime import timedelta
from decimal import Decimal
from itertools import chain

import pytest
from bson import ObjectId

from brokers.api.shapes import OrderDetailShape, OrderShape
from brokers.models import Order, OrderStatus
from lucy import clock
from tests.accounts.callers import error_of, make_staff, script_of
from tests.factories import grant, make_account, make_order, make_user

pytestmark = pytest.mark.django_db

ORDERS = "/api/v1/orders/"


def body(at, **changes):
    wanted = {
        "account": str(at.pk),
        "client_order_id": "mine-1",
        "symbol": "005930",
        "side": "buy",
        "quantity": 3,
        "price": "70000",
    }
    return wanted | changes


def place(user, at, **changes):
    return script_of(user).post(ORDERS, body(at, **changes), format="json")


def listed(user, **query):
    response = script_of(user).get(ORDERS, query)
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def keys(*orders):
    return [str(order.pk) for order in orders]


def test_an_order_is_placed_at_the_broker(paper, account, trader):
    response = place(trader, account)
    assert response.status_code == 201, response.content
    told = response.json()
    assert (told["status"], told["quantity"], told["price"]) == ("accepted", 3, "70000")
    assert set(told) == set(OrderShape().fields)
    order = Order.objects.get()
    assert (str(order.pk), order.user, order.broker_order_no) == (told["id"], trader, told["broker_order_no"])


def test_the_same_id_again_is_the_same_order(paper, account, trader):
    first, again = place(trader, account), place(trader, account)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Order.objects.count() == 1
    other = place(trader, account, quantity=4)
    assert (other.status_code, error_of(other)["code"]) == (409, "client_order_id_reused")


def test_the_same_order_within_ten_seconds_is_asked_about(paper, account, trader):
    place(trader, account)
    repeated = place(trader, account, client_order_id="mine-2")
    assert (repeated.status_code, error_of(repeated)["code"]) == (409, "confirm_repeat")
    assert place(trader, account, client_order_id="mine-2", confirm_repeat=True).status_code == 201
    assert Order.objects.count() == 2


def test_the_brokers_no_is_a_rejected_order_with_its_words(paper, account, trader):
    told = place(trader, account, quantity=900_000, price="70000").json()
    assert told["status"] == "rejected"
    assert told["note"]
    assert told["note_code"]


def test_an_order_is_modified_and_cancelled(paper, account, trader):
    made = place(trader, account, price="69000").json()
    script, address = script_of(trader), f"{ORDERS}{made['id']}/"
    change = {"client_request_id": "c1", "price": "69100"}
    modified = script.post(f"{address}modify/", change, format="json")
    assert (modified.status_code, modified.json()["kind"]) == (201, "modify")
    assert script.post(f"{address}modify/", change, format="json").status_code == 200
    detail = script.get(address).json()
    assert set(detail) == set(OrderDetailShape().fields)
    assert [event["kind"] for event in detail["trail"]][:3] == ["saved", "sent", "accepted"]
    assert [event["seq"] for event in detail["trail"]] == sorted(event["seq"] for event in detail["trail"])


def test_a_cancel_names_its_order(paper, account, trader):
    made = place(trader, account, price="69000").json()
    address = f"{ORDERS}{made['id']}/cancel/"
    told = script_of(trader).post(address, {"client_request_id": "c1", "quantity": 2}, format="json")
    assert told.status_code == 201, told.content
    assert (told.json()["order"], told.json()["quantity"]) == (made["id"], 2)
    assert told.json()["status"] in {"accepted", "confirmed"}


def test_a_dead_order_cannot_be_cancelled(account, trader):
    order = make_order(account, trader, status=OrderStatus.FILLED)
    response = script_of(trader).post(
        f"{ORDERS}{order.pk}/cancel/", {"client_request_id": "c"}, format="json"
    )
    assert (response.status_code, error_of(response)["code"]) == (409, "not_working")


def test_others_orders_and_accounts_are_not_there(account, trader):
    order = make_order(account, trader)
    stranger = make_user()
    script = script_of(stranger)
    assert place(stranger, account).status_code == 404
    assert listed(stranger) == []
    assert listed(stranger, account=str(account.pk)) == []
    assert script.get(f"{ORDERS}{order.pk}/").status_code == 404
    for deed in ("modify", "cancel"):
        sent = script.post(f"{ORDERS}{order.pk}/{deed}/", {"client_request_id": "c"}, format="json")
        assert (sent.status_code, error_of(sent)["code"]) == (404, "not_found")
    assert Order.objects.count() == 1


@pytest.mark.parametrize("role", ["", "back office", "administrator"])
def test_who_only_sees_may_not_trade(account, trader, role):
    watcher = make_staff(role) if role else make_user()
    if not role:
        grant(account, watcher, can_trade=False)
    order = make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="1")
    assert listed(watcher) == keys(order)
    refused = place(watcher, account)
    assert (refused.status_code, error_of(refused)["code"]) == (403, "may_not_trade")
    address = f"{ORDERS}{order.pk}/cancel/"
    assert script_of(watcher).post(address, {"client_request_id": "c"}, format="json").status_code == 403


def test_a_paused_account_takes_no_orders(account, trader):
    type(account).objects.update(paused=True)
    refused = place(trader, account)
    assert (refused.status_code, error_of(refused)["code"]) == (409, "account_paused")


HUGE = 10**30
WRONG = [
    {"quantity": 0},
    {"quantity": -1},
    {"quantity": 1.5},
    {"quantity": True},
    {"quantity": HUGE},
    {"quantity": "9" * 2000},
    {"quantity": [1]},
    {"quantity": {"$gt": 0}},
    {"quantity": None},
    {"price": "0"},
    {"price": "-5"},
    {"price": "70000.5"},
    {"price": "1e99999"},
    {"price": "NaN"},
    {"price": "Infinity"},
    {"price": {"$gt": 0}},
    {"price": HUGE},
    {"symbol": "../../"},
    {"symbol": "00593\x00"},
    {"symbol": ["005930"]},
    {"symbol": "삼성전자"},
    {"side": "both"},
    {"side": {"$ne": ""}},
    {"order_type": "wish"},
    {"condition": 7},
    {"venue": None},
    {"account": "no-key"},
    {"account": 12},
    {"account": {"$ne": None}},
    {"account": None},
    {"client_order_id": ""},
    {"client_order_id": "x" * 65},
    {"client_order_id": "a b"},
    {"confirm_repeat": "perhaps"},
]


@pytest.mark.parametrize("change", WRONG, ids=lambda change: str(change)[:40])
def test_a_wrong_field_is_named(account, trader, change):
    response = place(trader, account, **change)
    assert response.status_code == 400, response.content
    error = error_of(response)
    assert error["code"] == "invalid"
    assert list(error["details"]) == list(change)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", "7", "null", '"x"', '{"quantity": NaN}', '{"a": 1e999}', '{"symbol": "\\ud800"}', "\xff"],
)
def test_a_body_that_is_no_object_is_a_400(account, trader, raw):
    response = script_of(trader).post(ORDERS, raw.encode("latin-1"), content_type="application/json")
    assert response.status_code == 400
    error_of(response)


def test_a_price_must_fit_its_type(account, trader):
    for change in ({"price": None}, {"order_type": "market"}):
        response = place(trader, account, **change)
        assert response.status_code == 400
        assert list(error_of(response)["details"]) == ["price"]


@pytest.mark.parametrize("key", ["x", "0" * 24, "0" * 25, "{}", "%00", "한글", "'; drop"])
def test_an_unknown_key_in_the_address_is_a_404(account, trader, key):
    script = script_of(trader)
    for response in (script.get(f"{ORDERS}{key}/"), script.get(f"/api/v1/accounts/{key}/")):
        assert response.status_code == 404
        assert error_of(response)["code"] == "not_found"


def test_an_unknown_account_is_a_404(account, trader):
    assert place(trader, account, account=str(ObjectId())).status_code == 404


def test_filters_leave_what_they_name(account, ls_account, trader):
    now = clock.now()
    old = make_order(account, trader, created_at=now - timedelta(days=3), client_order_id="old")
    sold = make_order(ls_account, trader, side="sell", symbol="000660", status=OrderStatus.FILLED)
    assert listed(trader) == keys(sold, old)
    assert listed(trader, account=str(account.pk)) == keys(old)
    assert listed(trader, side="sell") == listed(trader, symbol="000660") == keys(sold)
    assert listed(trader, status="filled") == keys(sold)
    assert listed(trader, client_order_id="old") == keys(old)
    today = clock.trade_date()
    assert listed(trader, from_date=today.isoformat()) == keys(sold)
    assert listed(trader, to_date=(today - timedelta(days=1)).isoformat()) == keys(old)
    assert listed(trader, account=str(ls_account.pk), side="buy") == []


@pytest.mark.parametrize(
    "query",
    [
        {"account": "x"},
        {"status": "gone"},
        {"from_date": "yesterday"},
        {"to_date": "9999-12-31"},
        {"limit": "0"},
        {"limit": "201"},
        {"cursor": "garbage"},
        {"cursor": "W10="},
        {"cursor": "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5IiwgIngiXQ=="},
        {"symbol": "$where"},
    ],
    ids=str,
)
def test_a_wrong_filter_is_named(trader, query):
    response = script_of(trader).get(ORDERS, query)
    assert response.status_code == 400
    assert list(error_of(response)["details"]) == list(query)


def pages(user, address, **query):
    script, response = script_of(user), None
    response = script.get(address, query).json()
    yield [row["id"] for row in response["results"]]
    while response["next"]:
        response = script.get(response["next"]).json()
        yield [row["id"] for row in response["results"]]


def test_pages_show_every_order_once_though_they_share_a_moment(account, trader):
    now = clock.now()
    orders = [make_order(account, trader, created_at=now - timedelta(seconds=n // 5)) for n in range(13)]
    shown = list(pages(trader, ORDERS, limit=3))
    assert [len(page) for page in shown] == [3, 3, 3, 3, 1]
    newest_first = sorted(orders, key=lambda order: (order.created_at, order.pk), reverse=True)
    assert list(chain.from_iterable(shown)) == keys(*newest_first)


def test_new_orders_do_not_shift_the_pages(account, trader):
    for _ in range(4):
        make_order(account, trader)
    turning = pages(trader, ORDERS, limit=2)
    first = next(turning)
    make_order(account, trader)
    second = next(turning)
    assert not set(first) & set(second)
    assert len(second) == 2


def test_filters_hold_on_later_pages(account, trader):
    for side in ("buy", "sell") * 3:
        make_order(account, trader, side=side)
    assert [len(page) for page in pages(trader, ORDERS, limit=2, side="sell")] == [2, 1]


def test_fills_come_with_their_order(paper, account, trader):
    made = place(trader, account).json()
    assert script_of(trader).get(f"{ORDERS}{made['id']}/").json()["fills"] == []


def test_money_is_exact(account, trader):
    make_order(account, trader, filled_quantity=3, filled_amount=Decimal("210000.5"), price=70_000)
    told = script_of(trader).get(ORDERS).json()["results"][0]
    assert (told["price"], told["filled_amount"], told["average_price"]) == (
        "70000",
        "210000.5",
        "70000.1667",
    )


def test_an_unforeseen_error_keeps_the_shape_and_tells_nothing(account, trader, monkeypatch):
    def explode(*_args, **_kwargs):
        raise RuntimeError("app_secret=hush")

    monkeypatch.setattr("brokers.api.orders.place_order", explode)
    script = script_of(trader)
    script.raise_request_exception = False
    response = script.post(ORDERS, body(account), format="json")
    assert (response.status_code, error_of(response)["code"]) == (500, "internal")
    assert "hush" not in response.content.decode()


def test_addresses_and_methods_that_are_not_there_keep_the_shape(account, trader):
    script = script_of(trader)
    for response, status in (
        (script.get("/api/v1/nothing/"), 404),
        (script.post("/api/v1/orders", {}, format="json"), 404),
        (script.delete(ORDERS), 405),
        (script.post(ORDERS, {"a": "b"}), 415),
    ):
        assert response.status_code == status
        error_of(response)


def test_pages_by_session_need_the_csrf_token(account, trader):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(ORDERS).status_code == 200
    refused = client.post(ORDERS, body(account), content_type="application/json")
    assert refused.status_code == 403
    assert "CSRF" in str(error_of(refused)["details"])


def test_too_many_requests_are_told_when_to_come_back(account, trader, monkeypatch):
    from accounts.throttles import UserThrottle

    monkeypatch.setattr(UserThrottle, "rate", "2/min", raising=False)
    script = script_of(trader)
    assert [script.get(ORDERS).status_code for _ in range(3)] == [200, 200, 429]
    assert script_of(make_user()).get(ORDERS).status_code == 200
    assert make_account(trader)
