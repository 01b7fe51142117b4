"""The end of a trade day: the broker's last word on its orders, and the rest expires."""

from collections.abc import Iterator
from datetime import date, timedelta

from brokers.adapters import client_for
from brokers.adapters.base import BrokerError
from brokers.models import AccountHealth, BrokerAccount, EventKind, Fill, NoticeKind, Order
from brokers.models.orders import ENDED
from brokers.services.effects import order_notice, progress_of, store
from brokers.services.journal import Journal
from brokers.services.positions import compare as compare_positions
from brokers.services.reconcile import Reconciliation, compare, reconcile
from lucy import clock
from lucy.mongo import transactional

LOOKED_BACK_AT_MOST = timedelta(days=10)  # LS is asked for each day by itself, once a second


def look_through(account: BrokerAccount) -> Reconciliation:
    """Compare everything with the broker: days left open, today's orders and fills, holdings and cash.

    A day that cannot be closed keeps nobody from today's; its fault is raised when all the rest is done.
    """
    faults = []
    for day in unclosed_days(account):
        try:
            close_day(account, day)
        except BrokerError as fault:
            faults.append(fault)
    result = reconcile(account)
    compare_positions(account)
    if faults:
        raise faults[0]
    return result


def unclosed_days(account: BrokerAccount) -> list[date]:
    """Trade dates that are over and were not looked at since, oldest first.

    Those with orders that have not ended, or with fills whose order is not known; and the day of the last
    look with all that followed: what was done elsewhere after it, nobody here has seen.
    """
    today = clock.trade_date()
    left = Order.objects.filter(account=account, trade_date__lt=today).exclude(status__in=ENDED)
    parked = Fill.objects.filter(account=account, order=None, trade_date__lt=today)
    days = {*left.values_list("trade_date", flat=True), *parked.values_list("trade_date", flat=True)}
    return sorted({day for day in days if day} | set(_unseen_days(account, today)))


def _unseen_days(account: BrokerAccount, today: date) -> Iterator[date]:
    health = AccountHealth.objects.filter(account=account).first()
    if health is None or health.last_reconciled_at is None:
        return
    day = max(health.last_reconciled_at.astimezone(clock.KST).date(), today - LOOKED_BACK_AT_MOST)
    while day < today:
        if not clock.market_hours_apply() or clock.is_trading_day(day):
            yield day
        day += timedelta(days=1)


def close_day(account: BrokerAccount, day: date) -> Reconciliation:
    """Settle a finished day by the broker's list of it, then expire what is still open.

    Raises `BrokerError` when the list cannot be read: then nothing expires, for a fill may be missing. Nor
    does an order that several lines may be: once it had ended, nobody would look for its fills again.
    """
    asked_at = clock.now()
    result = compare(account, day, client_for(account).orders_between(day, day), asked_at)
    left = (
        Order.objects.select_related("account")
        .filter(account=account, trade_date=day)
        .exclude(status__in=ENDED)
    )
    for order in left:
        if str(order.pk) in result.unclear:
            continue
        _expire(order)
        result.ended += 1
    return result


@transactional
def _expire(order: Order) -> None:
    """A day order lives as long as its day."""
    order.refresh_from_db()
    if order.status in ENDED:
        return
    journal = Journal(order.account)
    shares = order.open_quantity
    store(order, progress_of(order).expire())
    journal.event(order, EventKind.EXPIRED, "Lucy", f"{order.trade_date} 장 종료, {shares:,}주 만료")
    journal.notice(NoticeKind.ORDER, order, *order_notice(order, "만료"))
    journal.write()
