"""How much the day's orders bind, kept up to date in each process by reading only what changed.

Adding up 5,000 orders takes MongoDB 20 ms; an order's checks have two. So a tally keeps each order of the
day and, every time it is asked, reads the orders whose `updated_at` is new (the index `orders_changed`).
Every step of an order sets that field, within the transaction that takes the step.
"""

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

from bson import Decimal128

from brokers.models import BrokerAccount, Instrument, Order, OrderStatus
from lucy import clock, mongo

OVERLAP = timedelta(seconds=2)  # longer than from taking `updated_at` to the commit, and than clocks differ
WHOLE_AGAIN_SECONDS = 300.0
MOST_KEPT = 500  # tallies per process


@dataclass(frozen=True, slots=True)
class Bound:
    """Shares and won of orders that were filled or may still be, without what was cancelled or refused."""

    quantity: int = 0
    value: Decimal = field(default_factory=Decimal)

    def __add__(self, other: "Bound") -> "Bound":
        return Bound(self.quantity + other.quantity, self.value + other.value)

    def __sub__(self, other: "Bound") -> "Bound":
        return Bound(self.quantity - other.quantity, self.value - other.value)


@dataclass(frozen=True, slots=True)
class Line:
    """One order as the tally keeps it."""

    key: Any
    updated_at: datetime
    created_at: datetime
    side: str
    symbol: str
    status: str
    bound: Bound


@dataclass(slots=True)
class Tally:
    """The day's orders of one account, or of one user on all accounts."""

    match: dict[str, Any]
    day: datetime = field(default_factory=clock.day_start)
    total: Bound = field(default_factory=Bound)
    _lines: dict[Any, Line] = field(default_factory=dict)
    _made: list[tuple[datetime, Any]] = field(default_factory=list)  # oldest first
    _untold: set[Any] = field(default_factory=set)
    _read_until: datetime | None = None
    _whole_at: float = field(default_factory=monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_current(self) -> bool:
        return self.day == clock.day_start() and monotonic() - self._whole_at < WHOLE_AGAIN_SECONDS

    def read(self) -> "Tally":
        """Take in what changed, so that every order of the day is here as the database has it now."""
        with self._lock:
            asked_at = clock.now()
            for document in mongo.collection(Order).find(self._unread(), _FIELDS):
                self._take(document)
            self._read_until = asked_at
        return self

    def made_since(self, moment: datetime) -> list[Line]:
        with self._lock:
            first = bisect_left(self._made, naive(moment), key=_moment)
            return [self._lines[key] for _, key in self._made[first:]]

    def untold(self) -> list[Line]:
        """The orders that a broker asked this moment cannot know."""
        with self._lock:
            return [self._lines[key] for key in self._untold]

    def _unread(self) -> dict[str, Any]:
        since = self._read_until - OVERLAP if self._read_until else self.day
        return self.match | {"updated_at": {"$gte": since}}

    def _take(self, document: dict[str, Any]) -> None:
        known = self._lines.get(document["_id"])
        if (known and known.updated_at == document["updated_at"]) or document["created_at"] < naive(self.day):
            return
        line = _line(document)
        self.total = self.total + line.bound - (known.bound if known else Bound())
        self._lines[line.key] = line
        if known is None:
            insort(self._made, (line.created_at, line.key))
        (self._untold.add if line.status in _UNTOLD else self._untold.discard)(line.key)


def _moment(made: tuple[datetime, Any]) -> datetime:
    return made[0]


_UNTOLD = frozenset({OrderStatus.PENDING.value, OrderStatus.SENT.value})

_FIELDS = [
    *("updated_at", "created_at", "side", "symbol", "status", "price", "quantity", "filled_quantity"),
    *("filled_amount", "cancelled_quantity", "expired_quantity", "rejected_quantity"),
]


def naive(moment: datetime) -> datetime:
    """As the driver hands times out: UTC without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _line(document: dict[str, Any]) -> Line:
    return Line(
        document["_id"],
        document["updated_at"],
        document["created_at"],
        document["side"],
        document["symbol"],
        document["status"],
        _bound(document),
    )


def _bound(document: dict[str, Any]) -> Bound:
    """An order without a price is counted at the upper limit of its issue, as brokers count it."""
    ended = document["cancelled_quantity"] + document["expired_quantity"] + document["rejected_quantity"]
    alive = document["quantity"] - ended
    still_open = max(0, alive - document["filled_quantity"])
    price = _decimal(document.get("price")) or (
        _upper_limit(document["symbol"]) if still_open else Decimal(0)
    )
    return Bound(alive, _decimal(document["filled_amount"]) + still_open * price)


def _upper_limit(symbol: str) -> Decimal:
    found = Instrument.objects.filter(symbol=symbol).values_list("upper_limit", flat=True).first()
    return found or Decimal(0)


def _decimal(value: Any) -> Decimal:
    if value is None:
        return Decimal(0)
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)


_tallies: dict[tuple[str, Any], Tally] = {}


def tally_of(account: BrokerAccount) -> Tally:
    return _tally("account_id", account.pk)


def tally_of_user(user: Any) -> Tally:
    return _tally("user_id", user.pk)


def _tally(column: str, key: Any) -> Tally:
    tally = _tallies.pop((column, key), None)
    if tally is None or not tally.is_current():
        tally = Tally({column: key})
    _tallies[column, key] = tally
    while len(_tallies) > MOST_KEPT:
        _tallies.pop(next(iter(_tallies)), None)
    return tally


def bound_of(lines: Iterable[Line]) -> Bound:
    return sum((line.bound for line in lines), Bound())
