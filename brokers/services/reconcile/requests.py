"""Requests that the broker never got."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q

from brokers.models import (
    BrokerAccount,
    ChangeStatus,
    EventKind,
    Order,
    OrderChange,
    OrderStatus,
)
from brokers.models import DiscrepancyKind as Kind
from brokers.services import changes, orders
from brokers.services.numbers import NOT_AT_BROKER
from brokers.services.reconcile import patience
from brokers.services.reconcile.common import (
    Reconciliation,
    repaired,
    unanswered,
)


def give_up(account: BrokerAccount, day: date, asked_at: datetime, result: Reconciliation) -> None:
    """Refuse what cannot have arrived: never sent, or sent long before a list that does not know it.

    A list that lacks an order to which the broker gave a number proves nothing about the others.
    """
    never_sent = Order.objects.select_related("account").filter(
        account=account, status=OrderStatus.PENDING, created_at__lt=asked_at - patience.ANSWER_TAKES_AT_MOST
    )
    for order in never_sent:
        reason = "전송되지 않은 주문입니다."
        result.given_up += orders.reject_order(
            order, EventKind.REJECTED, "대사", "never_sent", reason, only_from=OrderStatus.PENDING
        )
    if result.unlisted:
        return
    not_listed = "증권사의 주문 목록에 없습니다."
    for order in unanswered(account, day):
        in_doubt_long = _doubted_since(order) < asked_at - patience.LIST_LAGS_AT_MOST
        if not in_doubt_long or str(order.pk) in {*result.unclear, *result.contested}:
            continue
        if orders.reject_order(order, EventKind.REJECTED, "대사", NOT_AT_BROKER, not_listed):
            repaired(order, Kind.NEVER_ARRIVED, "응답 없음", "목록에 없음")
            result.given_up += 1
    for change in _unanswered_changes(account, day, asked_at):
        if changes.reject_change(change, NOT_AT_BROKER, not_listed):
            words = f"{change.get_kind_display()} 응답 없음"
            repaired(change.order, Kind.NEVER_ARRIVED, words, "목록에 없음")
            result.given_up += 1


def _doubted_since(order: Order) -> datetime:
    """When the last byte of its request can have left: from then on the broker's list has its time to lag."""
    at_latest = (order.sent_at or order.created_at) + patience.ANSWER_TAKES_AT_MOST
    return min(order.updated_at, at_latest) if order.status == OrderStatus.UNKNOWN else at_latest


def _unanswered_changes(account: BrokerAccount, day: date, asked_at: datetime) -> Iterable[OrderChange]:
    answered_by = asked_at - patience.ANSWER_TAKES_AT_MOST
    gone = Q(status=ChangeStatus.SENT, created_at__lt=answered_by - patience.LIST_LAGS_AT_MOST)
    lost = Q(status=ChangeStatus.UNKNOWN, created_at__lt=answered_by)
    return OrderChange.objects.select_related("account", "order").filter(
        gone | lost, account=account, order__trade_date=day, broker_order_no=""
    )
