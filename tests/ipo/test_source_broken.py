"""Broken pages: a named error or a right result, never a wrong row.

A wrong row is one that differs from the true one in a field whose cell (label or value) was not touched. A
list's headings stand for all cells below them. Rows that vanish whole leave no wrong row behind; that half of
a list is gone is for the service to notice.
"""

import os
import re
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipo.pages.calendar import parse_calendar
from ipo.pages.detail import parse_detail
from ipo.pages.forecasts import parse_forecast_results
from ipo.pages.listings import parse_listings
from lucy.html import PageChanged, decode
from tests.ipo.local38 import cells_of, saved

CALENDAR = saved("38_list_k_20260704.euckr.html")
SUMMARY = "공모주 청약일정"
ROWS = {row.no: asdict(row) for row in parse_calendar(CALENDAR)}
ORDER = list(ROWS)
CELLS = cells_of(CALENDAR, SUMMARY)
FIELDS = {  # of each column
    0: {"no", "name", "state"},
    1: {"subscription_start", "subscription_end"},
    2: {"offer_price"},
    3: {"band_low", "band_high"},
    4: {"competition", "competition_text"},
    5: {"underwriters"},
    6: set(),
}
CONTENTS = sorted({CALENDAR[start:end].partition(">")[2].rpartition("<")[0] for *_, start, end in CELLS})
WORDS = st.one_of(
    st.sampled_from(CONTENTS),
    st.text(alphabet="0123456789.,~:- %<>/tdr가나다\u00a0&;'\"", max_size=20),
    st.sampled_from(
        ["", "-", "0", "-1", "1e5", "NaN", "２,０００", "1,00", "99999999999999999999", "없음", "%"]
    ),
)
# `HYPOTHESIS_LONG=1` soaks the parsers: minutes per test instead of a second.
TIMES = 100 if os.environ.get("HYPOTHESIS_LONG") else 1
EXAMPLES = settings(max_examples=80 * TIMES)


def read(page):
    try:
        return {row.no: asdict(row) for row in parse_calendar(page)}
    except PageChanged as error:
        assert str(error)  # noqa: PT017  (a reason is what is asked for)
        return None


def wrong_fields(rows, touched):
    """Fields that differ from the true row's, of cells that nobody touched."""
    for no, row in rows.items():
        place = ORDER.index(no) if no in ORDER else None
        if place is None:
            yield no, "a row that never was"
            continue
        spoilt = set().union(*(FIELDS[column] for row_of, column in touched if row_of == place))
        yield from ((no, name) for name in row if name not in spoilt and row[name] != ROWS[no][name])


@EXAMPLES
@given(st.lists(st.tuples(st.sampled_from(CELLS), WORDS), min_size=1, max_size=4))
def test_cells_replaced(strikes):
    page, touched = CALENDAR, set()
    for (row, column, start, end), words in sorted(strikes, key=lambda strike: -strike[0][2]):
        if (row, column) in touched:
            continue
        touched.add((row, column))
        opening = CALENDAR[start:end].partition(">")[0] + ">"
        page = page[:start] + opening + words + "</td>" + page[end:]
    rows = read(page)
    if rows is not None:
        assert list(wrong_fields(rows, touched)) == []


@EXAMPLES
@given(st.integers(0, len(CALENDAR)))
def test_cut_anywhere(at):
    rows = read(CALENDAR[:at])
    assert rows is None or rows == ROWS


@settings(max_examples=200 * TIMES)
@given(st.data())
def test_a_piece_torn_out_of_the_table(data):
    first, last = CELLS[0][2] - 40, CELLS[-1][3]
    start = data.draw(st.integers(first, last))
    end = data.draw(
        st.integers(start + 1, min(last + 200, start + data.draw(st.sampled_from([1, 5, 60, 700, 3000]))))
    )
    touched = {(row, column) for row, column, at, to in CELLS if at < end and to > start}
    rows = read(CALENDAR[:start] + CALENDAR[end:])
    if rows is not None:
        assert list(wrong_fields(rows, touched)) == []


