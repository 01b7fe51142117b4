"""What one transaction adds to an account's trail and to its notices: numbered without gaps, and sealed."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from pymongo import UpdateOne

from brokers.models import AccountBook, BrokerAccount, EventKind, Notice, NoticeKind, Order, OrderEvent
from brokers.services import notices
from lucy import clock, mongo
from lucy.mongo import WriteConflictError, connection


class Journal:
    """Collect events and notices, then `write` them inside the caller's transaction.

    Every transaction on an account that must not overlap another ends in `write`: it moves the account's
    book forward, and MongoDB lets only one such transaction through, so the other begins again and sees
    what the first one did.
    """

    def __init__(self, account: BrokerAccount) -> None:
        self.account = account
        self.events: list[OrderEvent] = []
        self.notices: list[Notice] = []
        self.now: datetime = clock.now()

    def event(self, order: Order, kind: EventKind, actor: str, text: str = "") -> None:
        self.events.append(
            OrderEvent(account=self.account, order=order, kind=kind, actor=actor, text=text, at=self.now)
        )

    def notice(self, kind: NoticeKind, order: Order, text: str, data: dict[str, Any]) -> None:
        self.notices.append(
            Notice(account=self.account, kind=kind, order=order, text=text, data=data, created_at=self.now)
        )

    def write(self) -> None:
        """Number and seal what was collected, store it, and publish the notices once all is committed."""
        write_all([self])

    def numbered_from(self, before: "Head") -> "Head":
        """Give numbers and seals that follow `before`; returns the head after them."""
        for seq, notice in enumerate(self.notices, start=before.notice_seq + 1):
            notice.seq = seq
        previous = before.trail_hash
        for seq, event in enumerate(self.events, start=before.trail_seq + 1):
            event.seq = seq
            event.previous_hash = previous
            event.hash = previous = seal(event)
        return Head(
            turns=before.turns + 1,
            notice_seq=before.notice_seq + len(self.notices),
            trail_seq=before.trail_seq + len(self.events),
            trail_hash=previous,
        )


def write_all(journals: Sequence[Journal]) -> None:
    """Write the journals of several accounts in as few round trips as those of one."""
    heads = _take_turns(journals, _heads_at_hand(journals)) or _take_turns(journals, _stored_heads(journals))
    if heads is None:  # moved after this transaction began: begin it again
        raise WriteConflictError("A book moved on.")
    if events := [event for journal in journals for event in journal.events]:
        mongo.insert(*events)
    if told := [notice for journal in journals for notice in journal.notices]:
        mongo.insert(*told)
    connection.on_commit(partial(_committed, heads, told), robust=True)


def _take_turns(journals: Sequence[Journal], before: "dict[Any, Head] | None") -> "dict[Any, Head] | None":
    """Move each account's book from its head `before` on; None when no book stands there any more.

    Where only some moved, the transaction must begin again: those would move, and be numbered, twice.
    """
    if before is None:
        return None
    after = {journal.account.pk: journal.numbered_from(before[journal.account.pk]) for journal in journals}
    moves = [
        UpdateOne({"account_id": key, "turns": before[key].turns}, {"$set": head._asdict()})
        for key, head in after.items()
    ]
    moved = mongo.collection(AccountBook).bulk_write(moves, session=connection.session)
    if moved.matched_count == len(moves):
        return after
    for key in after:
        _heads.pop(key, None)
    if moved.matched_count:
        raise WriteConflictError("Some of the books moved on.")
    return None


def _committed(heads: "dict[Any, Head]", told: Sequence[Notice]) -> None:
    _heads.update(heads)
    notices.publish(told)


class Head(NamedTuple):
    """Where an account's book stands; `turns` names one state for ever, the rest follows from it."""

    turns: int
    notice_seq: int
    trail_seq: int
    trail_hash: str


# The last head this process has written, per account: right nearly always, and checked by `turns` each time.
_heads: dict[Any, Head] = {}


def _heads_at_hand(journals: Sequence[Journal]) -> dict[Any, Head] | None:
    keys = [journal.account.pk for journal in journals]
    return {key: _heads[key] for key in keys} if all(key in _heads for key in keys) else None


def _stored_heads(journals: Sequence[Journal]) -> dict[Any, Head]:
    keys = {journal.account.pk for journal in journals}
    books = mongo.find_all(AccountBook, account_id=keys)
    if len(books) != len(keys):
        raise AccountBook.DoesNotExist(f"Of accounts {keys} only {len(books)} have a book.")
    return {
        book.account_id: Head(book.turns, book.notice_seq, book.trail_seq, book.trail_hash) for book in books
    }


def seal(event: OrderEvent) -> str:
    """The hash that binds an event to its content and to the event before it (SHA-256, hexadecimal)."""
    content = [
        event.previous_hash,
        str(event.account_id),
        event.seq,
        str(event.order_id),
        str(event.kind),
        event.actor,
        event.text,
        int(event.at.timestamp() * 1000),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
