"""Prices, order books and the list of issues."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from brokers.adapters.base import InstrumentLine, Level, OrderBook, Quote
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire.fields import Body, Fields, Row, block, moment, rows
from brokers.terms import InstrumentKind
from lucy.clock import KST

BOOK_DEPTH = 10


def issue_query(symbol: str) -> Fields:
    return {"shcode": symbol, "exchgubun": "K"}


def quote(body: Body, symbol: str) -> Quote:
    row = block(body, "t1102OutBlock")
    return _quote(row, symbol, row.needed_number("recprice"), halted="정지" in row.text("info3"))


def issues_query(symbols: Sequence[str]) -> Fields:
    return {"nrec": len(symbols), "shcode": "".join(symbols)}


def quotes(body: Body) -> list[Quote]:
    """t8407 tells neither halts nor the base price; the change, counted from the base, gives it away."""
    return [
        _quote(row, row.symbol("shcode"), row.needed_number("price") - change_of(row), halted=False)
        for row in rows(body, "t8407OutBlock1")
    ]


def _quote(row: Row, symbol: str, base_price: Decimal, *, halted: bool) -> Quote:
    return Quote(
        symbol=symbol,
        name=row.text("hname"),
        price=row.needed_number("price"),
        base_price=base_price,
        change=change_of(row),
        change_rate=row.number("diff"),
        open=row.number("open"),
        high=row.number("high"),
        low=row.number("low"),
        upper_limit=row.needed_number("uplmtprice"),
        lower_limit=row.needed_number("dnlmtprice"),
        volume=row.integer("volume"),
        halted=halted,
    )


def change_of(row: Row) -> Decimal:
    """`change` has no sign of its own: `sign` says 1 and 2 up, 4 and 5 down."""
    change = abs(row.number("change"))
    return -change if row.text("sign") in ("4", "5") else change


def order_book_query(symbol: str) -> Fields:
    return {"shcode": symbol}


def order_book(body: Body, symbol: str, now: datetime) -> OrderBook:
    row = block(body, "t1101OutBlock")
    return OrderBook(
        symbol=symbol,
        asks=_levels(row, "offerho", "offerrem"),
        bids=_levels(row, "bidho", "bidrem"),
        at=moment(now.astimezone(KST).date(), row.text("hotime"), 8) or now,
    )


def _levels(row: Row, price: str, quantity: str) -> tuple[Level, ...]:
    """Price 0 is a level that is not there."""
    levels = (
        Level(row.number(f"{price}{place}"), row.integer(f"{quantity}{place}"))
        for place in range(1, BOOK_DEPTH + 1)
    )
    return tuple(level for level in levels if level.price)


def instruments_query() -> Fields:
    return {"gubun": "0"}


def instruments(body: Body) -> list[InstrumentLine]:
    return [_instrument(row) for row in rows(body, "t8436OutBlock")]


def _instrument(row: Row) -> InstrumentLine:
    market = codes.MARKET_OF.get(row.text("gubun"))
    if market is None:
        raise row.unreadable("gubun")
    return InstrumentLine(
        symbol=row.symbol("shcode"),
        name=row.text("hname"),
        market=market,
        kind=codes.KIND_OF.get(row.text("etfgubun"), InstrumentKind.STOCK),
        base_price=row.needed_number("recprice"),
        upper_limit=row.needed_number("uplmtprice"),
        lower_limit=row.needed_number("dnlmtprice"),
    )
