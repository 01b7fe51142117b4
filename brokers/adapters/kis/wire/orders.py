"""Placing, changing and listing orders (kis.md §2.0 to §2.4)."""

import logging
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from brokers.adapters.base import OrderLine, OrderRequest, Rejected, WorkingOrder
from brokers.adapters.kis import codes
from brokers.adapters.kis.wire import fields
from brokers.adapters.kis.wire.fields import Row, text
from brokers.terms import Condition, OrderType, RequestKind, Server, Venue

logger = logging.getLogger(__name__)

NO_PRICE = "0"


def account_fields(account_no: str) -> dict[str, str]:
    return {"CANO": account_no[:8], "ACNT_PRDT_CD": account_no[8:]}


def new_order(account: dict[str, str], request: OrderRequest) -> dict[str, str]:
    """The body of a cash order; its side is told by the service alone."""
    return {
        **account,
        "PDNO": fields.pdno(request.symbol),
        "ORD_DVSN": ord_dvsn(request.order_type, request.condition),
        "ORD_QTY": str(request.quantity),
        "ORD_UNPR": _price(request.price),
        "EXCG_ID_DVSN_CD": codes.EXCHANGE[request.venue],
    }


def modification(
    account: dict[str, str],
    order: WorkingOrder,
    quantity: int,
    price: Decimal | None,
    order_type: OrderType,
) -> dict[str, str]:
    return {
        **_change(account, order, quantity),
        "RVSE_CNCL_DVSN_CD": codes.MODIFY,
        "ORD_DVSN": ord_dvsn(order_type, order.condition),
        "ORD_UNPR": _price(price),
    }


def cancellation(account: dict[str, str], order: WorkingOrder, quantity: int) -> dict[str, str]:
    return {
        **_change(account, order, quantity),
        "RVSE_CNCL_DVSN_CD": codes.CANCEL,
        "ORD_DVSN": ord_dvsn(order.order_type, order.condition),
        "ORD_UNPR": NO_PRICE,
    }


def _change(account: dict[str, str], order: WorkingOrder, quantity: int) -> dict[str, str]:
    # Asked for the whole rest, KIS takes what is open when it looks: a fill on the way does no harm.
    whole = quantity == order.open_quantity
    return {
        **account,
        "KRX_FWDG_ORD_ORGNO": order.branch,
        "ORGN_ODNO": padded(order.order_no),
        "ORD_QTY": "0" if whole else str(quantity),
        "QTY_ALL_ORD_YN": "Y" if whole else "N",
        "EXCG_ID_DVSN_CD": codes.EXCHANGE[order.venue],
    }


def ord_dvsn(order_type: OrderType, condition: Condition) -> str:
    """`Rejected` for a pair that KIS has no code for; nothing has been sent."""
    code = codes.ORD_DVSN.get((order_type, condition))
    if code is None:
        raise Rejected(f"한국투자증권에 없는 주문유형입니다: {order_type.label} {condition.label}")
    return code


def padded(order_no: str) -> str:
    return order_no.zfill(10)


def _price(price: Decimal | None) -> str:
    return NO_PRICE if price is None else fields.won(price)


def orders_query(
    account: dict[str, str], first: date, last: date, server: Server, order_no: str = ""
) -> dict[str, str]:
    """The day list, oldest first; all orders or one."""
    return {
        **account,
        "INQR_STRT_DT": f"{first:%Y%m%d}",
        "INQR_END_DT": f"{last:%Y%m%d}",
        "SLL_BUY_DVSN_CD": "00",
        "PDNO": "",
        "ORD_GNO_BRNO": "",
        "ODNO": padded(order_no) if order_no else "",
        "CCLD_DVSN": "00",
        "INQR_DVSN": "01",
        "INQR_DVSN_1": "",
        "INQR_DVSN_3": "00",
        "EXCG_ID_DVSN_CD": "ALL" if server is Server.REAL else "KRX",  # paper knows no other venue
    }


def open_orders_query(account: dict[str, str]) -> dict[str, str]:
    return {**account, "INQR_DVSN_1": "0", "INQR_DVSN_2": "0"}


