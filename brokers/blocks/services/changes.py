"""Cancel and modify of a block reach every child; each child's outcome is told by itself."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from bson import ObjectId
from django.db import DatabaseError

from accounts.models import User
from brokers.adapters.base import BrokerError, OrderRequest
from brokers.blocks import lanes
from brokers.blocks.models import Block, BlockChild
from brokers.blocks.rights import may_order
from brokers.blocks.selectors import children_of
from brokers.blocks.services import allocating, binding, sending, trail
from brokers.blocks.services.previewing import dearest
from brokers.blocks.terms import AT_BROKERS, CANCELLABLE, BlockStatus, ChildState, EventKind
from brokers.models import ChangeStatus, Order, OrderChange, OrderStatus
from brokers.services import changes as order_changes
from brokers.terms import OrderType, Side
from lucy.errors import LucyError
from lucy.mongo import transactional

log = logging.getLogger(__name__)

DONE = frozenset({ChangeStatus.ACCEPTED, ChangeStatus.CONFIRMED})
CANCEL_ANY = "brokers.cancel_any_order"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the request for one child."""

    child: BlockChild
    tone: str  # ok, doubt, bad, none
    text: str

    def as_dict(self) -> dict[str, Any]:
        return {"position": self.child.position, "outcome": self.tone, "text": self.text}


Ask = Callable[[Order], OrderChange]


def cancel_block(block: Block, user: User, client_request_id: str) -> list[Outcome]:
    """Hold what has not left and ask the brokers to cancel all that works; the same id again asks nothing.

    Raises `LucyError`: `may_not_order_fund` (403), `not_working` (409).
    """
    by_staff = not may_order(user, block.plan) and user.has_perm(CANCEL_ANY)
    _require_changeable(block, user, CANCELLABLE, by_staff=by_staff)
    _keep_rest(block, user)
    if block.status == BlockStatus.STAGED:  # nobody sends it, or not yet: with nothing to send it ends
        sending.start(block)

    def ask(order: Order) -> OrderChange:
        reason = f"블록 {block.pk} 취소" if by_staff else ""
        return order_changes.cancel_order(order, user, client_request_id, by_staff=by_staff, reason=reason)

    return _fan_out(block, user, EventKind.CANCEL, ask)


def modify_block(
    block: Block, user: User, client_request_id: str, *, price: Decimal | None, order_type: OrderType
) -> list[Outcome]:
    """Ask for another price or type for all that is open in every child.

    Raises `LucyError`: `may_not_order_fund` (403), `not_working`, `needs_approval` (409: an approved block
    does not become dearer by one person's hand, nor one so large that it needs approval), `block_refused`
    (409: the funds' cash and limits at the dearer price).
    """
    _require_changeable(block, user, AT_BROKERS)
    _require_allowed(block, price)

    def ask(order: Order) -> OrderChange:
        return order_changes.modify_order(
            order, user, client_request_id, quantity=None, price=price, order_type=order_type
        )

    return _fan_out(block, user, EventKind.MODIFY, ask)


@transactional
def _keep_rest(block: Block, user: User) -> None:
    """Hold what has not left, and say so first: should this process die, who resumes the block knows."""
    trail.note(block, EventKind.CANCEL, user.get_username(), "블록의 모든 주문을 취소합니다.")
    sending.halt(block, user.get_username(), f"{user.get_username()}님이 블록을 취소했습니다.")


def _require_changeable(
    block: Block, user: User, among: Collection[BlockStatus], *, by_staff: bool = False
) -> None:
    if not by_staff and not may_order(user, block.plan):
        raise LucyError(
            "may_not_order_fund", "이 블록의 모든 펀드에 주문할 권한이 있어야 합니다.", status=403
        )
    if block.status not in among:
        raise LucyError(
            "not_working",
            f"'{block.get_status_display()}' 상태의 블록은 정정하거나 취소할 수 없습니다.",
            status=409,
        )


def _require_allowed(block: Block, price: Decimal | None) -> None:
    """What was approved holds, and the funds can pay the price: they are bound before any broker is asked."""
    _require_as_approved(block, price)
    if price is not None:
        binding.bind_at(block.pk, price)
    elif block.price is not None:
        binding.bind_at(block.pk, dearest(block.plan, block.symbol))


