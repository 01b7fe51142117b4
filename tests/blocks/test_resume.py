"""What a dead process leaves of a block: resumed as the plan's rule and the requester would have it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.urls import reverse

from brokers.adapters import client_for
from brokers.blocks import lanes
from brokers.blocks.models import Block, BlockChild
from brokers.blocks.services import allocating, changes, following, sending
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import BlockStatus, ChildState, Mode, OnTrouble
from brokers.models import Order, OrderStatus
from brokers.paper.faults import Action, Rule
from brokers.services import orders
from brokers.services.reconcile import reconcile
from lucy import clock
from tests.blocks.desk import SYMBOL, fill, make_fund, make_plan, orders_of, wish
from tests.blocks.test_pages import browser_of
from tests.services import eventually

pytestmark = pytest.mark.django_db
S, C = BlockStatus, ChildState


@pytest.fixture
def low(paper, account):
    """A price on the tick that is taken and not filled by itself."""
    return client_for(account).quote(SYMBOL).lower_limit


@pytest.fixture
def in_turn(trader, account):
    """Two legs behind each other in one account; the second stops when the first has trouble."""
    legs = [(make_fund(code, trader), account, weight) for code, weight in (("A", 6000), ("B", 4000))]
    return make_plan(trader, legs, on_trouble=OnTrouble.STOP)


@pytest.fixture
def left(low, in_turn, trader, monkeypatch):
    """A block whose process died the moment it had claimed the first leg."""
    monkeypatch.setattr(sending, "start", lambda block: None)
    block = place_block(trader, "left", in_turn, wish(low, 10))
    monkeypatch.undo()
    monkeypatch.setattr(sending, "LEFT_ALONE", -sending.LEFT_ALONE)
    Block.objects.filter(pk=block.pk).update(status=S.SENDING)
    BlockChild.objects.filter(block=block, position=1).update(state=C.ORDERED)
    return Block.objects.select_related("plan", "user").get()


def saved(block, *, send):
    """The first leg's order as the dead process left it: saved, or sent as well; not linked."""
    child = BlockChild.objects.select_related("account").get(block=block, position=1)
    with pytest.MonkeyPatch.context() as patch:
        if not send:
            patch.setattr(orders, "_check_and_send", lambda *_: None)
        request = sending.request_of(block, child)
        return orders.place_order(child.account, block.user, child.client_order_id, request, confirmed=True)


def resumed(block):
    """The states of both legs after the sweep has taken the block up."""
    sending.resume()
    eventually(lambda: Block.objects.get(pk=block.pk).status in {S.WORKING, S.FINAL})
    return legs(block)


def legs(block):
    return list(BlockChild.objects.filter(block=block).order_by("position").values_list("state", flat=True))


@pytest.mark.parametrize("was_saved", [False, True])
def test_what_had_not_left_when_the_block_was_cancelled_never_leaves(left, trader, was_saved):
    order = saved(left, send=False) if was_saved else None
    outcomes = changes.cancel_block(left, trader, "c")
    assert [outcome.tone for outcome in outcomes] == ["doubt", "none"]
    assert resumed(left) == [C.ORDERED if was_saved else C.HELD, C.HELD]
    assert list(Order.objects.values_list("pk", "status")) == ([(order.pk, "pending")] if order else [])


def test_a_cancel_that_died_on_its_way_is_known_to_who_resumes(left, trader, monkeypatch):
    def died(_work):
        raise KeyboardInterrupt

    monkeypatch.setattr(lanes, "side_by_side", died)
    with pytest.raises(KeyboardInterrupt):
        changes.cancel_block(left, trader, "c")
    assert resumed(left) == [C.HELD, C.HELD]
    assert not Order.objects.exists()


def test_a_block_that_nobody_began_to_send_can_be_cancelled(low, in_turn, trader, monkeypatch):
    monkeypatch.setattr(sending, "start", lambda block: None)
    block = place_block(trader, "b", in_turn, wish(low, 10))
    monkeypatch.undo()
    page = browser_of(trader).get(reverse("blocks:block", args=[block.pk])).content.decode()
    assert ("전체 취소" in page, "전체 정정" in page) == (True, False)
    assert [outcome.tone for outcome in changes.cancel_block(block, trader, "c")] == ["none", "none"]
    eventually(lambda: Block.objects.get().status == S.FINAL)
    assert (legs(block), Order.objects.count()) == ([C.HELD, C.HELD], 0)


