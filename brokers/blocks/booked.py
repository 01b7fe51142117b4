"""What blocks did and bound for funds since each fund's own moment, kept by reading only what changed.

A day of a thousand blocks has fifty thousand shares: to add them up takes MongoDB 150 ms, and every preview,
proposal and staging asks. So, as `brokers.services.tally` does with orders, a process keeps each share of a
fund made today and reads those whose `updated_at` is new (the index `shares_changed`). Every write of a
share sets it within the transaction that writes. Of two blocks that want the same fund's money one waits for
the other's commit (`staging._take_turn`), and so reads what it bound.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

from brokers.blocks.models import AllocationShare, Fund
from brokers.services.tally import naive
from brokers.terms import Side
from lucy import clock, mongo

OVERLAP = timedelta(seconds=15)  # longer than `transactional` repeats a write, and than clocks differ
WHOLE_AGAIN_SECONDS = 3600.0  # a net: 50,000 shares are a second's work
MOST_KEPT = 1_000  # funds per process
AT_ONCE = 1_000  # shares in one answer of the database; without it the driver unpacks a whole day


class Place(NamedTuple):
    side: Side
    symbol: str
    day: date


class Booked(NamedTuple):
    """Shares and won."""

    filled: int = 0
    open: int = 0
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    bound: Decimal = Decimal(0)

    def plus(self, other: "Booked", sign: int) -> "Booked":
        return Booked(
            self.filled + sign * other.filled,
            self.open + sign * other.open,
            self.amount + sign * other.amount,
            self.fee + sign * other.fee,
            self.tax + sign * other.tax,
            self.bound + sign * other.bound,
        )


@dataclass(slots=True)
class _Line:
    """One share as it was last read."""

    updated_at: datetime
    place: Place
    booked: Booked


@dataclass(slots=True)
class _Book:
    """One fund's shares since `as_of`: today's one by one, those of earlier days only in the sums."""

    as_of: datetime
    read_until: datetime
    day: datetime  # its beginning
    whole_at: float = field(default_factory=monotonic)
    lines: dict[Any, _Line] = field(default_factory=dict)
    sums: dict[Place, Booked] = field(default_factory=dict)

    def holds_for(self, fund: Fund) -> bool:
        is_todays = self.as_of == fund.as_of and self.day == clock.day_start()
        return is_todays and monotonic() - self.whole_at < WHOLE_AGAIN_SECONDS

    def take(self, document: dict[str, Any]) -> bool:
        """False where a share of an earlier day changed: the sums hold what it was, the lines do not tell."""
        if document["created_at"] < naive(self.as_of):
            return True
        if document["created_at"] < naive(self.day):
            return False
        known = self.lines.get(document["_id"])
        if known is None or known.updated_at != document["updated_at"]:
            line = self.lines[document["_id"]] = _line(document)
            if known:
                self.add(known.place, known.booked, -1)
            self.add(line.place, line.booked, 1)
        return True

    def add(self, place: Place, booked: Booked, sign: int) -> None:
        self.sums[place] = self.sums.get(place, Booked()).plus(booked, sign)


def _line(document: dict[str, Any]) -> _Line:
    return _Line(document["updated_at"], _place(document), _booked(document))


def _place(document: dict[str, Any]) -> Place:
    return _one_place(document["side"], document["symbol"], document["trade_date"])


@lru_cache(10_000)
def _one_place(side: str, symbol: str, day: datetime) -> Place:
    """The same object for all shares of a place: there are many."""
    return Place(Side(side), symbol, day.date())


def _booked(document: dict[str, Any]) -> Booked:
    won = (document[name].to_decimal() for name in WON)
    return Booked(document["filled"], document["open"], *won)


_books: dict[Any, _Book] = {}
_lock = threading.Lock()


def booked_since(funds: Collection[Fund]) -> dict[Any, dict[Place, Booked]]:
    """By fund, then by side, issue and day; as the database has it now."""
    with _lock:
        kept = {fund.pk: _books.pop(fund.pk, None) for fund in funds}
        found = {fund.pk: book for fund in funds if (book := kept[fund.pk]) and book.holds_for(fund)}
        if found:
            found = _caught_up(found)
        if new := [fund for fund in funds if fund.pk not in found]:
            found |= _opened(new)
        _books.update(found)
        while len(_books) > MOST_KEPT:
            _books.pop(next(iter(_books)))
        return {key: dict(book.sums) for key, book in found.items()}


def _caught_up(books: dict[Any, _Book]) -> dict[Any, _Book]:
    """Without those that must begin anew."""
    asked_at = clock.now()
    since = min(book.read_until for book in books.values()) - OVERLAP
    match = {"fund_id": {"$in": list(books)}, "updated_at": {"$gte": since}}
    over = set()
    for document in mongo.collection(AllocationShare).find(match, _FIELDS):
        if not books[document["fund_id"]].take(document):
            over.add(document["fund_id"])
    for book in books.values():
        book.read_until = asked_at
    return {key: book for key, book in books.items() if key not in over}


def _opened(funds: Collection[Fund]) -> dict[Any, _Book]:
    asked_at, day = clock.now(), clock.day_start()
    books = {fund.pk: _Book(fund.as_of, asked_at, day) for fund in funds}
    shares = mongo.collection(AllocationShare)
    earlier = [
        {"fund_id": key, "created_at": {"$gte": book.as_of, "$lt": day}}
        for key, book in books.items()
        if book.as_of < day
    ]
    if earlier:
        for row in shares.aggregate([{"$match": {"$or": earlier}}, _SUMMED]):
            books[row["_id"]["fund_id"]].add(_place(row["_id"]), _booked(row), 1)
    todays = {"fund_id": {"$in": list(books)}, "created_at": {"$gte": day}}
    for document in shares.find(todays, _FIELDS, batch_size=AT_ONCE):
        books[document["fund_id"]].take(document)
    return books


WON = ("amount", "fee", "tax", "bound")
_PLACE = ("side", "symbol", "trade_date")
_FIELDS = ["fund_id", "created_at", "updated_at", *_PLACE, "filled", "open", *WON]
_SUMMED = {
    "$group": {
        "_id": {name: f"${name}" for name in ("fund_id", *_PLACE)},
        **{name: {"$sum": f"${name}"} for name in ("filled", "open", *WON)},
    }
}
