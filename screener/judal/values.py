"""Judal's ways of writing values: text in, numbers out, None for blank.

Each raises `PageChanged` for anything else: a value that cannot be read is never guessed.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from lucy.html import PageChanged, compact

NOTHING = frozenset({"", "-", "--", "%", "-%", "n/a", "nan", "nan%", "inf", "inf%"})
DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
NUMBER = re.compile(rf"[-+]?{DIGITS}")
PERCENT = re.compile(rf"([-+]?{DIGITS})%")
EOK = re.compile(rf"(?:({DIGITS})조)?(?:({DIGITS})억)?원?")
PLACE = re.compile(r"([0-9]+)위")
EOK_OF_JO = 10_000
MOST_DIGITS = 15  # no figure of the site has more


class Pair(NamedTuple):
    """Two values of one cell, one below the other."""

    upper: Decimal | None
    lower: Decimal | None


def number(words: str) -> Decimal | None:
    """`4.39`, `-239`, `2,120`."""
    packed = compact(words)
    if packed.casefold() in NOTHING:
        return None
    if not NUMBER.fullmatch(packed):
        raise PageChanged(f"no number in '{words}'")
    return _decimal(packed)


def won(words: str) -> Decimal | None:
    """A price or a change: whole; only a fall has a sign."""
    value = number(words)
    if value is not None and value != value.to_integral_value():
        raise PageChanged(f"no whole won in '{words}'")
    return value


def percent(words: str) -> Decimal | None:
    """`1.83%`, `-0.14%`, `120.3%`; with its sign, which tells it from a price."""
    packed = compact(words)
    if packed.casefold() in NOTHING:
        return None
    match = PERCENT.fullmatch(packed)
    if not match:
        raise PageChanged(f"no percentage in '{words}'")
    return _decimal(match[1])


def eok(words: str) -> int | None:
    """`9조 8176억원`, `917억원`, `3조원`: hundreds of millions of won."""
    packed = compact(words)
    if packed.casefold() in NOTHING:
        return None
    match = EOK.fullmatch(packed)
    if not match or not (match[1] or match[2]):
        raise PageChanged(f"no amount in '{words}'")
    value = _decimal(match[1] or "0") * EOK_OF_JO + _decimal(match[2] or "0")
    if value != value.to_integral_value() or (match[1] and _decimal(match[2] or "0") >= EOK_OF_JO):
        raise PageChanged(f"no amount in '{words}'")
    return int(value)


def place(words: str) -> int | None:
    """`3위`."""
    packed = compact(words)
    if packed.casefold() in NOTHING:
        return None
    match = PLACE.fullmatch(packed)
    if not match:
        raise PageChanged(f"no place in '{words}'")
    return int(match[1])


def won_pair(words: str) -> Pair:
    """`149,800 52,543`: both or none."""
    upper, lower = _two(words)
    return Pair(won(upper), won(lower))


def percent_pair(words: str) -> Pair:
    """`-18.49% 132.38%`."""
    upper, lower = _two(words)
    return Pair(percent(upper), percent(lower))


def _two(words: str) -> tuple[str, str]:
    parts = words.split()
    if not parts or all(part.casefold() in NOTHING for part in parts):
        return "", ""
    if len(parts) != 2:
        raise PageChanged(f"no two values in '{words}'")
    return parts[0], parts[1]


def _decimal(digits: str) -> Decimal:
    value = Decimal(digits.replace(",", ""))
    if value.adjusted() > MOST_DIGITS:
        raise PageChanged(f"no figure of the site: '{digits}'")
    return value
