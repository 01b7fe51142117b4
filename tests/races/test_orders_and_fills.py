"""Many at once: one order per client order id, one fill per notice, every different fill, none stranded."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connections

from brokers.adapters.base import FillReport, OrderNews, OrderReport, OrderRequest, Receipt
from brokers.models import Fill, Notice, Order, OrderEvent, OrderStatus
from brokers.services import journal
from brokers.services.changes import cancel_order
from brokers.services.fills import Outcome, record_fill, record_fills
from brokers.services.journal import seal
from brokers.services.news import record_news
from brokers.services.orders import accept_order, place_order
from brokers.services.reconcile import reconcile
from brokers.terms import OrderType, RequestKind, Side
from lucy import clock
from tests.factories import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.race]
S = OrderStatus
CODE = "005930"
THREADS = 8


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Run the deeds in threads that start together; what they returned, in order. Raises what one raised."""
    start = threading.Barrier(len(deeds))
    answers: list[object] = [None] * len(deeds)
    raised: list[BaseException] = []

    def run(index: int) -> None:
        try:
            start.wait()
            answers[index] = deeds[index]()
        except Exception as error:  # noqa: BLE001  raised again below
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return answers


def report(account, number="1001", **changes):
    values = {
        "account_no": account.number,
        "trade_date": clock.trade_date(),
        "order_no": number,
        "original_no": "",
        "fill_no": "1",
        "symbol": CODE,
        "side": Side.BUY,
        "quantity": 1,
        "price": Decimal(70_000),
        "executed_at": clock.now(),
        "order_quantity": 10,
        "order_price": Decimal(70_000),
    }
    return FillReport(**values | changes)


@pytest.fixture
def still(paper):
    paper.call(lambda broker: setattr(broker.ledger, "matching", False))
    return paper


