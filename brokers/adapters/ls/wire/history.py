"""The account's past: its trades one by one, with their costs and what they made (CDPCQ04700)."""

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from brokers.adapters.base import BadReply
from brokers.adapters.history import IssueDay, TradeLine
from brokers.adapters.ls.wire.fields import Body, Fields, Row, midnight, moment, rows
from brokers.terms import Side

TRADES_ONLY = "3"
STOCKS = "01"
TIME_DIGITS = 9  # HHMMSSmmm


def trades_query(first: date, last: date, after_number: int = 0) -> Fields:
    """Oldest first, from the trade behind `after_number` on."""
    return {
        "QryTp": TRADES_ONLY,
        "QrySrtDt": f"{first:%Y%m%d}",
        "QryEndDt": f"{last:%Y%m%d}",
        "SrtNo": after_number,
        "PdptnCode": "01",
        "IsuLgclssCode": STOCKS,
        "IsuNo": "",
    }


def place(cursor: str) -> tuple[int, str]:
    """The number and the header key that the next page is asked with; `BadReply` for no cursor of ours."""
    try:
        number, key = json.loads(cursor)
        return int(number), str(key)
    except (ValueError, TypeError) as odd:
        raise BadReply("the cursor cannot be read") from odd


def written(number: int, key: str) -> str:
    return json.dumps([number, key])


def last_number(body: Body) -> int:
    """The highest number of the page; 0 for a page without rows."""
    return max((row.needed_integer("TrdNo") for row in _rows(body)), default=0)


def trade_lines(body: Body) -> tuple[TradeLine, ...]:
    return tuple(_line(row) for row in _rows(body))


def _rows(body: Body) -> list[Row]:
    return rows(body, "CDPCQ04700OutBlock3")


def _line(row: Row) -> TradeLine:
    trade_date = _day(row, "TrdDt")
    word = " ".join(filter(None, [row.text("SmryNm"), row.text("CancTpNm")]))
    return TradeLine(
        trade_date=trade_date,
        at=moment(trade_date, row.text("TrxTime"), TIME_DIGITS) or midnight(trade_date),
        order_no="",
        symbol=row.symbol("IsuNo"),
        name=row.text("IsuNm"),
        side=_side(row),
        status_text=word,
        ordered=None,
        quantity=row.needed_integer("TrdQty"),
        price=row.needed_number("TrdUprc"),
        amount=row.needed_number("TrdAmt"),
        fee=row.number("CmsnAmt"),
        tax=row.number("EvrTax"),
        realised=row.number("BnsplAmt"),
    )


def _side(row: Row) -> Side | None:
    """By the summary; what was taken back (취소) is neither."""
    word = row.text("SmryNm")
    if row.text("CancTpNm"):
        return None
    return Side.BUY if "매수" in word else Side.SELL if "매도" in word else None


def _day(row: Row, field: str) -> date:
    text = row.text(field)
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError as odd:
        raise row.unreadable(field) from odd


def issue_days(lines: Iterable[TradeLine]) -> list[IssueDay]:
    """Executions added up by day and issue, oldest first."""
    groups: dict[tuple[date, str], list[TradeLine]] = {}
    for line in lines:
        if line.side is not None:
            groups.setdefault((line.trade_date, line.symbol), []).append(line)
    return [_issue_day(*key, found) for key, found in sorted(groups.items(), key=lambda item: item[0])]


def _issue_day(day: date, symbol: str, lines: list[TradeLine]) -> IssueDay:
    bought = [line for line in lines if line.side is Side.BUY]
    sold = [line for line in lines if line.side is Side.SELL]
    nothing = Decimal(0)
    return IssueDay(
        trade_date=day,
        symbol=symbol,
        name=lines[0].name,
        bought=sum(line.quantity for line in bought),
        buy_amount=sum((line.amount for line in bought), nothing),
        sold=sum(line.quantity for line in sold),
        sell_amount=sum((line.amount for line in sold), nothing),
        fee=sum((line.fee or nothing for line in lines), nothing),
        tax=sum((line.tax or nothing for line in lines), nothing),
        realised=sum((line.realised or nothing for line in lines), nothing),
    )
