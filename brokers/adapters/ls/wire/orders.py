"""Orders, and LS's lists of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from brokers.adapters.base import (
    OrderLine,
    OrderRequest,
    Rejected,
    WorkingOrder,
)
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire.fields import (
    Body,
    Fields,
    Listing,
    Row,
    condition_of,
    cursor,
    isu_no,
    midnight,
    moment,
    order_type_of,
    rows,
    side_in,
    venue_of,
)
from brokers.terms import Condition, OrderType, RequestKind, Venue


def new_order(request: OrderRequest) -> Fields:
    if request.venue == Venue.SOR:  # LS takes any word it does not know for KRX
        raise Rejected("LS takes orders for KRX and NXT, not for SOR")
    return {
        "IsuNo": isu_no(request.symbol),
        "OrdQty": request.quantity,
        "OrdPrc": _order_price(request.price, request.order_type),
        "BnsTpCode": codes.SIDES[request.side],
        "OrdprcPtnCode": codes.PRICE_TYPES[request.order_type],
        "MgntrnCode": codes.CASH_TRADE,
        "LoanDt": "",
        "OrdCndiTpCode": codes.CONDITIONS[request.condition],
        "MbrNo": "NXT" if request.venue == Venue.NXT else "KRX",
    }


def modification(order: WorkingOrder, quantity: int, price: Decimal | None, order_type: OrderType) -> Fields:
    """`quantity` is what is to rest at the new price and type, not a difference."""
    if order_type == OrderType.MID:
        raise Rejected("LS changes no order into a mid-price order")
    return {
        "OrgOrdNo": int(order.order_no),
        "IsuNo": isu_no(order.symbol),
        "OrdQty": quantity,
        "OrdprcPtnCode": codes.PRICE_TYPES[order_type],
        "OrdCndiTpCode": codes.CONDITIONS[order.condition],
        "OrdPrc": _order_price(price, order_type),
    }


def cancellation(order: WorkingOrder, quantity: int) -> Fields:
    return {"OrgOrdNo": int(order.order_no), "IsuNo": isu_no(order.symbol), "OrdQty": quantity}


def _order_price(price: Decimal | None, order_type: OrderType) -> int:
    """Whole won; 0 for the types that take their price elsewhere."""
    if not order_type.has_price:
        return 0
    if price is None or price <= 0 or price != int(price):
        raise Rejected(f"a {order_type.label} order needs a price in whole won")
    return int(price)


def day_orders_query(chosen: str) -> Fields:
    """`chosen` is one of codes.ALL, codes.WITH_FILLS, codes.OPEN."""
    return {"expcode": "", "chegb": chosen, "medosu": "0", "sortgb": "2", "cts_ordno": ""}


def day_orders(found: Iterable[Row], today: date) -> list[OrderLine]:
    """t0425 rows (of today, whatever the day), oldest first.

    `filled_amount` is quantity times LS's average, a whole number that may be rounded: with fills at several
    prices it may be off by less than a won a share. An order that was modified away (정정확인) lacks what
    goes on in the row of the modify: that is neither open nor cancelled here.
    """
    return _oldest_first(_completed([_day_order(row, today) for row in found]))


def _day_order(row: Row, today: date) -> OrderLine:
    status, original_no = row.text("status"), row.other_order_no("orgordno")
    kind = _day_kind(row.text("medosu"), original_no, status)
    quantity, filled = row.needed_integer("qty"), row.needed_integer("cheqty")
    refused = _is_refused(kind, status)
    remaining = 0 if refused or kind == RequestKind.CANCEL else row.needed_integer("ordrem")
    gone = max(quantity - filled - remaining, 0)
    hoga = row.text("hogagb")
    return OrderLine(
        trade_date=today,
        order_no=row.order_no("ordno"),
        original_no=original_no,
        kind=kind,
        branch="",
        symbol=row.symbol("expcode"),
        name="",  # t0425 has none
        side=side_in(row, "medosu"),
        order_type=order_type_of(hoga),
        condition=codes.CONDITION_OF_PRICE_TYPE.get(hoga, Condition.DAY),
        venue=venue_of(row.text("exchname")),
        quantity=quantity,
        price=row.needed_number("price"),
        filled_quantity=filled,
        filled_amount=filled * row.needed_number("cheprice"),
        cancelled_quantity=0 if refused else _day_cancelled(kind, status, gone, row),
        rejected_quantity=gone if refused else 0,
        open_quantity=remaining,
        ordered_at=moment(today, row.text("ordtime"), 8) or midnight(today),
        status_text=status,
    )


def _day_kind(medosu: str, original_no: str, status: str) -> RequestKind:
    """매수, 매수정정, 매수취소 …; should the word say less, the number it belongs to and the status tell."""
    if not original_no and "정정" not in medosu and "취소" not in medosu:
        return RequestKind.NEW
    words = medosu if "정정" in medosu or "취소" in medosu else status
    return RequestKind.CANCEL if "취소" in words else RequestKind.MODIFY


def _is_refused(kind: RequestKind, status: str) -> bool:
    """정정거부 or 취소거부 on a new order would speak of another request: the order itself lives on."""
    of_another = kind == RequestKind.NEW and ("정정" in status or "취소" in status)
    return "거부" in status and not of_another


def _day_cancelled(kind: RequestKind, status: str, gone: int, row: Row) -> int:
    """LS has no such column: what is neither filled nor open was cancelled, unless it was modified away."""
    if kind == RequestKind.CANCEL:
        return row.integer("cfmqty")
    return 0 if "정정확인" in status else gone


def past_orders_query(day: date) -> Fields:
    return {
        "OrdMktCode": "00",
        "BnsTpCode": "0",
        "IsuNo": "",
        "ExecYn": "0",
        "OrdDt": f"{day:%Y%m%d}",
        "SrtOrdNo2": 0,
        "BkseqTpCode": "1",
        "OrdPtnCode": "00",
    }


def past_orders(found: Iterable[Row], day: date) -> list[OrderLine]:
    """CSPAQ13700 rows of one day, oldest first; what a past day left open shows as nothing at all."""
    return _oldest_first(_completed([_past_order(row, day) for row in found]))


def _past_order(row: Row, day: date) -> OrderLine:
    hoga, status = row.text("OrdprcPtnCode"), row.text("MrcTpNm")
    kind = _past_kind(status)
    quantity, filled = row.needed_integer("OrdQty"), row.needed_integer("ExecQty")
    return OrderLine(
        trade_date=day,
        order_no=row.order_no("OrdNo"),
        original_no=row.other_order_no("OrgOrdNo"),
        kind=kind,
        branch="",
        symbol=row.symbol("IsuNo"),
        name=row.text("IsuNm"),
        side=side_in(row, "BnsTpCode"),
        order_type=order_type_of(hoga),
        condition=condition_of(row.text("OrdCndiTpCode"), hoga),
        venue=venue_of(row.text("MbrNo")),
        quantity=quantity,
        price=row.needed_number("OrdPrc"),
        filled_quantity=filled,
        filled_amount=filled * row.needed_number("ExecPrc"),
        cancelled_quantity=quantity if kind == RequestKind.CANCEL and "거부" not in status else 0,
        rejected_quantity=quantity if "거부" in status else 0,
        open_quantity=0 if kind == RequestKind.CANCEL else row.needed_integer("MrcAbleQty"),
        ordered_at=moment(day, row.text("OrdTime"), 6) or midnight(day),
        status_text=status,
    )


def _past_kind(word: str) -> RequestKind:
    """정상, 정정확인, 취소확인; here the word tells what the row itself is."""
    if "취소" in word:
        return RequestKind.CANCEL
    return RequestKind.MODIFY if "정정" in word else RequestKind.NEW


def _completed(lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Give each order what the list's own modifies and cancels tell about it."""
    followers: dict[str, list[OrderLine]] = {}
    for line in lines:
        followers.setdefault(line.original_no, []).append(line)
    return [_with_followers(line, followers.get(line.order_no, [])) for line in lines]


