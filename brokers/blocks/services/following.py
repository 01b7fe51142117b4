"""News of a child's order brings its block up to date: soon, and never on the way of an order or a fill.

A receiver on the way only looks at ids and leaves the block's key behind; one thread of the process does the
work. What a process that dies leaves undone is done by whoever reads the block next, or by the sweep.
"""

import logging
import os
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from brokers.blocks.models import Block
from brokers.blocks.services import allocating
from brokers.blocks.services.sending import CHILD_PREFIX
from brokers.blocks.terms import AT_BROKERS, BlockStatus
from brokers.models import BrokerAccount, Notice, Order
from brokers.services import notices
from lucy import clock

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.05  # a burst of fills is one look
KEY_DIGITS = 24
LATE_NEWS = timedelta(hours=1)  # for so long the sweep may have been away


class Follower:
    """The blocks that had news, and the thread that looks at them."""

    def __init__(self) -> None:
        self._news: set[ObjectId] = set()
        self._changed = threading.Condition()
        self._pid = 0

    def tell(self, keys: set[ObjectId]) -> None:
        with self._changed:
            self._news |= keys
            if self._pid != os.getpid():  # a forked worker has no thread of its parent's
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="blocks", daemon=True).start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._news:
                    self._changed.wait()
            time.sleep(GATHER_SECONDS)
            with self._changed:
                keys, self._news = self._news, set()
            for key in keys:
                try:
                    allocating.refresh(key)
                except Exception:
                    log.exception("Block %s is brought up to date by the next look", key)


follower = Follower()


def listen() -> None:
    notices.published.connect(_heard, dispatch_uid="blocks.following")


def _heard(notices: Sequence[Notice], **_: Any) -> None:
    if keys := {key for notice in notices if (key := _block_of(notice))}:
        follower.tell(keys)


def _block_of(notice: Notice) -> ObjectId | None:
    return _block_named(notice.data.get("order", {}).get("client_order_id", ""))


def _block_named(name: str) -> ObjectId | None:
    """The block whose child has this client order id."""
    key = name[len(CHILD_PREFIX) : len(CHILD_PREFIX) + KEY_DIGITS]
    return ObjectId(key) if name.startswith(CHILD_PREFIX) and ObjectId.is_valid(key) else None


def sweep() -> int:
    """Bring every block at the brokers up to date, and final ones that had late news; says how many."""
    working = Block.objects.filter(status__in=AT_BROKERS).values_list("pk", flat=True)
    keys = [*working[:5_000], *_late()]
    for key in keys:
        allocating.refresh(key)
    return len(keys)


def _late() -> list[ObjectId]:
    """Final blocks whose orders moved after the block was last written: nobody may have been there to see."""
    since = clock.now() - LATE_NEWS
    accounts = list(BrokerAccount.objects.values_list("pk", flat=True))  # for the index `orders_changed`
    moved: dict[ObjectId, datetime] = {}
    recent = Order.objects.filter(account_id__in=accounts, updated_at__gte=since)
    for name, moved_at in recent.values_list("client_order_id", "updated_at"):
        if key := _block_named(name):
            moved[key] = max(moved_at, moved.get(key, moved_at))
    final = Block.objects.filter(pk__in=list(moved), status=BlockStatus.FINAL)
    return [key for key, written_at in final.values_list("pk", "updated_at") if moved[key] > written_at]