def _require_as_approved(block: Block, price: Decimal | None) -> None:
    if block.needs_approval and _is_dearer(block, price):
        raise LucyError(
            "needs_approval",
            "승인받은 가격보다 불리하게 바꿀 수 없습니다. 취소하고 새 블록으로 승인을 받으세요.",
            status=409,
        )


def watch_over_children() -> None:
    """What holds for a block holds for each of its orders, wherever it is changed."""
    order_changes.modifying.connect(_child_modified, dispatch_uid="blocks.approved")


def _child_modified(order: Order, request: OrderRequest, **_: Any) -> None:
    key = order.client_order_id.removeprefix(sending.CHILD_PREFIX).partition("-")[0]
    if not ObjectId.is_valid(key):
        return
    child = BlockChild.objects.filter(block=ObjectId(key), order=order).select_related("block").first()
    if child is not None:  # anybody may name an order like that
        _require_allowed(child.block, request.price)


def _is_dearer(block: Block, price: Decimal | None) -> bool:
    if price is None or block.price is None:
        return block.price is not None
    return price > block.price if block.side == Side.BUY else price < block.price


def _fan_out(block: Block, user: User, kind: EventKind, ask: Ask) -> list[Outcome]:
    by_account: dict[Any, list[BlockChild]] = defaultdict(list)
    for child in children_of(block):
        by_account[child.account_id].append(child)
    work = {key: partial(_ask_each, group, ask) for key, group in by_account.items()}
    outcomes = [outcome for group in lanes.side_by_side(work).values() for outcome in group]
    outcomes.sort(key=lambda outcome: outcome.child.position)
    _note(block, user, kind, outcomes)
    allocating.refresh(block.pk)
    return outcomes


def _ask_each(children: list[BlockChild], ask: Ask) -> list[Outcome]:
    return [_asked(child if child.order else _as_of_now(child), ask) for child in children]


def _as_of_now(child: BlockChild) -> BlockChild:
    """What stood in the account's lane before this request has left meanwhile, and has its order."""
    row = BlockChild.objects.select_related("order").get(pk=child.pk)
    row.account = child.account
    if row.order is not None:
        row.order.account = child.account
    return row


def _asked(child: BlockChild, ask: Ask) -> Outcome:
    """One child's outcome: what goes wrong with it must not keep the others from theirs."""
    order = child.order
    if order is None and child.state == ChildState.ORDERED:  # by another process, which may have died
        return Outcome(child, "doubt", "보내는 중입니다. 잠시 후 다시 요청하세요.")
    if order is None:
        return Outcome(child, "none", ChildState(child.state).label)
    if not order.is_open:
        return Outcome(child, "none", f"이미 끝남: {order.get_status_display()}")
    try:
        change = ask(order)
    except LucyError as refusal:
        doubtful = order.status in {OrderStatus.UNKNOWN, OrderStatus.SENT}
        return Outcome(child, "doubt" if doubtful else "bad", refusal.message)
    except (BrokerError, DatabaseError) as trouble:
        log.exception("Order %s of block %s was not changed", order.pk, child.block_id)
        return Outcome(child, "doubt", str(trouble))
    if change.status in DONE:
        return Outcome(child, "ok", f"{change.get_status_display()} {change.note}".strip())
    tone = "bad" if change.status == ChangeStatus.REJECTED else "doubt"
    return Outcome(child, tone, f"{change.get_status_display()} {change.note}".strip())


@transactional
def _note(block: Block, user: User, kind: EventKind, outcomes: list[Outcome]) -> None:
    counts = {
        tone: sum(outcome.tone == tone for outcome in outcomes) for tone in ("ok", "doubt", "bad", "none")
    }
    words = (
        f"접수 {counts['ok']}, 확인 중 {counts['doubt']}, 안 됨 {counts['bad']}, 해당 없음 {counts['none']}"
    )
    troubles = [f"{o.child.position}번: {o.text}" for o in outcomes if o.tone in {"doubt", "bad"}]
    trail.note(block, kind, user.get_username(), "\n".join([words, *troubles]))
