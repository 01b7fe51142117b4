"""LS's order desk: CSPAT00601 (new), CSPAT00701 (modify), CSPAT00801 (cancel)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from brokers.paper.ledger import Condition, Order, Reason, Refusal, Side
from brokers.paper.ls_desk import (
    CASH_ORDER_CODES,
    MARKET_CODES,
    PRICE_TYPE_CODES,
    PRICE_TYPES,
    SIDE_CODES,
    SIDE_NAMES,
    Answer,
    Call,
    Handler,
    bare_code,
    short_code,
    to_milliseconds,
)

SIDES = {"1": Side.SELL, "2": Side.BUY}
# The paper server was seen to book an order that names no side instead of refusing it
BOOKED_WITHOUT_SIDE = "2"
CONDITIONS = {"": Condition.NONE, "0": Condition.NONE, "1": Condition.IOC, "2": Condition.FOK}
PLACED_CODES = {Side.SELL: "00039", Side.BUY: "00040"}

MALFORMED = "09604"
NOT_OFFERED = ("01900", "해당업무가 제공되지 않습니다.")

# rsp_cd and text for what the ledger refuses (ls.md 1.6; an unknown or a halted issue has none of its own
# there and takes the nearest)
REFUSALS = {
    Reason.NOT_BUSINESS_DAY: ("01715", "거래일이 아닙니다."),
    Reason.SESSION_CLOSED: ("01458", "주문가능한 시간이 아닙니다."),
    Reason.BEFORE_OPEN: ("01458", "주문가능한 시간이 아닙니다."),
    Reason.UNKNOWN_ISSUE: (MALFORMED, "종목번호를 확인하시기 바랍니다."),
    Reason.HALTED: ("01458", "매매거래가 정지된 종목입니다."),
    Reason.PRICE_TYPE: ("01458", "주문가능한 호가유형이 아닙니다."),
    Reason.WRONG_EXCHANGE: ("01458", "주문가능한 거래소가 아닙니다."),
    Reason.OFF_TICK: ("02705", "호가단위를 확인하시기 바랍니다."),
    Reason.OUTSIDE_BAND: ("01427", "주문가격이 가격제한폭을 벗어났습니다."),
    Reason.QUANTITY: (MALFORMED, "주문수량을 확인하시기 바랍니다."),
    Reason.NO_CASH: ("01425", "주문가능금액이 부족합니다."),
    Reason.NO_HOLDING: ("01478", "매도가능수량이 부족합니다."),
    Reason.NO_SUCH_ORDER: ("01433", "정정/취소할 원주문이 없습니다."),
    Reason.NOTHING_TO_CHANGE: ("01433", "정정/취소할 원주문이 없습니다."),
    Reason.PRICE_UNCHANGED: ("02257", "정정가격이 원주문가격과 같습니다."),
    Reason.QUANTITY_ABOVE_OPEN: ("02714", "정정가능수량을 초과하였습니다."),
}
BELOW_BAND = ("03181", "하한가 미만의 가격입니다.")
CANCEL_ABOVE_OPEN = ("01443", "취소가능수량을 초과하였습니다.")


def place(call: Call) -> Answer:
    """CSPAT00601"""
    fields = call.fields
    if fault := _fault_of_form(call):
        return Answer({}, *fault)
    try:
        order = call.ledger.place(
            call.account,
            _issue_code(call),
            SIDES[fields["BnsTpCode"] or BOOKED_WITHOUT_SIDE],
            int(fields["OrdQty"]),
            _price(fields["OrdPrc"]),
            PRICE_TYPES[fields["OrdprcPtnCode"]],
            CONDITIONS[fields["OrdCndiTpCode"]],
            _venue(fields),
        )
    except Refusal as refusal:
        return _refused(call, refusal)
    done = SIDE_NAMES[order.side]
    return Answer(
        {"OutBlock1": call.echo(), "OutBlock2": _receipt(call, order)},
        PLACED_CODES[order.side],
        f"{done}주문이 완료 되었습니다." if call.on_paper else f"{done} 주문이 완료되었습니다.",
    )


def modify(call: Call) -> Answer:
    """CSPAT00701: the quantity is what is to rest at the new price; the rest of the old order is gone."""
    fields = call.fields
    if fault := _fault_of_form(call):
        return Answer({}, *fault)
    try:
        _check_same_issue(call)
        order = call.ledger.modify(
            call.account,
            int(fields["OrgOrdNo"]),
            int(fields["OrdQty"]),
            _price(fields["OrdPrc"]),
            PRICE_TYPES[fields["OrdprcPtnCode"]],
            CONDITIONS[fields["OrdCndiTpCode"]],
            keep_rest=False,
        )
    except Refusal as refusal:
        return _refused(call, refusal)
    receipt = _receipt(call, order) | {"PrntOrdNo": order.first, "BnsTpCode": SIDE_CODES[order.side]}
    return Answer(
        {"OutBlock1": call.echo(), "OutBlock2": call.known("OutBlock2", receipt)},
        "00462" if call.on_paper else "00132",
        "정정주문이 완료 되었습니다." if call.on_paper else "정정 주문이 완료되었습니다.",
    )


def cancel(call: Call) -> Answer:
    """CSPAT00801: the cancel gets a number of its own; a part may be cancelled."""
    fields = call.fields
    try:
        _check_same_issue(call)
        order = call.ledger.cancel(call.account, int(fields["OrgOrdNo"]), int(fields["OrdQty"]))
    except Refusal as refusal:
        return _refused(call, refusal, CANCEL_ABOVE_OPEN)
    receipt = _receipt(call, order) | {"PrntOrdNo": order.first, "BnsTpCode": SIDE_CODES[order.side]}
    return Answer(
        {"OutBlock1": call.echo(), "OutBlock2": call.known("OutBlock2", receipt)},
        "00463" if call.on_paper else "00156",
        "취소주문이 완료 되었습니다." if call.on_paper else "취소 주문이 완료되었습니다.",
    )


TRANSACTIONS: Mapping[str, Handler] = {"CSPAT00601": place, "CSPAT00701": modify, "CSPAT00801": cancel}


def _issue_code(call: Call) -> str:
    """Six characters; a paper account must send the prefix, a real one may (ls.md 2.1)."""
    given = call.fields["IsuNo"]
    code = bare_code(given)
    issue = call.market.issues.get(code)
    if issue is None or (given == code and call.on_paper) or given not in (code, short_code(issue)):
        raise Refusal(Reason.UNKNOWN_ISSUE, given)
    return code


def _check_same_issue(call: Call) -> None:
    order = call.ledger.order(call.account, int(call.fields["OrgOrdNo"]))
    if order.code != _issue_code(call):
        raise Refusal(Reason.NO_SUCH_ORDER, str(order.number))


def _fault_of_form(call: Call) -> tuple[str, str] | None:
    """What is wrong with the codes of a new order or a modify, before anybody looks at the books."""
    fields = call.fields
    if fields.get("MgntrnCode", "") not in ("", "000"):
        return NOT_OFFERED  # credit
    if fields["OrdprcPtnCode"] not in PRICE_TYPES:
        return MALFORMED, "호가유형코드를 확인하시기 바랍니다."
    if fields["OrdCndiTpCode"] not in CONDITIONS:
        return MALFORMED, "주문조건구분을 확인하시기 바랍니다."
    side = fields.get("BnsTpCode", BOOKED_WITHOUT_SIDE)
    if side not in SIDES and not (side == "" and call.on_paper):
        return MALFORMED, "매매구분을 확인하시기 바랍니다."
    return None


def _price(given: int | Decimal) -> int:
    if given != int(given):
        raise Refusal(Reason.OFF_TICK, str(given))
    return int(given)


def _venue(fields: Mapping[str, Any]) -> str:
    """Anything but NXT is KRX."""
    return "NXT" if fields["MbrNo"] == "NXT" else "KRX"


def _receipt(call: Call, order: Order) -> dict[str, Any]:
    """OutBlock2 as far as all three requests share it."""
    issue = call.market.issue(order.code)
    amount = order.quantity * (order.limit or call.market.upper_limit(order.code))
    return {
        "RecCnt": 1,
        "OrdNo": order.number,
        "OrdTime": to_milliseconds(order.placed_at),
        # Seen on paper: 40 as the market, the price type in place of the order type
        "OrdMktCode": "40" if call.on_paper else MARKET_CODES[issue.market],
        "OrdPtnCode": PRICE_TYPE_CODES.get(order.price_type, "00")
        if call.on_paper
        else CASH_ORDER_CODES[order.side],
        "ShtnIsuNo": short_code(issue),
        "OrdAmt": amount,
        "MnyOrdAmt": amount,
        "SpotOrdQty": order.quantity if order.side is Side.SELL else 0,
        "AcntNm": call.account.name,
        "IsuNm": issue.name,
    }


def _refused(
    call: Call, refusal: Refusal, above_open: tuple[str, str] = REFUSALS[Reason.QUANTITY_ABOVE_OPEN]
) -> Answer:
    """The refusal's code and text. Below the lower limit both blocks come zeroed, otherwise none at all."""
    if refusal.reason is Reason.QUANTITY_ABOVE_OPEN:
        return Answer({}, *above_open)
    if refusal.reason is Reason.OUTSIDE_BAND and refusal.detail == "below":
        return Answer({"OutBlock1": {}, "OutBlock2": {}}, *BELOW_BAND)
    return Answer({}, *REFUSALS[refusal.reason])
