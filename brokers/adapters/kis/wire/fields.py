"""Single fields: every value is a string, padded with blanks or zeros as the service likes (kis.md §1.7)."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from brokers.adapters.base import BadReply
from lucy.clock import KST

Row = Mapping[str, Any]
Value = TypeVar("Value")

MOST_DIGITS = 24
MOST_STORED, MOST_IN_A_COUNT = 34, 18  # digits of a `Decimal128`, and of a whole number of 8 bytes


def text(row: Row, name: str) -> str:
    """A label; empty when the field is absent."""
    return str(row.get(name) or "").strip()


def required(row: Row, name: str) -> str:
    found = text(row, name)
    if not found:
        raise BadReply(f"{name} is missing")
    return found


def number(row: Row, name: str) -> Decimal:
    return as_number(required(row, name), name)


def number_or_zero(row: Row, name: str) -> Decimal:
    """For fields that KIS leaves empty where they do not apply."""
    found = text(row, name)
    return as_number(found, name) if found else Decimal(0)


def count(row: Row, name: str) -> int:
    return as_count(required(row, name), name)


def count_or_zero(row: Row, name: str) -> int:
    found = text(row, name)
    return as_count(found, name) if found else 0


def whole(row: Row, name: str) -> int:
    """A signed number of shares; 0 when empty."""
    value = number_or_zero(row, name)
    if value != value.to_integral_value():
        raise BadReply(f"{name} is no whole number")
    return int(value)


def as_number(found: str, name: str) -> Decimal:
    try:
        value = Decimal(found)
    except InvalidOperation as odd:
        raise BadReply(f"{name} is no number") from odd
    # More digits than any sum of won has: "1E+999999" must not be expanded either.
    digits = value.as_tuple().digits
    if not value.is_finite() or abs(value.adjusted()) > MOST_DIGITS or len(digits) > MOST_STORED:
        raise BadReply(f"{name} is no number")
    return value


def as_count(found: str, name: str) -> int:
    """Shares: a whole number, not negative."""
    value = as_number(found, name)
    if value < 0 or value != value.to_integral_value() or value.adjusted() >= MOST_IN_A_COUNT:
        raise BadReply(f"{name} is no count")
    return int(value)


def coded(found: str, name: str, table: Mapping[str, Value]) -> Value:
    """For codes that move money: one we do not know is an error, never a guess."""
    if found not in table:
        raise BadReply(f"{name}: unknown code {shown(found)!r}")
    return table[found]


def shown(code: str) -> str:
    """A code as it may be logged: in a shifted row there could be a name or an account in its place."""
    return code if len(code) <= 3 and code.isascii() else "(no code)"


def rows(body: Row, name: str) -> list[Row]:
    """An array of objects; KIS sends no key, or an empty one, where there is nothing."""
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise BadReply(f"{name} is no list of objects")
    return found


def record(body: Row, name: str) -> Row:
    """One object; some services wrap it in an array of one."""
    found = body.get(name)
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, Mapping):
        raise BadReply(f"{name} is no object")
    return found


def order_number(found: str) -> str:
    """As Lucy keeps it: without the padding, which differs between services. Empty for none."""
    return found.strip().lstrip("0")


def symbol(found: str) -> str:
    """Six characters: the 12 of `00000A000660` and the Q of an ETN lead to the same issue."""
    return found.strip()[-6:]


def pdno(code: str) -> str:
    """An issue as KIS wants it: ETNs, the only ones Lucy trades with 5 to 7 in front, need their Q."""
    return f"Q{code}" if code.isdigit() and code[0] in "567" else code


def moment(day: date, found: str, name: str) -> datetime:
    """HHMMSS in Seoul on that day."""
    try:
        parts = int(found[:2]), int(found[2:4]), int(found[4:6])
        return datetime.combine(day, time(*parts), KST)
    except ValueError as odd:
        raise BadReply(f"{name} is no time") from odd


def day(row: Row, name: str) -> date:
    found = required(row, name)
    try:
        return date(int(found[:4]), int(found[4:6]), int(found[6:8]))
    except ValueError as odd:
        raise BadReply(f"{name} is no date") from odd


def won(amount: Decimal) -> str:
    """A price for a request, without exponent or needless decimals."""
    return format(amount.normalize(), "f")
