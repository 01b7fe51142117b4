"""News and proof that come late, again or against what was thought: each is taken for what it proves."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters import client_for, transport
from brokers.adapters.base import OrderNews, OrderRequest, Receipt, Unreachable
from brokers.models import ChangeStatus, EventKind, Fill, Order, OrderChange, OrderStatus
from brokers.services import orders
from brokers.services.changes import cancel_order
from brokers.services.fills import record_fill
from brokers.services.news import record_news
from brokers.services.numbers import NOT_AT_BROKER
from brokers.services.orders import accept_order, place_order
from brokers.services.reconcile import compare, reconcile
from brokers.terms import RequestKind, Side
from lucy import clock
from tests.factories import make_order
from tests.races.test_doubtful_lists import line, told
from tests.races.test_orders_and_fills import CODE, any_account, report, still, working

__all__ = ["any_account", "still", "working"]
pytestmark = pytest.mark.django_db
S = OrderStatus
MINUTE = timedelta(minutes=1)


def price_of(paper):
    return Decimal(paper.call(lambda broker: broker.market.issue(CODE).price))


def test_an_older_modifys_news_does_not_take_the_order_back(account, working):
    record_news(account, told(account, OrderNews.MODIFIED, "1002", "1001"))
    record_news(account, told(account, OrderNews.MODIFIED, "1003", "1002", price=Decimal(70_200)))
    assert record_news(account, told(account, OrderNews.MODIFIED, "1002", "1001"))
    working.refresh_from_db()
    assert (working.broker_order_no, working.price) == ("1003", 70_200)


def test_a_modifys_news_confirms_no_cancel(account, working):
    change = OrderChange.objects.create(
        account=account,
        order=working,
        client_request_id="c",
        kind=RequestKind.CANCEL,
        quantity=10,
        original_no="1001",
        status=ChangeStatus.UNKNOWN,
        created_at=clock.now(),
    )
    record_news(account, told(account, OrderNews.MODIFIED, "1002", "1001"))
    change.refresh_from_db()
    assert change.status == ChangeStatus.UNKNOWN


def test_a_fill_that_waited_goes_to_the_stranger_it_turns_out_to_be_of(account, trader):
    ours = make_order(account, trader, status=S.SENT)
    record_fill(account, report(account, "77", quantity=4))  # perhaps ours: it waits
    orders.reject_order(ours, EventKind.REJECTED, "KIS", "no", "no")
    assert record_news(account, told(account, OrderNews.ACCEPTED, "77", ""))
    stranger = Order.objects.get(broker_order_no="77")
    assert (stranger.filled_quantity, stranger.status) == (4, S.PARTIALLY_FILLED)
    assert not Fill.objects.filter(order=None).exists()


def test_a_number_revives_an_order_that_was_given_up(account, trader):
    order = make_order(account, trader, status=S.SENT)
    orders.reject_order(order, EventKind.REJECTED, "대사", NOT_AT_BROKER, "not listed")
    accept_order(order, Receipt("1001"))
    order.refresh_from_db()
    assert (order.status, order.open_quantity, order.broker_order_no) == (S.ACCEPTED, 10, "1001")


def test_a_refusal_by_the_broker_is_final(account, trader):
    order = make_order(account, trader, status=S.SENT)
    orders.reject_order(order, EventKind.REJECTED, "KIS", "40", "no cash")
    accept_order(order, Receipt("1001"))
    order.refresh_from_db()
    assert (order.status, order.open_quantity) == (S.REJECTED, 0)


def test_one_number_is_never_two_orders(account, trader, working):
    other = make_order(account, trader, status=S.UNKNOWN)
    accept_order(other, Receipt("1001"))
    other.refresh_from_db()
    assert (other.status, other.broker_order_no) == (S.UNKNOWN, "")


def test_an_order_given_up_too_early_is_found_in_a_later_list(still, any_account, trader):
    """The broker's list lagged: what it shows now is the order, not a stranger."""
    price = price_of(still)
    order = make_order(any_account, trader, symbol=CODE, price=price, status=S.SENT, sent_at=clock.now())
    orders.reject_order(order, EventKind.REJECTED, "대사", NOT_AT_BROKER, "not listed")
    still.call(
        lambda broker: broker.ledger.place(
            broker.ledger.accounts.by_number[any_account.number], CODE, Side.BUY, 10, int(price)
        )
    )
    assert reconcile(any_account).answered == 1
    order.refresh_from_db()
    assert (order.status, Order.objects.count()) == (S.ACCEPTED, 1)


