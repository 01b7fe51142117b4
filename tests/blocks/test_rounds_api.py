"""Rebalances and baskets over REST: looked at, placed as seen and once, each their own."""

import pytest

from brokers.adapters import client_for
from brokers.blocks.models import Basket, Block, FundTarget
from tests.accounts.callers import error_of, script_of
from tests.blocks.desk import SYMBOL, make_fund, make_plan
from tests.blocks.test_baskets import all_tried
from tests.browser.desk import make_issues
from tests.factories import make_user

pytestmark = pytest.mark.django_db
REBALANCE, BASKETS = "/api/v1/rebalance/", "/api/v1/baskets/"


@pytest.fixture
def price(paper, account):
    make_issues()
    return int(client_for(account).quote(SYMBOL).price)


@pytest.fixture
def plan(trader, account, ls_account, price):
    funds = [make_fund(code, trader, cash=price * 100) for code in "AB"]
    return make_plan(trader, [(funds[0], account, 6000), (funds[1], ls_account, 4000)])


def test_a_rebalance_is_looked_at_and_placed_once(plan, trader, price):
    erp = script_of(trader)
    told = error_of(erp.post(f"{REBALANCE}preview/", {"plan": str(plan.pk)}, format="json"))
    assert told["code"] == "no_targets"
    for leg in plan.legs.all():
        FundTarget.objects.create(fund=leg.fund, symbol=SYMBOL, percent=40)
    seen = erp.post(f"{REBALANCE}preview/", {"plan": str(plan.pk)}, format="json").json()
    first = seen["funds"][0]
    assert (first["off_before"], first["off_after"]) == ("40.0000", "0.0000")
    assert [(step["side"], step["quantity"]) for step in first["steps"]] == [("buy", 40)]
    assert [(block["quantity"], block["targets"]) for block in seen["blocks"]] == [(80, {"1": 40, "2": 40})]
    assert not Block.objects.exists()
    made = erp.post(REBALANCE, {"look": seen["look"]}, format="json").json()
    again = erp.post(REBALANCE, {"look": seen["look"]}, format="json").json()
    assert [block["id"] for block in made["blocks"]] == [block["id"] for block in again["blocks"]]
    assert Block.objects.get().ordered_quantity == 80
    stranger = script_of(make_user())
    assert stranger.post(f"{REBALANCE}preview/", {"plan": str(plan.pk)}, format="json").status_code == 404
    assert (
        error_of(stranger.post(REBALANCE, {"look": seen["look"]}, format="json"))["code"] == "looked_too_long"
    )


def test_a_basket_is_judged_row_by_row_and_placed_once(plan, trader, price):
    erp = script_of(trader)
    good = [
        {"fund": "A", "symbol": SYMBOL, "side": "buy", "quantity": 7, "price": str(price)},
        {"fund": "B", "symbol": SYMBOL, "side": "buy", "weight": "5", "price": str(price)},
    ]
    body = {"plan": str(plan.pk), "client_basket_id": "erp-1", "rows": good}
    odd = body | {"rows": [good[0], good[1] | {"fund": "Z"}]}
    seen = erp.post(f"{BASKETS}preview/", odd, format="json").json()
    assert [bool(row["problems"]) for row in seen["rows"]] == [False, True]
    assert seen["look"] is None
    seen = erp.post(f"{BASKETS}preview/", body, format="json").json()
    assert [block["quantity"] for block in seen["blocks"]] == [11]
    made = erp.post(BASKETS, {"look": seen["look"]}, format="json")
    all_tried()
    again = erp.post(BASKETS, {"look": seen["look"]}, format="json")
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["id"] == again.json()["id"]
    rows = again.json()["rows"]
    assert [(row["number"], row["quantity"]) for row in rows] == [(1, 7), (2, 4)]
    assert {row["block"] for row in rows} == {str(Block.objects.get().pk)}
    address = f"{BASKETS}{made.json()['id']}/"
    assert erp.get(address).json() == again.json()
    assert script_of(make_user()).get(address).status_code == 404
    other = erp.post(f"{BASKETS}preview/", body | {"client_basket_id": "erp-2"}, format="json").json()
    erp.post(BASKETS, {"look": other["look"]}, format="json")
    assert Basket.objects.count() == 2  # meant twice, named twice
    all_tried()
