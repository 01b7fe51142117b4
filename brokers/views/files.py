"""A list as a download, sent while it is being made."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from brokers.exports import EXCEL_ROWS, Cell, csv_lines, workbook
from lucy.errors import LucyError

T = TypeVar("T")

LINES_AT_ONCE = 500
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(kind: str, name: str, titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponseBase:
    """`kind` csv or xlsx. What keeps the first row from coming is raised here, before anything is sent."""
    rows = _begun(iter(rows))
    if kind == "xlsx":
        file = workbook(titles, _at_most(rows))
        return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=EXCEL)
    if kind != "csv":
        raise Http404
    response = StreamingHttpResponse(
        _in_pieces(csv_lines(titles, rows)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def no_file(request: HttpRequest, page: str, refusal: LucyError) -> HttpResponseBase:
    """Back to the list with the same filters, and why there is no file of it."""
    messages.error(request, f"파일을 만들지 못했습니다. {refusal.message}")
    return redirect(f"{reverse(page)}?{request.GET.urlencode()}")


def _begun(rows: Iterator[T]) -> Iterator[T]:
    return chain(list(islice(rows, 1)), rows)


def _at_most(rows: Iterable[T]) -> Iterator[T]:
    for number, row in enumerate(rows):
        if number == EXCEL_ROWS:
            raise LucyError("too_long", f"엑셀은 {EXCEL_ROWS:,}줄까지입니다. CSV로 받거나 기간을 줄이세요.")
        yield row


async def _in_pieces(lines: Iterator[str]) -> AsyncIterator[str]:
    """The server reads asynchronously; the rows come from the database or a broker, in a thread."""

    def some() -> str:
        return "".join(islice(lines, LINES_AT_ONCE))

    while piece := await sync_to_async(some)():
        yield piece