def test_what_was_never_sent_is_not_given_up_once_it_is_on_its_way(account, trader):
    order = make_order(account, trader, status=S.PENDING)
    Order.objects.filter(pk=order.pk).update(status=S.SENT)
    refused = orders.reject_order(order, EventKind.REJECTED, "대사", "never_sent", "-", only_from=S.PENDING)
    order.refresh_from_db()
    assert (refused, order.status) == (False, S.SENT)


def test_a_change_whose_confirmation_got_lost_is_confirmed_by_the_list(still, any_account, trader):
    request = OrderRequest(CODE, Side.BUY, 10, price_of(still))
    order = place_order(any_account, trader, "a", request)
    change = cancel_order(order, trader, "c", quantity=4)  # no gateway runs: nobody hears the confirmation
    assert change.status == ChangeStatus.ACCEPTED
    reconcile(any_account)
    change.refresh_from_db()
    order.refresh_from_db()
    assert (change.status, order.cancelled_quantity, order.open_quantity) == (ChangeStatus.CONFIRMED, 4, 6)


def test_fills_after_the_list_was_read_are_no_difference(still, any_account, trader, monkeypatch):
    request = OrderRequest(CODE, Side.BUY, 10, price_of(still))
    order = place_order(any_account, trader, "a", request)
    client = client_for(any_account)
    old = client.day_orders()

    def meanwhile():
        record_fill(any_account, report(any_account, order.broker_order_no, fill_no="9", quantity=2))
        return old

    monkeypatch.setattr(client, "day_orders", meanwhile)
    assert reconcile(any_account).changes == 0
    order.refresh_from_db()
    assert order.filled_quantity == 2
    assert not any_account.discrepancies.exists()


def test_an_order_that_waited_too_long_for_its_turn_does_not_leave(still, any_account, monkeypatch):
    monkeypatch.setattr(transport, "ORDERS_LEAVE_WITHIN_SECONDS", -1.0)
    with pytest.raises(Unreachable, match="could not leave"):
        client_for(any_account).place(OrderRequest(CODE, Side.BUY, 10, price_of(still)))
    held = still.call(lambda broker: broker.ledger.accounts.by_number[any_account.number].orders)
    assert not held


def given_up_one(account, trader):
    order = make_order(account, trader, status=S.UNKNOWN, sent_at=clock.now() - MINUTE, quantity=10)
    orders.reject_order(order, EventKind.REJECTED, "대사", NOT_AT_BROKER, "not listed")
    return order


def line_of_it(order, **changes):
    return line(quantity=10, price=order.price, ordered_at=order.sent_at, **changes)


def test_a_late_fill_finds_the_order_that_was_given_up(account, trader):
    """The broker was slower than its list is ever late."""
    order = given_up_one(account, trader)
    record_fill(account, report(account, quantity=3))
    filled = {"filled_quantity": 3, "filled_amount": Decimal(210_000), "open_quantity": 7}
    compare(account, clock.trade_date(), [line_of_it(order, **filled)], clock.now())
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == (S.PARTIALLY_FILLED, 3)
    assert Order.objects.count() == 1


def test_late_news_finds_the_order_that_was_given_up(account, trader):
    order = given_up_one(account, trader)
    assert not record_news(account, told(account, OrderNews.ACCEPTED, "1001", "", price=order.price))
    compare(account, clock.trade_date(), [line_of_it(order)], clock.now())
    order.refresh_from_db()
    assert (order.status, order.broker_order_no) == (S.ACCEPTED, "1001")


def test_news_of_another_order_waits_for_the_list_and_is_taken_in(account, trader):
    given_up_one(account, trader)
    record_fill(account, report(account, "1009", quantity=3))
    filled = {"filled_quantity": 3, "filled_amount": Decimal(210_000), "open_quantity": 97}
    compare(account, clock.trade_date(), [line("1009", quantity=100, **filled)], clock.now())
    stranger = Order.objects.get(broker_order_no="1009")
    assert (stranger.filled_quantity, Fill.objects.get().order_id) == (3, stranger.pk)
