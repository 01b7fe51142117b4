"""A block's children on their way out: side by side over the accounts, each exactly once.

A child is claimed (`staged` to `ordered`, one conditional update) before the order service hears of it, under
a client order id made of block and leg. So a cancel or the plan's rule can hold what was not claimed, two
processes cannot both claim, and one that died between claim and order is resumed under the same id: the order
service knows whether that order exists, and the broker's own list settles what nobody heard of.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from pymongo.errors import PyMongoError

from brokers.adapters.base import BrokerError, OrderRequest
from brokers.blocks import lanes
from brokers.blocks.models import Block, BlockChild, BlockEvent
from brokers.blocks.selectors import children_of
from brokers.blocks.services import allocating, trail
from brokers.blocks.terms import BlockStatus, ChildState, EventKind, OnTrouble
from brokers.models import Order, OrderStatus
from brokers.services import orders
from brokers.terms import OrderType, Side
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional

log = logging.getLogger(__name__)

S = BlockStatus
CHILD_PREFIX = "block-"
TROUBLED = frozenset({OrderStatus.REJECTED, OrderStatus.UNKNOWN})
LEFT_ALONE = timedelta(seconds=30)  # a block that nobody moved for so long lost its process
ANOTHER_DAY = "전송이 끊긴 채 날이 바뀌어 나머지를 보내지 않았습니다. 필요하면 새 블록으로 주문하세요."


def client_order_id(block_key: Any, position: int) -> str:
    """The one name under which this child may ever be placed."""
    return f"{CHILD_PREFIX}{block_key}-{position}"


def request_of(block: Block, child: BlockChild) -> OrderRequest:
    return OrderRequest(
        block.symbol, Side(block.side), child.quantity, block.price, OrderType(block.order_type)
    )


def start(block: Block) -> "Sending | None":
    """Let a staged block's children leave; returns at once, None when another process does it."""
    if not _begin(block):
        return None
    return Sending(block, children_of(block)).start()


def resume() -> int:
    """Continue the blocks whose process died on the way; says how many. Harmless while it lives.

    A block lives as long as its day: what a process of another day has left does not leave at today's market.
    """
    since = clock.now() - LEFT_ALONE
    left = Block.objects.filter(status__in=[S.STAGED, S.SENDING], updated_at__lt=since)
    found = list(left.select_related("plan", "user")[:200])
    for block in found:
        moved_on = block.trade_date if block.status == S.SENDING else clock.trade_date_of(block.updated_at)
        if is_of_another_day := moved_on != clock.trade_date():
            halt(block, "Lucy", ANOTHER_DAY)
        if block.status == S.STAGED:
            start(block)
        elif is_of_another_day or _may_go_on(block):
            _note_resumed(block)
            kept_back = ANOTHER_DAY if is_of_another_day else _cancelled_already(block)
            Sending(block, children_of(block), kept_back=kept_back).start()
    return len(found)


def _cancelled_already(block: Block) -> str:
    was_cancelled = BlockEvent.objects.filter(block=block, kind=EventKind.CANCEL).exists()
    return "블록을 취소한 뒤여서 보내지 않았습니다." if was_cancelled else ""


def _may_go_on(block: Block) -> bool:
    """What the plan's rule says of the rest, had the process lived: it stops, or waits for an answer."""
    if block.plan.on_trouble != OnTrouble.STOP:
        return True
    children = {child.client_order_id: child for child in mongo.find_all(BlockChild, block_id=[block.pk])}
    placed = mongo.find_all(Order, user_id=[block.user_id], client_order_id=list(children))
    if any(order.status == OrderStatus.SENT for order in placed):
        return False  # the reconciliation finds out what became of it
    troubles = {
        child.position: child.note for child in children.values() if child.state == ChildState.REFUSED
    } | {
        children[order.client_order_id].position: _words_of(order)
        for order in placed
        if order.status in TROUBLED
    }
    for position, words in sorted(troubles.items())[:1]:
        halt(block, "Lucy", f"{position}번 항목: {words}")
    return True


def _words_of(order: Order) -> str:
    return f"{order.get_status_display()} {order.note}".strip()


@transactional
def _begin(block: Block) -> bool:
    now = clock.now()
    if not block.move_to(S.SENDING, updated_at=now, trade_date=clock.trade_date()):
        return False
    trail.note(block, EventKind.SENDING, "Lucy")
    return True


@transactional
def _note_resumed(block: Block) -> None:
    trail.note(block, EventKind.RESUMED, "Lucy", "전송이 중간에 끊겨 나머지를 이어서 보냅니다.")
    Block.objects.filter(pk=block.pk).update(updated_at=clock.now())