@EXAMPLES
@given(st.integers(0, len(CALENDAR.encode("cp949")) - 1), st.binary(min_size=1, max_size=1))
def test_a_single_bad_byte(at, byte):
    body = bytearray(CALENDAR.encode("cp949"))
    body[at : at + 1] = byte
    start = len(CALENDAR[: CELLS[0][2]].encode("cp949")) - 40
    end = len(CALENDAR[: CELLS[-1][3]].encode("cp949"))
    rows = read(decode(bytes(body)))
    if rows is not None and not start <= at <= end:
        assert rows == ROWS
    elif rows is not None:
        struck = len(bytes(body[:at]).decode("cp949", "ignore"))
        near = {(row, column) for row, column, at, to in CELLS if at <= struck + 1 and to >= struck - 1}
        assert list(wrong_fields(rows, near)) == []


@pytest.mark.parametrize("stray", ["\0", "\x01", "\x0c", "\ufffe", "&#1;", "&#xfffe;"])
def test_a_stray_control_character(stray):
    """Met by the soak: lxml reads it and refuses to write it again."""
    beside = CALENDAR.replace("<br>", f"<br>{stray}", 1)
    assert beside != CALENDAR
    assert read(beside) == ROWS
    amid = CALENDAR.replace("10,000", f"10,{stray}000", 1)
    assert (read(amid) or ROWS) == ROWS  # never 10,000 of two halves that were not one


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "johab", "utf-7", "iso2022_kr"])
def test_other_encodings(encoding):
    with pytest.raises(PageChanged):
        parse_calendar(decode(CALENDAR.encode(encoding, "replace")))


def test_the_wrong_decoding():
    with pytest.raises(PageChanged):
        parse_calendar(CALENDAR.encode("cp949").decode("latin-1"))


# --- other shapes of the same page: the same rows ---------------------------------------------------------


def table_parts():
    start = CALENDAR.index("<thead>", CALENDAR.index(f'summary="{SUMMARY}"'))
    end = CALENDAR.index("</tbody>", start)
    head = re.findall(r"<th\b.*?</th>", CALENDAR[start:end], re.DOTALL)
    rows = [CALENDAR[at:to] for *_, at, to in CELLS]
    return CALENDAR[:start], head, [rows[at : at + 7] for at in range(0, len(rows), 7)], CALENDAR[end:]


def rebuilt(head, rows):
    before, _head, _rows, after = table_parts()
    lines = "".join(f"<tr>{''.join(row)}</tr>\n" for row in rows)
    return f"{before}<thead><tr>{''.join(head)}</tr></thead><tbody>{lines}{after}"


@EXAMPLES
@given(st.permutations(range(7)), st.randoms(use_true_random=False))
def test_columns_and_rows_in_another_order(columns, random):
    _before, head, rows, _after = table_parts()
    random.shuffle(rows)
    page = rebuilt([head[at] for at in columns], [[row[at] for at in columns] for row in rows])
    assert read(page) == ROWS


@EXAMPLES
@given(st.integers(0, 7), st.integers(0, 7))
def test_columns_more(at, other):
    _before, head, rows, _after = table_parts()
    for place in (at, other):
        head.insert(place, "<th>새 열</th>")
        for row in rows:
            row.insert(place, "<td><b>12,345</b></td>")
    assert read(rebuilt(head, rows)) == ROWS


@pytest.mark.parametrize("missing", range(6))
def test_a_column_less(missing):
    _before, head, rows, _after = table_parts()
    with pytest.raises(PageChanged, match=r"0 columns|no heading"):
        parse_calendar(
            rebuilt(
                head[:missing] + head[missing + 1 :], [row[:missing] + row[missing + 1 :] for row in rows]
            )
        )


def test_rows_that_separate_and_advertise():
    _before, head, rows, _after = table_parts()
    rows.insert(3, ["<td colspan=7 height=1></td>"])
    rows.insert(9, ["<td colspan=7><a href='http://ad.example/'>광고</a></td>"])
    assert read(rebuilt(head, rows)) == ROWS


def test_other_case_quotes_and_blanks():
    page = re.sub(r"</?[a-z]+", lambda tag: tag[0].upper(), CALENDAR)
    page = page.replace("\n", "\r\n\t ").replace("height='30'", "data-x=1 HEIGHT=30")
    page = page.replace(f'summary="{SUMMARY}"', f"summary='{SUMMARY.replace(' ', '  ')}'")
    assert read(page) == ROWS
    assert read(page.replace("</TD>", "").replace("</TR>", "")) == ROWS


