"""What one transaction adds to an account's trail and to its notices: numbered without gaps, and sealed."""

import hashlib
import json
from datetime import datetime
from typing import Any

from brokers.models import AccountBook, BrokerAccount, EventKind, Notice, NoticeKind, Order, OrderEvent
from brokers.services import notices
from lucy import clock
from lucy.mongo import connection


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
        book = self._advance()
        self._number(book)
        if self.events:
            self._seal(book["trail_hash"])
            OrderEvent.objects.bulk_create(self.events)
        if self.notices:
            Notice.objects.bulk_create(self.notices)
            told = list(self.notices)
            connection.on_commit(lambda: notices.publish(told), robust=True)

    def _advance(self) -> dict[str, Any]:
        """Move the book on and return it as it was before."""
        ahead = {"trail_seq": len(self.events), "notice_seq": len(self.notices), "turns": 1}
        before: dict[str, Any] | None = _books().find_one_and_update(
            {"account_id": self.account.pk}, {"$inc": ahead}, session=connection.session
        )
        if before is None:
            raise AccountBook.DoesNotExist(f"Account {self.account.pk} has no book.")
        return before

    def _number(self, book: dict[str, Any]) -> None:
        for seq, event in enumerate(self.events, start=book["trail_seq"] + 1):
            event.seq = seq
        for seq, notice in enumerate(self.notices, start=book["notice_seq"] + 1):
            notice.seq = seq

    def _seal(self, previous: str) -> None:
        for event in self.events:
            event.previous_hash = previous
            event.hash = previous = seal(event)
        _books().update_one(
            {"account_id": self.account.pk}, {"$set": {"trail_hash": previous}}, session=connection.session
        )


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


def _books() -> Any:
    """The raw collection: Django's ORM knows no find-and-modify."""
    return connection.get_collection(AccountBook._meta.db_table)
