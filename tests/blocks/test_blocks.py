"""A block's way: checked as a whole, sent side by side, followed, cancelled, allocated for good."""

import time
from functools import partial

import pytest

from brokers.adapters import client_for
from brokers.blocks.models import (
    AllocationShare,
    Block,
    BlockChild,
    BlockEvent,
    BlockRule,
    Fund,
    FundHolding,
    IssueRule,
    Plan,
)
from brokers.blocks.services import allocating, changes, sending, staging
from brokers.blocks.services.previewing import preview
from brokers.blocks.services.sending import client_order_id
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import BlockStatus, ChildState, EventKind, Mode, OnTrouble
from brokers.models import BrokerAccount, Order, OrderChange, OrderStatus, Scope, TradingLimit
from brokers.paper.faults import Action, Rule
from brokers.services import kill
from brokers.services.changes import modify_order
from brokers.services.orders import place_order
from brokers.services.reconcile import reconcile
from brokers.terms import OrderType, Side
from lucy.errors import LucyError
from tests.blocks.desk import SYMBOL, fill, make_fund, make_plan, orders_of, wish
from tests.factories import make_account, make_user
from tests.races.test_orders_and_fills import at_once
from tests.services import eventually

pytestmark = pytest.mark.django_db


@pytest.fixture
def low(paper, account):
    """A price on the tick that is taken and not filled by itself."""
    return client_for(account).quote(SYMBOL).lower_limit


@pytest.fixture
def two(trader, account, ls_account):
    """Two funds, 60 and 40 percent, the first at KIS and the second at LS."""
    return make_plan(
        trader, [(make_fund("A", trader), account, 6000), (make_fund("B", trader), ls_account, 4000)]
    )


@pytest.fixture
def shared(trader, account):
    """Three funds, one executing account."""
    legs = [
        (make_fund(code, trader), None, weight) for code, weight in (("A", 5000), ("B", 3000), ("C", 2000))
    ]
    return make_plan(trader, legs, code="S1", mode=Mode.SHARED, executing_account=account)


def placed(user, plan, wanted, name="b1"):
    """A block whose children have all left."""
    block = place_block(user, name, plan, wanted)
    eventually(lambda: _status(block) == BlockStatus.WORKING or _status(block) == BlockStatus.FINAL)
    return Block.objects.select_related("plan", "user").get(pk=block.pk)


def _status(block):
    return Block.objects.values_list("status", flat=True).get(pk=block.pk)


def refused_with(user, plan, wanted):
    with pytest.raises(LucyError) as refusal:
        place_block(user, "no", plan, wanted)
    assert not Block.objects.exists()
    assert not Order.objects.exists()
    return [trouble["code"] for trouble in refusal.value.details.get("troubles", [])] or [refusal.value.code]


def shares(block):
    allocating.refresh(block.pk)
    rows = AllocationShare.objects.filter(block=block).order_by("position")
    return [row.filled for row in rows]


# --- out and back -------------------------------------------------------------------------------------------


def test_each_leg_leaves_in_its_own_account_and_gets_its_own_fills(paper, low, two, trader):
    block = placed(trader, two, wish(low, 101))
    kis, ls = orders_of(block)
    assert [order.quantity for order in (kis, ls)] == [61, 40]
    assert {order.client_order_id for order in (kis, ls)} == {client_order_id(block.pk, n) for n in (1, 2)}
    assert all(order.status == OrderStatus.ACCEPTED for order in (kis, ls))
    assert Plan.objects.get(pk=two.pk).frozen_at is not None
    fill(paper, kis, 30)
    fill(paper, ls, 5)
    for order in (kis, ls):
        reconcile(order.account)
    assert shares(block) == [30, 5]
    changes.cancel_block(block, trader, "c1")
    for order in (kis, ls):
        reconcile(order.account)
    allocating.refresh(block.pk)
    block.refresh_from_db()
    assert (block.status, block.filled_quantity, block.open_quantity) == (BlockStatus.FINAL, 35, 0)
    kinds = list(BlockEvent.objects.filter(block=block).order_by("seq").values_list("seq", "kind"))
    assert kinds == [*enumerate(["made", "sending", "sent", "cancel", "cancel", "final"], start=1)]
    assert (
        sum(AllocationShare.objects.filter(block=block).values_list("amount", flat=True))
        == block.filled_amount
    )


def test_what_is_still_open_binds_its_own_accounts_commission(paper, low, two, trader, account):
    BrokerAccount.objects.filter(pk=account.pk).update(commission_percent=1)
    block = placed(trader, two, wish(low, 101))
    kis, _ = orders_of(block)
    fill(paper, kis, 30)
    reconcile(account)
    assert shares(block) == [30, 0]
    mine = AllocationShare.objects.get(block=block, position=1)
    assert mine.bound == 31 * low + 31 * low // 100