def test_a_cancel_reaches_what_was_leaving_meanwhile(paper, low, in_turn, trader, account):
    path = "/uapi/domestic-stock/v1/trading/order-cash"
    slow = Rule(Action.DELAY_REQUEST, broker="kis", target=path, seconds=0.5)
    paper.call(lambda running: running.faults.add(slow))
    block = place_block(trader, "b", in_turn, wish(low, 10))
    eventually(lambda: BlockChild.objects.filter(block=block, state=C.ORDERED).exists())
    block.refresh_from_db()
    outcomes = changes.cancel_block(block, trader, "c")
    assert [outcome.tone for outcome in outcomes] == ["ok", "none"]
    reconcile(account)
    eventually(lambda: Block.objects.get().status == S.FINAL)
    assert list(Order.objects.values_list("status", flat=True)) == ["cancelled"]


@pytest.mark.parametrize("status", [S.STAGED, S.SENDING])
def test_what_was_left_over_night_does_not_leave_the_next_morning(left, status):
    """Its price is of yesterday, and nobody asked for it today."""
    state = C.STAGED if status == S.STAGED else C.ORDERED
    BlockChild.objects.filter(block=left, position=1).update(state=state)
    evening = clock.day_start() - timedelta(hours=9)
    Block.objects.filter(pk=left.pk).update(status=status, updated_at=evening, trade_date=evening.date())
    assert resumed(left) == [C.HELD, C.HELD]
    assert not Order.objects.exists()


def test_an_order_that_was_modified_before_it_was_linked_is_still_the_legs(left, low):
    order = saved(left, send=True)
    Order.objects.filter(pk=order.pk).update(price=low + 100)
    resumed(left)
    child = BlockChild.objects.get(block=left, position=1)
    assert (child.state, child.order_id) == (C.ORDERED, order.pk)


def test_the_rest_of_a_plan_that_stops_waits_for_an_answer_and_stops_without_one(left):
    order = saved(left, send=True)
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.SENT)  # died before the answer was read
    sending.resume()
    lanes.lane_of(order.account_id).submit(lambda: None).result()  # what stood in the lane is done
    assert (Block.objects.get().status, legs(left)) == (S.SENDING, [C.ORDERED, C.STAGED])
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.UNKNOWN)
    BlockChild.objects.filter(block=left, position=1).update(order=order)
    assert resumed(left) == [C.ORDERED, C.HELD]
    assert Block.objects.get().halted.startswith("1번 항목: ")


def test_a_fault_of_ours_holds_a_plan_that_stops(low, in_turn, trader, monkeypatch):
    def fail(*_, **__):
        raise DatabaseError("away")

    monkeypatch.setattr(orders, "place_order", fail)
    block = place_block(trader, "b", in_turn, wish(low, 10))
    sending.Sending(block, sending.children_of(block))._send_group(sending.children_of(block))  # type: ignore[attr-defined]
    assert legs(block) == [C.ORDERED, C.STAGED]


def test_the_sweep_finds_late_news_of_a_final_block(paper, low, trader, account, monkeypatch):
    plan = make_plan(
        trader, [(make_fund("A", trader), None, 10_000)], mode=Mode.SHARED, executing_account=account
    )
    block = place_block(trader, "b", plan, wish(low, 10))
    eventually(lambda: Block.objects.get().status == S.WORKING)
    (order,) = orders_of(block)
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.CANCELLED, cancelled_quantity=10)
    allocating.refresh(block.pk)
    monkeypatch.setattr(following.follower, "tell", lambda keys: None)  # the process died with the news
    fill(paper, order, 4)
    reconcile(account)
    assert (Block.objects.get().status, Block.objects.get().filled_quantity) == (S.FINAL, 0)
    following.sweep()
    assert Block.objects.get().filled_quantity == 4
    assert following.sweep() == 0