@pytest.fixture(params=["account", "ls_account"])
def any_account(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def working(account, trader):
    order = make_order(account, trader, status=S.SENT)
    accept_order(order, Receipt("1001", "00950"))
    return order


def assert_whole_trail(account):
    events: Sequence[OrderEvent] = list(OrderEvent.objects.filter(account=account).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(event.hash == seal(event) for event in events)


def test_eight_threads_with_one_client_order_id_make_one_order(still, any_account, trader):
    price = Decimal(still.call(lambda broker: broker.market.issue(CODE).price))
    request = OrderRequest(CODE, Side.BUY, 10, price)
    orders = at_once(*[lambda: place_order(any_account, trader, "same", request, confirmed=True)] * THREADS)
    assert len({order.pk for order in orders if isinstance(order, Order)}) == 1
    held = still.call(lambda broker: broker.ledger.accounts.by_number[any_account.number].orders)
    assert len(held) == 1
    assert Order.objects.get().status == S.ACCEPTED
    assert_whole_trail(any_account)


def test_eight_threads_with_one_fill_count_it_once(account, working):
    told = report(account)
    answers = at_once(*[lambda: record_fill(account, told)] * THREADS)
    assert answers.count(True) == 1
    working.refresh_from_db()
    assert working.filled_quantity == 1
    assert Notice.objects.filter(kind="fill").count() == 1
    assert_whole_trail(account)


def test_eight_different_fills_at_once_all_count(account, working):
    told = [report(account, fill_no=str(number)) for number in range(THREADS)]
    assert at_once(*[partial(record_fill, account, fill) for fill in told]) == [True] * THREADS
    working.refresh_from_db()
    assert (working.filled_quantity, working.filled_amount) == (THREADS, THREADS * 70_000)
    seqs = sorted(Notice.objects.filter(account=account).values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    assert_whole_trail(account)


def test_a_fill_that_races_its_reply_is_never_stranded(account, trader):
    for number in range(2001, 2026):
        order = make_order(account, trader, status=S.SENT)
        told = report(account, str(number), quantity=3)
        at_once(
            partial(accept_order, order, Receipt(str(number))),
            partial(record_fill, account, told),
        )
        order.refresh_from_db()
        assert (order.status, order.filled_quantity) == (S.PARTIALLY_FILLED, 3)
    assert not Fill.objects.filter(order=None).exists()
    assert_whole_trail(account)


def test_a_cancel_that_races_a_fill_ends_with_what_the_broker_did(still, any_account, trader, gateway):
    """The broker decides who comes first; our books end as its books."""
    from tests.services import eventually

    price = Decimal(still.call(lambda broker: broker.market.issue(CODE).price))
    for turn in range(6):
        request = OrderRequest(CODE, Side.BUY, 10 + turn, price)
        order = place_order(any_account, trader, f"turn-{turn}", request, confirmed=True)
        number = int(order.broker_order_no)

        def fill(number=number):
            def act(broker):
                owner = broker.ledger.accounts.by_number[any_account.number]
                held = owner.orders[broker.ledger.today, number]
                if held.open >= 4:
                    broker.ledger.fill(owner, number, 4)

            still.call(act)

        at_once(fill, partial(cancel_order, order, trader, f"cancel-{turn}"))
        theirs = still.call(
            lambda broker, number=number: broker.ledger.accounts.by_number[any_account.number].orders[
                broker.ledger.today, number
            ]
        )

        def agrees(order=order, theirs=theirs):
            order.refresh_from_db()
            ours = (order.filled_quantity, order.cancelled_quantity, order.open_quantity)
            return ours == (theirs.filled, theirs.cancelled, theirs.open)

        eventually(agrees, 15)
    assert_whole_trail(any_account)


def test_a_cancel_told_twice_takes_its_shares_once(account, working):
    told = OrderReport(
        account_no=account.number,
        trade_date=clock.trade_date(),
        news=OrderNews.CANCELLED,
        order_no="1002",
        original_no="1001",
        symbol=CODE,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=3,
        price=None,
        at=clock.now(),
        request=RequestKind.CANCEL,
    )
    at_once(*[lambda: record_news(account, told)] * THREADS)
    working.refresh_from_db()
    assert (working.cancelled_quantity, working.open_quantity) == (3, 7)


def test_reconciling_twice_at_once_adopts_a_stranger_once(still, any_account):
    def act(broker):
        owner = broker.ledger.accounts.by_number[any_account.number]
        price = broker.market.issue(CODE).price
        order = broker.ledger.place(owner, CODE, Side.BUY, 3, price)
        broker.ledger.fill(owner, order.number, 2)

    still.call(act)
    at_once(*[lambda: reconcile(any_account)] * 4)
    order = Order.objects.get()
    assert (order.filled_quantity, order.open_quantity) == (2, 1)
    assert_whole_trail(any_account)


def test_a_line_that_an_order_in_flight_may_own_is_not_given_to_another(still, any_account, trader):
    """Two like orders: the first one's request was lost, the second's answer is still under way."""
    price = Decimal(still.call(lambda broker: broker.market.issue(CODE).price))
    long_ago = clock.now() - timedelta(seconds=40)
    terms = {"symbol": CODE, "side": Side.BUY, "quantity": 10, "price": price}
    lost = make_order(any_account, trader, **terms, status=S.UNKNOWN, sent_at=long_ago, updated_at=long_ago)
    young = make_order(any_account, trader, **terms, status=S.SENT, sent_at=clock.now())
    theirs = still.call(
        lambda broker: broker.ledger.place(
            broker.ledger.accounts.by_number[any_account.number], CODE, Side.BUY, 10, int(price)
        )
    )
    reconcile(any_account)
    accept_order(young, Receipt(str(theirs.number)))
    reconcile(any_account)
    lost.refresh_from_db()
    young.refresh_from_db()
    assert (young.status, young.broker_order_no) == (S.ACCEPTED, str(theirs.number))
    assert (lost.status, lost.broker_order_no) == (S.REJECTED, "")


def test_a_batch_with_one_book_that_moved_elsewhere_leaves_no_gap(account, ls_account, trader):
    """The gateway stores fills of several accounts at once while the site writes to one of them."""
    for each in (account, ls_account):
        accept_order(make_order(each, trader, status=S.SENT), Receipt("1001"))
    record_fills([(account, report(account, fill_no="1")), (ls_account, report(ls_account, fill_no="1"))])
    head = journal._heads[account.pk]
    place_elsewhere = make_order(account, trader, status=S.SENT)
    accept_order(place_elsewhere, Receipt("1002"))
    journal._heads[account.pk] = head  # as another process knows it: before that order
    record_fills([(account, report(account, fill_no="2")), (ls_account, report(ls_account, fill_no="2"))])
    for each in (account, ls_account):
        assert_whole_trail(each)
        seqs = sorted(Notice.objects.filter(account=each).values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))
    assert Fill.objects.count() == 4


def test_two_fills_that_look_alike_in_one_batch_are_not_counted_as_one_row(account, working):
    """KIS numbers no fills: the second of the same second is a doubt, in a batch as well."""
    told = report(account, fill_no="", quantity=3)
    assert record_fills([(account, told), (account, told)]) == [Outcome.RECORDED, Outcome.DOUBTFUL]
    working.refresh_from_db()
    assert (working.filled_quantity, Fill.objects.get().quantity) == (3, 3)
