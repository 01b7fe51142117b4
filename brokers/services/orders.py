"""Placing orders: saved before sent, never sent twice."""

import logging
from typing import Any

from django.db import IntegrityError

from accounts.models import User
from brokers.adapters import client_for
from brokers.adapters.base import BrokerError, OrderRequest, Receipt, ReplyLost
from brokers.models import (
    BrokerAccount,
    EventKind,
    Instrument,
    NoticeKind,
    Order,
    OrderStatus,
)
from brokers.rights import may_not_trade
from brokers.services import booking, checks, facts, gate, numbers
from brokers.services.effects import order_notice
from brokers.services.journal import Journal
from brokers.services.standing import Standing, standing_of
from brokers.terms import RequestKind
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional

S = OrderStatus

log = logging.getLogger(__name__)


def place_order(
    account: BrokerAccount,
    user: User,
    client_order_id: str,
    request: OrderRequest,
    *,
    confirmed: bool = False,
) -> Order:
    """Save, check and send an order; the same `client_order_id` again returns the same order.

    A refusal by our checks or by the broker is an order with status `rejected` and its reason. `LucyError`
    means that no order exists: `may_not_trade`, `stopped`, `account_paused`, `invalid`, `confirm_repeat` (the
    same order within ten seconds, not `confirmed`), `client_order_id_reused` (the id is another order's).
    """
    standing = standing_of(account, user, request.symbol)
    if not standing.may_trade:
        raise may_not_trade()
    try:
        _require_open_way(account, standing, request, confirmed)
    except LucyError:
        if earlier := _same_id(user, client_order_id):  # was taken when the way was still open
            return _same_order(earlier, account, request)
        raise
    try:
        order = _save(account, user, client_order_id, request, standing.instrument)
    except IntegrityError:  # the same id arrived twice at once; the other one sends it
        return _same_order(Order.objects.get(user=user, client_order_id=client_order_id), account, request)
    _check_and_send(order, user, standing)
    return order


def resume_order(order: Order, user: User) -> Order:
    """Check and send an order whose process died after saving it; for any other order, nothing.

    Should that process be alive after all, one of the two sends it: the step to `sent` is taken once.
    """
    if order.status == S.PENDING:
        standing = standing_of(order.account, user, order.symbol)
        gate.require_running(standing.stop)
        _check_and_send(order, user, standing)
    return order


def _check_and_send(order: Order, user: User, standing: Standing) -> None:
    if refusal := checks.refusal_of(checks.Case(order, order.request(), user, standing)):
        reject_order(
            order, EventKind.REFUSED, "Lucy", refusal.code, refusal.message, only_from=OrderStatus.PENDING
        )
    else:
        send_order(order)


def _require_open_way(
    account: BrokerAccount, standing: Standing, request: OrderRequest, confirmed: bool
) -> None:
    gate.require_running(standing.stop)
    checks.require_unpaused(account)
    checks.require_sound(request)
    if not confirmed:
        checks.require_no_repeat(account, request)


def _same_id(user: User, client_order_id: str) -> Order | None:
    return mongo.find(Order, user_id=user.pk, client_order_id=client_order_id)


def _same_order(order: Order, account: BrokerAccount, request: OrderRequest) -> Order:
    if order.account_id == account.pk and order.request() == request:
        return order
    raise LucyError(
        "client_order_id_reused",
        "같은 고객 주문 ID로 다른 주문이 이미 있습니다.",
        status=409,
        order=str(order.pk),
    )


@transactional
def _save(
    account: BrokerAccount,
    user: User,
    client_order_id: str,
    request: OrderRequest,
    instrument: Instrument | None,
) -> Order:
    journal = Journal(account)
    order = Order(
        account=account,
        user=user,
        client_order_id=client_order_id,
        symbol=request.symbol,
        name=instrument.name if instrument else "",
        side=request.side,
        order_type=request.order_type,
        condition=request.condition,
        venue=request.venue,
        quantity=request.quantity,
        price=request.price,
        created_at=journal.now,
        updated_at=journal.now,
    )
    mongo.insert(order)
    journal.event(order, EventKind.SAVED, user.get_username(), _in_words(order))
    journal.write()
    return order


