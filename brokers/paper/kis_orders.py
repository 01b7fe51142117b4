"""KIS's order services: order, modify, cancel, open orders, orders by day (kis.md §2.1–2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from brokers.paper.kis_codes import (
    ORDER_TYPES,
    PAPER_REFUSALS,
    REAL_REFUSALS,
    SIDE_CODES,
    TYPE_NAMES,
    side_name,
    type_code,
)
from brokers.paper.kis_wire import (
    BRANCH,
    KisAnswer,
    KisCall,
    KisError,
    Row,
    Service,
    clock_text,
    day_text,
    decimals,
    invalid,
    plain_code,
    refused,
)
from brokers.paper.ledger import Condition, Order, OrderKind, PriceType, Reason, Refusal, Side

ACCOUNT = ("CANO", "ACNT_PRDT_CD")
PAGING = ("CTX_AREA_FK100", "CTX_AREA_NK100")
PAPER_DONE = {
    (OrderKind.NEW, Side.BUY): ("40600000", "모의투자 매수주문이 완료 되었습니다."),
    (OrderKind.NEW, Side.SELL): ("40590000", "모의투자 매도주문이 완료 되었습니다."),
    (OrderKind.MODIFY, Side.BUY): ("40620000", "모의투자 정정주문이 완료 되었습니다."),
    (OrderKind.MODIFY, Side.SELL): ("40620000", "모의투자 정정주문이 완료 되었습니다."),
    (OrderKind.CANCEL, Side.BUY): ("40630000", "모의투자 취소주문이 완료 되었습니다."),
    (OrderKind.CANCEL, Side.SELL): ("40630000", "모의투자 취소주문이 완료 되었습니다."),
}
REAL_DONE = ("APBK0013", "주문 전송 완료 되었습니다.")
THREE_MONTHS = timedelta(days=92)
BUY_TRS, SELL_TRS = ("TTTC0012U", "TTTC0802U"), ("TTTC0011U", "TTTC0801U")
CHANGE_TRS = ("TTTC0013U", "TTTC0803U")


def buy(call: KisCall) -> KisAnswer:
    return _place(call, Side.BUY)


def sell(call: KisCall) -> KisAnswer:
    return _place(call, Side.SELL)


def _place(call: KisCall, side: Side) -> KisAnswer:
    price_type, condition = _order_type(call)
    exchange = _exchange(call) or "KRX"
    try:
        order = call.ledger.place(
            call.account,
            plain_code(call.get("PDNO")),
            side,
            _whole(call, "ORD_QTY"),
            _own_price(call, price_type),
            price_type,
            condition,
            exchange,
            stop_price=_whole(call, "CNDT_PRIC") if price_type is PriceType.STOP else 0,
        )
    except Refusal as refusal:
        raise _refused(call, refusal) from refusal
    return _acknowledged(call, order)


def change(call: KisCall) -> KisAnswer:
    """Modify (01) or cancel (02) an order."""
    number = _whole(call, "ORGN_ODNO")
    quantity = None if call.get("QTY_ALL_ORD_YN") == "Y" else _whole(call, "ORD_QTY")
    deed = call.get("RVSE_CNCL_DVSN_CD")
    if deed not in ("01", "02"):
        raise invalid("RVSE_CNCL_DVSN_CD")
    try:
        order = (_modify if deed == "01" else _cancel)(call, number, quantity)
    except Refusal as refusal:
        raise _refused(call, refusal) from refusal
    return _acknowledged(call, order)


def _modify(call: KisCall, number: int, quantity: int | None) -> Order:
    price_type, condition = _order_type(call)
    return call.ledger.modify(
        call.account,
        number,
        quantity,
        _own_price(call, price_type),
        price_type,
        condition,
        exchange=_named_exchange(call),
        stop_price=_whole(call, "CNDT_PRIC") if price_type is PriceType.STOP else 0,
    )


def _cancel(call: KisCall, number: int, quantity: int | None) -> Order:
    return call.ledger.cancel(call.account, number, quantity, exchange=_named_exchange(call))


def _acknowledged(call: KisCall, order: Order) -> KisAnswer:
    code, message = PAPER_DONE[order.kind, order.side] if call.on_paper else REAL_DONE
    output = {
        "KRX_FWDG_ORD_ORGNO": BRANCH,
        "ODNO": f"{order.number:010d}",
        "ORD_TMD": clock_text(order.placed_at),
    }
    return KisAnswer({"output": output}, code, message, padded=True)


def _refused(call: KisCall, refusal: Refusal) -> KisError:
    if refusal.reason is Reason.WRONG_EXCHANGE and "," in refusal.detail:
        own, named = refusal.detail.split(",")
        refusal = Refusal(refusal.reason, f"{own}] 취소주문 거래소[{named}")
    if call.on_paper:
        return refused(refusal, PAPER_REFUSALS, "1")
    return refused(refusal, REAL_REFUSALS, "7")


def _order_type(call: KisCall) -> tuple[PriceType, Condition]:
    kind = ORDER_TYPES.get(call.get("ORD_DVSN"))
    if kind is None:
        raise invalid("ORD_DVSN")
    return kind


def _own_price(call: KisCall, price_type: PriceType) -> int:
    """The price sent, or 0 for a type that has none: clients send "0" or anything."""
    priced = (PriceType.LIMIT, PriceType.CONDITIONAL, PriceType.AFTER_HOURS, PriceType.STOP)
    return _whole(call, "ORD_UNPR") if price_type in priced else 0


def _whole(call: KisCall, name: str) -> int:
    text = call.get(name)
    if not text.isdigit():
        raise invalid(name)
    return int(text)


def _exchange(call: KisCall) -> str:
    """KRX, NXT, SOR or empty; paper knows KRX only (§1.8)."""
    exchange = call.get("EXCG_ID_DVSN_CD")
    if exchange not in ("", "KRX", "NXT", "SOR"):
        raise invalid("EXCG_ID_DVSN_CD")
    if call.on_paper and exchange in ("NXT", "SOR") and not call.broker.switches.kis_paper_offers_all:
        raise _refused(call, Refusal(Reason.WRONG_EXCHANGE, exchange))
    return exchange


def _named_exchange(call: KisCall) -> str | None:
    """A change must name the original's exchange; one that names none means KRX (§2.0)."""
    return _exchange(call) or "KRX"


