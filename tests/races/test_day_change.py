"""The end of a day: what is unclear stays open, numbers that begin anew, lists that are of another day."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters.base import OrderRequest, Receipt
from brokers.models import Discrepancy, DiscrepancyKind, Fill, Order, OrderStatus
from brokers.selectors import report_of
from brokers.services.closing import close_day
from brokers.services.fills import record_fill
from brokers.services.orders import accept_order, place_order
from brokers.services.reconcile import choose, compare
from brokers.terms import Side
from lucy import clock
from tests.factories import make_order
from tests.races.test_doubtful_lists import line, lost_reply
from tests.races.test_orders_and_fills import CODE, any_account, report, still

__all__ = ["any_account", "still"]
pytestmark = pytest.mark.django_db
S = OrderStatus
DAY = timedelta(days=1)


def price_of(paper):
    return Decimal(paper.call(lambda broker: broker.market.issue(CODE).price))


def test_twins_without_an_answer_do_not_expire_with_their_day(still, any_account, trader):
    """Nobody chose between them all day long: their fills must still find their way into the books."""
    price = price_of(still)

    def placed_and_filled(broker):
        owner = broker.ledger.accounts.by_number[any_account.number]
        orders = [broker.ledger.place(owner, CODE, Side.BUY, 10, int(price)) for _ in range(2)]
        for order in orders:
            broker.ledger.fill(owner, order.number, 10)

    still.call(placed_and_filled)
    for _ in range(2):
        lost_reply(any_account, trader, price=price)
    close_day(any_account, clock.trade_date())
    assert set(Order.objects.values_list("status", flat=True)) == {S.UNKNOWN}
    row = Discrepancy.objects.filter(kind=DiscrepancyKind.UNCLEAR, resolution="").first()
    choose(row, row.candidates[0]["order_no"], trader)
    close_day(any_account, clock.trade_date())
    assert set(Order.objects.values_list("status", "filled_quantity")) == {(S.FILLED, 10)}
    assert Fill.objects.count() == 2


def test_a_doubt_of_yesterday_is_not_settled_by_todays_order_of_that_number(still, account, trader):
    """The database was away over night, and the notice waited for it."""
    new = place_order(account, trader, "new", OrderRequest(CODE, Side.BUY, 10, price_of(still)))
    number = new.broker_order_no
    still.call(
        lambda broker: broker.ledger.fill(broker.ledger.accounts.by_number[account.number], int(number), 6)
    )
    yesterday = clock.trade_date() - DAY
    old = make_order(account, trader, status=S.SENT, trade_date=yesterday)
    accept_order(old, Receipt(number))
    told = report(
        account, number, trade_date=yesterday, fill_no="", quantity=3, executed_at=clock.now() - DAY
    )
    assert record_fill(account, told)
    assert not record_fill(account, told)  # looks like a repeat
    new.refresh_from_db()
    old.refresh_from_db()
    assert (new.filled_quantity, old.filled_quantity, old.in_doubt) == (0, 3, True)


def test_a_fill_found_days_later_stands_in_the_report_of_its_day(account, trader):
    day = clock.trade_date() - 5 * DAY
    order = make_order(account, trader, status=S.SENT, trade_date=day, created_at=clock.day_start(day))
    accept_order(order, Receipt("1001"))
    total = {"filled_quantity": 10, "filled_amount": Decimal(700_000), "open_quantity": 0}
    compare(account, day, [line(trade_date=day, **total)], clock.now())
    assert [fill.quantity for fill in report_of(account, day).fills] == [10]
