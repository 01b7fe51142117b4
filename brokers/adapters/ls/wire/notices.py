"""Frames of LS's WebSocket (ls.md 5): registrations out, acknowledgements and order events in.

Event values are strings, mostly without padding; no frame carries a date, so the day is that of its arrival.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from brokers.adapters.base import (
    Alive,
    AuthFailed,
    BadReply,
    Connected,
    FillReport,
    OrderNews,
    OrderReport,
    Rejected,
    Report,
)
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire.fields import Row, moment, order_type_of
from brokers.terms import OrderType, RequestKind, Side
from lucy.clock import KST

# ordptncode, ordgb: 01/02 cash, 03/04 credit …
SIDE_OF_PATTERN = {f"{code:02d}": Side.SELL if code % 2 else Side.BUY for code in range(1, 11)}
REQUEST_OF = {  # SC0, by trcode or else ordchegb
    "SONAT000": RequestKind.NEW,
    "SONAT001": RequestKind.MODIFY,
    "SONAT002": RequestKind.CANCEL,
    "01": RequestKind.NEW,
    "02": RequestKind.MODIFY,
    "03": RequestKind.CANCEL,
}


def registration(token: str, feed: str) -> str:
    """Ask for an account feed; the token goes without "Bearer", and in each frame."""
    header = {"token": token, "tr_type": codes.REGISTER_ACCOUNT}
    return json.dumps({"header": header, "body": {"tr_cd": feed, "tr_key": ""}})


def report(text: str, now: datetime) -> Report:
    """What a frame says; `Connected` for an accepted registration.

    `AuthFailed` or `Rejected` for a refused one, `BadReply` naming what cannot be read.
    """
    if text.startswith("PING"):
        return Alive(now)
    frame = _object(text)
    header, body = frame.get("header"), frame.get("body")
    if not isinstance(header, Mapping):
        raise BadReply("header is missing")
    if Row("header", header).text("rsp_cd") or body is None:
        return _acknowledged(Row("header", header), now)
    if not isinstance(body, Mapping):
        raise BadReply("body is no object")
    reader = READERS.get(str(header.get("tr_cd")))
    return reader(Row(str(header.get("tr_cd")), body), now) if reader else Alive(now)


def masked(text: str) -> str:
    """The frame for the log, without whose account it is about (ls.md 5.3)."""
    try:
        frame = _object(text)
    except BadReply:
        return f"{len(text)} characters"
    return json.dumps({part: _mask(values) for part, values in frame.items()})


def _mask(values: object) -> object:
    if not isinstance(values, Mapping):
        return type(values).__name__
    return {key: "***" if _is_private(key) else str(value)[:40] for key, value in values.items()}


def _is_private(key: str) -> bool:
    return any(part in key.lower() for part in codes.PRIVATE_PARTS)


def _object(text: str) -> Mapping[str, object]:
    try:
        frame = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise BadReply("the frame is no JSON") from error
    if not isinstance(frame, Mapping):
        raise BadReply("the frame is no object")
    return frame


def _acknowledged(header: Row, now: datetime) -> Connected:
    """A null body without a code is a yes too."""
    code, message = header.text("rsp_cd"), header.text("rsp_msg")
    if code in ("", codes.REGISTERED):
        return Connected(now)
    refusal = AuthFailed if code == codes.SOCKET_REFUSED or code in codes.TOKEN_REFUSED else Rejected
    raise refusal(message, code=code)


def _taken(row: Row, now: datetime) -> Report:
    """SC0: only a new order is news; a modify or cancel is still to be confirmed by SC2 or SC3."""
    request = REQUEST_OF.get(row.text("trcode")) or REQUEST_OF.get(row.text("ordchegb"))
    if request is None:
        raise row.unreadable("ordchegb")
    if request != RequestKind.NEW:
        return Alive(now)
    order_type = order_type_of(row.text("etfhogagb"))  # here hogagb is the condition
    return OrderReport(
        account_no=_account_no(row),
        trade_date=now.astimezone(KST).date(),
        news=OrderNews.ACCEPTED,
        order_no=row.order_no("ordno"),
        original_no=row.other_order_no("orgordno"),
        symbol=row.symbol("shtcode"),
        side=_side(row, "ordgb"),
        order_type=order_type,
        quantity=row.needed_integer("ordqty"),
        price=_price(row, "ordprice", order_type),
        at=_at(row, "ordtm", now),
        request=request,
    )


def _filled(row: Row, now: datetime) -> FillReport:
    """SC1; without an execution number a fill could be counted twice, so it is unreadable; so is one at 0."""
    if not row.needed_integer("execno"):
        raise row.unreadable("execno")
    if row.needed_number("execprc") <= 0:
        raise row.unreadable("execprc")
    return FillReport(
        account_no=_account_no(row),
        trade_date=now.astimezone(KST).date(),
        order_no=row.order_no("ordno"),
        original_no=row.other_order_no("orgordno"),
        fill_no=str(row.needed_integer("execno")),
        symbol=row.symbol("shtnIsuno"),
        side=_side(row, "ordptncode"),
        quantity=_above_zero(row, "execqty"),
        price=row.needed_number("execprc"),
        executed_at=_at(row, "exectime", now),
        order_quantity=row.integer("ordqty"),
        order_price=_price(row, "ordprc", order_type_of(row.text("ordprcptncode"))),
    )


def _modified(row: Row, now: datetime) -> OrderReport:
    """SC2, under the new number."""
    order_type = order_type_of(row.text("ordprcptncode"))
    quantity, price = _above_zero(row, "mdfycnfqty"), _price(row, "mdfycnfprc", order_type)
    return _outcome(row, now, OrderNews.MODIFIED, RequestKind.MODIFY, quantity, price)


def _cancelled(row: Row, now: datetime) -> OrderReport:
    """SC3, under the cancel's own number; under the order's, the exchange ended the rest (IOC, FOK)."""
    quantity = _above_zero(row, "canccnfqty")
    if row.other_order_no("orgordno") in ("", row.order_no("ordno")):
        killed = _outcome(row, now, OrderNews.KILLED, RequestKind.NEW, quantity, None)
        return replace(killed, original_no="")
    return _outcome(row, now, OrderNews.CANCELLED, RequestKind.CANCEL, quantity, None)


def _refused(row: Row, now: datetime) -> OrderReport:
    """SC4: nobody has published one, so all but the order's number and side may be blank (ls.md 5.3)."""
    price = _price(row, "ordprc", order_type_of(row.text("ordprcptncode")))
    return _outcome(row, now, OrderNews.REJECTED, _refused_request(row), row.integer("rjtqty"), price)