def _in_words(order: Order) -> str:
    price = f" {order.price:,}원" if order.price is not None else ""
    what = f"{order.get_side_display()} {order.symbol} {order.quantity:,}주"
    return f"{what} {order.get_order_type_display()}{price}"


def send_order(order: Order) -> None:
    """Send a saved and checked order, once; each outcome leaves its own status."""
    if not _mark_sent(order):
        return  # another process is sending it
    try:
        receipt = client_for(order.account).place(order.request())
    except ReplyLost as doubt:
        lose_reply(order, doubt)
    except BrokerError as refusal:  # every other answer proves that nothing is working
        facts.forget(order.account)  # our figures allowed it
        reject_order(
            order, EventKind.REJECTED, order.account.get_broker_display(), refusal.code, refusal.message
        )
    else:
        accept_order(order, receipt)


@transactional
def _mark_sent(order: Order) -> bool:
    journal = Journal(order.account)
    if not order.move_to(S.SENT, sent_at=journal.now, trade_date=clock.trade_date(), updated_at=journal.now):
        return False
    journal.event(order, EventKind.SENT, "Lucy")
    journal.write()
    return True


@transactional
def accept_order(order: Order, receipt: Receipt, *, actor: str = "") -> bool:
    """The broker gave the order a number: link it, and settle the fills that overtook the answer.

    A number proves more than a list that did not know the order: what was given up by it is revived.
    False when the number is another order's: then nothing is changed.
    """
    journal = Journal(order.account)
    if not numbers.link_number(order, receipt.order_no, RequestKind.NEW):
        log.error("Order %s was given number %s, which another order has", order.pk, receipt.order_no)
        return False
    named = {"broker_order_no": receipt.order_no, "branch": receipt.branch, "updated_at": journal.now}
    if not (order.move_to(S.ACCEPTED, **named) or (_revive(order) and order.move_to(S.ACCEPTED, **named))):
        if order.broker_order_no:
            return True  # a notice or the reconciliation was faster
        Order.objects.filter(pk=order.pk).update(**named)
    order.broker_order_no, order.branch = receipt.order_no, receipt.branch
    journal.event(
        order, EventKind.ACCEPTED, actor or order.account.get_broker_display(), f"주문번호 {receipt.order_no}"
    )
    if not booking.claim_parked(order, receipt.order_no, journal):
        journal.notice(NoticeKind.ORDER, order, *order_notice(order, "접수"))
    journal.write()
    return True


def _revive(order: Order) -> bool:
    """Open what was refused only because the broker's list did not know it."""
    given_up = Order.objects.filter(pk=order.pk, status=S.REJECTED, note_code=numbers.NOT_AT_BROKER)
    return given_up.update(status=S.UNKNOWN, rejected_quantity=0, note="", note_code="") == 1


@transactional
def reject_order(
    order: Order,
    kind: EventKind,
    actor: str,
    code: str,
    message: str,
    *,
    only_from: OrderStatus | None = None,
) -> bool:
    """Nothing is working: the whole order is refused, with the words of whoever refused it.

    False when it has moved on meanwhile: to where it cannot be refused any more, or away from `only_from`.
    """
    journal = Journal(order.account)
    changes: dict[str, Any] = {"rejected_quantity": order.quantity, "note": message, "note_code": code}
    if only_from and not Order.objects.filter(pk=order.pk, status=only_from).exists():
        return False
    if not order.move_to(S.REJECTED, updated_at=journal.now, **changes):
        return False
    journal.event(order, kind, actor, f"[{code}] {message}" if code else message)
    journal.notice(NoticeKind.ORDER, order, *order_notice(order, "거부", message))
    journal.write()
    return True


@transactional
def lose_reply(order: Order, doubt: ReplyLost) -> None:
    """The broker may hold the order: it stays `unknown` until the broker's own list tells."""
    journal = Journal(order.account)
    if not order.move_to(S.UNKNOWN, note=doubt.message, note_code=doubt.code, updated_at=journal.now):
        return
    journal.event(order, EventKind.REPLY_LOST, "Lucy", str(doubt))
    journal.notice(NoticeKind.WARNING, order, *order_notice(order, "응답 없음: 증권사에 확인 중"))
    journal.write()
