"""Excel files that somebody made by hand to break the reader."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from brokers.blocks.basket_files import rows_of, text_of
from lucy.errors import LucyError

SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"
ENTITY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def cell(text):
    return f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'


def book_with(sheet):
    """A workbook whose sheet says that."""
    made, body = BytesIO(), BytesIO()
    Workbook().save(made)
    with ZipFile(made) as real, ZipFile(body, "w", ZIP_DEFLATED) as odd:
        for name in real.namelist():
            odd.writestr(name, sheet if name == SHEET else real.read(name))
    return body.getvalue()


def refusal_of(body):
    with pytest.raises(LucyError) as refused:
        text_of("basket.xlsx", body)
    return refused.value.code


def test_lines_may_end_as_on_any_system():
    lines = ["펀드코드,종목코드,구분,수량", "A,005930,매수,10", "B,005930,매수,5"]
    read = [rows_of(end.join(lines)) for end in ("\n", "\r\n", "\r")]
    assert [[number for number, _ in rows] for rows in read] == [[2, 3]] * 3


def test_a_cell_without_an_end_is_no_table():
    with pytest.raises(LucyError) as refused:
        rows_of('펀드코드,종목코드,구분,수량\nA,"' + "9" * 200_000)
    assert refused.value.code == "unreadable"


def test_a_small_file_that_unpacks_to_a_large_one_is_refused():
    body = book_with(HEAD + cell("a" * 60_000_000) + TAIL)
    assert len(body) < 100_000
    assert refusal_of(body) == "too_large"


@pytest.mark.parametrize("sheet", ["", "<worksheet", f'{HEAD}<row r="x"><c r="?"/></row>', f"{HEAD}<row>"])
def test_a_sheet_that_is_none_is_told_as_such(sheet):
    assert refusal_of(book_with(sheet)) == "unreadable"


def test_a_sheet_reads_no_file_of_this_machine():
    assert refusal_of(book_with(ENTITY + HEAD + cell("&a;") + TAIL)) == "unreadable"