def open_orders(call: KisCall) -> KisAnswer:
    """Orders with something left, the newest first."""
    wanted = {"1": Side.SELL, "2": Side.BUY}.get(call.get("INQR_DVSN_2"))
    orders = [
        order for order in call.ledger.open_orders(call.account) if wanted is None or order.side is wanted
    ]
    by_issue = call.get("INQR_DVSN_1") == "1"
    orders.sort(key=lambda order: (order.code if by_issue else "", -order.number))
    page = call.page(orders, 50, lambda order: str(order.number))
    body = {**page.context(), "output": [_open_row(call, order) for order in page.rows]}
    return _listed(call, body, page.more, bool(orders), page.tr_cont)


def _open_row(call: KisCall, order: Order) -> Row:
    modified = order.kind is OrderKind.MODIFY
    side = "BUY" if order.side is Side.BUY else "SELL"
    return {
        "ord_gno_brno": BRANCH,
        "odno": f"{order.number:010d}",
        "orgn_odno": _parent(order),
        "ord_dvsn_name": TYPE_NAMES[type_code(order)],
        "pdno": order.code,
        "prdt_name": call.market.issue(order.code).name,
        "rvse_cncl_dvsn_name": f"{side} AMEND*" if modified else "",
        "ord_qty": str(order.quantity),
        "ord_unpr": str(order.price),
        "ord_tmd": clock_text(order.placed_at),
        "tot_ccld_qty": str(order.filled),
        "tot_ccld_amt": str(order.filled_amount),
        "psbl_qty": str(order.open),
        "sll_buy_dvsn_cd": SIDE_CODES[order.side],
        "ord_dvsn_cd": type_code(order),
        "mgco_aptm_odno": "",
        "excg_dvsn_cd": board_code(call, order.code),
        "excg_id_dvsn_cd": order.exchange,
        "excg_id_dvsn_name": {"KRX": "한국거래소", "NXT": "넥스트레이드"}.get(order.exchange, "SOR"),
        "stpm_cndt_pric": str(order.stop_price),
        "stpm_efct_occr_yn": "Y" if order.stop_price and order.triggered else "N",
    }


