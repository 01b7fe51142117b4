"""The end of a day: what is unclear stays open, numbers that begin anew, lists that are of another day."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters import client_for
from brokers.adapters.base import OrderRequest, Receipt, Unreachable
from brokers.models import (
    AccountHealth,
    ChangeStatus,
    Discrepancy,
    DiscrepancyKind,
    Fill,
    Order,
    OrderChange,
    OrderStatus,
)
from brokers.selectors import report_of
from brokers.services.booking import make_fill
from brokers.services.closing import close_day, look_through, unclosed_days
from brokers.services.fills import record_fill
from brokers.services.orders import accept_order, place_order
from brokers.services.reconcile import choose, compare, reconcile
from brokers.terms import RequestKind, Side
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


def test_a_day_that_cannot_be_read_does_not_keep_today_from_being_read(
    still, any_account, trader, monkeypatch
):
    """The broker answers nothing of the past: today's orders must leave all the same."""
    make_order(any_account, trader, status=S.UNKNOWN, trade_date=clock.trade_date() - DAY)
    AccountHealth.objects.filter(account=any_account).update(last_reconciled_at=None)

    def silent(first, last):
        raise Unreachable("nothing of the past")

    monkeypatch.setattr(client_for(any_account), "orders_between", silent)
    with pytest.raises(Unreachable):
        look_through(any_account)
    order = place_order(any_account, trader, "a", OrderRequest(CODE, Side.BUY, 1, price_of(still)))
    assert order.status == S.ACCEPTED


def test_what_was_done_elsewhere_after_yesterdays_last_look_is_found(still, any_account, monkeypatch):
    """The gateway was down when yesterday ended."""
    yesterday = clock.trade_date() - DAY
    seen_at = clock.day_start(yesterday) + timedelta(hours=15)
    AccountHealth.objects.filter(account=any_account).update(last_reconciled_at=seen_at)
    filled = {"filled_quantity": 10, "filled_amount": Decimal(700_000), "open_quantity": 0}
    theirs = line(trade_date=yesterday, ordered_at=seen_at, **filled)
    monkeypatch.setattr(client_for(any_account), "orders_between", lambda first, last: [theirs])
    look_through(any_account)
    order = Order.objects.get()
    assert (order.trade_date, order.status, order.filled_quantity) == (yesterday, S.FILLED, 10)
    assert unclosed_days(any_account) == []


def test_a_fill_that_waits_for_its_order_leaves_its_day_open(account):
    day = clock.trade_date() - 3 * DAY
    fill = make_fill(account, None, report(account, trade_date=day))
    fill.save()
    assert unclosed_days(account) == [day]


def test_a_list_that_midnight_divides_is_read_again(still, any_account, trader, monkeypatch):
    """Asked for on one day and answered on the next: its numbers are not those of the first."""
    price, today = price_of(still), clock.trade_date()
    lost = lost_reply(any_account, trader, price=price, trade_date=today - DAY)
    still.call(
        lambda broker: broker.ledger.place(
            broker.ledger.accounts.by_number[any_account.number], CODE, Side.BUY, 10, int(price)
        )
    )
    days = iter([today - DAY])
    monkeypatch.setattr(clock, "trade_date", lambda: next(days, today))
    reconcile(any_account)
    lost.refresh_from_db()
    assert (lost.status, lost.broker_order_no) == (S.UNKNOWN, "")


@pytest.mark.parametrize("holiday", [False, True])
def test_a_list_that_has_not_begun_anew_is_not_booked_again(
    still, ls_account, monkeypatch, settings, holiday
):
    """LS's list tells no date: here it still shows what was filled the day before."""
    later = clock.now() + timedelta(hours=6) if not holiday else clock.now()
    settings.MARKET_HOURS = holiday
    monkeypatch.setattr(clock, "is_trading_day", lambda day: False)
    theirs = line(ordered_at=later, filled_quantity=10, filled_amount=Decimal(700_000), open_quantity=0)
    monkeypatch.setattr(client_for(ls_account), "day_orders", lambda: [theirs])
    assert reconcile(ls_account).lines == 0
    assert not Order.objects.exists()


def test_a_difference_of_yesterday_does_not_go_with_todays_order_of_that_number(account, trader):
    yesterday = clock.trade_date() - DAY
    for day in (yesterday, clock.trade_date()):
        accept_order(make_order(account, trader, status=S.SENT, trade_date=day), Receipt("1001"))
    record_fill(account, report(account, trade_date=yesterday, quantity=3))
    Fill.objects.update(recorded_at=clock.now() - timedelta(minutes=1))
    compare(account, yesterday, [line(trade_date=yesterday)], clock.now())
    compare(account, clock.trade_date(), [line()], clock.now())
    row = Discrepancy.objects.get(kind=DiscrepancyKind.FILLS_EXTRA)
    assert (row.order.trade_date, row.resolution) == (yesterday, "")


def test_what_is_unanswered_since_yesterday_holds_up_no_news_of_today(account, trader):
    """An order that nobody chose a line for, and a change that was never heard of again."""
    yesterday = clock.trade_date() - DAY
    lost_reply(account, trader, trade_date=yesterday)
    done = make_order(account, trader, status=S.FILLED, trade_date=yesterday, filled_quantity=10)
    OrderChange.objects.create(
        account=account,
        order=done,
        client_request_id="c",
        kind=RequestKind.CANCEL,
        quantity=10,
        original_no="1001",
        status=ChangeStatus.UNKNOWN,
        created_at=clock.now() - DAY,
    )
    record_fill(account, report(account, quantity=3))
    assert Order.objects.get(trade_date=clock.trade_date()).filled_quantity == 3