def test_the_same_id_twice_at_once_is_one_block_though_it_took_the_last_won(
    low, trader, account, monkeypatch
):
    plan = make_plan(trader, [(make_fund("A", trader, cash=101 * low), account, 10_000)])
    look, first = staging.preview, []  # type: ignore[attr-defined]

    def late(*args, **more):
        monkeypatch.setattr(staging, "preview", look)
        first.append(place_block(trader, "b1", plan, wish(low, 100)))
        return look(*args, **more)

    monkeypatch.setattr(staging, "preview", late)
    assert [place_block(trader, "b1", plan, wish(low, 100))] == first
    assert Block.objects.count() == 1


def test_a_fund_that_was_edited_since_the_look_is_judged_as_it_is_now(low, two, trader):
    found = preview(trader, two, wish(low, 100))
    Fund.objects.filter(code="A").update(cash=low)
    with pytest.raises(LucyError) as refusal:
        staging._store(trader, "late", found)
    assert [trouble["code"] for trouble in refusal.value.details["troubles"]] == ["fund_cash"]
    assert not Block.objects.exists()


def test_a_dearer_modify_binds_the_funds_at_its_price(paper, low, two, trader):
    block = placed(trader, two, wish(low, 101))
    dearer = low + 2_000
    changes.modify_block(block, trader, "m", price=dearer, order_type=OrderType.LIMIT)
    bound = AllocationShare.objects.filter(block=block).order_by("position").values_list("open", "bound")
    assert [won >= shares * dearer for shares, won in bound] == [True, True]


@pytest.mark.parametrize("limit", ["cash", "order_value", "day_value", "approval"])
def test_a_dearer_modify_is_judged_as_a_new_block_is(paper, low, trader, account, limit):
    most = 100 * (low + 1_000)
    fund = make_fund("A", trader, **({} if limit == "approval" else {limit: most}))
    BlockRule.objects.create(approval_value=most if limit == "approval" else None)
    block = placed(trader, make_plan(trader, [(fund, account, 10_000)]), wish(low, 100))
    (order,) = orders_of(block)
    for price, kind in ((low + 2_000, OrderType.LIMIT), (None, OrderType.MARKET)):
        with pytest.raises(LucyError) as whole:
            changes.modify_block(block, trader, "m", price=price, order_type=kind)
        with pytest.raises(LucyError) as alone:
            modify_order(order, trader, "m", quantity=None, price=price, order_type=kind)
        for refusal in (whole.value, alone.value):
            if limit == "approval":
                assert refusal.code == "needs_approval"
            else:
                (trouble,) = refusal.details["troubles"]
                assert (trouble["code"], trouble["fund"]) == (f"fund_{limit}", str(fund))
                assert f"{most:,}원" in refusal.message
    assert not OrderChange.objects.exists()
    assert AllocationShare.objects.get(block=block).bound < 101 * low
    (outcome,) = changes.modify_block(block, trader, "m", price=low + 500, order_type=OrderType.LIMIT)
    assert outcome.tone == "ok"


def test_a_sale_may_ask_for_more_within_the_funds_limits(paper, trader, account):
    price = client_for(account).quote(SYMBOL).upper_limit - 10_000
    fund = make_fund("A", trader, order_value=10 * (price + 1_000))
    FundHolding.objects.create(fund=fund, symbol=SYMBOL, quantity=10)
    plan = make_plan(trader, [(fund, account, 10_000)])
    block = placed(trader, plan, wish(price, 10, side=Side.SELL))
    with pytest.raises(LucyError, match="한도"):
        changes.modify_block(block, trader, "m", price=price + 2_000, order_type=OrderType.LIMIT)
    (outcome,) = changes.modify_block(block, trader, "m", price=price + 500, order_type=OrderType.LIMIT)
    assert outcome.tone == "ok"


def test_a_shared_account_has_one_order_and_its_fills_are_allocated(paper, low, shared, trader):
    block = placed(trader, shared, wish(low, 100))
    (order,) = orders_of(block)
    assert order.quantity == 100
    before = [0, 0, 0]
    for part in (1, 6, 13, 30):
        fill(paper, order, part, low)
        reconcile(order.account)
        now = shares(block)
        assert sum(now) == Order.objects.get(pk=order.pk).filled_quantity
        assert all(new >= old for new, old in zip(now, before, strict=True))
        before = now
    assert before == [25, 15, 10]
    rows = list(AllocationShare.objects.filter(block=block).order_by("position"))
    block.refresh_from_db()
    assert sum(row.amount for row in rows) == block.filled_amount == 50 * low
    assert {row.average_price for row in rows} == {low}


