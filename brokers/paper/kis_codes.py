"""KIS's code tables: order types, refusals, names, real-time services (kis.md §1.5, §2.0, §6.8)."""

from __future__ import annotations

from typing import Final

from brokers.paper.ledger import Condition, Order, OrderKind, PriceType, Reason, Side

# ORD_DVSN
ORDER_TYPES: Final = {
    "00": (PriceType.LIMIT, Condition.NONE),
    "01": (PriceType.MARKET, Condition.NONE),
    "02": (PriceType.CONDITIONAL, Condition.NONE),
    "03": (PriceType.BEST, Condition.NONE),
    "04": (PriceType.FIRST, Condition.NONE),
    "05": (PriceType.PRE_OPEN, Condition.NONE),
    "06": (PriceType.AFTER_CLOSE, Condition.NONE),
    "07": (PriceType.AFTER_HOURS, Condition.NONE),
    "11": (PriceType.LIMIT, Condition.IOC),
    "12": (PriceType.LIMIT, Condition.FOK),
    "13": (PriceType.MARKET, Condition.IOC),
    "14": (PriceType.MARKET, Condition.FOK),
    "15": (PriceType.BEST, Condition.IOC),
    "16": (PriceType.BEST, Condition.FOK),
    "21": (PriceType.MID, Condition.NONE),
    "22": (PriceType.STOP, Condition.NONE),
    "23": (PriceType.MID, Condition.IOC),
    "24": (PriceType.MID, Condition.FOK),
}
TYPE_CODES: Final = {kind: code for code, kind in ORDER_TYPES.items()}
TYPE_NAMES: Final = {
    "00": "지정가",
    "01": "시장가",
    "02": "조건부지정가",
    "03": "최유리지정가",
    "04": "최우선지정가",
    "05": "장전시간외",
    "06": "장후시간외",
    "07": "시간외단일가",
    "11": "IOC지정가",
    "12": "FOK지정가",
    "13": "IOC시장가",
    "14": "FOK시장가",
    "15": "IOC최유리",
    "16": "FOK최유리",
    "21": "중간가",
    "22": "스톱지정가",
    "23": "중간가IOC",
    "24": "중간가FOK",
}
CONDITION_CODES: Final = {Condition.NONE: "0", Condition.IOC: "1", Condition.FOK: "2"}
SIDE_CODES: Final = {Side.SELL: "01", Side.BUY: "02"}
SIDES: Final = {"01": Side.SELL, "02": Side.BUY}
EXCHANGE_NOTICE_CODES: Final = {"KRX": "1", "NXT": "2", "SOR": "3"}  # ORD_EXG_GB

# Refusals of the real ledger (rt_cd 7). Codes of the last six are not published: these are stand-ins.
REAL_REFUSALS: Final = {
    Reason.NOT_BUSINESS_DAY: ("APBK0919", "장운영일자가 주문일과 상이합니다"),
    Reason.SESSION_CLOSED: ("APBK0918", "장운영시간이 아닙니다.(주문불가)"),
    Reason.BEFORE_OPEN: ("APBK0918", "장운영시간이 아닙니다.(장시작전)"),
    Reason.UNKNOWN_ISSUE: ("APBK0656", "해당 종목정보가 없습니다"),
    Reason.OFF_TICK: ("APBK0506", "주식주문호가단위 오류"),
    Reason.OUTSIDE_BAND: ("APBK1058", "주문단가가 상/하한가 범위를 벗어났습니다."),
    Reason.NO_CASH: ("APBK0952", "주문가능금액을 초과 했습니다"),
    Reason.NO_HOLDING: ("APBK0400", "주문 가능한 수량을 초과했습니다."),
    Reason.QUANTITY_ABOVE_OPEN: ("APBK0400", "정정/취소 가능한 수량을 초과했습니다."),
    Reason.HALTED: ("APBK1234", "거래정지 종목으로 주문이 불가합니다."),
    Reason.PRICE_TYPE: ("APBK1234", "해당 거래소에서 주문이 불가한 호가유형입니다."),
    Reason.WRONG_EXCHANGE: ("APBK1234", "취소주문 불가합니다. 원주문 거래소[{detail}]"),
    Reason.QUANTITY: ("APBK1234", "주문수량을 확인하여 주십시오."),
    Reason.NO_SUCH_ORDER: ("APBK1234", "원주문번호가 존재하지 않습니다."),
    Reason.NOTHING_TO_CHANGE: ("APBK1234", "정정/취소할 수량이 없습니다."),
    Reason.PRICE_UNCHANGED: ("APBK1234", "정정할 내용이 원주문과 같습니다."),
}
# Refusals of the paper ledger (rt_cd 1).
PAPER_REFUSALS: Final = {
    Reason.NOT_BUSINESS_DAY: ("40100000", "모의투자 영업일이 아닙니다."),
    Reason.SESSION_CLOSED: ("40580000", "모의투자 장종료 입니다."),
    Reason.BEFORE_OPEN: ("40570000", "모의투자 장시작전 입니다."),
    Reason.UNKNOWN_ISSUE: ("40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)"),
    Reason.HALTED: ("40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)"),
    Reason.PRICE_TYPE: ("90000000", "모의투자에서는 해당업무가 제공되지 않습니다."),
    Reason.WRONG_EXCHANGE: ("90000000", "모의투자에서는 해당업무가 제공되지 않습니다."),
    Reason.OFF_TICK: ("40030000", "모의투자 주문처리가 안되었습니다(호가단위 오류)"),
    Reason.OUTSIDE_BAND: ("40270000", "모의투자 상/하한가 오류"),
    Reason.QUANTITY: ("40330000", "모의투자 주문수량을 확인하여 주십시오."),
    Reason.NO_CASH: ("40250000", "모의투자 주문가능금액이 부족합니다."),
    Reason.NO_HOLDING: ("40240000", "모의투자 잔고내역이 없습니다."),
    Reason.NO_SUCH_ORDER: ("40320000", "모의투자 원주문번호가 존재하지 않습니다."),
    Reason.NOTHING_TO_CHANGE: ("40330000", "모의투자 정정/취소할 수량이 없습니다."),
    Reason.PRICE_UNCHANGED: ("40330000", "모의투자 정정/취소할 수량이 없습니다."),
    Reason.QUANTITY_ABOVE_OPEN: ("40330000", "모의투자 정정/취소할 수량이 없습니다."),
}

