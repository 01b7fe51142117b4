"""Judal's pages read in both shapes to the last field; broken ones are a named error, never a wrong row.

A wrong row is one that differs from the true one in a field whose cell was not touched; a row that was left
out because its figures contradict each other is none.
"""

import re
from dataclasses import asdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.terms import Market
from lucy.html import PageChanged
from screener.judal import values
from screener.judal.menu import ThemeLink, parse_menu
from screener.judal.stocks import parse_stocks
from screener.judal.themes import parse_theme_list
from tests.screener import judal_pages as pages
from tests.screener.judal_pages import NEW, OLD, STOCK_HEADINGS, Stock, Theme

MEDICINE, TRAVEL = pages.themes()[0], pages.themes()[1]


@pytest.mark.parametrize("shape", [OLD, NEW])
def test_the_menu(shape):
    menu = parse_menu(pages.menu_page(pages.themes(), shape))
    assert menu.themes == (
        ThemeLink(225, "제약", 2),
        ThemeLink(53, "여행", 1),
        ThemeLink(901, "원자재(구리)", 1),
        ThemeLink(902, "우선주/배당", 1),
        ThemeLink(903, "반도체", 2),
    )
    names = [screen.name for screen in menu.screens]
    assert names == ["전체 테마", "상승중인 테마", "많이 소외된 테마", "PBR 낮은 종목"]


def test_a_menu_that_is_none():
    with pytest.raises(PageChanged, match="no themes"):
        parse_menu(pages.page("주달", "<p>점검중입니다</p>"))
    other = pages.menu_page(pages.themes()).replace(pages.HOST, "https://example.com")
    with pytest.raises(PageChanged, match="no themes"):
        parse_menu(other)
    twice = [Theme(1, "가", ()), Theme(1, "나", ())]
    with pytest.raises(PageChanged, match="가 and 나"):
        parse_menu(pages.menu_page(twice))


@pytest.mark.parametrize("shape", [OLD, NEW])
def test_a_theme_to_the_last_field(shape):
    page = parse_stocks(pages.stock_page(MEDICINE, shape))
    assert (page.title, page.oddities) == ("제약", ())
    first, second = page.rows
    assert asdict(first) == {
        "symbol": "000100",
        "name": "유한양행",
        "market": Market.KOSPI,
        "price": Decimal(122_400),
        "change": Decimal(2_200),
        "change_rate": Decimal("1.83"),
        "three_days": Decimal("-2.27"),
        "high_52w": Decimal(149_800),
        "low_52w": Decimal(52_543),
        "from_high_52w": Decimal("-18.29"),
        "from_low_52w": Decimal("132.95"),
        "neglect_52w": Decimal(72),
        "high_3y": Decimal(149_800),
        "low_3y": Decimal(26_271),
        "from_high_3y": Decimal("-18.29"),
        "from_low_3y": Decimal("365.91"),
        "neglect_3y": Decimal(78),
        "price_index_3y": Decimal(57),
        "expected": Decimal("22.39"),
        "pbr": Decimal("1.25"),
        "per": Decimal("12.50"),
        "eps": Decimal(800),
        "market_value": 98_176,
        "volume_today": Decimal("7.06"),
        "volume_week": Decimal("-54.7"),
        "buffett": 3,
        "updated": "3분 전",
        "themes": ("제약",),
        "reason": "유한양행 편입사유",
    }
    assert (second.market, second.per, second.eps) == (Market.KOSDAQ, None, Decimal(-239))
    assert second.buffett is None


def test_names_with_blanks_codes_with_letters_and_falls():
    (row,) = parse_stocks(pages.stock_page(TRAVEL)).rows
    assert (row.name, row.market, row.market_value) == ("SM C&C", Market.KOSDAQ, 1_234)
    (row,) = parse_stocks(pages.stock_page(Theme(1, "우선주", (pages.PREFERRED,)))).rows
    assert (row.symbol, row.change, row.market_value) == ("00680K", 0, 30_000)
    (row,) = parse_stocks(pages.stock_page(Theme(1, "반도체", (pages.SAMSUNG,)))).rows
    assert (row.change, row.change_rate) == (-300, Decimal("-0.31"))
    assert row.themes == ("반도체", "MSCI Korea")


