"""Which order a broker's number stands for."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from brokers.adapters.base import FillReport, OrderReport
from brokers.models import (
    BrokerAccount,
    Order,
    OrderChange,
    OrderNumber,
    OrderStatus,
)
from brokers.models.orders import ChangeStatus
from brokers.terms import RequestKind
from lucy import clock, mongo

NOT_AT_BROKER = "not_at_broker"  # the code of a request that the broker's list did not know

# (account, trade date, number) -> order: such a link is never changed, so it need not be read twice.
_links: dict[tuple[Any, date, str], Any] = {}
MOST_LINKS = 100_000


def find_order(account: BrokerAccount, trade_date: date, number: str) -> Order | None:
    """The order that the broker's number stands for, if we know it."""
    key = order_key(account, trade_date, number)
    order = mongo.find(Order, pk=key) if key else None
    if order:
        order.account = account
    return order


def order_key(account: BrokerAccount, trade_date: date, number: str) -> Any:
    known = _links.get((account.pk, trade_date, number))
    if known:
        return known
    link = mongo.find(OrderNumber, account_id=account.pk, trade_date=trade_date, number=number)
    if link is None:
        return None
    if len(_links) >= MOST_LINKS:
        _links.clear()
    _links[account.pk, trade_date, number] = link.order_id
    return link.order_id


def link_number(order: Order, number: str, kind: RequestKind) -> bool:
    """From now on news under this number is the order's; False when it is another order's already."""
    trade_date = order.trade_date
    if trade_date is None:
        raise ValueError(f"Order {order.pk} has a number but was never sent.")
    link = OrderNumber(
        account_id=order.account_id, trade_date=trade_date, number=number, order_id=order.pk, kind=kind
    )
    known = mongo.insert_or_find(link, "account_id", "trade_date", "number")
    return known is None or known.order_id == order.pk


def is_later(number: str, than: str) -> bool:
    """Whether `number` was given after `than`: brokers count their numbers up through the day."""
    return int(number or 0) > int(than or 0)


def may_be_ours(account: BrokerAccount, report: FillReport | OrderReport) -> bool:
    """Whether a number we do not know may be the answer we are still waiting for.

    An order is `sent` before its request leaves, so news of it cannot come sooner. One that was given up,
    because a list did not know it, may have been slow instead.
    """
    given_up = Q(status=OrderStatus.REJECTED, note_code=NOT_AT_BROKER, broker_order_no="")
    waiting = Order.objects.filter(
        Q(status__in=[OrderStatus.SENT, OrderStatus.UNKNOWN]) | given_up,
        account=account,
        trade_date=report.trade_date,
        symbol=report.symbol,
        side=report.side,
        created_at__gte=clock.day_start(report.trade_date) - timedelta(days=1),  # bounds the index
    )
    changes = OrderChange.objects.filter(
        account=account,
        status__in=[ChangeStatus.SENT, ChangeStatus.UNKNOWN],
        order__trade_date=report.trade_date,
        order__symbol=report.symbol,
    )
    return waiting.exists() or changes.exists()