def _parent(order: Order) -> str:
    return f"{order.parent:010d}" if order.parent else ""


def board_code(call: KisCall, code: str) -> str:
    """excg_dvsn_cd: 02 main board, 03 KOSDAQ."""
    return "03" if call.market.issue(code).market == "KOSDAQ" else "02"


def orders_by_day(call: KisCall) -> KisAnswer:
    """All orders of some days; output2 sums the whole range whatever ODNO asks for (§2.4)."""
    from_day, to_day = call.day("INQR_STRT_DT"), call.day("INQR_END_DT")
    whole = [order for order in call.ledger.orders_of(call.account, from_day, to_day) if _of_age(call, order)]
    orders = [order for order in whole if _is_wanted(call, order)]
    if call.get("INQR_DVSN") != "01":
        orders.reverse()
    size = 15 if call.on_paper else 100
    page = call.page(orders, size, lambda order: f"{day_text(order.trade_date)}{order.number:010d}")
    body = {
        **page.context(),
        "output1": [_day_row(call, order) for order in page.rows],
        "output2": _day_totals(whole),
    }
    return _listed(call, body, page.more, bool(orders), page.tr_cont)


def _of_age(call: KisCall, order: Order) -> bool:
    """The two TRs share the past: within three months, and before."""
    old = order.trade_date < call.ledger.today - THREE_MONTHS
    return old == call.tr_id.endswith(("9215R", "9115R"))


def _is_wanted(call: KisCall, order: Order) -> bool:
    done = {"01": order.filled > 0, "02": order.open > 0}.get(call.get("CCLD_DVSN"), True)
    side = call.get("SLL_BUY_DVSN_CD")
    number, code = call.get("ODNO").lstrip("0"), plain_code(call.get("PDNO"))
    exchange = call.get("EXCG_ID_DVSN_CD")
    return (
        done
        and side in ("", "00", SIDE_CODES[order.side])
        and number in ("", str(order.number))
        and code in ("", order.code)
        and exchange in ("", "ALL", order.exchange)
    )


def _day_row(call: KisCall, order: Order) -> Row:
    is_cancel = order.kind is OrderKind.CANCEL
    # What a modify took away counts as confirmed away, so that rmn = ord − filled − cancelled holds.
    gone = order.quantity if is_cancel else order.cancelled + order.moved + order.expired
    return {
        "ord_dt": day_text(order.trade_date),
        "ord_gno_brno": BRANCH,
        "odno": f"{order.number:010d}",
        "orgn_odno": _parent(order),
        "ord_dvsn_name": TYPE_NAMES[type_code(order)],
        "sll_buy_dvsn_cd": SIDE_CODES[order.side],
        "sll_buy_dvsn_cd_name": side_name(order),
        "pdno": order.code,
        "prdt_name": call.market.issue(order.code).name,
        "ord_qty": str(order.quantity),
        "ord_unpr": str(order.price),
        "ord_tmd": clock_text(order.placed_at),
        "tot_ccld_qty": str(order.filled),
        "avg_prvs": _average(order),
        "cncl_yn": "Y" if is_cancel or (order.cancelled and not order.open) else "N",
        "tot_ccld_amt": str(order.filled_amount),
        "loan_dt": "",
        "ordr_empno": "OpenAPI",
        "ord_dvsn_cd": type_code(order),
        "cncl_cfrm_qty": str(gone),
        "rmn_qty": str(order.open),
        "rjct_qty": str(order.rejected),
        "ccld_cndt_name": {Condition.IOC: "IOC", Condition.FOK: "FOK"}.get(order.condition, "없음"),
        "inqr_ip_addr": "127.000.000.001",
        "cpbc_ordp_ord_rcit_dvsn_cd": "",
        "cpbc_ordp_infm_mthd_dvsn_cd": "",
        "infm_tmd": clock_text(order.executions[-1].at) if order.executions else "",
        "ctac_tlno": "",
        "prdt_type_cd": "300",
        "excg_dvsn_cd": board_code(call, order.code),
        "cpbc_ordp_mtrl_dvsn_cd": "",
        "ord_orgno": BRANCH,
        "rsvn_ord_end_dt": "",
        "excg_id_dvsn_cd": order.exchange,
        "stpm_cndt_pric": str(order.stop_price),
        "stpm_efct_occr_dtmd": "",
    }