def test_columns_are_found_by_their_headings():
    page = pages.stock_page(MEDICINE)
    extra = page.replace("<thead>\n<tr>\n", "<thead>\n<tr>\n<th>기금 순매수</th>\n", 1)
    extra = extra.replace(pages.ROW_STYLE, f"{pages.ROW_STYLE}<td>388억원</td>")
    assert parse_stocks(extra) == parse_stocks(page)
    broken = page.replace("52주 최고최저</th>", "52주<br>최고최저</th>", 1)
    assert parse_stocks(broken) == parse_stocks(page)
    advertised = page.replace("</tr>\n<tr style", '</tr>\n<tr><td colspan="21">광고</td></tr>\n<tr style')
    assert parse_stocks(advertised) == parse_stocks(page)
    for heading in STOCK_HEADINGS:
        with pytest.raises(PageChanged):
            parse_stocks(page.replace(f">{heading}</th>", ">무엇</th>", 1))


def test_a_row_that_cannot_be_right_is_left_out_and_named():
    wrong = Stock("005490", "POSCO홀딩스", price=300_000, change=1_000, high=400_000, low=200_000)
    page = pages.stock_page(Theme(1, "철강", (wrong, pages.SAMSUNG, pages.YUHAN)))
    read = parse_stocks(page.replace(">300,000<br>1,000<", ">30,000<br>1,000<"))
    assert [row.symbol for row in read.rows] == ["005930", "000100"]
    assert read.oddities[0].startswith("POSCO홀딩스 (005490): 전일비 0.33%")
    year, three = ">52주 최고최저<", ">3년 최고최저<"
    exchanged = page.replace(year, ">또<").replace(three, year).replace(">또<", three)
    with pytest.raises(PageChanged, match="contradict"):
        parse_stocks(exchanged)


def test_another_stocks_link():
    page = pages.stock_page(TRAVEL).replace("/stock/048550/", "/stock/039130/")
    with pytest.raises(PageChanged, match="its link leads to 039130"):
        parse_stocks(page)


def test_a_theme_without_stocks_says_so():
    empty = pages.stock_page(Theme(7, "빈테마", ()))
    with pytest.raises(PageChanged, match="no rows"):
        parse_stocks(empty)
    said = empty.replace("<tbody>\n", '<tbody>\n<tr><td colspan="21">종목이 없습니다.</td></tr>')
    assert parse_stocks(said).rows == ()


def test_the_list_of_themes():
    rows = parse_theme_list(pages.theme_list_page(pages.themes()))
    assert [(row.number, row.name) for row in rows][2:4] == [(901, "원자재(구리)"), (902, "우선주/배당")]
    assert asdict(rows[0]) == {
        "number": 225,
        "name": "제약",
        "change_rate": Decimal("1.51"),
        "three_days": Decimal("-1.37"),
        "from_low_52w": Decimal("59.37"),
        "from_high_52w": Decimal("-44.20"),
        "neglect_52w": Decimal(20),
        "from_low_3y": Decimal("222.20"),
        "from_high_3y": Decimal("-54.24"),
        "neglect_3y": Decimal(27),
        "expected": Decimal("79.21"),
        "score": Decimal(241),
    }
    with pytest.raises(PageChanged):
        parse_theme_list(pages.stock_page(MEDICINE))
    with pytest.raises(PageChanged):
        parse_stocks(pages.theme_list_page(pages.themes()))


@pytest.mark.parametrize(
    ("read", "words", "value"),
    [
        (values.eok, "9조 8176억원", 98_176),
        (values.eok, "9조 8,176억원", 98_176),
        (values.eok, "917억원", 917),
        (values.eok, "3조원", 30_000),
        (values.eok, " ", None),
        (values.percent, "-0.14%", Decimal("-0.14")),
        (values.percent, "%", None),
        (values.number, "-1,239.5", Decimal("-1239.5")),
        (values.place, "12위", 12),
        (values.won_pair, "34,950 -50", values.Pair(Decimal(34_950), Decimal(-50))),
        (values.won_pair, "- -", values.Pair(None, None)),
    ],
)
def test_values(read, words, value):
    assert read(words) == value


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (values.eok, "9조 18176억원"),
        (values.eok, "원"),
        (values.eok, "917"),
        (values.percent, "1.83"),
        (values.number, "1e5"),
        (values.number, "１２"),
        (values.number, "1,00"),
        (values.number, "99999999999999999999"),
        (values.won, "1.5"),
        (values.place, "3"),
        (values.won_pair, "122,4002,200"),
        (values.percent_pair, "1% 2% 3%"),
    ],
)
def test_values_that_are_none(read, words):
    with pytest.raises(PageChanged):
        read(words)


