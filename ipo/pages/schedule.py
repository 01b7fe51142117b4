"""공모청약일정 of one offer: its days, who gets how much, and what the forecast brought."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipo.pages.labels import Labels
from ipo.pages.values import Span, count, day, percent, period, ratio, span, won
from lucy.html import Node, PageChanged, cells, compact, reading, text

GROUPS = ("우리사주조합", "기관투자자등", "일반청약자")
SHARE = re.compile(r"(?P<shares>[^()]*)(?:\((?P<percent>[^()]*)\))?")
PRICE = re.compile(r"(?P<price>[^()]*)(?:\((?P<change>[^()]*)\))?")


@dataclass(frozen=True, slots=True)
class Allotment:
    group: str
    shares_low: int | None
    shares_high: int | None
    percent_low: Decimal | None
    percent_high: Decimal | None
    deposit_percent: Decimal | None  # 청약증거금율
    most_low: int | None  # 최고한도
    most_high: int | None
    least: int | None  # 최저


@dataclass(frozen=True, slots=True)
class Schedule:
    forecast_start: date | None
    forecast_end: date | None
    subscription_start: date | None
    subscription_end: date | None
    allotment_on: date | None
    payment_on: date | None
    refund_on: date | None
    listing_on: date | None
    offer_price: Decimal | None
    shares: int | None
    ir_on: date | None
    ir_place: str
    institution_ratio: Decimal | None
    lockup_percent: Decimal | None
    current_price: Decimal | None
    allotments: tuple[Allotment, ...]


def read_schedule(node: Node) -> Schedule:
    told = Labels(node)
    forecast_start, forecast_end = told.read("수요예측일", period)
    first, last = told.read("공모청약일", period)
    bids, lockup = _bids(told)
    return Schedule(
        forecast_start=forecast_start,
        forecast_end=forecast_end,
        subscription_start=first,
        subscription_end=last,
        allotment_on=told.read("배정공고일", day),
        payment_on=told.read("납입일", day),
        refund_on=told.read("환불일", day),
        listing_on=_listing(told),
        offer_price=told.read("확정공모가", won),
        shares=told.read("총공모주식수", count),
        ir_on=told.read("IR일자", day) if _has(told, "IR일정", "IR일자") else None,
        ir_place=told.text("IR장소/시간") if "IR장소/시간" in told else "",
        institution_ratio=bids,
        lockup_percent=lockup,
        current_price=told.read("현재가", _price) if _has(told, "신규상장", "현재가") else None,
        allotments=tuple(_allotment(told.cell(group), group) for group in GROUPS if group in told),
    )


def _has(told: Labels, heading: str, name: str) -> bool:
    """Whether a row that may be absent is there; half a row raises."""
    if (heading in told) != (name in told):
        raise PageChanged(f"{heading} without {name}, or {name} without {heading}")
    return heading in told


def _bids(told: Labels) -> tuple[Decimal | None, Decimal | None]:
    """기관경쟁률 and 의무보유확약. Before there is a result the page shows 0.00%: unknown, not nought."""
    if not _has(told, "수요예측결과", "기관경쟁률"):
        return None, None
    bids, lockup = told.read("기관경쟁률", ratio), told.read("의무보유확약", percent)
    return bids, None if bids is None else lockup


def _listing(told: Labels) -> date | None:
    """상장일, told again in a row of its own once it is known."""
    planned = told.read("상장일", day)
    if _has(told, "신규상장", "신규상장일"):
        return told.read("신규상장일", day) or planned
    return planned


def _price(words: str) -> Decimal | None:
    """`12,340 원 (23.4%)`, `- 원 (%)`."""
    match = PRICE.fullmatch(compact(words))
    if not match:
        raise PageChanged(f"no price in '{words}'")
    return won(match["price"])


def _allotment(cell: Node, group: str) -> Allotment:
    with reading(group):
        match = SHARE.fullmatch(compact(text(cell)))
        if not match:
            raise PageChanged(f"no share in '{text(cell)}'")
        shares, share = span(match["shares"]), _percents(match["percent"] or "")
        named = _named(cell)
        most, least = span(named.get("최고한도", "")), span(named.get("최저", ""))
        return Allotment(
            group,
            *_counts(shares),
            *share,
            percent(named.get("청약증거금율", "")),
            *_counts(most),
            _counts(least)[0],
        )


def _percents(words: str) -> Span:
    """`75.0%`, `70.00~75.00%`."""
    low, tilde, high = words.partition("~")
    if not tilde:
        return Span(percent(words), percent(words))
    return Span(percent(low if low.endswith("%") else f"{low}%"), percent(high))


def _named(cell: Node) -> dict[str, str]:
    """`청약증거금율 : 50%`, `청약 최고한도 : 16,000~20,000 주`: of the group's row and the next it spans."""
    row = cell.getparent()
    group_cell = cell.getprevious()
    own = list(cell.itersiblings("td"))
    if row is not None and group_cell is not None and group_cell.get("rowspan") == "2":
        below = row.getnext()
        own += [] if below is None else cells(below)
    named = {}
    for beside in own:
        name, colon, value = compact(text(beside)).partition(":")
        if not colon:
            raise PageChanged(f"no name in '{text(beside)}'")
        named[name.removeprefix("청약") if name.endswith("한도") else name] = value
    return named


def _counts(both: Span) -> tuple[int | None, int | None]:
    for value in both:
        if value is not None and (value < 0 or value != value.to_integral_value()):
            raise PageChanged(f"{value} shares")
    low, high = both
    return (None if low is None else int(low), None if high is None else int(high))
