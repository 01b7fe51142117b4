"""What blocks did and bound for funds since each fund's own moment, kept by reading only what changed.

A day of a thousand blocks has fifty thousand shares: to add them up takes MongoDB 150 ms, and every preview,
proposal and staging asks. So, as `brokers.services.tally` does with orders, a process keeps each share of a
fund and reads those whose `updated_at` is new (the index `shares_changed`). Every write of a share sets it
within the transaction that writes. Of two blocks that want the same fund's money one waits for the other's
commit (`staging._take_turn`), and so reads what it bound.
"""

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any, NamedTuple

from brokers.blocks.models import AllocationShare, Fund
from brokers.services.tally import naive
from brokers.terms import Side
from lucy import clock, mongo

OVERLAP = timedelta(seconds=15)  # longer than `transactional` repeats a write, and than clocks differ
WHOLE_AGAIN_SECONDS = 3600.0  # a net: 50,000 shares are a second's work
MOST_KEPT = 1_000  # funds per process


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
    """One fund's shares since `as_of`."""

    as_of: datetime
    read_until: datetime
    whole_at: float = field(default_factory=monotonic)
    lines: dict[Any, _Line] = field(default_factory=dict)
    sums: dict[Place, Booked] = field(default_factory=dict)

    def holds_for(self, fund: Fund) -> bool:
        return self.as_of == fund.as_of and monotonic() - self.whole_at < WHOLE_AGAIN_SECONDS

    def take(self, document: dict[str, Any]) -> None:
        known = self.lines.get(document["_id"])
        is_known = known is not None and known.updated_at == document["updated_at"]
        if is_known or document["created_at"] < naive(self.as_of):
            return
        line = _line(document)
        self.lines[document["_id"]] = line
        if known:
            self._add(known, -1)
        self._add(line, 1)

    def _add(self, line: _Line, sign: int) -> None:
        self.sums[line.place] = self.sums.get(line.place, Booked()).plus(line.booked, sign)


def _line(document: dict[str, Any]) -> _Line:
    place = Place(Side(document["side"]), document["symbol"], document["trade_date"].date())
    won = (document[name].to_decimal() for name in ("amount", "fee", "tax", "bound"))
    return _Line(document["updated_at"], place, Booked(document["filled"], document["open"], *won))


_books: dict[Any, _Book] = {}
_lock = threading.Lock()


def booked_since(funds: Collection[Fund]) -> dict[Any, dict[Place, Booked]]:
    """By fund, then by side, issue and day; as the database has it now."""
    with _lock:
        asked_at = clock.now()
        kept = {fund.pk: _books.pop(fund.pk, None) for fund in funds}
        known = {fund.pk: book for fund in funds if (book := kept[fund.pk]) and book.holds_for(fund)}
        new = {fund.pk: _Book(fund.as_of, asked_at) for fund in funds if fund.pk not in known}
        if known:
            _read(known, _changed(known))
        if new:
            _read(new, _whole(new))
        for book in known.values():
            book.read_until = asked_at
        _books.update(known | new)
        while len(_books) > MOST_KEPT:
            _books.pop(next(iter(_books)))
        return {key: dict(book.sums) for key, book in (known | new).items()}


def _changed(books: dict[Any, _Book]) -> dict[str, Any]:
    return _since(books, [book.read_until for book in books.values()])


def _whole(books: dict[Any, _Book]) -> dict[str, Any]:
    """What was made since then was last changed since then as well."""
    return _since(books, [book.as_of for book in books.values()])


def _since(books: dict[Any, _Book], moments: list[datetime]) -> dict[str, Any]:
    return {"fund_id": {"$in": list(books)}, "updated_at": {"$gte": min(moments) - OVERLAP}}


def _read(books: dict[Any, _Book], wanted: dict[str, Any]) -> None:
    found: Iterable[dict[str, Any]] = mongo.collection(AllocationShare).find(wanted, _FIELDS)
    for document in found:
        books[document["fund_id"]].take(document)


_FIELDS = [
    *("fund_id", "created_at", "updated_at", "trade_date", "side", "symbol"),
    *("filled", "open", "amount", "fee", "tax", "bound"),
]
