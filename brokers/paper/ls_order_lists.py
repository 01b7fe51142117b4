"""LS's order lists: t0425 (today) and CSPAQ13700 (any day)."""

from collections.abc import Mapping
from typing import Any

from brokers.paper.ledger import Order, OrderKind, Side
from brokers.paper.ls_desk import (
    ACCOUNT_QUERY_DONE,
    CASH_ORDER_CODES,
    CONDITION_CODES,
    MARKET_CODES,
    MORE_ROWS,
    OPEN_API,
    PRICE_TYPE_CODES,
    PRICE_TYPE_NAMES,
    SIDE_CODES,
    SIDE_NAMES,
    Answer,
    Call,
    Handler,
    bare_code,
    no_rows,
    page_of,
    read_day,
    short_code,
)

CHANNELS = {"api": "OPENAPI", "hts": "HTS"}
KIND_ENDINGS = {OrderKind.NEW: "", OrderKind.MODIFY: "정정", OrderKind.CANCEL: "취소"}
CHANGE_CODES = {OrderKind.NEW: "0", OrderKind.MODIFY: "1", OrderKind.CANCEL: "2"}
CHANGE_NAMES = {OrderKind.NEW: "정상", OrderKind.MODIFY: "정정확인", OrderKind.CANCEL: "취소확인"}
ALL_ON_SIDE = {Side.SELL: "98", Side.BUY: "99"}
NEVER = ":  :"  # LastExecTime of an order without a fill


def today_orders(call: Call) -> Answer:
    """t0425, one row per order number. Without a row neither block is sent."""
    chosen = [order for order in _orders_today(call) if _is_wanted(order, call.fields)]
    if not chosen:
        return Answer()
    if call.fields["sortgb"] == "1":
        chosen.reverse()
    page, more = page_of(
        chosen, call.switches.ls_order_page, lambda order: str(order.number), call.cursor("cts_ordno")
    )
    rows = [order_row(call, order) for order in page]
    return Answer(
        {"OutBlock": _order_totals(chosen) | {"cts_ordno": more}, "OutBlock1": rows}, more=more, done="0"
    )


def _orders_today(call: Call) -> list[Order]:
    ledger = call.ledger
    ledger.roll()  # before asking it for today
    return ledger.orders_of(call.account, ledger.today, ledger.today)


def _is_wanted(order: Order, fields: Mapping[str, Any]) -> bool:
    kept = {"1": order.filled > 0, "2": order.open > 0}.get(fields["chegb"], True)
    side = {"1": Side.SELL, "2": Side.BUY}.get(fields["medosu"], order.side)
    code = bare_code(fields["expcode"])
    return kept and order.side is side and code in ("", order.code)


def _order_totals(chosen: list[Order]) -> dict[str, int]:
    sold = [order for order in chosen if order.side is Side.SELL]
    executions = [execution for order in chosen for execution in order.executions]
    return {
        "tqty": sum(order.quantity for order in chosen),
        "tcheqty": sum(order.filled for order in chosen),
        "tordrem": sum(order.open for order in chosen),
        "cmss": sum(execution.fee for execution in executions),
        "tamt": sum(order.quantity * order.price for order in chosen),
        "tmdamt": sum(order.filled_amount for order in sold),
        "tmsamt": sum(order.filled_amount for order in chosen) - sum(order.filled_amount for order in sold),
        "tax": sum(execution.tax for execution in executions),
    }


def order_row(call: Call, order: Order) -> dict[str, Any]:
    placed = order.placed_at
    return {
        "ordno": order.number,
        "expcode": order.code,
        "medosu": SIDE_NAMES[order.side] + KIND_ENDINGS[order.kind],
        "qty": order.quantity,
        "price": order.price,
        "cheqty": order.filled,
        "cheprice": order.average_price,
        "ordrem": order.open,
        "cfmqty": order.quantity if order.kind is not OrderKind.NEW else order.cancelled + order.moved,
        "status": status_of(order),
        "orgordno": order.parent or 0,
        "ordgb": PRICE_TYPE_NAMES.get(order.price_type, ""),
        "ordtime": f"{placed:%H%M%S}{placed.microsecond // 10_000:02d}",
        "ordermtd": CHANNELS[order.channel],
        "sysprocseq": order.number,
        "hogagb": PRICE_TYPE_CODES.get(order.price_type, "00"),
        "price1": call.market.issue(order.code).price,
        "orggb": SIDE_CODES[order.side],
        "singb": "00",
        "exchname": order.exchange,
    }


def status_of(order: Order) -> str:
    """LS's word for the state; the list is not published, so it is for people (ls.md 3.3)."""
    if order.kind is OrderKind.CANCEL or (not order.open and order.cancelled and not order.moved):
        return "취소확인"
    if order.moved:
        return "정정확인"
    if order.rejected:
        return "거부"
    if not order.filled:
        return "접수"
    # Recorded paper rows say 체결; clients of the real server look for 완료 on a filled order
    return "완료" if order.account.server == "real" and not order.open else "체결"