def _refused_request(row: Row) -> RequestKind:
    """Frames of a cancel carry no price type (recorded for SC3)."""
    if not row.other_order_no("orgordno"):
        return RequestKind.NEW
    return RequestKind.MODIFY if row.text("ordprcptncode") else RequestKind.CANCEL


def _outcome(
    row: Row, now: datetime, news: OrderNews, request: RequestKind, quantity: int, price: Decimal | None
) -> OrderReport:
    return OrderReport(
        account_no=_account_no(row),
        trade_date=now.astimezone(KST).date(),
        news=news,
        order_no=row.order_no("ordno"),
        original_no=row.other_order_no("orgordno"),
        symbol=row.symbol("shtnIsuno"),
        side=_side(row, "ordptncode"),
        order_type=order_type_of(row.text("ordprcptncode")),
        quantity=quantity,
        price=price,
        at=_at(row, "exectime", now),
        reason=row.text("msgcode") if news == OrderNews.REJECTED else "",
        request=request,
    )


READERS: Mapping[str, Callable[[Row, datetime], Report]] = {
    "SC0": _taken,
    "SC1": _filled,
    "SC2": _modified,
    "SC3": _cancelled,
    "SC4": _refused,
}


def _account_no(row: Row) -> str:
    return row.text("accno1") or row.text("accno")


def _side(row: Row, pattern: str) -> Side:
    """`bnstp`; should it be blank, the order's pattern."""
    side = codes.SIDE_OF.get(row.text("bnstp")) or SIDE_OF_PATTERN.get(row.text(pattern))
    if side is None:
        raise row.unreadable("bnstp")
    return side


def _above_zero(row: Row, field: str) -> int:
    integer = row.needed_integer(field)
    if not integer:
        raise row.unreadable(field)
    return integer


def _price(row: Row, field: str, order_type: OrderType) -> Decimal | None:
    """None where the type has no price; a 0 means the same."""
    return row.number(field) or None if order_type.has_price else None


def _at(row: Row, field: str, now: datetime) -> datetime:
    """The event's own time; the arrival's when it cannot be read."""
    return moment(now.astimezone(KST).date(), row.text(field), 9) or now
