"""What a broker's list proves, and what it only seems to: lists that lag, lack, or say things another way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters.base import OrderLine, OrderNews, OrderReport, Receipt
from brokers.models import Discrepancy, DiscrepancyKind, Fill, FillSource, Order, OrderStatus, Resolution
from brokers.services.fills import record_fill
from brokers.services.news import record_news
from brokers.services.orders import accept_order
from brokers.services.reconcile import Reconciliation, compare
from brokers.services.reconcile.numbers import find_answers
from brokers.terms import Condition, OrderType, RequestKind, Side, Venue
from lucy import clock
from tests.factories import make_order
from tests.races.test_orders_and_fills import CODE, report, working

__all__ = ["working"]
pytestmark = pytest.mark.django_db
S = OrderStatus


def line(number="1001", **changes):
    values = {
        "trade_date": clock.trade_date(),
        "order_no": number,
        "original_no": "",
        "kind": RequestKind.NEW,
        "branch": "00950",
        "symbol": CODE,
        "name": "",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "condition": Condition.DAY,
        "venue": Venue.KRX,
        "quantity": 10,
        "price": Decimal(70_000),
        "filled_quantity": 0,
        "filled_amount": Decimal(0),
        "cancelled_quantity": 0,
        "rejected_quantity": 0,
        "open_quantity": 10,
        "ordered_at": clock.now() - timedelta(seconds=50),
        "status_text": "",
    }
    return OrderLine(**values | changes)


def lost_reply(account, trader, **changes):
    """An order of which nobody heard again, older than any list may lag."""
    at = clock.now() - timedelta(seconds=50)
    return make_order(account, trader, status=S.UNKNOWN, sent_at=at, updated_at=at, **changes)


def told(account, kind, number, original, **changes):
    requests = {OrderNews.MODIFIED: RequestKind.MODIFY, OrderNews.CANCELLED: RequestKind.CANCEL}
    values = {
        "account_no": account.number,
        "trade_date": clock.trade_date(),
        "news": kind,
        "order_no": number,
        "original_no": original,
        "symbol": CODE,
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "quantity": 10,
        "price": Decimal(70_100),
        "at": clock.now(),
        "request": requests.get(kind, RequestKind.NEW),
    }
    return OrderReport(**values | changes)


def test_a_number_that_another_order_has_just_got_is_no_lost_reply(account, trader):
    """Between the look at our numbers and the look at our orders the twin's answer came."""
    twin = make_order(account, trader, status=S.SENT)
    numbers_before: dict[str, object] = {}
    accept_order(twin, Receipt("1001", "00950"))
    lost, result = lost_reply(account, trader), Reconciliation()
    find_answers(account, clock.trade_date(), [line()], numbers_before, result)
    assert (numbers_before.get("1001"), result.answered) in {(None, 0), (twin.pk, 0)}
    assert not Discrepancy.objects.exists()
    assert Order.objects.get(pk=lost.pk).status == S.UNKNOWN


def look(account, *lines):
    """A list that was asked for just now."""
    return compare(account, clock.trade_date(), list(lines), clock.now())


def test_an_order_is_not_given_up_while_its_line_may_be_its_twins(account, trader):
    """Two alike: one's reply is lost, the other's still under way, and the list has one of them."""
    lost = lost_reply(account, trader)
    twin = make_order(account, trader, status=S.SENT, sent_at=clock.now())
    assert look(account, line()).given_up == 0
    accept_order(twin, Receipt("1002", "00950"))
    look(account, line(), line("1002"))
    lost.refresh_from_db()
    assert (lost.status, lost.broker_order_no) == (S.ACCEPTED, "1001")


def test_a_best_price_order_is_found_at_the_price_that_the_exchange_gave_it(account, trader):
    lost = lost_reply(account, trader, price=None, order_type=OrderType.BEST)
    look(account, line(order_type=OrderType.BEST, price=Decimal(70_100)))
    lost.refresh_from_db()
    assert (lost.status, lost.broker_order_no) == (S.ACCEPTED, "1001")