def _with_followers(line: OrderLine, followers: Sequence[OrderLine]) -> OrderLine:
    """A modify takes over its own quantity and ends the rest; without one, what the cancels took counts."""
    gone = line.quantity - line.filled_quantity - line.open_quantity - line.rejected_quantity
    moved = _quantity_of(followers, RequestKind.MODIFY)
    taken = _quantity_of(followers, RequestKind.CANCEL)
    cancelled = gone - moved if moved else max(line.cancelled_quantity, taken)
    return replace(line, cancelled_quantity=min(max(cancelled, 0), max(gone, 0)))


def _quantity_of(followers: Iterable[OrderLine], kind: RequestKind) -> int:
    """A refused follower did nothing."""
    return sum(line.quantity - line.rejected_quantity for line in followers if line.kind == kind)


def _oldest_first(lines: Iterable[OrderLine]) -> list[OrderLine]:
    return sorted(lines, key=lambda line: (line.trade_date, int(line.order_no)))


def _past_cursor(answer: Body) -> Fields:
    """CSPAQ13700 goes on from an order number; the list is asked for oldest first."""
    numbers = [int(row.order_no("OrdNo")) for row in rows(answer, "CSPAQ13700OutBlock3")]
    return {"SrtOrdNo2": max(numbers)} if numbers else {}


DAY_LIST = Listing(
    codes.DAY_ORDERS,
    "t0425OutBlock1",
    row_key=lambda row: row.order_no("ordno"),
    cursor=lambda answer: cursor(answer, "t0425OutBlock", "cts_ordno"),
)
PAST_LIST = Listing(
    codes.PAST_ORDERS,
    "CSPAQ13700OutBlock3",
    row_key=lambda row: row.order_no("OrdNo"),
    cursor=_past_cursor,
)
