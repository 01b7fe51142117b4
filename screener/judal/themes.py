"""The list of themes (`view=themeList`), whole or in one of the site's orders."""

from dataclasses import dataclass
from decimal import Decimal

from lucy.html import Node, PageChanged, document, many, reading, text
from screener.judal import values
from screener.judal.table import LAST_COUNT, Line, read_table, theme_number, without_unseen

NAME, CHART = "테마명", "테마차트(90일)"
NEEDED = (
    *(NAME, "전일비", "3일합산", "52주상승률", "52주하락률", "52주소외지수"),
    *("3년상승률", "3년하락률", "3년소외지수", "기대수익률", "유저점수", CHART),
)


@dataclass(frozen=True, slots=True)
class ThemeRow:
    number: int
    name: str
    change_rate: Decimal | None
    three_days: Decimal | None
    from_low_52w: Decimal | None
    from_high_52w: Decimal | None  # below zero
    neglect_52w: Decimal | None
    from_low_3y: Decimal | None
    from_high_3y: Decimal | None
    neglect_3y: Decimal | None
    expected: Decimal | None
    score: Decimal | None  # of the site's users


def parse_theme_list(page: str) -> list[ThemeRow]:
    """The themes in page order; never none."""
    found: dict[int, ThemeRow] = {}
    for line in read_table(without_unseen(document(page)), CHART, NEEDED):
        row = _row(line)
        if row.number in found:
            raise PageChanged(f"theme {row.number} stands in the list twice")
        found[row.number] = row
    if not found:
        raise PageChanged("no themes in the list")
    return list(found.values())


def _row(line: Line) -> ThemeRow:
    number, name = _which(line.cells[NAME])
    with reading(f"{name} ({number})"):
        return ThemeRow(
            number=number,
            name=name,
            change_rate=line.read("전일비", values.percent),
            three_days=line.read("3일합산", values.percent),
            from_low_52w=line.read("52주상승률", values.percent),
            from_high_52w=line.read("52주하락률", values.percent),
            neglect_52w=line.read("52주소외지수", values.number),
            from_low_3y=line.read("3년상승률", values.percent),
            from_high_3y=line.read("3년하락률", values.percent),
            neglect_3y=line.read("3년소외지수", values.number),
            expected=line.read("기대수익률", values.percent),
            score=line.read("유저점수", values.number),
        )


def _which(cell: Node) -> tuple[int, str]:
    """The theme that the name's link leads to."""
    links = [(theme_number(link.get("href", "")), text(link)) for link in many(cell, ".//a[@href]")]
    named = {(number, LAST_COUNT.sub("", name)) for number, name in links if number is not None and name}
    if len(named) != 1:
        raise PageChanged(f"{len(named)} themes in '{text(cell)[:60]}'")
    return named.pop()
