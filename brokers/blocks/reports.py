"""The end-of-day allocation report as files: one table, written three ways."""

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from brokers.blocks.allocated import Chosen, Sums, by_fund
from brokers.blocks.models import AllocationShare, Fund
from brokers.exports import Cell
from lucy.errors import LucyError

COLUMNS = (
    *("펀드코드", "펀드명", "종목코드", "종목명", "구분", "주문수량", "배분수량", "평균단가"),
    *("금액", "수수료", "세금", "정산금액", "계좌", "블록", "상태"),
)
PRINTED = (*COLUMNS[2:13], COLUMNS[14])
WIDTHS = (16, 36, 12, 17, 17, 19, 26, 19, 21, 26, 44, 20)  # millimetres
NAMES = (1, 10)  # columns of issue and account
FONT = "HYGothic-Medium"  # Adobe's Korean font: named in the file, brought by the reader
FONT_SIZE, PADDING = 8, 4  # points
PDF_ROWS = 3_000  # some eighty sheets, made in seconds; a table is laid out whole


def rows_of(chosen: Chosen) -> Iterator[list[Cell]]:
    """A line an allocation, fund after fund; text first, numbers as numbers."""
    for fund, shares in by_fund(chosen):
        for share in shares:
            yield _cells(fund, share)


def _cells(fund: Fund, share: AllocationShare) -> list[Cell]:
    block = share.block
    return [
        *(fund.code, fund.name, share.symbol, block.name, share.get_side_display()),
        *(share.ordered, share.filled, share.average_price or Decimal(0)),
        *(share.amount, share.fee, share.tax, share.net, str(share.account), str(block.pk)),
        block.get_status_display(),
    ]


# --- PDF ----------------------------------------------------------------------------------------------------


def as_pdf(chosen: Chosen) -> io.BytesIO:
    """A4 across, a table a fund, with its sums beneath. Raises `LucyError` (`too_long`)."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    title = ParagraphStyle("title", fontName=FONT, fontSize=14, leading=20)
    head = ParagraphStyle("head", fontName=FONT, fontSize=10, leading=16)
    story: list[Flowable] = [Paragraph(f"배분 보고서 {chosen.day:%Y-%m-%d}", title), Spacer(1, 4 * mm)]
    left = PDF_ROWS
    for fund, shares in by_fund(chosen):
        lines, sums = [], Sums()
        for share in shares:
            left -= 1
            if left < 0:
                raise LucyError("too_long", _too_long())
            lines.append(_printed(_cells(fund, share)))
            sums += Sums.of(share)
        if lines:
            story += [Paragraph(escape(str(fund)), head), _table(lines, sums), Spacer(1, 6 * mm)]
    if left == PDF_ROWS:
        story.append(Paragraph("이 조건으로 배분된 체결이 없습니다.", head))
    return _built(story, f"Lucy 배분 보고서 {chosen.day:%Y-%m-%d}")


def _too_long() -> str:
    return f"PDF는 {PDF_ROWS:,}줄까지입니다. 펀드나 종목을 골라 줄이거나 CSV·Excel로 받으세요."


def _built(story: list[Flowable], title: str) -> io.BytesIO:
    body = io.BytesIO()
    SimpleDocTemplate(
        body,
        pagesize=landscape(A4),
        leftMargin=12 * mm,
        rightMargin=12 * mm,
        topMargin=12 * mm,
        bottomMargin=14 * mm,
        title=title,
        author="Lucy",
    ).build(story, onFirstPage=_numbered, onLaterPages=_numbered)
    body.seek(0)
    return body


def _printed(cells: list[Cell]) -> list[str]:
    texts = [_figure(cell) for cell in (*cells[2:13], cells[14])]
    for column in NAMES:
        texts[column] = _fitted(texts[column], WIDTHS[column])
    return texts


def _fitted(text: str, width: int) -> str:
    """No wider than its column (millimetres): a long name ends with dots."""
    room = width * mm - 2 * PADDING
    while pdfmetrics.stringWidth(text, FONT, FONT_SIZE) > room:
        text = text[:-2] + "…"
    return text


def _table(lines: list[list[str]], sums: Sums) -> Table:
    won = (_figure(each) for each in (sums.amount, sums.fee, sums.tax, sums.net))
    table = Table(
        [list(PRINTED), *lines, ["", "", "합계", "", "", "", *won, "순정산 (＋ 들어옴)", ""]],
        colWidths=[width * mm for width in WIDTHS],
        repeatRows=1,
    )
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, FONT_SIZE),
                ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
                ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8f6f8")),
                ("ALIGN", (3, 0), (9, -1), "RIGHT"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.HexColor("#cfd7e0")),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, colors.HexColor("#566373")),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return table


def _figure(value: Cell) -> str:
    if isinstance(value, int | Decimal):
        text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.drawRightString(landscape(A4)[0] - 12 * mm, 7 * mm, f"Lucy · {canvas.getPageNumber()}쪽")
