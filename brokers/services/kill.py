"""The kill switch: who may shut the gate that every order passes (`gate.py`), and who may open it again."""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import uuid4

from django.db import DatabaseError, IntegrityError
from django.db.models import Q

from accounts.models import User
from brokers.adapters.base import BrokerError
from brokers.models import (
    BrokerAccount,
    ChangeStatus,
    Order,
    OrderStatus,
    Scope,
    StopDeed,
    StopEvent,
    TradingStop,
)
from brokers.models.orders import WORKING
from brokers.models.stops import scope_key
from brokers.services.changes import cancel_order
from brokers.services.gate import LOOK_HOLDS_SECONDS, MAY_OPERATE
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import transactional

log = logging.getLogger(__name__)

ACCOUNTS_AT_ONCE = 8  # each account has its own pace at its broker, so they are cancelled side by side
IN_FLIGHT_SECONDS = 3.0  # how long a bulk cancel waits for orders whose number has not come yet
LOOK_AGAIN_SECONDS = 0.1

Target = BrokerAccount | User | None


@dataclass(frozen=True, slots=True)
class CancelOutcome:
    """What became of one order in a bulk cancel."""

    order: Order
    done: bool
    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    stop: TradingStop
    cancels: list[CancelOutcome] = field(default_factory=list)
    in_flight: int = 0  # sent orders that had no number in time: nobody could cancel them yet


# --- stopping and releasing -------------------------------------------------------------------------------


def stop(scope: Scope, target: Target, *, by: User, reason: str, cancel_working: bool = False) -> Stopped:
    """Let no order of the scope leave from now on; optionally ask the brokers to cancel what works there.

    Stopping what is stopped keeps the first reason and notes the second one in the trail. Raises `LucyError`:
    `may_not_stop` (403), `invalid` (no reason, or a target that does not fit the scope).
    """
    _require_fit(scope, target)
    _require_reason(reason)
    if not may_stop(by, scope, target):
        raise LucyError(
            "may_not_stop", "주문을 중단할 권한이 없습니다. 자신의 주문만 중단할 수 있습니다.", status=403
        )
    stored = _store_stop(scope, target, by.get_username(), reason.strip())
    log.warning("%s stopped by %s: %s", stored.key, by.get_username(), reason)
    if not cancel_working:
        return Stopped(stored)
    done = Stopped(stored, *_cancel_all(_orders_in(scope, target), by, f"주문 중단: {reason.strip()}"))
    _note_cancels(stored, by.get_username(), done)
    return done


def release(scope: Scope, target: Target, *, by: User, reason: str) -> None:
    """Let orders of the scope leave again.

    Raises `LucyError`: `may_not_release` (403), `not_stopped` (409), `invalid`.
    """
    _require_fit(scope, target)
    _require_reason(reason)
    if not by.has_perm(MAY_OPERATE):
        raise LucyError("may_not_release", "중단은 권한이 있는 직원만 해제할 수 있습니다.", status=403)
    if not _remove_stop(scope_key(scope, target and target.pk), by.get_username(), reason.strip()):
        raise LucyError("not_stopped", "중단되어 있지 않습니다.", status=409)
    log.warning("%s released by %s: %s", scope_key(scope, target and target.pk), by.get_username(), reason)


def may_stop(user: User, scope: Scope, target: Target) -> bool:
    """Operators stop anything; everybody else stops only themselves."""
    return user.has_perm(MAY_OPERATE) or (scope == Scope.USER and target == user)


def _require_fit(scope: Scope, target: Target) -> None:
    fits = {Scope.SYSTEM: target is None, Scope.ACCOUNT: isinstance(target, BrokerAccount)}
    if not fits.get(scope, isinstance(target, User)):
        raise LucyError("invalid", "범위에 맞는 대상을 고르세요.", field="scope")


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise LucyError("invalid", "사유를 적으세요.", field="reason")


def _store_stop(scope: Scope, target: Target, by: str, reason: str) -> TradingStop:
    try:
        return _store_stop_once(scope, target, by, reason)
    except IntegrityError:  # somebody stopped the same at the same moment
        return _store_stop_once(scope, target, by, reason)


