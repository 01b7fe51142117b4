"""The account's past: order totals by day and what trades made (kis.md §2.4, §2.11)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, cast, get_args

from brokers.adapters.base import BadReply
from brokers.adapters.history import IssueDay, TradeLine
from brokers.adapters.kis.wire import fields
from brokers.adapters.kis.wire.fields import Row, text
from brokers.adapters.kis.wire.orders import day_line, orders_query
from brokers.terms import Server

Part = Literal["recent", "older"]  # two services share the past


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the history a page begins: in which part of the past, and KIS's own two keys."""

    part: Part
    fk: str = ""
    nk: str = ""

    @property
    def keys(self) -> dict[str, str]:
        return {"CTX_AREA_FK100": self.fk, "CTX_AREA_NK100": self.nk}

    def written(self) -> str:
        return json.dumps([self.part, self.fk, self.nk])


def place(cursor: str) -> Place:
    """`BadReply` for what is no cursor of ours."""
    try:
        part, fk, nk = json.loads(cursor)
    except (ValueError, TypeError) as odd:
        raise BadReply("the cursor cannot be read") from odd
    if part not in get_args(Part):
        raise BadReply("the cursor names no part of the past")
    return Place(cast(Part, part), str(fk), str(nk))


def keys_of(body: Row) -> tuple[str, str]:
    """What the next page repeats; the values are opaque and padded."""
    return text(body, "ctx_area_fk100"), text(body, "ctx_area_nk100")


def trades_query(account: dict[str, str], first: date, last: date, server: Server) -> dict[str, str]:
    """The day list, newest first."""
    return {**orders_query(account, first, last, server), "INQR_DVSN": "00"}


def trade_line(row: Row) -> TradeLine:
    """KIS's day list tells no costs by line."""
    line = day_line(row)
    price = line.filled_amount / line.filled_quantity if line.filled_quantity else Decimal(0)
    return TradeLine(
        trade_date=line.trade_date,
        at=line.ordered_at,
        order_no=line.order_no,
        symbol=line.symbol,
        name=line.name,
        side=line.side,
        status_text=line.status_text,
        ordered=line.quantity,
        quantity=line.filled_quantity,
        price=price,
        amount=line.filled_amount,
        fee=None,
        tax=None,
        realised=None,
    )


def profits_query(account: dict[str, str], first: date, last: date) -> dict[str, str]:
    return {
        **account,
        "SORT_DVSN": "01",  # oldest first
        "PDNO": "",
        "INQR_STRT_DT": f"{first:%Y%m%d}",
        "INQR_END_DT": f"{last:%Y%m%d}",
        "CBLC_DVSN": "00",
    }


def issue_days(rows: Iterable[Row]) -> list[IssueDay]:
    return [
        IssueDay(
            trade_date=fields.day(row, "trad_dt"),
            symbol=fields.symbol(fields.required(row, "pdno")),
            name=text(row, "prdt_name"),
            bought=fields.count_or_zero(row, "buy_qty"),
            buy_amount=fields.number(row, "buy_amt"),
            sold=fields.count_or_zero(row, "sll_qty"),
            sell_amount=fields.number(row, "sll_amt"),
            fee=fields.number_or_zero(row, "fee"),
            tax=fields.number_or_zero(row, "tl_tax"),
            realised=fields.number(row, "rlzt_pfls"),
        )
        for row in rows
    ]