# --- an offer's own page ----------------------------------------------------------------------------------

DETAIL = saved("38_detail_made_before.cp949.html")  # two underwriters, ranges: the true page less its tail


def flat(value, path=""):
    if isinstance(value, dict):
        for name, item in value.items():
            yield from flat(item, f"{path}.{name}".strip("."))
    elif isinstance(value, list | tuple):
        yield f"{path}#", len(value)
        for number, item in enumerate(value):
            yield from flat(item, f"{path}.{number}")
    else:
        yield path, value


TRUE_DETAIL = dict(flat(asdict(parse_detail(DETAIL))))
LEAVES = [
    (match.start(2), match.end(2))
    for match in re.finditer(r"<(td)\b[^>]*>((?:(?!</?t[dr]\b|<table)[^\0])*?)</\1>", DETAIL, re.IGNORECASE)
]
LEAF_TEXTS = sorted({DETAIL[start:end] for start, end in LEAVES})
GROUPS = ("우리사주조합", "기관투자자등", "일반청약자")


def fields_that_change(start, end):
    """Where each leaf cell's own value goes, found by writing other values into it that are fine there."""
    found = set()
    for words in SAMPLES:
        try:
            told = dict(flat(asdict(parse_detail(DETAIL[:start] + words + DETAIL[end:]))))
        except PageChanged:
            continue
        found |= {
            path for path in told.keys() | TRUE_DETAIL.keys() if told.get(path) != TRUE_DETAIL.get(path)
        }
    return found


SAMPLES = (
    "",
    "- 원",
    "7 원",
    "8 ~ 9 원",
    "77.7:1",
    "12.34%",
    "2026.12.01",
    "2026.12.01 ~ 2026.12.02",
    "새 글자",
    "0001A0",
    "새증권",
    "신주모집 : 7 주 (7%)",
    "7 주 (7%)",
    "청약증거금율 : 77%",
    "최고한도 : 7 주",
    "최저 : 7 주",
)
OWN = {leaf: fields_that_change(*leaf) for leaf in LEAVES}


@settings(max_examples=150 * TIMES)
@given(
    st.sampled_from(LEAVES),
    st.one_of(st.sampled_from(LEAF_TEXTS), WORDS.filter(lambda words: "<" not in words)),
)
def test_a_cell_of_the_detail_page_replaced(leaf, words):
    """Whatever is written into one cell changes what that cell is about, and nothing else."""
    start, end = leaf
    try:
        told = dict(flat(asdict(parse_detail(DETAIL[:start] + words + DETAIL[end:]))))
    except PageChanged as error:
        assert str(error)  # noqa: PT017
        return
    changed = {path for path in told.keys() | TRUE_DETAIL.keys() if told.get(path) != TRUE_DETAIL.get(path)}
    about = {path.split(".")[-1].rstrip("#") for path in OWN[leaf]}
    left = {path for path in changed - OWN[leaf] if not path.startswith("oddities")}
    assert {path for path in left if path.split(".")[-1].rstrip("#") not in about} == set()


@EXAMPLES
@given(st.integers(0, len(DETAIL)))
def test_the_detail_page_cut_anywhere(at):
    try:
        page = parse_detail(DETAIL[:at])
    except PageChanged:
        return
    assert dict(flat(asdict(page))) == TRUE_DETAIL


# --- the other lists --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parse"),
    [
        ("38_list_nw_reconstructed.cp949.html", parse_listings),
        ("38_list_r1_reconstructed.cp949.html", parse_forecast_results),
    ],
)
@EXAMPLES
@given(data=st.data())
def test_other_lists_torn(name, parse, data):
    page = saved(name)
    start = data.draw(st.integers(page.index("<tbody>"), page.index("</tbody>")))
    end = data.draw(st.integers(start + 1, start + 200))
    true = {row.no: asdict(row) for row in parse(page)}
    try:
        rows = {row.no: asdict(row) for row in parse(page[:start] + page[end:])}
    except PageChanged:
        return
    if not re.search(r"<a\b[^>]*$", page[:start]) and not re.search(r"<a\b", page[start:end]):
        assert rows.keys() <= true.keys()  # a number is only lost with the link that holds it
