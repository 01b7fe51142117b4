"""The source's ways of writing values: text in, dates and numbers out, None for blank or `-`.

Each raises `PageChanged` for anything else: a value that cannot be read is never guessed.
"""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from lucy.html import PageChanged, compact

NOTHING = frozenset({"", "-", "--", "~", "-~-", "예정", "미정", "미확정", "추후공고", "추후공지", "없음"})
NUMBER = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
PLAIN = re.compile(rf"({NUMBER})(?:\(?(?:백만원|원|주|건|배|DR|%)\)?)?")
SPAN = re.compile(rf"({NUMBER})(?:원|주|DR)?~({NUMBER})(?:원|주|DR)?")
UNIT = re.compile(r"\(?(?:백만원|원|주|건|배|DR|%)\)?$")
SPAN_UNIT = re.compile(r"(?:원|주|DR)$")
PERCENT = re.compile(rf"([-+]?{NUMBER.removeprefix('-?')})%")
RATIO = re.compile(r"([\d,]+(?:\.\d+)?)(?:(?::|대)1)?")
MISTYPED = re.compile(r"(\d+),(\d{1,2})")  # `1160,70:1` was met
DAY = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})")
END = re.compile(r"(?:(\d{4})[./-])?(\d{1,2})[./-](\d{1,2})")
NO_DAY = re.compile(r"0000[./-]00[./-]00")
LONGEST_PERIOD = timedelta(days=45)


class Period(NamedTuple):
    first: date | None
    last: date | None


class Span(NamedTuple):
    low: Decimal | None
    high: Decimal | None


def number(words: str) -> Decimal | None:
    """`14,877 (백만원)`, `2,000,000 주`, `-2,898`, `787 원`, `373.59 %`."""
    packed = compact(words)
    if _is_nothing(UNIT.sub("", packed)):
        return None
    match = PLAIN.fullmatch(packed)
    if not match:
        raise PageChanged(f"no number in '{words}'")
    return _decimal(match[1])


def count(words: str) -> int | None:
    """A number of shares or requests."""
    value = number(words)
    if value is None:
        return None
    if value != value.to_integral_value() or value < 0:
        raise PageChanged(f"no count in '{words}'")
    return int(value)


def won(words: str) -> Decimal | None:
    """A price: whole and above nought; the source writes 0 where there is none."""
    value = number(words)
    if value is None or value == 0:
        return None
    if value < 0 or value != value.to_integral_value():
        raise PageChanged(f"no price in '{words}'")
    return value


def percent(words: str) -> Decimal | None:
    """`6.92%`; a sign alone is how the source writes nothing."""
    packed = compact(words)
    if packed == "%" or _is_nothing(packed):
        return None
    match = PERCENT.fullmatch(packed)
    if not match:
        raise PageChanged(f"no percentage in '{words}'")
    return _decimal(match[1])


def ratio(words: str) -> Decimal | None:
    """`1510.57:1`, `2,783.89:1`, `714.52`; the `x` of x to 1."""
    packed = compact(words)
    if packed == ":1" or _is_nothing(packed):
        return None
    match = RATIO.fullmatch(packed)
    if not match:
        raise PageChanged(f"no ratio in '{words}'")
    if mistyped := MISTYPED.fullmatch(match[1]):
        return Decimal(f"{mistyped[1]}.{mistyped[2]}")
    if not re.fullmatch(NUMBER, match[1]):
        raise PageChanged(f"no ratio in '{words}'")
    return _decimal(match[1])


def span(words: str) -> Span:
    """`24,800~28,400`, `7,500 ~ 10,000 원`, `16,000~20,000`, or one number for both ends."""
    packed = SPAN_UNIT.sub("", compact(words))
    if _is_nothing(packed):
        return Span(None, None)
    match = SPAN.fullmatch(packed)
    if not match:
        alone = number(packed.strip("~"))
        return Span(alone, alone)
    low, high = _decimal(match[1]), _decimal(match[2])
    if low > high:
        raise PageChanged(f"'{words}' falls")
    return Span(low, high)


def won_span(words: str) -> Span:
    """A band of prices; `0~0` is none."""
    low, high = span(words)
    if low is not None and low < 0:
        raise PageChanged(f"no band in '{words}'")
    return Span(low or None, high or None)


def band(words: str) -> Span:
    """A band in a list, where one number alone would be another column."""
    if compact(words) not in NOTHING and "~" not in words:
        raise PageChanged(f"no band in '{words}'")
    return won_span(words)


def day(words: str) -> date | None:
    """`2026.06.29`, `2026/06/29`, and what is written behind it: `2026.06.29 (주간사 홈페이지 참조)`."""
    packed = compact(words)
    if _is_nothing(packed) or NO_DAY.match(packed):
        return None
    match = DAY.match(packed)
    if not match or packed[match.end() : match.end() + 1].isdigit():
        raise PageChanged(f"no date in '{words}'")
    return _date(match[1], match[2], match[3], words)


def period(words: str) -> Period:
    """`2026.08.11~08.12`, whose end has no year: 1 more when its month is smaller (`2024.12.31~01.02`)."""
    packed = compact(words)
    if _is_nothing(packed):
        return Period(None, None)
    start, _, end = packed.partition("~")
    if NO_DAY.fullmatch(start):
        return Period(None, None)
    first_match, last_match = DAY.fullmatch(start), END.fullmatch(end or start)
    if not first_match or not last_match:
        raise PageChanged(f"no period in '{words}'")
    first = _date(first_match[1], first_match[2], first_match[3], words)
    turned = last_match[1] is None and int(last_match[2]) < first.month
    last = _date(last_match[1] or str(first.year + turned), last_match[2], last_match[3], words)
    if not first <= last <= first + LONGEST_PERIOD:
        raise PageChanged(f"no period in '{words}'")
    return Period(first, last)


def _is_nothing(packed: str) -> bool:
    return packed in NOTHING


def _decimal(digits: str) -> Decimal:
    return Decimal(digits.replace(",", "").lstrip("+"))


def _date(year: str, month: str, number_of_day: str, words: str) -> date:
    try:
        return date(int(year), int(month), int(number_of_day))
    except ValueError as error:
        raise PageChanged(f"no such day: '{words}'") from error
