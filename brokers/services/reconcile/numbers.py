"""Whose the numbers of a broker's list are: answers that were lost, changes, orders placed elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q

from brokers.adapters.base import OrderLine, Receipt
from brokers.models import (
    BrokerAccount,
    ChangeStatus,
    EventKind,
    NoticeKind,
    Order,
    OrderChange,
    OrderNumber,
    OrderOrigin,
    OrderStatus,
)
from brokers.models import DiscrepancyKind as Kind
from brokers.services import discrepancies, orders
from brokers.services.booking import claim_parked
from brokers.services.effects import order_notice, progress_of, store
from brokers.services.journal import Journal
from brokers.services.numbers import NOT_AT_BROKER, is_later, link_number
from brokers.services.reconcile import patience
from brokers.services.reconcile.common import (
    Reconciliation,
    batches,
    repaired,
    unanswered,
)
from brokers.services.strangers import Stranger, adopt_all
from brokers.terms import RequestKind
from lucy import clock
from lucy.mongo import connection, transactional


def find_answers(
    account: BrokerAccount,
    day: date,
    lines: list[OrderLine],
    known: dict[str, object],
    result: Reconciliation,
) -> None:
    """Give unanswered orders the numbers that can only be theirs."""
    unknown = [line for line in lines if line.kind == RequestKind.NEW and line.order_no not in known]
    waiting = [*unanswered(account, day), *_given_up(account, day)]
    contested = _in_flight(account, day)
    free = [line for line in unknown if not any(_fits(order, line) for order in contested)]
    candidates = {order.pk: [line for line in free if _fits(order, line)] for order in waiting}
    claims: dict[str, int] = defaultdict(int)
    for fitting in candidates.values():
        for line in fitting:
            claims[line.order_no] += 1
    for order in waiting:
        fitting = candidates[order.pk]
        if len(fitting) == 1 and claims[fitting[0].order_no] == 1 and _in_time(order, fitting[0]):
            line = fitting[0]
            if not orders.accept_order(order, Receipt(line.order_no, line.branch), actor="대사"):
                continue  # the answer of another order was faster
            known[line.order_no] = order.pk
            result.answered += 1
            repaired(order, Kind.REPLY_FOUND, "응답 없음", f"주문번호 {line.order_no}")
        elif fitting and order.status != OrderStatus.REJECTED:
            result.unclear.append(str(order.pk))
            discrepancies.found(
                account,
                Kind.UNCLEAR,
                str(order.pk),
                order=order,
                ours="응답 없음",
                theirs=f"같은 주문 {len(fitting)}건",
                candidates=[_candidate(line) for line in fitting],
            )
        elif any(_fits(order, line) for line in unknown):
            result.contested.append(str(order.pk))


def _candidate(line: OrderLine) -> dict[str, Any]:
    """What a person needs to see to choose."""
    return {
        "order_no": line.order_no,
        "ordered_at": line.ordered_at.isoformat(),
        "quantity": line.quantity,
        "price": str(line.price),
        "filled": line.filled_quantity,
        "status": line.status_text,
    }


def _in_flight(account: BrokerAccount, day: date) -> list[Order]:
    """Orders whose reply may still come: a line that could be theirs is nobody else's."""
    young = Order.objects.filter(
        account=account,
        trade_date=day,
        status=OrderStatus.SENT,
        sent_at__gte=clock.now() - patience.ANSWER_TAKES_AT_MOST,
    )
    return list(young)


def _given_up(account: BrokerAccount, day: date) -> Iterable[Order]:
    """Orders that an earlier list did not know: a later one may, and then they are no strangers."""
    return Order.objects.select_related("account").filter(
        account=account,
        trade_date=day,
        status=OrderStatus.REJECTED,
        note_code=NOT_AT_BROKER,
        broker_order_no="",
    )


def _fits(order: Order, line: OrderLine) -> bool:
    same = (line.symbol, line.side, line.quantity) == (order.symbol, order.side, order.quantity)
    return same and _same_price(order, line)


def _same_price(order: Order, line: OrderLine) -> bool:
    """An order whose type has no price may be listed at the one that the exchange gave it."""
    if order.price is None:
        return not line.price or line.order_type == order.order_type
    return line.price == order.price


def _in_time(order: Order, line: OrderLine) -> bool:
    """Ordered when ours was sent, as far as two clocks tell; else a person looks at it."""
    sent_at = order.sent_at or order.created_at
    first = sent_at - patience.CLOCKS_DIFFER_BY
    last = sent_at + patience.ANSWER_TAKES_AT_MOST + patience.CLOCKS_DIFFER_BY
    return first <= line.ordered_at <= last


