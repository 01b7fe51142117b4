"""장외 매도/매수: what visitors ask and bid for the share before it is listed, five of each at most.

The prices are visitors' own, free to be anything; what is no number is read as None. No year is written.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from ipo.pages.values import count, won
from lucy.html import Node, PageChanged, cells, compact, label, rows, text

MOMENT = re.compile(r"(\d{1,2})/(\d{1,2}) (\d{1,2}):(\d{2})")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class OtcOffer:
    price: Decimal | None
    shares: int | None
    moment: tuple[int, int, int, int] | None  # month, day, hour, minute


@dataclass(frozen=True, slots=True)
class OtcQuotes:
    asks: tuple[OtcOffer, ...]
    bids: tuple[OtcOffer, ...]


def otc_quotes(tables: Iterable[Node]) -> OtcQuotes:
    """Both boxes; empty where a page has none."""
    asks: tuple[OtcOffer, ...] = ()
    bids: tuple[OtcOffer, ...] = ()
    for node in tables:
        headings = [label(text(cell)) for row in rows(node)[:1] for cell in cells(row)]
        if headings[1:] != ["희망가격", "수량", "날짜"]:
            continue
        if headings[0] == "팝니다":
            asks = _offers(node)
        elif headings[0] == "삽니다":
            bids = _offers(node)
    return OtcQuotes(asks, bids)


def _offers(node: Node) -> tuple[OtcOffer, ...]:
    lines = [[text(cell) for cell in cells(row)] for row in rows(node)[1:]]
    return tuple(
        OtcOffer(_if_readable(won, line[1]), _if_readable(count, line[2]), _moment(line[3]))
        for line in lines
        if len(line) == 4 and any(compact(words) for words in line)
    )


def _if_readable(value: Callable[[str], V | None], words: str) -> V | None:
    try:
        return value(words)
    except PageChanged:
        return None  # 협의 and the like


def _moment(words: str) -> tuple[int, int, int, int] | None:
    match = MOMENT.fullmatch(words)
    return (int(match[1]), int(match[2]), int(match[3]), int(match[4])) if match else None
