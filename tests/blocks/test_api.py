"""Block orders over REST: placed once, followed, decided by a second person, fetched; each their own."""

import pytest
from rest_framework.test import APIClient

from brokers.adapters import client_for
from brokers.blocks.models import Block, BlockRule
from brokers.models import Order
from brokers.services.reconcile import reconcile
from tests.blocks.desk import SYMBOL, fill, make_approver, make_fund, make_plan, orders_of
from tests.factories import make_user
from tests.services import eventually

pytestmark = pytest.mark.django_db


def caller(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def low(paper, account):
    return client_for(account).quote(SYMBOL).lower_limit


@pytest.fixture
def funds(trader):
    return [make_fund(code, trader) for code in "AB"]


@pytest.fixture
def plan(trader, account, ls_account, funds):
    return make_plan(trader, [(funds[0], account, 6000), (funds[1], ls_account, 4000)])


def body(plan, low, **changes):
    values = {"plan": str(plan.pk), "symbol": SYMBOL, "side": "buy", "price": str(low), "quantity": 101}
    return values | {"client_block_id": "erp-1"} | changes


def test_an_erp_places_follows_and_fetches(low, plan, trader, paper):
    erp = caller(trader)
    shown = erp.post("/api/v1/blocks/preview/", body(plan, low), format="json").json()
    assert [leg["quantity"] for leg in shown["legs"]] == [61, 40]
    assert [leg["ideal"] for leg in shown["legs"]] == ["60.60", "40.40"]
    made = erp.post("/api/v1/blocks/", body(plan, low), format="json")
    again = erp.post("/api/v1/blocks/", body(plan, low), format="json")
    assert (made.status_code, again.status_code) == (201, 200)
    key = made.json()["id"]
    assert again.json()["id"] == key
    eventually(lambda: erp.get(f"/api/v1/blocks/{key}/").json()["status"] == "working")
    for order in orders_of(Block.objects.get()):
        fill(paper, order, 3)
        reconcile(order.account)
    detail = erp.get(f"/api/v1/blocks/{key}/").json()
    assert [share["filled"] for share in detail["allocations"]] == [3, 3]
    assert [child["order_status"] for child in detail["children"]] == ["partially_filled"] * 2
    done = erp.post(f"/api/v1/blocks/{key}/cancel/", {"client_request_id": "c"}, format="json").json()
    assert [outcome["outcome"] for outcome in done["outcomes"]] == ["ok", "ok"]
    day = erp.get("/api/v1/allocations/", {"fund": "A"}).json()
    assert [(row["fund"], row["filled"]) for row in day["results"]] == [("A", 3)]
    assert erp.get("/api/v1/blocks/", {"symbol": SYMBOL}).json()["results"][0]["id"] == key
    assert [fund["holdings"] for fund in erp.get("/api/v1/funds/").json()] == [{SYMBOL: 3}, {SYMBOL: 3}]
    assert erp.get("/api/v1/plans/").json()[0]["frozen_at"]


def test_legs_may_be_given_by_position(low, plan, trader):
    erp = caller(trader)
    given = body(plan, low, quantity=None, targets={"1": 7, "2": 0})
    assert erp.post("/api/v1/blocks/", given, format="json").json()["ordered_quantity"] == 7
    eventually(lambda: Order.objects.filter(status="accepted", quantity=7).exists())
    assert Order.objects.count() == 1
    odd = erp.post("/api/v1/blocks/", given | {"client_block_id": "x", "targets": {"9": 1}}, format="json")
    assert odd.status_code == 400


def test_every_trouble_is_told_and_nothing_left(low, plan, funds, trader):
    funds[1].cash = 1
    funds[1].save()
    reply = caller(trader).post("/api/v1/blocks/", body(plan, low), format="json")
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (409, "block_refused")
    assert [(one["code"], one["fund"]) for one in error["details"]["troubles"]] == [("fund_cash", "B B호")]
    assert not Order.objects.exists()


def test_a_second_person_approves_and_what_changed_is_checked_again(low, plan, funds, trader):
    BlockRule.objects.create(approval_value=1)
    boss = make_approver(*funds)
    key = caller(trader).post("/api/v1/blocks/", body(plan, low), format="json").json()["id"]
    assert Block.objects.get().status == "awaiting"
    assert boss.notices.filter(kind="approval").count() == 1
    decide = f"/api/v1/blocks/{key}/decide/"
    own = caller(trader).post(decide, {"answer": "approve"}, format="json")
    assert (own.status_code, own.json()["error"]["code"]) == (403, "own_block")
    from brokers.models import TradingLimit

    rule = TradingLimit.objects.create(scope="system", order_quantity=10)
    refused = caller(boss).post(decide, {"answer": "approve"}, format="json")
    assert refused.json()["error"]["code"] == "block_refused"
    assert Block.objects.get().status == "awaiting"
    rule.delete()
    assert caller(boss).post(decide, {"answer": "approve"}, format="json").status_code == 200
    eventually(lambda: Block.objects.get().status == "working")
    dearer = caller(trader).post(
        f"/api/v1/blocks/{key}/modify/",
        {"client_request_id": "m", "price": str(int(low) + 100)},
        format="json",
    )
    assert dearer.json()["error"]["code"] == "needs_approval"
    child = orders_of(Block.objects.get())[0]
    modify = f"/api/v1/orders/{child.pk}/modify/"  # nor one order of it by itself
    for changed in ({"price": str(int(low) + 100)}, {"order_type": "market", "price": None}):
        alone = caller(trader).post(modify, {"client_request_id": "a"} | changed, format="json")
        assert (alone.status_code, alone.json()["error"]["code"]) == (409, "needs_approval")


@pytest.mark.parametrize("path", ["", "cancel/", "modify/", "decide/"])
def test_another_users_block_is_not_found(low, plan, trader, path):
    key = caller(trader).post("/api/v1/blocks/", body(plan, low), format="json").json()["id"]
    eventually(lambda: Block.objects.get().status == "working")
    stranger = caller(make_user())
    given = {"client_request_id": "c", "answer": "approve", "order_type": "market"}
    address = f"/api/v1/blocks/{key}/{path}"
    reply = stranger.post(address, given, format="json") if path else stranger.get(address)
    assert reply.status_code == 404
    assert stranger.post("/api/v1/blocks/", body(plan, low), format="json").status_code == 404
