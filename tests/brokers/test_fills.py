"""What happens when a fill arrives: once, twice, early, late, from elsewhere."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from brokers.adapters.base import FillReport, Receipt
from brokers.models import (
    Discrepancy,
    DiscrepancyKind,
    EventKind,
    Fill,
    Notice,
    Order,
    OrderEvent,
    OrderOrigin,
    OrderStatus,
)
from brokers.services.fills import record_fill
from brokers.services.journal import seal
from brokers.services.orders import accept_order
from brokers.terms import Side
from lucy import clock
from tests.factories import make_order

pytestmark = pytest.mark.django_db


def report(account, number="1001", **changes):
    values = {
        "account_no": account.number,
        "trade_date": clock.trade_date(),
        "order_no": number,
        "original_no": "",
        "fill_no": "1",
        "symbol": "005930",
        "side": Side.BUY,
        "quantity": 3,
        "price": Decimal(70_000),
        "executed_at": clock.now(),
        "order_quantity": 10,
        "order_price": Decimal(70_000),
    }
    return FillReport(**values | changes)


@pytest.fixture
def working(account, trader):
    order = make_order(account, trader, status=OrderStatus.SENT)
    accept_order(order, Receipt("1001", "00950"))
    return order


def test_a_fill_moves_its_order_and_is_told(account, working):
    assert record_fill(account, report(account))
    working.refresh_from_db()
    assert (working.status, working.filled_quantity, working.open_quantity) == (S.PARTIALLY_FILLED, 3, 7)
    assert working.average_price == 70_000
    assert Notice.objects.filter(kind="fill").count() == 1
    assert OrderEvent.objects.filter(kind=EventKind.FILLED).count() == 1


def test_a_replayed_fill_counts_once(account, working):
    assert record_fill(account, report(account))
    assert not record_fill(account, report(account))
    working.refresh_from_db()
    assert working.filled_quantity == 3
    assert Notice.objects.filter(kind="fill").count() == 1


def test_the_same_fill_number_of_another_order_is_another_fill(account, trader, working):
    other = make_order(account, trader, status=OrderStatus.SENT)
    accept_order(other, Receipt("1002"))
    assert record_fill(account, report(account))
    assert record_fill(account, report(account, "1002"))
    assert Fill.objects.count() == 2


def test_all_shares_make_it_filled_at_the_exact_average(account, working):
    record_fill(account, report(account, fill_no="1", quantity=3, price=Decimal(70_000)))
    record_fill(account, report(account, fill_no="2", quantity=7, price=Decimal(70_100)))
    working.refresh_from_db()
    assert (working.status, working.average_price) == (S.FILLED, Decimal("70070.0000"))


def test_a_fill_that_overtakes_the_reply_waits_for_it(account, trader):
    order = make_order(account, trader, status=OrderStatus.SENT)
    assert record_fill(account, report(account))
    assert Fill.objects.get().order_id is None
    accept_order(order, Receipt("1001"))
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == (S.PARTIALLY_FILLED, 3)
    assert Fill.objects.get().order_id == order.pk


def test_a_fill_of_an_order_placed_elsewhere_brings_the_order(account):
    assert record_fill(account, report(account, "77", quantity=4))
    order = Order.objects.get()
    assert (order.origin, order.user_id, order.quantity) == (OrderOrigin.ELSEWHERE, None, 10)
    assert (order.status, order.filled_quantity) == (S.PARTIALLY_FILLED, 4)


def test_a_late_fill_of_a_cancelled_order_still_counts(account, trader, working):
    Order.objects.filter(pk=working.pk).update(status=S.CANCELLED, cancelled_quantity=10)
    assert record_fill(account, report(account))
    working.refresh_from_db()
    assert (working.status, working.filled_quantity, working.cancelled_quantity) == (S.CANCELLED, 3, 7)
    shown = Discrepancy.objects.get(kind=DiscrepancyKind.LATE_FILL)
    assert (shown.order, shown.ours, shown.theirs) == (working, "취소, 체결 0주", "체결 3주")


def test_kis_fills_a_second_apart_are_two(account, working):
    first = report(account, fill_no="")
    later = report(account, fill_no="", executed_at=first.executed_at + timedelta(seconds=1))
    assert record_fill(account, first)
    assert record_fill(account, later)
    working.refresh_from_db()
    assert working.filled_quantity == 6


def test_the_trail_is_numbered_and_sealed(account, working):
    record_fill(account, report(account))
    events = list(OrderEvent.objects.filter(account=account).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(event.hash == seal(event) for event in events)
    assert all(later.previous_hash == earlier.hash for earlier, later in pairwise(events))


S = OrderStatus