def test_a_list_with_holes_proves_no_absence(account, trader, working):
    """The list lacks an order that has a number, so it may lack the one without an answer too."""
    Order.objects.filter(pk=working.pk).update(updated_at=clock.now() - timedelta(seconds=50))
    lost = lost_reply(account, trader, symbol="000660")
    assert look(account).given_up == 0
    assert look(account, line()).given_up == 1
    lost.refresh_from_db()
    assert lost.status == S.REJECTED


def test_a_refused_modify_does_not_make_a_cancelled_order_refused(account, working):
    change = {"original_no": "1001", "open_quantity": 0}
    look(
        account,
        line(open_quantity=0, cancelled_quantity=10),
        line("1002", kind=RequestKind.MODIFY, rejected_quantity=10, **change),
        line("1003", kind=RequestKind.CANCEL, **change),
    )
    working.refresh_from_db()
    assert (working.status, working.cancelled_quantity) == (S.CANCELLED, 10)


def test_an_order_of_the_hts_keeps_the_venue_that_its_cancel_must_name(account):
    look(account, line(venue=Venue.NXT, condition=Condition.IOC))
    order = Order.objects.get()
    assert (order.branch, order.venue, order.condition) == ("00950", Venue.NXT, Condition.IOC)
    assert order.created_at < clock.now() - timedelta(seconds=40)  # when it was ordered


def test_an_order_of_the_hts_that_news_told_learns_branch_and_venue_from_the_list(account):
    record_news(account, told(account, OrderNews.ACCEPTED, "1001", ""))
    look(account, line(venue=Venue.NXT))
    order = Order.objects.get()
    assert (order.branch, order.venue) == ("00950", Venue.NXT)


def test_a_rounded_average_gives_no_share_an_absurd_price(ls_account, trader):
    """LS tells 500 won where the average is 500.5: of 1,000 shares that makes 500 won too few."""
    order = make_order(ls_account, trader, status=S.SENT, quantity=1_000, price=600)
    accept_order(order, Receipt("1001"))
    record_fill(ls_account, report(ls_account, fill_no="1", quantity=500, price=Decimal(500)))
    record_fill(ls_account, report(ls_account, fill_no="2", quantity=499, price=Decimal(501)))
    total = {"quantity": 1_000, "filled_quantity": 1_000, "filled_amount": Decimal(500_000)}
    look(ls_account, line(price=Decimal(600), open_quantity=0, **total))
    missed = Fill.objects.get(source=FillSource.TOTAL)
    assert (missed.quantity, missed.price) == (1, 500)


def test_an_order_that_ended_here_and_works_there_is_shown_until_it_does_not(account, working):
    """Part of it was modified at the HTS, and our cancel took only the other part."""
    moved = line("1002", original_no="1001", kind=RequestKind.MODIFY, quantity=6, open_quantity=6)
    record_news(account, told(account, OrderNews.CANCELLED, "1003", "1001"))
    ended_at = clock.now() - timedelta(seconds=50)
    Order.objects.filter(pk=working.pk).update(updated_at=ended_at)
    look(account, line(open_quantity=4), moved)
    row = Discrepancy.objects.get(kind=DiscrepancyKind.STILL_WORKING)
    assert (row.order, row.theirs, row.resolution) == (working, "미체결 10주", "")
    look(account, line(open_quantity=0), replace(moved, open_quantity=0))
    row.refresh_from_db()
    assert row.resolution == Resolution.GONE


def test_a_modify_elsewhere_to_a_market_order_leaves_no_price(account, working):
    """An order without a price is counted at the upper limit, never at the price it had."""
    record_news(
        account, told(account, OrderNews.MODIFIED, "1002", "1001", price=None, order_type=OrderType.MARKET)
    )
    working.refresh_from_db()
    assert (working.order_type, working.price) == (OrderType.MARKET, None)


def test_an_order_whose_process_died_stays_unclear_until_a_person_chooses(account, trader):
    """It never came to `unknown`, and two orders of the list may be it."""
    order = lost_reply(account, trader)
    Order.objects.filter(pk=order.pk).update(status=S.SENT)
    for _ in range(2):
        look(account, line(), line("1002"))
    assert Discrepancy.objects.get(kind=DiscrepancyKind.UNCLEAR).resolution == ""
