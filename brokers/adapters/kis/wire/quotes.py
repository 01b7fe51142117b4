"""Prices and order books (kis.md §3.1, §3.2, §3.7)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from brokers.adapters.base import Level, OrderBook, Quote, Rejected
from brokers.adapters.kis import codes
from brokers.adapters.kis.wire import fields
from brokers.adapters.kis.wire.fields import Row, text

KRX = "J"  # FID_COND_MRKT_DIV_CODE


def issue_query(symbol: str) -> dict[str, str]:
    return {"FID_COND_MRKT_DIV_CODE": KRX, "FID_INPUT_ISCD": fields.pdno(symbol)}


def issues_query(symbols: Sequence[str]) -> dict[str, str]:
    query = {}
    for place, symbol in enumerate(symbols, start=1):
        query[f"FID_COND_MRKT_DIV_CODE_{place}"] = KRX
        query[f"FID_INPUT_ISCD_{place}"] = fields.pdno(symbol)
    return query


def quote(symbol: str, output: Row) -> Quote:
    """`Rejected` for a code without a base price: KIS answers zeros where it knows no issue."""
    base_price = fields.number(output, "stck_sdpr")
    if not base_price:
        raise Rejected(f"해당 종목정보가 없습니다: {symbol}")
    return Quote(
        symbol=symbol,
        name="",
        price=fields.number(output, "stck_prpr"),
        base_price=base_price,
        change=fields.number(output, "prdy_vrss"),
        change_rate=fields.number(output, "prdy_ctrt"),
        open=fields.number_or_zero(output, "stck_oprc"),
        high=fields.number_or_zero(output, "stck_hgpr"),
        low=fields.number_or_zero(output, "stck_lwpr"),
        upper_limit=fields.number(output, "stck_mxpr"),
        lower_limit=fields.number(output, "stck_llam"),
        volume=fields.count_or_zero(output, "acml_vol"),
        halted=text(output, "iscd_stat_cls_code") == codes.HALTED or text(output, "temp_stop_yn") == "Y",
    )


def quotes(symbols: Sequence[str], rows: Sequence[Row]) -> list[Quote]:
    """In the order asked for; `Rejected` when an issue is not among the answers."""
    found = {fields.symbol(text(row, "inter_shrn_iscd")): row for row in rows}
    return [_one_of_many(symbol, found.get(symbol, {})) for symbol in symbols]


def _one_of_many(symbol: str, row: Row) -> Quote:
    base_price = fields.number_or_zero(row, "inter2_sdpr")
    if not base_price:
        raise Rejected(f"해당 종목정보가 없습니다: {symbol}")
    return Quote(
        symbol=symbol,
        name=text(row, "inter_kor_isnm"),
        price=fields.number(row, "inter2_prpr"),
        base_price=base_price,
        change=fields.number(row, "inter2_prdy_vrss"),
        change_rate=fields.number(row, "prdy_ctrt"),
        open=fields.number_or_zero(row, "inter2_oprc"),
        high=fields.number_or_zero(row, "inter2_hgpr"),
        low=fields.number_or_zero(row, "inter2_lwpr"),
        upper_limit=fields.number(row, "inter2_mxpr"),
        lower_limit=fields.number(row, "inter2_llam"),
        volume=fields.count_or_zero(row, "acml_vol"),
        halted="정지" in text(row, "mrkt_trtm_cls_name"),
    )


def order_book(symbol: str, output: Row, today: date) -> OrderBook:
    return OrderBook(
        symbol=symbol,
        asks=_levels(output, "ask"),
        bids=_levels(output, "bid"),
        at=fields.moment(today, fields.required(output, "aspr_acpt_hour"), "aspr_acpt_hour"),
    )


def _levels(output: Row, side: str) -> tuple[Level, ...]:
    """The levels that hold an order, best first."""
    levels = (
        Level(fields.number(output, f"{side}p{depth}"), fields.count(output, f"{side}p_rsqn{depth}"))
        for depth in range(1, 11)
    )
    return tuple(level for level in levels if level.price > Decimal(0))