# Orders of any day


def day_orders(call: Call) -> Answer:
    """CSPAQ13700: rows of one day, on from SrtOrdNo2 in the direction of BkseqTpCode."""
    fields = call.fields
    chosen = [order for order in _orders_on(call, fields["OrdDt"]) if _is_listed(call, order)]
    newest_first = fields["BkseqTpCode"] == "0"
    if newest_first:
        chosen.reverse()
    start = int(call.key) if call.continued and call.key.isdigit() else int(fields["SrtOrdNo2"])
    behind = [order for order in chosen if _lies_behind(order.number, start, newest_first=newest_first)]
    page, more = page_of(behind, call.switches.ls_history_page, lambda order: str(order.number), "")
    blocks = {
        "OutBlock1": call.echo(),
        "OutBlock2": _day_totals(chosen),
        "OutBlock3": [_day_row(call, order) for order in page],
    }
    if not chosen:
        return no_rows(call, blocks)
    return Answer(blocks, *(MORE_ROWS if more else ACCOUNT_QUERY_DONE), more=more)


def _orders_on(call: Call, day: str) -> list[Order]:
    asked = read_day(day)
    return call.ledger.orders_of(call.account, asked, asked) if asked else []


def _lies_behind(number: int, start: int, *, newest_first: bool) -> bool:
    """Order numbers go on after the cursor; 0 and 999999999 are the two ends."""
    return number < (start or 999_999_999) if newest_first else number > start


def _is_listed(call: Call, order: Order) -> bool:
    fields = call.fields
    issue = call.market.issue(order.code)
    done = {"1": order.filled > 0, "2": order.open > 0, "3": order.open > 0}.get(fields["ExecYn"], True)
    return (
        done
        and fields["BnsTpCode"] in ("", "0", SIDE_CODES[order.side])
        and fields["OrdMktCode"] in ("", "00", MARKET_CODES[issue.market])
        and bare_code(fields["IsuNo"]) in ("", order.code)
        and fields["OrdPtnCode"] in ("", "00", CASH_ORDER_CODES[order.side], ALL_ON_SIDE[order.side])
    )


def _day_totals(chosen: list[Order]) -> dict[str, int]:
    sold = [order for order in chosen if order.side is Side.SELL]
    bought = [order for order in chosen if order.side is Side.BUY]
    return {
        "RecCnt": 1,
        "SellExecAmt": sum(order.filled_amount for order in sold),
        "BuyExecAmt": sum(order.filled_amount for order in bought),
        "SellExecQty": sum(order.filled for order in sold),
        "BuyExecQty": sum(order.filled for order in bought),
        "SellOrdQty": sum(order.quantity for order in sold),
        "BuyOrdQty": sum(order.quantity for order in bought),
    }


def _day_row(call: Call, order: Order) -> dict[str, Any]:
    issue = call.market.issue(order.code)
    last = f"{order.executions[-1].at:%H:%M:%S}" if order.executions else NEVER
    changed = 0 if order.kind is OrderKind.NEW else order.quantity
    return {
        "OrdDt": f"{order.trade_date:%Y%m%d}",
        "MgmtBrnNo": "001",
        "OrdMktCode": MARKET_CODES[issue.market],
        "OrdNo": order.number,
        "OrgOrdNo": order.parent or 0,
        "IsuNo": short_code(issue),
        "IsuNm": issue.name,
        "BnsTpCode": SIDE_CODES[order.side],
        "BnsTpNm": SIDE_NAMES[order.side],
        "OrdPtnCode": CASH_ORDER_CODES[order.side],
        "OrdPtnNm": f"현금{SIDE_NAMES[order.side]}",
        "MrcTpCode": CHANGE_CODES[order.kind],
        "MrcTpNm": CHANGE_NAMES[order.kind],
        "MrcQty": changed,
        "MrcAbleQty": order.open,
        "OrdQty": order.quantity,
        "OrdPrc": order.price,
        "ExecQty": order.filled,
        "ExecPrc": order.average_price,
        "ExecTrxTime": last,
        "LastExecTime": last,
        "OrdprcPtnCode": PRICE_TYPE_CODES.get(order.price_type, "00"),
        "OrdprcPtnNm": PRICE_TYPE_NAMES.get(order.price_type, ""),
        "OrdCndiTpCode": CONDITION_CODES[order.condition],
        "AllExecQty": order.filled,
        "RegCommdaCode": OPEN_API if order.channel == "api" else "01",
        "CommdaNm": CHANNELS[order.channel],
        "MbrNo": order.exchange,
        "RsvOrdYn": "N",
        "OrdTime": f"{order.placed_at:%H:%M:%S}",
        "OdrrId": call.account.hts_id,
    }


TRANSACTIONS: Mapping[str, Handler] = {"t0425": today_orders, "CSPAQ13700": day_orders}
