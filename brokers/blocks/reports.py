"""The end-of-day allocation report as files: one table, written three ways."""

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from brokers.blocks.selectors import FundDay
from brokers.exports import csv_lines, workbook

COLUMNS = (
    *("펀드코드", "펀드명", "종목코드", "종목명", "구분", "주문수량", "배분수량", "평균단가"),
    *("금액", "수수료", "세금", "정산금액", "계좌", "블록"),
)
FONT = "HYGothic-Medium"  # Adobe's Korean font: named in the file, brought by the reader
Row = tuple[Any, ...]


def rows_of(days: Sequence[FundDay]) -> Iterator[Row]:
    """A line an allocation; text first, numbers as numbers."""
    for day in days:
        for share in day.shares:
            block = share.block
            yield (
                *(day.fund.code, day.fund.name, share.symbol, block.name, share.get_side_display()),
                *(share.ordered, share.filled, share.average_price or Decimal(0)),
                *(share.amount, share.fee, share.tax, share.net, str(share.account), str(block.pk)),
            )


def as_csv(day: date, days: Sequence[FundDay]) -> bytes:
    return "".join(csv_lines(COLUMNS, rows_of(days))).encode()


def as_xlsx(day: date, days: Sequence[FundDay]) -> bytes:
    return workbook(COLUMNS, rows_of(days)).getvalue()


def as_pdf(day: date, days: Sequence[FundDay]) -> bytes:
    """A4 across, a table a fund, with its sums beneath."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    title = ParagraphStyle("title", fontName=FONT, fontSize=14, leading=20)
    head = ParagraphStyle("head", fontName=FONT, fontSize=10, leading=16)
    story: list[Flowable] = [Paragraph(f"배분 보고서 {day:%Y-%m-%d}", title), Spacer(1, 4 * mm)]
    if not days:
        story.append(Paragraph("이 날 배분된 체결이 없습니다.", head))
    for one in days:
        story += [
            Paragraph(_escaped(f"{one.fund.code} {one.fund.name}"), head),
            _table(one),
            Spacer(1, 6 * mm),
        ]
    body = io.BytesIO()
    SimpleDocTemplate(
        body,
        pagesize=landscape(A4),
        leftMargin=12 * mm,
        rightMargin=12 * mm,
        topMargin=12 * mm,
        bottomMargin=14 * mm,
        title=f"Lucy 배분 보고서 {day:%Y-%m-%d}",
        author="Lucy",
    ).build(story, onFirstPage=_numbered, onLaterPages=_numbered)
    return body.getvalue()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _table(day: FundDay) -> Table:
    shown = (*COLUMNS[2:12], COLUMNS[12])
    lines = [list(shown)]
    lines += [[_figure(value) for value in (*row[2:12], row[12])] for row in rows_of([day])]
    sums = ("", "", "합계", "", "", "", _figure(day.bought + day.sold), _figure(day.fees), _figure(day.taxes))
    lines.append([*sums, _figure(day.net), "순정산 (＋ 들어옴)"])
    widths = [18, 34, 13, 20, 20, 25, 32, 20, 20, 32, 38]
    table = Table(lines, colWidths=[width * mm for width in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, 8),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8f6f8")),
                ("ALIGN", (3, 0), (9, -1), "RIGHT"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.HexColor("#cfd7e0")),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, colors.HexColor("#566373")),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return table


def _figure(value: Any) -> str:
    if isinstance(value, int | Decimal):
        text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.drawRightString(landscape(A4)[0] - 12 * mm, 7 * mm, f"Lucy · {canvas.getPageNumber()}쪽")


WRITERS: dict[str, tuple[str, Callable[[date, Sequence[FundDay]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "pdf": ("application/pdf", as_pdf),
}