def day_line(row: Row) -> OrderLine:
    """A row of the day list: one order number with its totals."""
    trade_date = fields.day(row, "ord_dt")
    order_type, condition = type_and_condition(
        text(row, "ord_dvsn_cd"), fields.number_or_zero(row, "ord_unpr")
    )
    return OrderLine(
        trade_date=trade_date,
        order_no=fields.order_number(fields.required(row, "odno")),
        original_no=fields.order_number(text(row, "orgn_odno")),
        kind=_kind(row, text(row, "sll_buy_dvsn_cd_name")),
        branch=text(row, "ord_gno_brno"),
        symbol=fields.symbol(fields.required(row, "pdno")),
        name=text(row, "prdt_name"),
        side=fields.coded(fields.required(row, "sll_buy_dvsn_cd"), "sll_buy_dvsn_cd", codes.SIDE),
        order_type=order_type,
        condition=condition,
        venue=_venue(text(row, "excg_id_dvsn_cd") or text(row, "excg_id_dvsn_Cd")),
        quantity=fields.count(row, "ord_qty"),
        price=fields.number_or_zero(row, "ord_unpr"),
        filled_quantity=fields.count(row, "tot_ccld_qty"),
        filled_amount=fields.number(row, "tot_ccld_amt"),
        # The portal's table prints the first name, its recorded answers carry the second.
        cancelled_quantity=fields.count_or_zero(row, "cnc_cfrm_qty")
        or fields.count_or_zero(row, "cncl_cfrm_qty"),
        rejected_quantity=fields.count_or_zero(row, "rjct_qty"),
        open_quantity=fields.count(row, "rmn_qty"),
        ordered_at=_ordered_at(trade_date, row),
        status_text=text(row, "sll_buy_dvsn_cd_name"),
    )


def open_line(row: Row, trade_date: date) -> OrderLine:
    """A row of the open-order list, which is today's and tells no date."""
    order_type, condition = type_and_condition(
        text(row, "ord_dvsn_cd"), fields.number_or_zero(row, "ord_unpr")
    )
    quantity = fields.count(row, "ord_qty")
    filled = fields.count(row, "tot_ccld_qty")
    still_open = fields.count(row, "psbl_qty")
    return OrderLine(
        trade_date=trade_date,
        order_no=fields.order_number(fields.required(row, "odno")),
        original_no=fields.order_number(text(row, "orgn_odno")),
        kind=_kind(row, text(row, "rvse_cncl_dvsn_name")),
        branch=text(row, "ord_gno_brno"),
        symbol=fields.symbol(fields.required(row, "pdno")),
        name=text(row, "prdt_name"),
        side=fields.coded(fields.required(row, "sll_buy_dvsn_cd"), "sll_buy_dvsn_cd", codes.SIDE),
        order_type=order_type,
        condition=condition,
        venue=_venue(text(row, "excg_id_dvsn_cd")),
        quantity=quantity,
        price=fields.number_or_zero(row, "ord_unpr"),
        filled_quantity=filled,
        filled_amount=fields.number(row, "tot_ccld_amt"),
        cancelled_quantity=max(0, quantity - filled - still_open),
        rejected_quantity=0,
        open_quantity=still_open,
        ordered_at=_ordered_at(trade_date, row),
        status_text=text(row, "rvse_cncl_dvsn_name") or text(row, "ord_dvsn_name"),
    )


def type_and_condition(code: str, price: Decimal) -> tuple[OrderType, Condition]:
    """What ORD_DVSN says; a type Lucy does not trade (a stop limit, a block) shows as its nearest."""
    known = codes.TYPE_OF_ORD_DVSN.get(code)
    if known:
        return known
    _log_strange_type(code)
    return (OrderType.LIMIT if price else OrderType.MARKET), Condition.DAY


@lru_cache(maxsize=64)
def _log_strange_type(code: str) -> None:
    """Once per code."""
    logger.warning("KIS order type %r is none of ours, shown as limit or market", fields.shown(code))


def _kind(row: Row, label: str) -> RequestKind:
    if not fields.order_number(text(row, "orgn_odno")):
        return RequestKind.NEW
    if "정정" in label or "AMEND" in label:
        return RequestKind.MODIFY
    if "취소" in label or "CANCEL" in label or text(row, "cncl_yn") == "Y":
        return RequestKind.CANCEL
    return RequestKind.MODIFY


def _venue(code: str) -> Venue:
    return codes.VENUE.get(code, Venue.KRX)


def _ordered_at(trade_date: date, row: Row) -> datetime:
    return fields.moment(trade_date, text(row, "ord_tmd") or "000000", "ord_tmd")