def test_news_alone_brings_the_block_up_to_date(paper, low, shared, trader):
    block = placed(trader, shared, wish(low, 10))
    (order,) = orders_of(block)
    fill(paper, order, 10)
    reconcile(order.account)  # commits the fill; the follower hears of it
    eventually(lambda: _status(block) == BlockStatus.FINAL)
    assert sorted(AllocationShare.objects.filter(block=block).values_list("filled", flat=True)) == [2, 3, 5]


def test_a_slow_broker_holds_nobody_else(paper, low, trader, account, ls_account, two):
    paper.call(
        lambda running: running.faults.add(
            Rule(
                Action.DELAY_REQUEST,
                broker="kis",
                target="/uapi/domestic-stock/v1/trading/order-cash",
                seconds=2.0,
            )
        )
    )
    block = place_block(trader, "slow", two, wish(low, 10))
    began = time.monotonic()
    ls = client_order_id(block.pk, 2)
    eventually(lambda: Order.objects.filter(client_order_id=ls, status=OrderStatus.ACCEPTED).exists())
    assert time.monotonic() - began < 1.9
    eventually(lambda: _status(block) == BlockStatus.WORKING)


# --- checked as a whole -------------------------------------------------------------------------------------


def test_cash_is_counted_over_all_children_of_an_account(paper, low, trader, account):
    free = client_for(account).buying_power(SYMBOL, low, OrderType.LIMIT)
    funds = [make_fund(code, trader, cash=10**15) for code in "AB"]
    plan = make_plan(trader, [(fund, account, 5000) for fund in funds])
    TradingLimit.objects.create(scope=Scope.SYSTEM, distance_percent=100)
    most = int(free.quantity * free.price / low)
    assert refused_with(trader, plan, wish(low, most + 1_000)) == ["insufficient_cash"]
    found = preview(trader, plan, wish(low, most + 1_000), whole=True)
    assert "2건을 합하면" in found.troubles[0].message
    assert not preview(trader, plan, wish(low, most // 2), whole=True).troubles


def test_day_limits_count_the_whole_block(paper, low, trader, account, ls_account, two):
    TradingLimit.objects.create(scope=Scope.USER, user=trader, day_quantity=100)
    assert refused_with(trader, two, wish(low, 101)) == ["user_day_quantity"]
    assert placed(trader, two, wish(low, 100)).ordered_quantity == 100


def test_a_fund_keeps_its_cash_limits_and_forbidden_issues(paper, low, trader, account):
    poor = make_fund("A", trader, cash=low * 10)
    plan = make_plan(trader, [(poor, account, 10_000)])
    assert refused_with(trader, plan, wish(low, 10)) == ["fund_cash"]
    assert refused_with(trader, plan, wish(low, 5, side=Side.SELL)) == ["fund_holdings"]
    placed(trader, plan, wish(low, 6))
    with pytest.raises(LucyError, match="현금"):  # the open order binds the fund's cash
        place_block(trader, "again", plan, wish(low, 6))
    IssueRule.objects.create(symbol=SYMBOL, stance="forbidden", reason="내부통제")
    with pytest.raises(LucyError, match="내부통제"):
        place_block(trader, "third", plan, wish(low, 1))


def test_rights_and_stops_hold_for_blocks(paper, low, trader, two, ls_account):
    stranger = make_user("stranger")
    with pytest.raises(LucyError) as refusal:
        place_block(stranger, "x", two, wish(low, 10))
    assert refusal.value.code == "may_not_order_fund"
    kill.stop(Scope.USER, trader, by=trader, reason="멈춤")
    assert "stopped" in refused_with(trader, two, wish(low, 10))


def test_who_may_not_trade_one_account_orders_nothing(paper, low, trader, account):
    foreign = make_account(watchers=(trader,))
    plan = make_plan(
        trader, [(make_fund("A", trader), account, 5000), (make_fund("B", trader), foreign, 5000)]
    )
    assert refused_with(trader, plan, wish(low, 10)) == ["may_not_trade"]


# --- once ---------------------------------------------------------------------------------------------------


def test_the_same_id_is_the_same_block(paper, low, two, trader):
    first = placed(trader, two, wish(low, 10))
    assert place_block(trader, "b1", two, wish(low, 10)).pk == first.pk
    assert Order.objects.count() == 2
    with pytest.raises(LucyError) as refusal:
        place_block(trader, "b1", two, wish(low, 11))
    assert refusal.value.code == "client_block_id_reused"
    with pytest.raises(LucyError) as refusal:
        place_block(trader, "b2", two, wish(low, 10))
    assert refusal.value.code == "confirm_repeat"


@pytest.mark.parametrize("moment", ["staged", "claimed", "saved", "linked"])
def test_a_block_whose_process_died_is_resumed_once(paper, low, two, trader, monkeypatch, moment):
    """At each step between rows and orders; then the sweep sends what is left, and nothing twice."""
    monkeypatch.setattr(sending, "start", lambda block: None)
    block = place_block(trader, "dead", two, wish(low, 10))
    monkeypatch.undo()
    child = BlockChild.objects.select_related("account").get(block=block, position=1)
    if moment != "staged":
        Block.objects.filter(pk=block.pk).update(status=BlockStatus.SENDING)
        BlockChild.objects.filter(pk=child.pk).update(state=ChildState.ORDERED)
    if moment in {"saved", "linked"}:
        monkeypatch.setattr("brokers.services.orders._check_and_send", lambda *_: None)
        place_order(
            child.account, trader, child.client_order_id, sending.request_of(block, child), confirmed=True
        )
        monkeypatch.undo()
    if moment == "linked":
        monkeypatch.setattr(sending, "LEFT_ALONE", -sending.LEFT_ALONE)
        sending.resume()
        eventually(lambda: _status(block) == BlockStatus.WORKING)
    monkeypatch.setattr(sending, "LEFT_ALONE", -sending.LEFT_ALONE)
    sending.resume()
    eventually(lambda: _status(block) == BlockStatus.WORKING)
    sending.resume()
    assert sorted(Order.objects.values_list("quantity", "status")) == [(4, "accepted"), (6, "accepted")]
    theirs = [client_for(account).day_orders() for account in BrokerAccount.objects.all()]
    assert sorted(line.quantity for lines in theirs for line in lines) == [4, 6]


@pytest.mark.race
def test_two_blocks_at_once_do_not_spend_the_same_won(paper, low, trader, account, ls_account):
    fund = make_fund("A", trader, cash=low * 15)
    plans = [
        make_plan(trader, [(fund, one, 10_000)], code=code)
        for one, code in ((account, "P1"), (ls_account, "P2"))
    ]

    def attempt(plan):
        try:
            place_block(trader, f"race-{plan.code}", plan, wish(low, 10))
        except LucyError as refusal:
            return refusal.details["troubles"][0]["code"]
        return "placed"

    outcomes = at_once(*(partial(attempt, plan) for plan in plans))
    assert sorted(map(str, outcomes)) == ["fund_cash", "placed"]
    eventually(lambda: Block.objects.get().status == BlockStatus.WORKING)
    assert Order.objects.count() == 1


# --- trouble ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "left"), [(OnTrouble.GO_ON, [True, True]), (OnTrouble.STOP, [True, False])])
def test_the_rest_goes_on_or_stops_as_the_plan_says(paper, low, trader, account, rule, left):
    legs = [(make_fund(code, trader), account, 5000) for code in "AB"]
    plan = make_plan(trader, legs, on_trouble=rule)
    fault = Rule(
        Action.LOSE_REPLY, broker="kis", target="/uapi/domestic-stock/v1/trading/order-cash", times=1
    )
    paper.call(lambda running: running.faults.add(fault))
    block = placed(trader, plan, wish(low, 10))
    first, second = BlockChild.objects.filter(block=block).order_by("position").select_related("order")
    assert first.order
    assert first.order.status == OrderStatus.UNKNOWN
    assert [first.order is not None, second.order is not None] == left
    allocating.refresh(block.pk)
    block.refresh_from_db()
    assert bool(block.halted) is (rule == OnTrouble.STOP)
    assert block.troubled >= 1
    if rule == OnTrouble.STOP:
        assert second.state == ChildState.HELD
        assert BlockEvent.objects.filter(block=block, kind=EventKind.HELD).exists()


def test_a_late_fill_corrects_the_final_allocation(paper, low, shared, trader):
    block = placed(trader, shared, wish(low, 10))
    (order,) = orders_of(block)
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.CANCELLED, cancelled_quantity=10)
    allocating.refresh(block.pk)
    assert _status(block) == BlockStatus.FINAL
    fill(paper, order, 4)
    reconcile(order.account)
    assert shares(block) == [2, 1, 1]
    assert BlockEvent.objects.filter(block=block, kind=EventKind.CORRECTED).count() == 1
