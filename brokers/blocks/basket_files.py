"""Basket files as tables: what their columns are called, how they are read, the example to begin with. Pure.

Columns: 펀드코드, 종목코드, 구분 (매수/매도), and 수량 or 비중(%); 가격 may be missing.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final
from zipfile import BadZipFile, ZipFile
from zlib import error as BadDeflate  # noqa: N812

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from lucy.errors import LucyError
from lucy.sheets import decode, require_small

MOST_ROWS: Final = 1_000
MOST_UNPACKED_BYTES: Final = 20_000_000
HEADINGS: Final = {
    "fund": ("펀드코드", "펀드", "fund"),
    "symbol": ("종목코드", "코드", "symbol", "code"),
    "side": ("구분", "매매구분", "side"),
    "quantity": ("수량", "수량(주)", "quantity"),
    "weight": ("비중", "비중(%)", "weight"),
    "price": ("가격", "지정가", "price"),
}
SYMBOL_LENGTH = 6

# A fund's code that no plan has: sent as it is, the example is refused row by row.
EXAMPLE_TITLES = ("펀드코드", "종목코드", "구분", "수량", "비중(%)", "가격")
EXAMPLE_ROWS: Final = (
    ("FUND-EXAMPLE", "005930", "매수", 100, None, 70_000),
    ("FUND-EXAMPLE", "000660", "매도", 10, None, None),
    ("FUND-EXAMPLE", "069500", "매수", None, 5, None),
)

_NO_WORKBOOK: Final = (
    *(BadZipFile, BadDeflate, InvalidFileException, SyntaxError, OSError, EOFError, RuntimeError),
    *(ValueError, TypeError, KeyError, IndexError, AttributeError),
)
Cells = dict[str, str]


def text_of(name: str, body: bytes) -> str:
    """The file's table as CSV text. Raises `LucyError` where it is none."""
    require_small(body)
    if name.lower().endswith(".xlsx"):
        return _from_excel(body)
    return decode(body, choose="CSV, 또는 xlsx를")


def _from_excel(body: bytes) -> str:
    """Whatever the reader stumbles over in someone's file, the file is no table of ours."""
    try:
        with ZipFile(io.BytesIO(body)) as parts:  # it unpacks no part beyond the size that stands there
            if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED_BYTES:
                raise LucyError("too_large", "Excel 파일의 내용이 너무 큽니다. 주문 시트만 남겨 저장하세요.")
        return _as_csv(load_workbook(io.BytesIO(body), read_only=True, data_only=True).active)
    except _NO_WORKBOOK as odd:
        raise LucyError("unreadable", "Excel 파일을 열 수 없습니다. xlsx로 저장해 다시 고르세요.") from odd


def _as_csv(sheet: Any) -> str:
    text = io.StringIO()
    lines = csv.writer(text)
    for index, cells in enumerate(sheet.iter_rows(values_only=True) if sheet else ()):
        if index > MOST_ROWS + 1:
            break
        lines.writerow(["" if cell is None else _cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: Any) -> str:
    """A number without the point that Excel gives it: 100.0 is 100."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def rows_of(text: str) -> list[tuple[int, Cells]]:
    """The rows that say something, with their numbers in the file. Raises `LucyError`."""
    try:
        table = [
            (number, row)
            for number, row in enumerate(csv.reader(io.StringIO(text, newline="")), start=1)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as odd:
        words = "표로 읽을 수 없습니다. 따옴표와 줄바꿈을 확인하고 CSV로 다시 저장하세요."
        raise LucyError("unreadable", words) from odd
    if len(table) < 2:
        raise LucyError("empty", "첫 줄에 열 이름, 다음 줄부터 주문을 적은 파일을 고르세요.")
    if len(table) > MOST_ROWS + 1:
        raise LucyError("too_large", f"{MOST_ROWS:,}행까지 읽습니다. 파일을 나누세요.")
    (_first, titles), *rows = table
    places = _places(titles)
    return [(number, {name: _at(cells, place) for name, place in places.items()}) for number, cells in rows]


def _places(titles: Sequence[str]) -> dict[str, int | None]:
    told = [title.strip().lower().replace(" ", "") for title in titles]
    places = {
        name: next((told.index(each) for each in names if each in told), None)
        for name, names in HEADINGS.items()
    }
    missing = [HEADINGS[name][0] for name in ("fund", "symbol", "side") if places[name] is None]
    if places["quantity"] is None and places["weight"] is None:
        missing.append("수량 또는 비중")
    if missing:
        raise LucyError(
            "headings", f"첫 줄에 열이 없습니다: {', '.join(missing)}. 본보기 파일의 열 이름을 쓰세요."
        )
    return places


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def symbol_of(text: str) -> str:
    """A code as typed; the zeros that spreadsheets cut off a number are put back: 5930 is 005930."""
    code = text.strip().upper()
    return code.zfill(SYMBOL_LENGTH) if code.isascii() and code.isdigit() else code
