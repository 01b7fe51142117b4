"""38커뮤니케이션 on this machine: pages in the true structure, made from true captures, and their server."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from lucy.html import decode

DATA = Path(__file__).parent / "data"
ROWS_A_PAGE = 30
DETAIL_LINK = "o=v&amp;no={no}&amp;l=&amp;page=1"
ROW = f"""<tr bgcolor='#FFFFFF'>
<td height='30'> &nbsp;<a href="/html/fund/?{DETAIL_LINK}"><font color='#333333'>{{name}}</font></a></td>
<td> {{start:%Y.%m.%d}}~{{end:%m.%d}} </td>
<td align='center'>{{price}} </td>
<td align='center'>{{band}} </td>
<td align='center'>{{competition}} </td>
<td>{{firms}}</td>
<td align=center><a href="/html/fund/index.htm?{DETAIL_LINK}"><img alt='분석보기'></a></td>
</tr>
"""


def saved(name: str) -> str:
    """A saved page as text; `.utf8` is a copied part."""
    body = (DATA / name).read_bytes()
    return body.decode() if ".utf8." in name else decode(body)


@dataclass(frozen=True, slots=True)
class Deal:
    """An offer as the local site tells it."""

    no: int
    name: str = ""
    start: date = date(2026, 6, 24)
    price: str = "10,000"
    band: str = "7,500~10,000"
    competition: str = "1510.57:1"
    firms: str = "KB증권"
    listing: str = "2026.07.06"

    @property
    def shown(self) -> str:
        return self.name or f"회사{self.no}"


def deals(count: int) -> list[Deal]:
    """Offers of a busy year, the latest first, as the calendar shows them."""
    return [Deal(3000 - number, start=date(2026, 6, 24) - timedelta(days=number)) for number in range(count)]


def edited(page: str, *pairs: tuple[str, str]) -> str:
    """The page with each old text replaced, which must be there."""
    for old, new in pairs:
        if old not in page:
            raise ValueError(f"not in the page: {old!r}")
        page = page.replace(old, new)
    return page


def calendar_page(rows: list[Deal], *, whole: str = "") -> str:
    """The true page of July 2026 with other rows in its table."""
    whole = whole or saved("38_list_k_20260704.euckr.html")
    start = whole.index("<tbody>", whole.index('summary="공모주 청약일정"')) + len("<tbody>")
    end = whole.index("</tbody>", start)
    return whole[:start] + "\n" + "".join(map(_row, rows)) + whole[end:]


def _row(deal: Deal) -> str:
    return ROW.format(
        no=deal.no,
        name=deal.shown,
        start=deal.start,
        end=deal.start + timedelta(days=1),
        price=deal.price,
        band=deal.band,
        competition=deal.competition,
        firms=deal.firms,
    )


def detail_page(deal: Deal, *, whole: str = "") -> str:
    """The true page of no. 2293, told of another offer."""
    start, end = deal.start, deal.start + timedelta(days=1)
    return edited(
        whole or saved("38_detail_2293.euckr.html"),
        ("no%3D2293", f"no%3D{deal.no}"),
        ("레몬헬스케어", deal.shown),
        ("365660", f"{deal.no:06d}"),
        ("2026.06.24", f"{start:%Y.%m.%d}"),
        ("2026.06.25", f"{end:%Y.%m.%d}"),
        ("2026.07.06", deal.listing),
        ("<b>10,000</b> 원", f"<b>{deal.price}</b> 원"),
    )


@dataclass
class Local38:
    """What the local site serves; tests change it while it runs."""

    deals: list[Deal] = field(default_factory=lambda: deals(ROWS_A_PAGE))
    special: dict[str, Callable[[], tuple[int, bytes]]] = field(default_factory=dict)  # by what the query has
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def change(self, no: int, **changes: object) -> None:
        self.deals = [replace(deal, **changes) if deal.no == no else deal for deal in self.deals]

    def page(self, path: str) -> tuple[int, bytes]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        for wanted, answer in self.special.items():
            if wanted in path:
                return answer()
        return 200, self._page(query).encode("cp949")

    def _page(self, query: Mapping[str, str]) -> str:
        match query.get("o"):
            case "k":
                pages = [self.deals[at : at + ROWS_A_PAGE] for at in range(0, len(self.deals), ROWS_A_PAGE)]
                return calendar_page(pages[min(int(query.get("page", 1)), len(pages)) - 1])
            case "v":
                return detail_page(next(deal for deal in self.deals if deal.no == int(query["no"])))
            case view:
                return saved(f"38_list_{view}_reconstructed.cp949.html")


def cells_of(page: str, summary: str) -> list[tuple[int, int, int, int]]:
    """(row, column, start, end) of each td of a list's tbody in the text: where a mutation strikes."""
    start = page.index("<tbody>", page.index(f'summary="{summary}"'))
    end = page.index("</tbody>", start)
    found = []
    for number, row in enumerate(re.finditer(r"<tr.*?</tr>", page[start:end], re.DOTALL)):
        for column, cell in enumerate(re.finditer(r"<td.*?</td>", row[0], re.DOTALL)):
            at = start + row.start() + cell.start()
            found.append((number, column, at, at + len(cell[0])))
    return found
