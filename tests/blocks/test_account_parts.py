"""The preview's broker accounts: the broker's own figure, the day's limits, before and after; its silence."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from brokers.adapters import client_for
from brokers.adapters.base import OrderRequest
from brokers.blocks.services.account_parts import account_parts
from brokers.blocks.services.previewing import preview
from brokers.blocks.terms import Mode
from brokers.costs import estimate
from brokers.models import Scope, TradingLimit
from brokers.paper.faults import Action, Rule
from brokers.services import facts
from brokers.services.orders import place_order
from brokers.terms import OrderType, Side
from tests.blocks.desk import SYMBOL, make_fund, make_plan, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def low(paper, account):
    return client_for(account).quote(SYMBOL).lower_limit


@pytest.fixture
def plan(trader, account, ls_account):
    """Two legs in the first account, one in the second."""
    legs = [(make_fund("A", trader), account, 4000), (make_fund("B", trader), account, 4000)]
    return make_plan(trader, [*legs, (make_fund("C", trader), ls_account, 2000)])


def cost(low, quantity, account):
    return estimate(Side.BUY, quantity, low, account.rates).total


def silence(paper):
    """KIS tells no buying power any more."""
    path = "/uapi/domestic-stock/v1/trading/inquire-psbl-order"
    fault = Rule(Action.ANSWER, broker="kis", target=path, status=500, times=None)
    paper.call(lambda running: running.faults.add(fault))


def test_all_legs_of_an_account_are_taken_from_the_brokers_own_figure(paper, low, plan, trader, account):
    told = client_for(account).buying_power(SYMBOL, low, OrderType.LIMIT)
    TradingLimit.objects.create(scope=Scope.USER, user=trader, day_quantity=5_000)
    TradingLimit.objects.create(scope=Scope.ACCOUNT, account=account, day_value=10**9)
    place_order(account, trader, "o1", OrderRequest(SYMBOL, Side.BUY, 7, low))
    facts.forget(account)
    parts = account_parts(trader, preview(trader, plan, wish(low, 100)))
    kis, ls = parts.accounts
    assert (kis.orders, kis.shares, ls.orders, ls.shares) == (2, 80, 1, 20)
    assert kis.won == 2 * cost(low, 40, account)
    assert kis.free.value is not None
    assert told.quantity * told.price - kis.free.value == pytest.approx(
        cost(low, 7, account), rel=Decimal("0.01")
    )
    assert kis.left == kis.free.value - kis.won
    assert (kis.day.value.now, kis.day.value.after) == (7 * low, 87 * low)
    assert kis.day.value.limit is not None
    assert kis.day.value.limit.most == 10**9
    assert (parts.user.quantity.now, parts.user.quantity.after) == (7, 107)
    assert parts.user.quantity.limit is not None
    assert parts.user.value.limit is None


def test_a_shared_account_takes_one_order_and_a_sale_takes_shares(paper, low, trader, account):
    legs = [(make_fund(code, trader), None, 5000) for code in "AB"]
    plan = make_plan(trader, legs, mode=Mode.SHARED, executing_account=account)
    held = next(line for line in client_for(account).balance().holdings if line.symbol == SYMBOL)
    found = preview(trader, plan, wish(low, 3, side=Side.SELL))
    (part,) = account_parts(trader, found).accounts
    assert (part.orders, part.shares, part.takes) == (1, 3, 3)
    assert (part.free.value, part.left) == (held.sellable, held.sellable - 3)
    assert part.won < 3 * low
    assert [(row["held"], row["held_after"]) for row in found.fund_rows] == [(0, -2), (0, -1)]


def test_a_silent_broker_has_its_last_good_figure_with_its_age(paper, low, plan, trader, account, ls_account):
    first = account_parts(trader, preview(trader, plan, wish(low, 100))).accounts[0]
    facts.forget(account)
    silence(paper)
    kis, ls = account_parts(trader, preview(trader, plan, wish(low, 50))).accounts
    assert kis.free.silence is not None
    assert (kis.free.value, kis.free.at) == (first.free.value, first.free.at)
    assert kis.left == first.free.value - kis.won
    assert ls.free.silence is None


def typed(plan, low):
    values = {"client_block_id": str(uuid4()), "plan": str(plan.pk), "symbol": SYMBOL, "side": "buy"}
    return values | {"order_type": "limit", "quantity": "100", "price": f"{low:,}"}


def test_the_pages_and_rest_say_it_alike(paper, low, plan, trader, account):
    browser, erp = Client(), APIClient()
    browser.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    erp.force_authenticate(trader)
    left = account_parts(trader, preview(trader, plan, wish(low, 100))).accounts[0].left
    for name in ("review", "preview-accounts"):
        page = browser.post(reverse(f"blocks:{name}"), typed(plan, low)).content.decode()
        assert f"{left:,.0f}" in page
    asked = {"plan": str(plan.pk), "symbol": SYMBOL, "side": "buy", "price": str(low), "quantity": 100}
    told = erp.post("/api/v1/blocks/preview/", asked, format="json").json()
    assert told["accounts"][0]["left"] == f"{left:f}"
    assert told["accounts"][0]["day"]["quantity"] == {"now": "0", "after": "80", "limit": "1000000"}
    assert [row["held_after"] for row in told["funds"]] == [40, 40, 20]
    facts.forget(account)
    silence(paper)
    page = browser.post(reverse("blocks:preview-accounts"), typed(plan, low)).content.decode()
    assert "새 숫자가 오지 않습니다" in page
    assert "data-age" in page
    unfinished = typed(plan, low) | {"plan": ""}
    assert "주문가능" not in browser.post(reverse("blocks:preview-accounts"), unfinished).content.decode()
