"""Changing and cancelling working orders: requests of their own, saved before sent, never sent twice."""

from dataclasses import replace
from decimal import Decimal

from django.db import IntegrityError
from django.db.models import Q
from django.dispatch import Signal

from accounts.models import User
from brokers.adapters import client_for
from brokers.adapters.base import BrokerError, Receipt, ReplyLost
from brokers.models import (
    ChangeStatus,
    EventKind,
    NoticeKind,
    Order,
    OrderChange,
)
from brokers.models.orders import WORKING
from brokers.rights import may_not_trade, require_trading
from brokers.services import booking, checks, gate, numbers
from brokers.services.effects import order_notice
from brokers.services.journal import Journal
from brokers.services.standing import standing_of
from brokers.terms import OrderType, RequestKind
from lucy.errors import LucyError
from lucy.mongo import transactional

# Sent the `order` and the `request` that shall take its place, before anything is stored or asked: a receiver
# that knows why it must not be raises `LucyError`. It is on the way of every modify, so it must be quick.
modifying = Signal()


def modify_order(
    order: Order,
    user: User,
    client_request_id: str,
    *,
    quantity: int | None,
    price: Decimal | None,
    order_type: OrderType,
) -> OrderChange:
    """Ask the broker for a new price or type for all that is open.

    `quantity`, when given, must be what is open: less is a cancel of the difference, more is a new order.
    """
    standing = standing_of(order.account, user, order.symbol)
    if not standing.may_trade:
        raise may_not_trade()
    if earlier := _earlier_change(order, client_request_id):
        return earlier
    gate.require_running(standing.stop)
    _require_working(order)
    if quantity is not None and quantity != order.open_quantity:
        raise LucyError(
            "whole_remainder",
            f"정정은 미체결 {order.open_quantity:,}주 전체에 적용됩니다. 수량을 줄이려면 일부 취소하세요.",
            field="quantity",
        )
    request = replace(order.request(), quantity=order.open_quantity, price=price, order_type=order_type)
    checks.require_sound(request)
    modifying.send(sender=Order, order=order, request=request)
    if refusal := checks.refusal_of(checks.Case(order, request, user, standing, is_modify=True)):
        raise LucyError(refusal.code, refusal.message)
    return _change(order, user, client_request_id, RequestKind.MODIFY, order.open_quantity, price, order_type)


def cancel_order(
    order: Order,
    user: User | None,
    client_request_id: str,
    *,
    quantity: int | None = None,
    by_staff: bool = False,
    reason: str = "",
) -> OrderChange:
    """Ask the broker to cancel all that is open, or `quantity` shares of it.

    `by_staff`: back office may cancel on every account (the doorway checks `cancel_any_order`), with a
    `reason` that the order's trail keeps.
    """
    if by_staff and not reason.strip():
        raise LucyError("invalid", "사유를 적으세요. 주문의 이력에 남습니다.", field="reason")
    if user is not None and not by_staff:
        require_trading(user, order.account)
    if earlier := _earlier_change(order, client_request_id):
        return earlier
    _require_working(order)
    shares = order.open_quantity if quantity is None else quantity
    if not 1 <= shares <= order.open_quantity:
        raise LucyError(
            "invalid", f"취소할 수 있는 수량은 1~{order.open_quantity:,}주입니다.", field="quantity"
        )
    order_type = OrderType(order.order_type)
    return _change(
        order,
        user,
        client_request_id,
        RequestKind.CANCEL,
        shares,
        order.price,
        order_type,
        reason=reason.strip(),
    )


def _earlier_change(order: Order, client_request_id: str) -> OrderChange | None:
    return OrderChange.objects.filter(order=order, client_request_id=client_request_id).first()


def _require_working(order: Order) -> None:
    if order.status not in WORKING or not order.broker_order_no:
        raise LucyError(
            "not_working",
            f"'{order.get_status_display()}' 상태의 주문은 정정하거나 취소할 수 없습니다.",
            status=409,
        )
    in_flight = OrderChange.objects.filter(order=order, status__in=[ChangeStatus.SENT, ChangeStatus.UNKNOWN])
    if in_flight.exists():
        raise LucyError("change_in_flight", "앞선 정정·취소의 결과를 기다리는 중입니다.", status=409)