class Sending:
    """One block's children, an account a lane; whoever is last closes the sending."""

    def __init__(self, block: Block, children: Sequence[BlockChild], *, kept_back: str = "") -> None:
        """`kept_back`: why a child that was claimed, and of which no order was made, does not leave now."""
        self.block = block
        self.kept_back = kept_back
        self.stops = block.plan.on_trouble == OnTrouble.STOP
        self._groups: dict[Any, list[BlockChild]] = defaultdict(list)
        for child in children:
            self._groups[child.account_id].append(child)
        self._left = len(self._groups)
        self._lock = threading.Lock()
        self.done: Future[None] = Future()

    def start(self) -> "Sending":
        for account_key, group in self._groups.items():
            lanes.lane_of(account_key).submit(self._send_group, group)
        return self

    def _send_group(self, group: Sequence[BlockChild]) -> None:
        """A fault with one child keeps the others only where the plan stops; the sweep looks after it."""
        try:
            for child in group:
                if not self._send_safely(child) and self.stops:
                    break
        finally:
            with self._lock:
                self._left -= 1
                is_last = not self._left
            if is_last:
                self._finish()

    def _send_safely(self, child: BlockChild) -> bool:
        """Whether it is known what became of it."""
        try:
            self._send(child)
        except Exception:
            log.exception("Child %s of block %s is left to the next sweep", child.position, self.block.pk)
            return False
        return True

    def _send(self, child: BlockChild) -> None:
        if not self._is_to_leave(child):
            return
        try:
            order = self._placed(child)
        except LucyError as refusal:
            self._refused(child, refusal)
            self._troubled(child, refusal.message)
            return
        if order.status in TROUBLED:
            self._troubled(child, _words_of(order))

    def _is_to_leave(self, child: BlockChild) -> bool:
        """Claim it, or find it claimed by a process that died before its order was linked."""
        if mongo.change_if(child, {"state": [ChildState.STAGED]}, state=ChildState.ORDERED):
            return True
        now = mongo.find(BlockChild, pk=child.pk)
        if now is None or now.state != ChildState.ORDERED or now.order_id is not None:
            return False
        if self.kept_back:
            self._keep_back(child)
        return not self.kept_back

    def _keep_back(self, child: BlockChild) -> None:
        """Claimed by a process that died: what has not left does not now."""
        if not self._link(child):
            held = {"state": ChildState.HELD, "note": self.kept_back}
            mongo.change_if(child, {"state": [ChildState.ORDERED], "order_id": [None]}, **held)

    def _link(self, child: BlockChild) -> bool:
        """Tell it its order, if there is one; one that was saved and no more the reconciliation ends."""
        order = mongo.find(Order, user_id=self.block.user_id, client_order_id=child.client_order_id)
        if order is not None:
            mongo.change((child, {"order_id": order.pk, "state": ChildState.ORDERED}))
        return order is not None

    def _placed(self, child: BlockChild) -> Order:
        """The same id gives the same order, whoever asks; one that was saved and no more is sent now."""
        order = orders.place_order(
            child.account,
            self.block.user,
            child.client_order_id,
            request_of(self.block, child),
            confirmed=True,
        )
        mongo.change((child, {"order_id": order.pk, "state": ChildState.ORDERED}))
        return orders.resume_order(order, self.block.user)

    def _refused(self, child: BlockChild, refusal: LucyError) -> None:
        """No order was made; or one was before (and changed since), which the child is told."""
        if child.order_id is None and not self._link(child):
            state = {"state": ChildState.REFUSED, "note": refusal.message, "note_code": refusal.code}
            mongo.change((child, state))

    def _troubled(self, child: BlockChild, words: str) -> None:
        if self.stops:
            halt(self.block, "Lucy", f"{child.position}번 항목: {words}")

    def _finish(self) -> None:
        try:
            _close(self.block)
            allocating.refresh(self.block.pk)
            self.done.set_result(None)
        except (DatabaseError, PyMongoError, BrokerError) as fault:
            log.exception("Block %s is closed by the next sweep", self.block.pk)
            self.done.set_exception(fault)


def halt(block: Block, actor: str, reason: str) -> int:
    """Hold every child that has not been claimed; says how many there were. Nothing that left is touched."""
    held = _halt(block, actor, reason)
    if held:
        log.warning("Block %s: %d children held: %s", block.pk, held, reason)
    return held


@transactional
def _halt(block: Block, actor: str, reason: str) -> int:
    staged = BlockChild.objects.filter(block=block, state=ChildState.STAGED)
    held: int = staged.update(state=ChildState.HELD, note=reason)
    if held:
        Block.objects.filter(pk=block.pk).update(halted=reason[:300], updated_at=clock.now())
        trail.note(block, EventKind.HELD, actor, f"{held}건을 보내지 않음 · {reason}")
    return held


@transactional
def _close(block: Block) -> None:
    """All lanes have ended: from now on the orders tell how the block goes, unless a child is left."""
    children = mongo.find_all(BlockChild, block_id=[block.pk])
    if any(_is_unfinished(child) for child in children):
        return
    if not block.move_to(S.WORKING, updated_at=clock.now()):
        return
    counts = {state: sum(child.state == state for child in children) for state in ChildState}
    words = ", ".join(f"{state.label} {count}건" for state, count in counts.items() if count)
    trail.note(block, EventKind.SENT, "Lucy", words)


def _is_unfinished(child: BlockChild) -> bool:
    return child.state == ChildState.STAGED or (child.state == ChildState.ORDERED and child.order_id is None)