def _average(order: Order) -> str:
    """avg_prvs: whole won where it is whole, else four decimals."""
    average = order.average_price
    return str(int(average)) if average == int(average) else decimals(average, 4)


def _day_totals(orders: list[Order]) -> Row:
    filled = sum(order.filled for order in orders)
    amount = sum(order.filled_amount for order in orders)
    costs = sum(fill.fee + fill.tax for order in orders for fill in order.executions)
    return {
        "tot_ord_qty": str(sum(order.quantity for order in orders if order.kind is not OrderKind.CANCEL)),
        "tot_ccld_qty": str(filled),
        "tot_ccld_amt": str(amount),
        "prsm_tlex_smtl": str(costs),
        "pchs_avg_pric": decimals(Decimal(amount) / filled if filled else 0, 4),
    }


def _listed(call: KisCall, body: Mapping[str, object], more: bool, found: bool, tr_cont: str) -> KisAnswer:
    code, message = listing_words(call, more=more, found=found)
    return KisAnswer(body, code, message, tr_cont, padded=True)


def listing_words(call: KisCall, *, more: bool, found: bool) -> tuple[str, str]:
    """msg_cd and msg1 of a ledger inquiry (§1.4)."""
    if call.on_paper and not found:
        return "70070000", "모의투자 조회할 내역(자료)이 없습니다."
    if call.on_paper:
        return "20310000", "모의투자 조회가 완료되었습니다."
    if more:
        return "KIOK0500", "조회가 계속됩니다..다음버튼을 Click 하십시오."
    return "KIOK0460", "조회 되었습니다. (마지막 자료)"


ORDER_SERVICES = (
    Service(
        "/uapi/domestic-stock/v1/trading/order-cash",
        BUY_TRS,
        buy,
        (*ACCOUNT, "PDNO", "ORD_DVSN", "ORD_QTY", "ORD_UNPR"),
        method="POST",
        orders=True,
        account=True,
    ),
    Service(
        "/uapi/domestic-stock/v1/trading/order-cash",
        SELL_TRS,
        sell,
        (*ACCOUNT, "PDNO", "ORD_DVSN", "ORD_QTY", "ORD_UNPR"),
        method="POST",
        orders=True,
        account=True,
    ),
    Service(
        "/uapi/domestic-stock/v1/trading/order-rvsecncl",
        CHANGE_TRS,
        change,
        (
            *ACCOUNT,
            *("ORGN_ODNO", "ORD_DVSN", "RVSE_CNCL_DVSN_CD", "ORD_QTY", "ORD_UNPR", "QTY_ALL_ORD_YN"),
        ),
        method="POST",
        orders=True,
        account=True,
    ),
    Service(
        "/uapi/domestic-stock/v1/trading/inquire-psbl-rvsecncl",
        ("TTTC0084R", "TTTC8036R"),
        open_orders,
        (*ACCOUNT, "INQR_DVSN_1", "INQR_DVSN_2", *PAGING),
        on_paper=False,
        account=True,
    ),
    Service(
        "/uapi/domestic-stock/v1/trading/inquire-daily-ccld",
        ("TTTC0081R", "TTTC8001R", "CTSC9215R", "CTSC9115R"),
        orders_by_day,
        (*ACCOUNT, "INQR_STRT_DT", "INQR_END_DT", "SLL_BUY_DVSN_CD", "CCLD_DVSN", "INQR_DVSN", *PAGING),
        account=True,
    ),
)