# --- broken pages -----------------------------------------------------------------------------------------

WHOLE = pages.stock_page(Theme(1, "섞인", (pages.YUHAN, pages.SMCNC, pages.SAMSUNG, pages.PREFERRED)))
ROWS = {row.symbol: asdict(row) for row in parse_stocks(WHOLE).rows}
ORDER = list(ROWS)
FIELDS = (
    *({"symbol", "name", "market", "reason"}, {"price", "change"}, {"change_rate"}, {"three_days"}),
    *({"high_52w", "low_52w"}, {"from_high_52w", "from_low_52w"}, {"neglect_52w"}),
    *({"high_3y", "low_3y"}, {"from_high_3y", "from_low_3y"}, {"neglect_3y"}, {"price_index_3y"}),
    *({"expected"}, {"pbr"}, {"per"}, {"eps"}, {"market_value"}, {"volume_today"}, {"volume_week"}),
    *({"buffett"}, {"themes"}, {"updated"}),
)


def cells():
    """(row, column, start, end) of each cell below the headings."""
    start = WHOLE.index("<tbody>")
    return [
        (number, column, start + row.start() + cell.start(), start + row.start() + cell.end())
        for number, row in enumerate(re.finditer(r"<tr.*?</tr>", WHOLE[start:], re.DOTALL))
        for column, cell in enumerate(re.finditer(r"<t[dh]\b.*?</t[dh]>", row[0], re.DOTALL))
    ]


CELLS = cells()
CONTENTS = sorted({WHOLE[start:end].partition(">")[2].rpartition("<")[0] for *_, start, end in CELLS})
WORDS = st.one_of(
    st.sampled_from(CONTENTS),
    st.text(alphabet="0123456789.,~:- %<>/tdrb가나조억원&;'\"", max_size=20),
    st.sampled_from(["", "-", "0", "1e5", "NaN", "２,０００", "1,00", "99999999999999999999", "%", "0<br>0"]),
)


def read(page):
    try:
        return {row.symbol: asdict(row) for row in parse_stocks(page).rows}
    except PageChanged as error:
        assert str(error)  # noqa: PT017  (a reason is what is asked for)
        return {}


def wrong_fields(rows, touched):
    """Fields that differ from the true row's, of cells that nobody touched."""
    for symbol, row in rows.items():
        if symbol not in ROWS:
            if not any(column == 0 for _row, column in touched):
                yield symbol, "a row that never was"
            continue
        place = ORDER.index(symbol)
        spoilt = set().union(*(FIELDS[column] for row_of, column in touched if row_of == place))
        if "symbol" not in spoilt:
            true = ROWS[symbol]
            yield from ((symbol, name) for name in row if name not in spoilt and row[name] != true[name])


def test_the_true_page_has_a_cell_for_every_field():
    assert len(CELLS) == 4 * 21 == 4 * len(FIELDS)
    assert set().union(*FIELDS) == set(ROWS["000100"])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(CELLS), WORDS), min_size=1, max_size=4))
def test_cells_replaced(strikes):
    page, touched = WHOLE, set()
    for (row, column, start, end), words in sorted(strikes, key=lambda strike: -strike[0][2]):
        if (row, column) not in touched:
            touched.add((row, column))
            opening, closing = WHOLE[start:end].partition(">")[0] + ">", WHOLE[start:end][-5:]
            page = page[:start] + opening + words + closing + page[end:]
    assert list(wrong_fields(read(page), touched)) == []


@settings(max_examples=60)
@given(st.integers(0, len(WHOLE)))
def test_cut_anywhere(at):
    assert read(WHOLE[:at]) in ({}, ROWS)


@settings(max_examples=200)
@given(st.data())
def test_a_piece_torn_out_of_the_table(data):
    first, last = CELLS[0][2] - 40, CELLS[-1][3]
    start = data.draw(st.integers(first, last))
    length = data.draw(st.sampled_from([1, 5, 60, 700, 3000]))
    end = min(last + 200, start + data.draw(st.integers(1, length)))
    touched = {(row, column) for row, column, at, to in CELLS if at < end and to > start}
    assert list(wrong_fields(read(WHOLE[:start] + WHOLE[end:]), touched)) == []
