"""공모청약일정, the calendar of subscriptions (`/html/fund/?o=k`): 30 offers a page, the latest first."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from ipo.pages import names
from ipo.pages.lists import Layout, Line, firms, read_list
from ipo.pages.values import band, period, ratio, won
from lucy.html import Node, PageChanged, compact, reading

LAYOUT = Layout(
    "공모주 청약일정",
    {
        "name": ("종목명", "기업명", "회사명"),
        "period": ("공모주일정", "청약일정", "공모일정", "공모청약일", "청약일"),
        "price": ("확정공모가", "공모가"),
        "band": ("희망공모가", "공모희망가", "희망공모가액"),
        "competition": ("청약경쟁률", "경쟁률"),
        "underwriters": ("주간사", "주관사"),
    },
    bare=("name", "period", "price", "band", "competition", "underwriters"),
)
State = Literal["upcoming", "open", "closed"]
STATES: dict[str, State] = {"#0066CC": "upcoming", "#E3231E": "open", "#333333": "closed"}
STATUS = re.compile(r"[가-힣(][^:~%]*")


@dataclass(frozen=True, slots=True)
class CalendarRow:
    no: int
    name: str  # as written, with (구.…) and (유가)
    subscription_start: date | None
    subscription_end: date | None
    offer_price: Decimal | None
    band_low: Decimal | None
    band_high: Decimal | None
    competition: Decimal | None
    competition_text: str  # what stands in the cell: a ratio, or a word such as 정정신고서 제출 요구
    underwriters: tuple[str, ...]
    state: State | None  # by the name's colour; dates say it better

    @property
    def status_text(self) -> str:
        return self.competition_text if self.competition is None else ""

    @property
    def spac(self) -> bool:
        return names.is_spac(self.name)


def parse_calendar(page: str) -> list[CalendarRow]:
    """The subscription calendar's rows, in page order."""
    return read_list(page, LAYOUT, _row)


def _row(line: Line) -> CalendarRow:
    first, last = line.read("period", period)
    low, high = line.read("band", band)
    competition, words = _competition(line)
    return CalendarRow(
        no=line.no,
        name=line.text("name"),
        subscription_start=first,
        subscription_end=last,
        offer_price=line.read("price", won),
        band_low=low,
        band_high=high,
        competition=competition,
        competition_text=words,
        underwriters=line.read("underwriters", firms),
        state=_state(line.by_field["name"]),
    )


def _competition(line: Line) -> tuple[Decimal | None, str]:
    """A ratio with its `:1`, nothing, or a word about the offer's fate."""
    words = line.text("competition")
    if compact(words) in {"", "-"}:
        return None, ""
    with reading("competition"):
        if STATUS.fullmatch(words) and "," not in words:
            return None, words
        if not compact(words).endswith(":1"):
            raise PageChanged(f"no ratio in '{words}'")
        return ratio(words), words


def _state(cell: Node) -> State | None:
    colours = [font.get("color", "").upper() for font in cell.iter("font")]
    return next((STATES[colour] for colour in colours if colour in STATES), None)
