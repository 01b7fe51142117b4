"""Proof of the trail: each row is sealed with the one before it, so nothing can be changed unseen."""

from dataclasses import dataclass

from brokers.models import AccountBook, BrokerAccount, OrderEvent
from brokers.services.journal import seal


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong, and at which row of whose trail."""

    account: str
    seq: int
    what: str

    def __str__(self) -> str:
        return f"{self.account} #{self.seq}: {self.what}"


def flaws_of(account: BrokerAccount) -> tuple[int, list[Flaw]]:
    """How many rows the trail has, and its flaws: changed, removed, reordered rows and a cut end."""
    flaws: list[Flaw] = []
    count, seq, previous = 0, 0, ""
    rows = OrderEvent.objects.filter(account=account).order_by("seq")
    for event in rows.iterator(chunk_size=1000):
        count += 1
        if event.seq != seq + 1:
            flaws.append(Flaw(str(account), seq + 1, f"removed, or moved to #{event.seq}"))
        elif event.previous_hash != previous:
            flaws.append(Flaw(str(account), event.seq, "does not follow the row before it"))
        if event.hash != seal(event):
            flaws.append(Flaw(str(account), event.seq, "changed after it was sealed"))
        seq, previous = event.seq, event.hash
    book = AccountBook.objects.get(account=account)
    if (book.trail_seq, book.trail_hash) != (seq, previous):
        flaws.append(Flaw(str(account), seq + 1, f"the end is missing: the book stands at #{book.trail_seq}"))
    return count, flaws