def place_changes(account: BrokerAccount, lines: list[OrderLine], known: dict[str, object]) -> None:
    """Link the numbers of modifies and cancels to the orders they changed, in the order they were made."""
    answered = set(
        OrderChange.objects.filter(account=account, status=ChangeStatus.ACCEPTED).values_list(
            "broker_order_no", flat=True
        )
    )
    for line in lines:
        if line.kind == RequestKind.NEW or line.original_no not in known:
            continue
        if line.order_no not in known or line.order_no in answered:
            order = Order.objects.select_related("account").get(pk=known[line.original_no])
            _place_change(account, order, line)
            known[line.order_no] = order.pk


@transactional
def _place_change(account: BrokerAccount, order: Order, line: OrderLine) -> None:
    journal = Journal(account)
    link_number(order, line.order_no, line.kind)
    change = _change_of(order, line)
    refused = line.rejected_quantity > 0
    if change:
        status = ChangeStatus.REJECTED if refused else ChangeStatus.CONFIRMED
        OrderChange.objects.filter(pk=change.pk).update(broker_order_no=line.order_no, status=status)
    order.refresh_from_db()
    newest = is_later(line.order_no, order.broker_order_no)
    if line.kind == RequestKind.MODIFY and order.is_open and newest and not refused:
        terms = {"price": line.price or None, "order_type": line.order_type}
        store(order, progress_of(order), broker_order_no=line.order_no, **terms)
        journal.event(order, EventKind.MODIFIED, "대사", f"{line.original_no} → {line.order_no}")
    claim_parked(order, line.order_no, journal)
    journal.write()


def _change_of(order: Order, line: OrderLine) -> OrderChange | None:
    """The request of ours that this number answers: the one that waits, or one given up too early."""
    same = OrderChange.objects.filter(order=order, kind=line.kind, original_no=line.original_no)
    waiting = Q(broker_order_no="", status__in=[ChangeStatus.SENT, ChangeStatus.UNKNOWN])
    given_up = Q(broker_order_no="", note__startswith=f"[{NOT_AT_BROKER}]")
    return (
        same.filter(broker_order_no=line.order_no).first()
        or same.filter(waiting).first()
        or same.filter(given_up).first()
    )


def adopt_strangers(
    account: BrokerAccount,
    day: date,
    lines: list[OrderLine],
    known: dict[str, object],
    result: Reconciliation,
) -> None:
    """Numbers that no request of ours can have made are orders placed elsewhere."""
    waiting = Order.objects.filter(
        account=account, trade_date=day, status__in=[OrderStatus.SENT, OrderStatus.UNKNOWN]
    )
    ours = {(order.symbol, order.side) for order in waiting}
    strangers = [
        line
        for line in lines
        if line.kind == RequestKind.NEW
        and line.order_no not in known
        and (line.symbol, line.side) not in ours
    ]
    for batch in batches(strangers):
        result.adopted += _adopt(account, batch, known)
    place_changes(account, lines, known)


@transactional
def _adopt(account: BrokerAccount, lines: list[OrderLine], known: dict[str, object]) -> int:
    """Take the lines' orders into the books, unless a notice was faster; how many there were."""
    numbers = [line.order_no for line in lines]
    faster = OrderNumber.objects.filter(account=account, trade_date=lines[0].trade_date, number__in=numbers)
    known |= dict(faster.values_list("number", "order_id"))
    journal = Journal(account)
    strangers = [_stranger(line) for line in lines if line.order_no not in known]
    if not strangers:
        return 0
    adopted = adopt_all(account, strangers, journal)
    for order in adopted:
        journal.notice(NoticeKind.ORDER, order, *order_notice(order, "외부 주문 접수"))
    journal.write()
    rows = [(order, "없음", f"주문번호 {order.broker_order_no}") for order in adopted]
    discrepancies.repaired_all(account, Kind.ELSEWHERE, rows)
    connection.on_commit(lambda: known.update({order.broker_order_no: order.pk for order in adopted}))
    return len(adopted)


def _stranger(line: OrderLine) -> Stranger:
    return Stranger(
        line.trade_date,
        line.order_no,
        line.symbol,
        line.side,
        line.order_type,
        line.quantity,
        line.price or None,
        line.branch,
        line.condition,
        line.venue,
        line.ordered_at,
    )


def complete_strangers(account: BrokerAccount, lines: list[OrderLine], known: dict[str, object]) -> None:
    """What no notice tells of an order placed elsewhere, and its cancel must name: branch and venue (KIS)."""
    told = {known[line.order_no]: line for line in lines if line.branch and line.order_no in known}
    if not told:
        return
    day = lines[0].trade_date
    nameless = Order.objects.filter(
        account=account,
        trade_date=day,
        origin=OrderOrigin.ELSEWHERE,
        branch="",
        created_at__gte=clock.day_start(day),  # bounds the index
    )
    for key in nameless.values_list("pk", flat=True):
        if line := told.get(key):
            Order.objects.filter(pk=key).update(
                branch=line.branch, venue=line.venue, condition=line.condition
            )
