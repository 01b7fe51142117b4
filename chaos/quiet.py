"""When nothing is under way any more: the moment at which two sets of books may be compared."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from brokers.blocks.models import Block, BlockChild, WebhookDelivery
from brokers.blocks.terms import AT_BROKERS, WAITING, BlockStatus, ChildState, DeliveryState
from brokers.models import (
    AccountHealth,
    BrokerAccount,
    ChangeStatus,
    Fill,
    Order,
    OrderChange,
    OrderStatus,
)
from lucy import clock

LOOK_AGAIN_SECONDS = 0.5
UNSETTLED = [OrderStatus.PENDING, OrderStatus.SENT, OrderStatus.UNKNOWN]
IN_FLIGHT = [ChangeStatus.SENT, ChangeStatus.UNKNOWN, ChangeStatus.ACCEPTED]


class NotQuietError(Exception):
    """Something stayed under way for longer than anything may."""


def under_way(accounts: Sequence[BrokerAccount]) -> list[str]:
    """Everything that still waits for an answer, in words."""
    mine = {"account__in": list(accounts)}
    orders = Order.objects.filter(**mine, status__in=UNSETTLED)
    changes = OrderChange.objects.filter(**mine, status__in=IN_FLIGHT)
    parked = Fill.objects.filter(**mine, order=None)
    doubtful = Order.objects.filter(**mine, in_doubt=True)
    return [
        *(f"order {row.client_order_id} is {row.status}" for row in orders),
        *(f"{row.kind} {row.client_request_id} is {row.status}" for row in changes),
        *(f"fill {row.fill_no} of {row.broker_order_no} has no order" for row in parked),
        *(f"order {row.client_order_id} is in doubt" for row in doubtful),
        *blocks_under_way(),
    ]


def blocks_under_way() -> list[str]:
    """What the sending, the sweep and the allocation have still to do."""
    moving = Block.objects.filter(status__in=WAITING | {BlockStatus.SENDING})
    unlinked = BlockChild.objects.filter(state=ChildState.ORDERED, order=None)
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.WAITING)
    return [
        *(f"block {row.client_block_id} is {row.status}" for row in moving),
        *(f"{row.client_order_id} is claimed and has no order" for row in unlinked),
        *(f"block {block.client_block_id} is behind its orders" for block in _behind()),
        *(f"message {row.pk} was not taken after {row.attempts} attempts" for row in waiting),
    ]


def _behind() -> list[Block]:
    """Blocks whose figures are not the sums of their orders, or that all orders have left."""
    blocks = list(Block.objects.filter(status__in=AT_BROKERS | {BlockStatus.FINAL}))
    orders: dict[object, list[Order]] = {block.pk: [] for block in blocks}
    children = BlockChild.objects.filter(block__in=blocks).exclude(order=None).select_related("order")
    for child in children:
        if child.order is not None:
            orders[child.block_id].append(child.order)
    return [block for block in blocks if _is_behind(block, orders[block.pk])]


def _is_behind(block: Block, orders: Sequence[Order]) -> bool:
    filled = sum(order.filled_quantity for order in orders)
    still_open = sum(order.open_quantity for order in orders)
    ended = block.status == BlockStatus.WORKING and not any(order.is_open for order in orders)
    return ended or (filled, still_open) != (block.filled_quantity, block.open_quantity)


def wait_until_quiet(
    accounts: Sequence[BrokerAccount], seconds: float, watch: Callable[[], None] = lambda: None
) -> float:
    """Wait until nothing is under way and every account was reconciled after that; how long it took.

    `watch` is called at each look; raises `NotQuietError` with what remains.
    """
    began = time.monotonic()
    calm: _Calm | None = None
    remains: list[str] = []
    while time.monotonic() - began < seconds:
        watch()
        asked_at = clock.now()
        remains = under_way(accounts)
        if remains:
            calm = None
        elif calm is None:
            calm = _Calm(asked_at, accounts)
        elif calm.lasts():
            return time.monotonic() - began
        time.sleep(LOOK_AGAIN_SECONDS)
    raise NotQuietError("; ".join(remains[:20]) or "not every account was reconciled after the last event")


class _Calm:
    """From a moment on nothing was under way; it counts once each account was reconciled twice since.

    The first of the two may have read the broker's list before that moment, the second one cannot.
    """

    def __init__(self, since: datetime, accounts: Sequence[BrokerAccount]) -> None:
        self._since = since
        self._times: dict[object, set[datetime]] = {account.pk: set() for account in accounts}

    def lasts(self) -> bool:
        rows = AccountHealth.objects.filter(
            account_id__in=list(self._times), last_reconciled_at__gt=self._since
        )
        for row in rows:
            if row.last_reconciled_at is not None:
                self._times[row.account_id].add(row.last_reconciled_at)
        return all(len(times) > 1 for times in self._times.values())
