"""Compare with the broker's own books, and record what was missed.

The broker's list of today's orders is read whole or not at all. From it follow: whose number an unanswered
request got, orders placed elsewhere, fills that no notice told, and what was cancelled or refused. A request
is given up only when a list that was read well after it was sent does not know it.
"""

from datetime import date, datetime

from accounts.models import User
from brokers.adapters import client_for
from brokers.adapters.base import OrderLine, Receipt
from brokers.models import (
    AccountHealth,
    BrokerAccount,
    Discrepancy,
    EventKind,
    OrderNumber,
    OrderStatus,
    Resolution,
)
from brokers.models import DiscrepancyKind as Kind
from brokers.services import discrepancies, orders
from brokers.services.numbers import NOT_AT_BROKER
from brokers.services.reconcile import patience
from brokers.services.reconcile.common import Reconciliation
from brokers.services.reconcile.numbers import (
    adopt_strangers,
    complete_strangers,
    find_answers,
    place_changes,
)
from brokers.services.reconcile.requests import give_up
from brokers.services.reconcile.totals import settle, show_still_working, show_unlisted
from lucy import clock
from lucy.errors import LucyError

__all__ = ["Reconciliation", "choose", "compare", "reconcile"]


def reconcile(account: BrokerAccount) -> Reconciliation:
    """Bring today's orders and fills of `account` up to the broker's list; raises `BrokerError`."""
    asked_at = clock.now()
    day = clock.trade_date()
    lines = client_for(account).day_orders()
    if clock.trade_date() != day:  # midnight came in between: nobody knows which day's list this is
        return reconcile(account)
    result = compare(account, day, _of_today(lines, day), asked_at)
    AccountHealth.objects.update_or_create(account=account, defaults={"last_reconciled_at": clock.now()})
    return result


def _of_today(lines: list[OrderLine], day: date) -> list[OrderLine]:
    """Without orders that cannot be of today.

    LS's list has no dates and is "of the day"; when it begins anew is not published. What it shows before the
    first order of a day, or on a holiday, must not be booked a second time.
    """
    if clock.market_hours_apply() and not clock.is_trading_day(day):
        return []
    latest = clock.now() + patience.CLOCKS_DIFFER_BY
    return [line for line in lines if line.ordered_at <= latest]


def compare(account: BrokerAccount, day: date, lines: list[OrderLine], asked_at: datetime) -> Reconciliation:
    """Settle everything that the whole list of a day's orders, asked for at `asked_at`, proves."""
    result = Reconciliation(lines=len(lines))
    known = _known_numbers(account, day)
    find_answers(account, day, lines, known, result)
    place_changes(account, lines, known)
    adopt_strangers(account, day, lines, known, result)
    complete_strangers(account, lines, known)
    settle(account, lines, known, asked_at, result)
    result.unlisted = show_unlisted(account, day, lines, known, asked_at)
    if day == clock.trade_date():  # the list of a past day may show what nobody filled as open
        show_still_working(account, lines, known, asked_at)
    give_up(account, day, asked_at, result)
    _forget_doubts(account)
    return result


def _forget_doubts(account: BrokerAccount) -> None:
    """An order that was unclear and has found its answer by itself needs nobody's choice any more."""
    waiting = account.discrepancies.filter(kind=Kind.UNCLEAR, resolution="").select_related("order")
    for row in waiting:
        if row.order is not None and row.order.status not in {OrderStatus.UNKNOWN, OrderStatus.SENT}:
            discrepancies.gone(account, Kind.UNCLEAR, row.subject)


def _known_numbers(account: BrokerAccount, day: date) -> dict[str, object]:
    """Number -> our order's key."""
    rows = OrderNumber.objects.filter(account=account, trade_date=day)
    return dict(rows.values_list("number", "order_id"))


def choose(discrepancy: Discrepancy, number: str, by: User) -> None:
    """A person says which of the broker's orders is ours; an empty `number` says none of them.

    Raises `LucyError` when the row is settled already or the number is no candidate, `BrokerError` when the
    broker cannot be asked.
    """
    order = discrepancy.order
    if discrepancy.resolution or order is None or order.status not in {OrderStatus.UNKNOWN, OrderStatus.SENT}:
        raise LucyError("already_settled", "이미 해결된 차이입니다.", status=409)
    if not number:
        reason = f"{by.get_username()}: 증권사 주문 목록에 이 주문이 없음을 확인"
        orders.reject_order(order, EventKind.REJECTED, by.get_username(), NOT_AT_BROKER, reason)
    else:
        if number not in {candidate["order_no"] for candidate in discrepancy.candidates}:
            raise LucyError("no_candidate", "후보에 없는 주문번호입니다.", number=number)
        line = client_for(order.account).order_line(number)
        branch = line.branch if line else ""
        if not orders.accept_order(order, Receipt(number, branch), actor=by.get_username()):
            raise LucyError(
                "no_candidate", "그 주문번호는 이미 다른 주문의 것입니다.", status=409, number=number
            )
    note = f"주문번호 {number}" if number else "증권사에 없음"
    discrepancies.settled(discrepancy, Resolution.CHOSEN, by, note)