@transactional
def _store_stop_once(scope: Scope, target: Target, by: str, reason: str) -> TradingStop:
    key, now = scope_key(scope, target and target.pk), clock.now()
    found = TradingStop.objects.select_related("account", "user").filter(key=key).first()
    stored = found or TradingStop.objects.create(
        scope=scope,
        account=target if isinstance(target, BrokerAccount) else None,
        user=target if isinstance(target, User) else None,
        reason=reason,
        by=by,
        at=now,
    )
    again = "이미 중단되어 있었음" if found else ""
    StopEvent.objects.create(
        deed=StopDeed.STOPPED, key=key, target=stored.target_name, by=by, reason=reason, text=again, at=now
    )
    return stored


@transactional
def _remove_stop(key: str, by: str, reason: str) -> bool:
    found = TradingStop.objects.select_related("account", "user").filter(key=key).first()
    if found is None:
        return False
    StopEvent.objects.create(
        deed=StopDeed.RELEASED, key=key, target=found.target_name, by=by, reason=reason, at=clock.now()
    )
    found.delete()
    return True


# --- cancelling what works --------------------------------------------------------------------------------


def _orders_in(scope: Scope, target: Target) -> Q:
    if scope == Scope.SYSTEM:
        return Q()
    return Q(account=target) if scope == Scope.ACCOUNT else Q(user=target)


def _cancel_all(scope: Q, by: User, reason: str) -> tuple[list[CancelOutcome], int]:
    """Ask for the cancel of every working order, once each; also of those whose number is just coming.

    An order that passed the gate a moment before the stop was stored is not seen before it is saved, and is
    `sent` until its number comes.
    """
    outcomes: list[CancelOutcome] = []
    all_seen = time.monotonic() + LOOK_HOLDS_SECONDS
    give_up = all_seen + IN_FLIGHT_SECONDS
    while True:
        now = time.monotonic()
        flying = _count_in_flight(scope)  # asked first: what lands afterwards is among the working ones
        asked = [outcome.order.pk for outcome in outcomes]
        outcomes += _cancel_each(_working(scope).exclude(pk__in=asked), by, reason)
        if now > (give_up if flying else all_seen):
            return outcomes, flying
        time.sleep(LOOK_AGAIN_SECONDS)


def _working(scope: Q) -> Any:
    return Order.objects.filter(scope, status__in=WORKING).select_related("account")


def _count_in_flight(scope: Q) -> int:
    return Order.objects.filter(scope, status__in=[OrderStatus.PENDING, OrderStatus.SENT]).count()


def _cancel_each(orders: Iterable[Order], by: User, reason: str) -> list[CancelOutcome]:
    by_account = sorted(orders, key=lambda order: (order.account_id, order.created_at))
    lists = [list(rows) for _, rows in groupby(by_account, key=lambda order: order.account_id)]
    if not lists:
        return []
    with ThreadPoolExecutor(ACCOUNTS_AT_ONCE, thread_name_prefix="kill") as pool:
        done = pool.map(lambda rows: [_cancel(order, by, reason) for order in rows], lists)
        return [outcome for outcomes in done for outcome in outcomes]


def _cancel(order: Order, by: User, reason: str) -> CancelOutcome:
    """One order's cancel: what goes wrong with it must not keep the others from theirs."""
    try:
        change = cancel_order(order, by, uuid4().hex, by_staff=True, reason=reason)
    except LucyError as refusal:
        return CancelOutcome(order, False, refusal.message)
    except (BrokerError, DatabaseError) as trouble:
        log.exception("The cancel of order %s failed", order.pk)
        return CancelOutcome(order, False, str(trouble))
    done = change.status in {ChangeStatus.ACCEPTED, ChangeStatus.CONFIRMED}
    return CancelOutcome(order, done, f"{change.get_status_display()} {change.note}".strip())


def _note_cancels(stored: TradingStop, by: str, done: Stopped) -> None:
    StopEvent.objects.create(
        deed=StopDeed.CANCELLED,
        key=stored.key,
        target=stored.target_name,
        by=by,
        reason=stored.reason,
        text=_summary(done),
        at=clock.now(),
    )


def _summary(done: Stopped) -> str:
    failed = [outcome for outcome in done.cancels if not outcome.done]
    lines = [
        f"취소 요청 {len(done.cancels)}건, 실패 {len(failed)}건, 번호를 기다리는 주문 {done.in_flight}건"
    ]
    return "\n".join([*lines, *(f"{outcome.order.pk}: {outcome.text}" for outcome in failed)])
