"""신규상장 (`o=nw`): what was listed, where it opened and closed on its first day."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipo.pages.lists import Layout, Line, read_list
from ipo.pages.values import day, percent, won
from lucy.html import Node, PageChanged, links

LAYOUT = Layout(
    "신규상장종목",
    {
        "name": ("기업명", "종목명", "회사명"),
        "day": ("신규상장일", "상장일"),
        "current": ("현재가",),
        "change": ("전일비", "전일대비", "등락률"),
        "offer": ("공모가", "확정공모가"),
        "against_offer": ("공모가대비등락률", "공모가대비"),
        "open": ("시초가",),
        "open_against_offer": ("시초/공모", "시초가/공모가", "시초/공모가"),
        "first_close": ("첫날종가", "첫날종가격"),
    },
    spare=("change", "against_offer", "open_against_offer"),
)
CODE = re.compile(r"[?&;]code=([0-9A-Z]{6})\b")
LIMITS_WIDENED_ON = date(2023, 6, 26)
WIDE = Decimal("0.6"), Decimal("4.0")  # of the offer, since that day
NARROW = Decimal("0.7"), Decimal("1.3")  # of the open, before
ROUNDING = Decimal("0.02")  # the source's own percentages have two places, some cut and some rounded


@dataclass(frozen=True, slots=True)
class ListingRow:
    no: int
    name: str
    code: str
    listing_on: date | None  # days to come included
    current_price: Decimal | None
    change_percent: Decimal | None
    offer_price: Decimal | None
    against_offer_percent: Decimal | None
    open_price: Decimal | None
    open_against_offer_percent: Decimal | None  # open / offer - 1
    first_close: Decimal | None

    @property
    def is_suspect(self) -> bool:
        """Beyond what a first day allows: the table holds errors such as first closes of 2 won."""
        if self.listing_on is None or self.listing_on >= LIMITS_WIDENED_ON:
            prices = [self.open_price, self.first_close]
            return any(_outside(price, self.offer_price, WIDE) for price in prices)
        return _outside(self.first_close, self.open_price, NARROW)


def parse_listings(page: str) -> list[ListingRow]:
    """신규상장, in page order; raises when the prices do not bear out the percentages beside them."""
    found = read_list(page, LAYOUT, _row)
    checked = [agrees for row in found if (agrees := _agrees(row)) is not None]
    if checked.count(False) * 2 > len(checked):
        raise PageChanged("신규상장종목: 시초가, 공모가 and 시초/공모 do not belong together")
    return found


def _row(line: Line) -> ListingRow:
    return ListingRow(
        no=line.no,
        name=line.text("name"),
        code=_code(line.by_field["name"].getparent()),
        listing_on=line.read("day", day),
        current_price=line.read("current", won),
        change_percent=line.read("change", percent),
        offer_price=line.read("offer", won),
        against_offer_percent=line.read("against_offer", percent),
        open_price=line.read("open", won),
        open_against_offer_percent=line.read("open_against_offer", percent),
        first_close=line.read("first_close", won),
    )


def _code(row: Node | None) -> str:
    addresses = [] if row is None else links(row)
    codes = {match[1] for address in addresses if (match := CODE.search(address))}
    if len(codes) > 1:
        raise PageChanged(f"several codes: {', '.join(sorted(codes))}")
    return codes.pop() if codes else ""


def _agrees(row: ListingRow) -> bool | None:
    """Whether the open over the offer is what its own column says; None when there is nothing to compare."""
    told = row.open_against_offer_percent
    if told is None or row.open_price is None or row.offer_price is None:
        return None
    return abs((row.open_price / row.offer_price - 1) * 100 - told) <= ROUNDING


def _outside(price: Decimal | None, base: Decimal | None, bounds: tuple[Decimal, Decimal]) -> bool:
    return bool(price and base and not bounds[0] <= price / base <= bounds[1])
