"""Blocks and their fields as LS spells them, read into numbers, texts and times.

Numbers come as JSON numbers or padded text, blank is 0; a block without content is often left out (ls.md
1.3). What matters raises `BadReply` with the field's name when it is missing or unreadable; what only
describes falls back. Money in won, quantities in shares, times KST.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from brokers.adapters.base import BadReply
from brokers.adapters.ls import codes
from brokers.terms import Condition, OrderType, Side, Venue
from lucy.clock import KST

Fields = dict[str, str | int]
Body = Mapping[str, object]
MOST_DIGITS = 18  # the longest number LS's tables know
MOST_STORED = 34  # digits of a `Decimal128`


class Row:
    """One block of an answer or frame, read field by field."""

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        self.name = name
        self._values = values

    def text(self, field: str) -> str:
        """Without its padding and without half a letter at its end; empty when absent or no single value."""
        value = self._values.get(field)
        text = str(value).strip() if isinstance(value, str | int | float | Decimal) else ""
        return text.rstrip("\ufffd").rstrip()  # LS cuts names to a number of bytes

    def number(self, field: str) -> Decimal:
        """Blank or absent is 0."""
        text = self.text(field)
        if not text:
            return Decimal(0)
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise self.unreadable(field) from error
        digits = number.as_tuple().digits
        if not number.is_finite() or abs(number.adjusted()) >= MOST_DIGITS or len(digits) > MOST_STORED:
            raise self.unreadable(field)
        return number

    def integer(self, field: str) -> int:
        """Blank or absent is 0; a fraction is unreadable."""
        number = self.number(field)
        if number != int(number):
            raise self.unreadable(field)
        return int(number)

    def needed_number(self, field: str) -> Decimal:
        """As `number`, but the field must be there."""
        self._need(field)
        return self.number(field)

    def needed_integer(self, field: str) -> int:
        """As `integer`, but the field must be there and not below zero."""
        self._need(field)
        integer = self.integer(field)
        if integer < 0:
            raise self.unreadable(field)
        return integer

    def order_no(self, field: str) -> str:
        """An order's number without padding; must be there."""
        number = self.needed_integer(field)
        if not number:
            raise self.unreadable(field)
        return str(number)

    def other_order_no(self, field: str) -> str:
        """The number of the order it belongs to; LS says 0 or nothing for none, we say nothing."""
        return str(self.integer(field) or "")

    def symbol(self, field: str) -> str:
        """Six characters; LS puts a letter in front in some answers and not in others."""
        symbol = self.text(field)[-6:]
        if len(symbol) < 6:
            raise self.unreadable(field)
        return symbol

    def unreadable(self, field: str) -> BadReply:
        return BadReply(f"{self.name}.{field} cannot be read: {self.text(field)[:40]!r}")

    def _need(self, field: str) -> None:
        if field not in self._values:
            raise BadReply(f"{self.name}.{field} is missing")


@dataclass(frozen=True, slots=True)
class Listing:
    """How a TR that answers in pages is read to its end."""

    transaction: codes.Transaction
    rows: str  # the block that holds them
    row_key: Callable[[Row], str]
    cursor: Callable[[Body], Fields]  # what the next request repeats of an answer; empty on the last page


def block(body: Body, name: str) -> Row:
    """A block that has to be there."""
    values = body.get(name)
    if not isinstance(values, Mapping):
        raise BadReply(f"{name} is missing")
    return Row(name, values)


def rows(body: Body, name: str) -> list[Row]:
    """A list block; LS leaves it out when it is empty."""
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(values, Mapping) for values in found):
        raise BadReply(f"{name} is not a list of rows")
    return [Row(name, values) for values in found]


def cursor(answer: Body, name: str, field: str) -> Fields:
    """Where the next page starts; nothing on the last page, or when the block was left out."""
    totals = answer.get(name)
    place = Row(name, totals).text(field) if isinstance(totals, Mapping) else ""
    return {field: place} if place else {}


def isu_no(symbol: str) -> str:
    """The issue as orders name it: `A` for shares and ETFs, `Q` for ETNs; one that has its letter keeps it.

    KRX tells the two apart by the first digit since its reform of the codes of 2024: 0 to 4 and 5 to 8.
    """
    if len(symbol) != 6:
        return symbol
    return f"Q{symbol}" if symbol[0] in "5678" else f"A{symbol}"


def moment(day: date, text: str, width: int) -> datetime | None:
    """A time of day such as 090000123 or 09:00:00 on that day, KST; None when it is none.

    `width` counts the digits that LS means, so that a lost leading zero does not shift the hour.
    """
    digits = re.sub(r"[^0-9]", "", text)
    if len(digits) < width - 1:
        return None
    digits = digits.zfill(width)
    microsecond = int(digits[6:12].ljust(6, "0"))
    try:
        clock = time(int(digits[:2]), int(digits[2:4]), int(digits[4:6]), microsecond, KST)
    except ValueError:
        return None
    return datetime.combine(day, clock)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), KST)


def order_type_of(hoga: str) -> OrderType:
    """Block trades and other types that Lucy does not send are shown as limit orders."""
    return codes.ORDER_TYPE_OF.get(hoga, OrderType.LIMIT)


def condition_of(code: str, hoga: str) -> Condition:
    return codes.CONDITION_OF_PRICE_TYPE.get(hoga) or codes.CONDITION_OF.get(code, Condition.DAY)


def venue_of(name: str) -> Venue:
    return Venue.NXT if name.upper() == "NXT" else Venue.KRX


def side_in(row: Row, field: str) -> Side:
    """A word (매수, 매도정정 …) or a code (1, 2)."""
    word = row.text(field)
    if "매수" in word:
        return Side.BUY
    if "매도" in word:
        return Side.SELL
    if word in codes.SIDE_OF:
        return codes.SIDE_OF[word]
    raise row.unreadable(field)