# Real-time services whose registration is acknowledged (§6.8); those without data here stay silent.
NOTICES: Final = {"real": "H0STCNI0", "paper": "H0STCNI9"}
ENCRYPTED: Final = frozenset(
    (
        *("H0STCNI0", "H0STCNI9", "H0IFCNI0", "H0IFCNI9", "H0EUCNI0", "H0MFCNI0", "H0GSCNI0", "H0GSCNI9"),
        *("HDFFF1C0", "HDFFF2C0"),
    )
)
REALTIME_PAPER: Final = frozenset(("H0STCNT0", "H0STASP0", "H0STCNI9", "H0GSCNI9", "H0IFCNI9"))
REALTIME_REAL: Final = frozenset(
    (
        *("H0UPANC0", "H0UNMKO0", "H0NXMBC0", "H0STCNI0", "H0STOAC0", "H0STOAA0", "H0UNPGM0", "H0UNASP0"),
        *("H0STPGM0", "H0STMKO0", "H0STCNT0", "H0UPPGM0", "H0UNMBC0", "H0UPCNT0", "H0STANC0", "H0EWASP0"),
        *("H0STASP0", "H0UNCNT0", "H0NXASP0", "H0NXPGM0", "H0NXCNT0", "H0EWCNT0", "H0EWANC0", "H0NXANC0"),
        *("H0STMBC0", "H0UNANC0", "H0NXMKO0", "H0STNAV0", "H0STOUP0", "H0ZOASP0", "H0IFCNI0", "H0MFCNT0"),
        *("H0MFASP0", "H0EUCNT0", "H0EUANC0", "H0IFCNT0", "H0ZFANC0", "H0EUCNI0", "H0MFCNI0", "H0CFCNT0"),
        *("H0IFASP0", "H0IOCNT0", "H0EUASP0", "H0CFASP0", "H0ZOANC0", "H0ZFASP0", "H0ZOCNT0", "H0IOASP0"),
        *("H0ZFCNT0", "HDFSASP0", "HDFSASP1", "HDFSCNT0", "H0GSCNI0", "HDFFF020", "HDFFF010", "HDFFF1C0"),
        *("HDFFF2C0", "H0BJCNT0", "H0BJASP0", "H0BICNT0"),
    )
)


def type_code(order: Order) -> str:
    """ORD_DVSN of an order."""
    return TYPE_CODES.get((order.price_type, order.condition), "00")


def side_name(order: Order) -> str:
    """sll_buy_dvsn_cd_name: 현금매수, 현금매도, and 매수정정*, 매도취소* for changes."""
    side = "매수" if order.side is Side.BUY else "매도"
    change = {OrderKind.MODIFY: "정정*", OrderKind.CANCEL: "취소*"}.get(order.kind)
    return f"{side}{change}" if change else f"현금{side}"