def _change(
    order: Order,
    user: User | None,
    client_request_id: str,
    kind: RequestKind,
    quantity: int,
    price: Decimal | None,
    order_type: OrderType,
    reason: str = "",
) -> OrderChange:
    try:
        change = _save_change(order, user, client_request_id, kind, quantity, price, order_type, reason)
    except IntegrityError:
        return OrderChange.objects.get(order=order, client_request_id=client_request_id)
    try:
        receipt = _ask(order, change)
    except ReplyLost as doubt:
        _change_lost(change, doubt)
    except BrokerError as refusal:
        reject_change(change, refusal.code, refusal.message)
    else:
        accept_change(change, receipt)
    return change


@transactional
def _save_change(
    order: Order,
    user: User | None,
    client_request_id: str,
    kind: RequestKind,
    quantity: int,
    price: Decimal | None,
    order_type: OrderType,
    reason: str,
) -> OrderChange:
    journal = Journal(order.account)
    change = OrderChange.objects.create(
        account=order.account,
        order=order,
        user=user,
        client_request_id=client_request_id,
        kind=kind,
        quantity=quantity,
        price=price,
        order_type=order_type,
        original_no=order.broker_order_no,
        created_at=journal.now,
    )
    actor = user.get_username() if user else "Lucy"
    words = f"{kind.label} {quantity:,}주" + (
        f" → {price:,}원" if kind == RequestKind.MODIFY and price else ""
    )
    because = f" · 사유: {reason}" if reason else ""
    journal.event(order, EventKind.CHANGE_SENT, actor, words + because)
    journal.write()
    return change


def _ask(order: Order, change: OrderChange) -> Receipt:
    client = client_for(order.account)
    if change.kind == RequestKind.CANCEL:
        return client.cancel(order.working(), change.quantity)
    return client.modify(order.working(), change.quantity, change.price, OrderType(change.order_type))


@transactional
def accept_change(change: OrderChange, receipt: Receipt) -> None:
    """The broker gave the request a number; its effect comes with the confirmation."""
    journal = Journal(change.account)
    numbers.link_number(change.order, receipt.order_no, RequestKind(change.kind))
    given_up = Q(status=ChangeStatus.REJECTED, note__startswith=f"[{numbers.NOT_AT_BROKER}]")
    waiting = Q(status__in=[ChangeStatus.SENT, ChangeStatus.UNKNOWN])
    taken = OrderChange.objects.filter(waiting | given_up, pk=change.pk)
    if taken.update(status=ChangeStatus.ACCEPTED, broker_order_no=receipt.order_no):
        journal.event(
            change.order,
            EventKind.CHANGE_ACCEPTED,
            change.account.get_broker_display(),
            f"{change.get_kind_display()} 주문번호 {receipt.order_no}",
        )
    # A confirmed modify may be filled under the new number before this answer came.
    booking.claim_parked(change.order, receipt.order_no, journal)
    journal.write()
    change.refresh_from_db()


@transactional
def reject_change(change: OrderChange, code: str, message: str) -> bool:
    journal = Journal(change.account)
    text = f"[{code}] {message}" if code else message
    in_flight = OrderChange.objects.filter(pk=change.pk).exclude(
        status__in=[ChangeStatus.CONFIRMED, ChangeStatus.REJECTED]
    )
    if not in_flight.update(status=ChangeStatus.REJECTED, note=text):
        return False
    change.status, change.note = ChangeStatus.REJECTED, text
    journal.event(change.order, EventKind.CHANGE_REJECTED, change.account.get_broker_display(), text)
    journal.notice(
        NoticeKind.ORDER,
        change.order,
        *order_notice(change.order, f"{change.get_kind_display()} 거부", message),
    )
    journal.write()
    return True


@transactional
def _change_lost(change: OrderChange, doubt: ReplyLost) -> None:
    journal = Journal(change.account)
    sent = OrderChange.objects.filter(pk=change.pk, status=ChangeStatus.SENT)
    if not sent.update(status=ChangeStatus.UNKNOWN, note=str(doubt)):
        return
    change.status, change.note = ChangeStatus.UNKNOWN, str(doubt)
    journal.event(change.order, EventKind.CHANGE_LOST, "Lucy", str(doubt))
    journal.notice(
        NoticeKind.WARNING,
        change.order,
        *order_notice(change.order, f"{change.get_kind_display()} 응답 없음: 증권사에 확인 중"),
    )
    journal.write()
