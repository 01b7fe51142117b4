"""What the broker's books settle: lost replies, missed fills, strangers, ended days, holdings and cash."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from brokers.adapters import client_for
from brokers.adapters.base import FillReport, OrderRequest
from brokers.models import (
    Discrepancy,
    DiscrepancyKind,
    Fill,
    FillSource,
    Order,
    OrderOrigin,
    OrderStatus,
    Resolution,
)
from brokers.paper import ledger
from brokers.services import fills, numbers
from brokers.services.changes import cancel_order
from brokers.services.closing import close_day, look_through
from brokers.services.orders import place_order
from brokers.services.reconcile import choose, compare, reconcile
from brokers.terms import OrderType, Side
from lucy import clock
from tests.services import eventually

pytestmark = pytest.mark.django_db
S = OrderStatus
CODE = "005930"


@pytest.fixture
def still(paper):
    """A market in which only the test fills."""
    paper.call(lambda broker: setattr(broker.ledger, "matching", False))
    return paper


def book_price(paper, offset=0):
    return Decimal(paper.call(lambda broker: broker.market.issue(CODE).price + offset))


def request(paper, quantity=10, side=Side.BUY):
    return OrderRequest(CODE, side, quantity, book_price(paper), OrderType.LIMIT)


def fill(paper, account, order, quantity, price=None):
    def act(broker):
        owner = broker.ledger.accounts.by_number[account.number]
        return broker.ledger.fill(owner, int(order.broker_order_no), quantity, price)

    return paper.call(act)


def long_ago(order, **changes):
    Order.objects.filter(pk=order.pk).update(sent_at=clock.now() - timedelta(seconds=40), **changes)


@pytest.fixture(params=["account", "ls_account"])
def paper_any(request):
    return request.getfixturevalue(request.param)


def test_a_missed_fill_is_found_in_the_total(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    fill(still, paper_any, order, 4)
    assert reconcile(paper_any).filled == 1
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == (S.PARTIALLY_FILLED, 4)
    assert Fill.objects.get().source == FillSource.TOTAL
    assert Discrepancy.objects.get(kind=DiscrepancyKind.FILLS_MISSED).resolution == Resolution.REPAIRED


def notice(account, line, quantity):
    return FillReport(
        account_no=account.number,
        trade_date=line.trade_date,
        order_no=line.order_no,
        original_no="",
        fill_no="1",
        symbol=line.symbol,
        side=line.side,
        quantity=quantity,
        price=line.price,
        executed_at=clock.now(),
        order_quantity=line.quantity,
        order_price=line.price,
    )


def test_a_notice_that_is_on_its_way_is_waited_for(still, paper_any, settings):
    settings.NOTICES_LAG_SECONDS = 30.0
    client_for(paper_any).place(request(still))
    (line,) = client_for(paper_any).day_orders()
    fill(still, paper_any, SimpleNamespace(broker_order_no=line.order_no), 4)
    with ThreadPoolExecutor(1) as pool:
        look = pool.submit(reconcile, paper_any)
        eventually(lambda: Order.objects.filter(origin=OrderOrigin.ELSEWHERE).exists())
        assert fills.record_fill(paper_any, notice(paper_any, line, 4))
        assert look.result(30).filled == 0
    assert Fill.objects.get().source == FillSource.NOTICE
    assert not Discrepancy.objects.filter(kind=DiscrepancyKind.FILLS_MISSED).exists()


def test_a_fill_that_comes_while_others_are_waited_for_is_not_beyond_the_list(still, paper_any, settings):
    settings.NOTICES_LAG_SECONDS = 30.0
    client_for(paper_any).place(request(still))
    (line,) = client_for(paper_any).day_orders()
    fill(still, paper_any, SimpleNamespace(broker_order_no=line.order_no), 4)
    with ThreadPoolExecutor(1) as pool:
        look = pool.submit(reconcile, paper_any)
        eventually(lambda: Order.objects.filter(origin=OrderOrigin.ELSEWHERE).exists())
        assert fills.record_fill(paper_any, notice(paper_any, line, 3))
        assert fills.record_fill(paper_any, replace(notice(paper_any, line, 2), fill_no="2"))
        look.result(30)
    assert not Discrepancy.objects.filter(kind=DiscrepancyKind.FILLS_EXTRA).exists()


def test_fills_beyond_the_list_are_shown_until_it_has_them(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    fill(still, paper_any, order, 4)
    (line,) = client_for(paper_any).day_orders()
    assert fills.record_fill(paper_any, notice(paper_any, line, 4))
    compare(paper_any, clock.trade_date(), [replace(line, filled_quantity=2)], clock.now())
    row = Discrepancy.objects.get(kind=DiscrepancyKind.FILLS_EXTRA)
    assert (row.ours, row.theirs, row.resolution) == ("체결 4주", "체결 2주", "")
    reconcile(paper_any)
    row.refresh_from_db()
    assert row.resolution == Resolution.GONE


def test_a_doubt_counts_no_shares_whose_notice_is_still_to_come(still, account, trader):
    order = place_order(account, trader, "a", request(still, quantity=10))
    for shares in (3, 3, 2):
        fill(still, account, order, shares)
    (line,) = client_for(account).day_orders()
    told = replace(notice(account, line, 3), fill_no="")
    assert fills.record_fill(account, told)
    assert fills.record_fill(account, told)  # looks like a repeat; the total says that it is none
    order.refresh_from_db()
    assert (order.filled_quantity, order.from_total_quantity) == (6, 3)
    assert fills.record_fill(account, replace(told, quantity=2))
    order.refresh_from_db()
    assert (order.filled_quantity, order.from_total_quantity) == (8, 3)
    assert not fills.record_fill(account, told)
    order.refresh_from_db()
    assert order.filled_quantity == 8


def test_an_order_that_the_broker_does_not_list_is_shown_until_it_does(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    Order.objects.filter(pk=order.pk).update(updated_at=clock.now() - timedelta(minutes=1))
    compare(paper_any, clock.trade_date(), [], clock.now())
    row = Discrepancy.objects.get(kind=DiscrepancyKind.NOT_LISTED)
    assert (row.order, row.theirs, row.resolution) == (order, "없음", "")
    reconcile(paper_any)
    row.refresh_from_db()
    assert row.resolution == Resolution.GONE


def test_nothing_changes_when_the_books_agree(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    fill(still, paper_any, order, 4)
    reconcile(paper_any)
    assert reconcile(paper_any).changes == 0
    assert Fill.objects.count() == 1


def test_an_order_placed_elsewhere_comes_into_the_books(still, paper_any):
    def act(broker):
        owner = broker.ledger.accounts.by_number[paper_any.number]
        price = broker.market.issue(CODE).price
        return broker.ledger.place(owner, CODE, ledger.Side.BUY, 3, price, ledger.PriceType.LIMIT)

    still.call(act)
    assert reconcile(paper_any).adopted == 1
    assert Order.objects.get().origin == OrderOrigin.ELSEWHERE


def test_a_request_that_never_arrived_is_given_up(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    never = Order.objects.create(
        account=paper_any,
        user=trader,
        client_order_id="never",
        symbol="000660",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=1,
        price=100_000,
        status=S.UNKNOWN,
        trade_date=clock.trade_date(),
        created_at=clock.now(),
        updated_at=clock.now(),
        sent_at=clock.now() - timedelta(minutes=2),
    )
    assert reconcile(paper_any).given_up == 1
    never.refresh_from_db()
    order.refresh_from_db()
    assert (never.status, order.status) == (S.REJECTED, S.ACCEPTED)


def test_an_unknown_order_is_not_given_up_before_the_list_can_know_it(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    Order.objects.filter(pk=order.pk).update(
        status=S.UNKNOWN, broker_order_no="", symbol="000660", sent_at=clock.now()
    )
    assert reconcile(paper_any).given_up == 0


def test_yesterdays_open_order_expires_with_its_day(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    fill(still, paper_any, order, 4)
    close_day(paper_any, clock.trade_date())
    order.refresh_from_db()
    assert (order.status, order.filled_quantity, order.expired_quantity) == (S.EXPIRED, 4, 6)


def test_a_cancel_that_no_notice_told_is_found(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    cancel_order(order, trader, "c")
    assert reconcile(paper_any).ended == 1
    order.refresh_from_db()
    assert (order.status, order.cancelled_quantity) == (S.CANCELLED, 10)


def test_holdings_and_cash_agree_after_fills(still, paper_any, trader):
    look_through(paper_any)
    order = place_order(paper_any, trader, "a", request(still))
    fill(still, paper_any, order, 10)
    look_through(paper_any)
    assert not Discrepancy.objects.filter(resolution="").exists()


def test_shares_that_no_fill_explains_are_shown_and_go_when_explained(still, paper_any):
    look_through(paper_any)

    def grant(broker, shares):
        broker.ledger.accounts.by_number[paper_any.number].holdings[CODE].quantity += shares

    still.call(lambda broker: grant(broker, 7))
    look_through(paper_any)
    row = Discrepancy.objects.get(kind=DiscrepancyKind.HOLDING)
    assert (row.subject, row.resolution) == (CODE, "")
    still.call(lambda broker: grant(broker, -7))
    look_through(paper_any)
    row.refresh_from_db()
    assert row.resolution == Resolution.GONE


def test_a_person_chooses_between_equal_candidates(still, paper_any, trader):
    twins = [place_order(paper_any, trader, name, request(still), confirmed=True) for name in "ab"]
    given = [twin.broker_order_no for twin in twins]
    for twin in twins:
        twin.numbers.all().delete()
        long_ago(twin, status=S.UNKNOWN, broker_order_no="")
    numbers._links.clear()
    assert len(reconcile(paper_any).unclear) == 2
    row = Discrepancy.objects.get(kind=DiscrepancyKind.UNCLEAR, order=twins[0])
    assert sorted(candidate["order_no"] for candidate in row.candidates) == sorted(given)
    choose(row, given[0], trader)
    reconcile(paper_any)
    statuses = set(Order.objects.values_list("status", flat=True))
    assert statuses == {S.ACCEPTED}
    assert not Discrepancy.objects.filter(resolution="").exists()


def test_one_order_of_our_shape_at_the_wrong_time_is_a_persons_matter(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    order.numbers.all().delete()
    numbers._links.clear()
    Order.objects.filter(pk=order.pk).update(
        status=S.UNKNOWN, broker_order_no="", sent_at=clock.now() - timedelta(minutes=10)
    )
    result = reconcile(paper_any)
    assert (result.unclear, result.given_up) == ([str(order.pk)], 0)


def test_a_lost_reply_is_found_by_its_shape_and_time(still, paper_any, trader):
    order = place_order(paper_any, trader, "a", request(still))
    number = order.broker_order_no
    order.numbers.all().delete()
    numbers._links.clear()
    long_ago(order, status=S.UNKNOWN, broker_order_no="")
    assert reconcile(paper_any).answered == 1
    order.refresh_from_db()
    assert (order.status, order.broker_order_no) == (S.ACCEPTED, number)
    assert Discrepancy.objects.get().kind == DiscrepancyKind.REPLY_FOUND
