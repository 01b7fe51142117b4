"""What institutions bid: lock-up by period, participation, bids by price; shown once the forecast is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ipo.pages.values import count, percent, ratio
from lucy.html import Node, PageChanged, cells, compact, label, reading, rows, text

LOCKUP, PARTICIPATION, PRICES = "의무보유확약비율", "수요예측참여내역", "수요예측신청가격분포"
TOTAL, SHARE_OF_ALL = "합계", "총수량대비비율"


@dataclass(frozen=True, slots=True)
class LockupLine:
    period: str  # 6개월 확약, 3개월 확약, 1개월 확약, 15일 확약
    shares: int | None


@dataclass(frozen=True, slots=True)
class Lockup:
    lines: tuple[LockupLine, ...]
    total_shares: int | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Participation:
    requests: int | None
    shares: int | None
    ratio: Decimal | None


@dataclass(frozen=True, slots=True)
class PriceLine:
    label: str  # 가격미제시, 10,000원 초과, 10,000원 (상단) …; the last one is 합계
    requests: int | None
    shares: int | None
    percent: Decimal | None


def lockup(block: Sequence[Node]) -> Lockup | None:
    if not block:
        return None
    with reading(LOCKUP):
        names, *lines = _texts(block[0])
        told = [_by_name(names, values, ("구분", "신청수량")) for values in lines]
        values = {label(line["구분"]): line["신청수량"] for line in told}
        periods = [line for line in told if label(line["구분"]) not in {TOTAL, SHARE_OF_ALL}]
        with reading(TOTAL):
            total = count(values.get(TOTAL, ""))
        with reading(SHARE_OF_ALL):
            share = percent(values.get(SHARE_OF_ALL, ""))
        return Lockup(tuple(_lockup_line(line) for line in periods), total, share)


def _lockup_line(told: Mapping[str, str]) -> LockupLine:
    with reading(told["구분"]):
        return LockupLine(told["구분"], count(told["신청수량"]))


def _texts(node: Node) -> list[list[str]]:
    return [[text(cell) for cell in cells(row)] for row in rows(node)] or [[]]


def participation(block: Sequence[Node]) -> Participation | None:
    if not block:
        return None
    with reading(PARTICIPATION):
        names, *lines = _texts(block[0])
        if len(lines) != 1:
            raise PageChanged(f"{len(lines)} rows")
        told = _by_name(names, lines[0], ("참여건수", "신청주식수", "단순경쟁"))
        return Participation(count(told["참여건수"]), count(told["신청주식수"]), ratio(told["단순경쟁"]))


def prices(block: Sequence[Node]) -> tuple[PriceLine, ...]:
    if not block:
        return ()
    with reading(PRICES):
        names, *lines = _texts(block[0])
        return tuple(_price_line(names, values) for values in lines)


def _price_line(names: list[str], values: list[str]) -> PriceLine:
    told = _by_name(names, values, ("구분", "참여건수", "신청주식수", "비율"))
    with reading(told["구분"]):
        return PriceLine(
            told["구분"], count(told["참여건수"]), count(told["신청주식수"]), percent(told["비율"])
        )


def _by_name(names: list[str], values: list[str], wanted: Sequence[str]) -> Mapping[str, str]:
    """Values under their headings, of which each must be there once."""
    if len(names) != len(values):
        raise PageChanged(f"{len(values)} cells under {len(names)} headings")
    known = [label(name) for name in names]
    for name in wanted:
        if known.count(name) != 1:
            raise PageChanged(f"{known.count(name)} columns {name} among {', '.join(map(compact, names))}")
    return {name: values[known.index(name)] for name in wanted}
