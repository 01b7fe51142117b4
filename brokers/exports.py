"""Lists as files for a spreadsheet: CSV and Excel, written row by row, no text as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook

from lucy.clock import KST
from lucy.sheets import harmless

Cell = str | int | Decimal | date | datetime | None

BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8
EXCEL_ROWS = 100_000  # more is a CSV's business: a workbook of a million rows opens nowhere in a hurry


class _Line:
    """A file of one line, for `csv.writer`."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def csv_lines(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The file's lines, one by one."""
    line = _Line()
    writer = csv.writer(line)
    yield BYTE_ORDER_MARK
    writer.writerow(titles)
    yield line.text
    for cells in rows:
        writer.writerow([_written(cell) for cell in cells])
        yield line.text


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell.astimezone(KST):%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
        case Decimal():
            return f"{cell.normalize():f}"
        case int():
            return str(cell)
    return harmless(cell)


def workbook(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> BytesIO:
    """An Excel file at its beginning; openpyxl keeps the sheet on disk until it is packed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Lucy")
    sheet.freeze_panes = "A2"
    sheet.append(list(titles))
    file = BytesIO()  # packed: a few megabytes at most
    try:
        for cells in rows:
            sheet.append([_valued(cell) for cell in cells])
    finally:  # also when the rows break off: a sheet that is not saved leaves its own file behind
        book.save(file)
    file.seek(0)
    return file


def _valued(cell: Cell) -> Cell:
    """Numbers as numbers, times as Korean wall-clock: a sheet knows no zones."""
    match cell:
        case datetime():
            return cell.astimezone(KST).replace(tzinfo=None)
        case str():
            return harmless(cell)
    return cell
