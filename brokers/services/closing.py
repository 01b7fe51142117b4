"""The end of a trade day: the broker's last word on its orders, and the rest expires."""

from datetime import date

from brokers.adapters import client_for
from brokers.models import BrokerAccount, EventKind, NoticeKind, Order
from brokers.models.orders import ENDED
from brokers.services.effects import order_notice, progress_of, store
from brokers.services.journal import Journal
from brokers.services.positions import compare as compare_positions
from brokers.services.reconcile import Reconciliation, compare, reconcile
from lucy import clock
from lucy.mongo import transactional


def look_through(account: BrokerAccount) -> Reconciliation:
    """Compare everything with the broker: days left open, today's orders and fills, holdings and cash."""
    for day in unclosed_days(account):
        close_day(account, day)
    result = reconcile(account)
    compare_positions(account)
    return result


def unclosed_days(account: BrokerAccount) -> list[date]:
    """Trade dates that are over and still have orders that have not ended, oldest first."""
    left = Order.objects.filter(account=account, trade_date__lt=clock.trade_date()).exclude(status__in=ENDED)
    return sorted({day for day in left.values_list("trade_date", flat=True) if day})


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
