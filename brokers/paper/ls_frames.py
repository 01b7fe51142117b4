"""What LS's WebSocket says: order events SC0 to SC4, trades, books, best quotes; each is one text frame."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from brokers.paper.ledger import Event, EventKind, OrderKind
from brokers.paper.ls_accounts import held_cash
from brokers.paper.ls_desk import (
    CASH_ORDER_CODES,
    CONDITION_CODES,
    HIDDEN,
    MARKET_CODES,
    MILLION,
    OPEN_API,
    PRICE_TYPE_CODES,
    SIDE_CODES,
    percent,
    short_code,
    sign_of,
    time_of_price,
    to_milliseconds,
)
from brokers.paper.ls_wire import Block, transactions
from brokers.paper.market import Book, Issue, Market, Trade

RECEIVED = {
    OrderKind.NEW: ("SONAT000", "01"),
    OrderKind.MODIFY: ("SONAT001", "02"),
    OrderKind.CANCEL: ("SONAT002", "03"),
}
TAKEN = frozenset({EventKind.ACCEPTED, EventKind.MODIFIED, EventKind.CANCELLED})
NO_PRICE = ".00"  # as recorded for a market order
REGULAR_SESSION = "00"
TRADE_FEEDS = {"KOSPI": "S3_", "KOSDAQ": "K3_"}
BOOK_FEEDS = {"KOSPI": "H1_", "KOSDAQ": "HA_"}
BEST_FEEDS = {"KOSPI": "S2_", "KOSDAQ": "KS_"}


def frame(tr_code: str, body: Mapping[str, str], key: str | None = None) -> str:
    """A data frame; the order events carry no key."""
    header = {"tr_cd": tr_code} if key is None else {"tr_cd": tr_code, "tr_key": key}
    return json.dumps({"header": header, "body": body}, ensure_ascii=False)


def body_of(tr_code: str) -> Block:
    return transactions()[tr_code].answer["body"]


# Order events


def order_frames(event: Event, market: Market) -> Iterator[tuple[str, str]]:
    """The frames an event gives, each with its TR, in LS's order (ls.md 5.3).

    The ledger announces a modify or a cancel once; LS says first that it took the request, then that the
    exchange confirmed it.
    """
    if event.kind in TAKEN:
        yield "SC0", frame("SC0", _received(event, market))
    if event.kind in OUTCOMES:
        tr_code, kind, own_fields = OUTCOMES[event.kind]
        values = _outcome(event, market) | {"ordxctptncode": kind} | own_fields(event)
        yield tr_code, frame(tr_code, body_of("SC1").fill(values))


def _received(event: Event, market: Market) -> dict[str, str]:
    """SC0: the broker took the request."""
    order, issue = event.order, market.issue(event.order.code)
    trcode, kind = RECEIVED[order.kind]
    is_cancel = order.kind is OrderKind.CANCEL
    values = {
        "ordchegb": kind,
        "marketgb": MARKET_CODES[issue.market],
        "ordgb": CASH_ORDER_CODES[order.side],
        "orgordno": order.parent or 0,
        "passwd": HIDDEN,
        "expcode": issue.isin,
        "shtcode": short_code(issue),
        "hname": issue.name,
        "ordqty": order.quantity,
        "ordprice": order.price,
        "hogagb": CONDITION_CODES[order.condition],
        "etfhogagb": "" if is_cancel else PRICE_TYPE_CODES.get(order.price_type, "00"),
        "pgmtype": "00",
        "singb": "000",
        "tongsingb": OPEN_API,
        "ordno": order.number,
        "ordtm": to_milliseconds(order.placed_at),
        "prntordno": order.first,
        "orgordmdfyqty": order.quantity if order.kind is OrderKind.MODIFY else 0,
        "ordordcancelqty": order.quantity if is_cancel else 0,
        "ordamt": order.quantity * order.price,
        "mnyordamt": order.quantity * order.price,
        "bnstp": SIDE_CODES[order.side],
        "orduserid": event.account.hts_id,
    }
    return body_of("SC0").fill(
        _transport(event, trcode) | _money(event) | _holding(event, cost_field="pchsamt") | values
    )


def _outcome(event: Event, market: Market) -> dict[str, Any]:
    """What SC1 to SC4 share: the order as it stands now."""
    order, issue = event.order, market.issue(event.order.code)
    values = {
        "acntnm": event.account.name,
        "ordacntno": event.account.number,
        "ordno": order.number,
        "orgordno": order.parent or 0,
        "ordmktcode": MARKET_CODES[issue.market],
        "ordptncode": CASH_ORDER_CODES[order.side],
        "ordtrdptncode": "00",
        "bnstp": SIDE_CODES[order.side],
        "shtnIsuno": short_code(issue),
        "Isuno": issue.isin,
        "stdIsuno": issue.isin,
        "Isunm": issue.name,
        "ordqty": order.quantity,
        "ordprc": order.price or NO_PRICE,
        "ordprcptncode": PRICE_TYPE_CODES.get(order.price_type, "00"),
        "ordcndi": CONDITION_CODES[order.condition],
        "mgntrncode": "000",
        "commdacode": OPEN_API,
        "exectime": to_milliseconds(event.at),
        "rcptexectime": to_milliseconds(event.at),
        "ordavrexecprc": round(order.average_price),
        "unercqty": order.open,
        "orduserId": event.account.hts_id,
        "ordamt": order.quantity * order.price,
    }
    return _transport(event, "SONAS100") | _money(event) | _holding(event, cost_field="pchsant") | values


def _filled(event: Event) -> dict[str, Any]:
    return {
        "execno": event.execution.number if event.execution else 0,
        "execqty": event.quantity,
        "execprc": event.price,
        "mnyexecamt": event.quantity * event.price,
    }


def _modified(event: Event) -> dict[str, Any]:
    return {
        "mdfycnfqty": event.quantity,
        "mdfycnfprc": event.price or NO_PRICE,
        "orgordmdfyqty": event.quantity,
        "unercqty": event.quantity,  # what the new number begins with, before any fill
    }


def _cancelled(event: Event) -> dict[str, Any]:
    """A cancel shows the cancelled quantity as its open one (recorded)."""
    return {
        "canccnfqty": event.quantity,
        "orgordcancqty": event.quantity,
        "unercqty": event.quantity,
        "ordprc": "0",
        "ordprcptncode": "",
    }


def _killed(event: Event) -> dict[str, Any]:
    """What an IOC or FOK order left is cancelled under the order's own number."""
    return {"canccnfqty": event.quantity, "orgordno": event.order.number}


def _rejected(event: Event) -> dict[str, Any]:
    return {"rjtqty": event.quantity, "msgcode": "0000"}


OUTCOMES: Mapping[EventKind, tuple[str, str, Callable[[Event], dict[str, Any]]]] = {
    EventKind.FILLED: ("SC1", "11", _filled),
    EventKind.MODIFIED: ("SC2", "12", _modified),
    EventKind.CANCELLED: ("SC3", "13", _cancelled),
    EventKind.KILLED: ("SC3", "13", _killed),
    EventKind.REJECTED: ("SC4", "14", _rejected),
}


def _transport(event: Event, trcode: str) -> dict[str, Any]:
    """The header fields that SC0 and SC1 to SC4 begin with; the trace is one for all events of a request."""
    serial = event.trace[-8:]
    return {
        "lineseq": int(serial),
        "seq": serial.zfill(9),
        "trid": event.trace.zfill(16),
        "accno": event.account.number,
        "accno1": event.account.number,
        "user": event.account.hts_id,
        "userid": event.account.hts_id,
        "gubun": "B",
        "trcode": trcode,
        "comid": "063",
        "media": OPEN_API,
        "lang": "K",
        "proctm": to_milliseconds(event.at),
    }


def _money(event: Event) -> dict[str, Any]:
    held = held_cash(event.account)
    return {
        "deposit": held["deposit"],
        "csgnmnymgn": held["margin"],
        "ordablemny": held["orderable"],
        "ruseableamt": held["reusable"],
    }


def _holding(event: Event, *, cost_field: str) -> dict[str, Any]:
    """The holding after the event; only the paper server fills these fields."""
    holding = event.account.holdings.get(event.order.code)
    if event.account.server != "paper" or holding is None:
        return {}
    return {
        "secbalqty": holding.quantity,
        "spotordableqty": holding.sellable,
        "sellableqty": holding.sellable,
        "unercsellordqty": holding.on_order,
        "avrpchsprc": round(holding.average_price),
        cost_field: round(holding.cost),
    }


# Market data


def trade_frame(trade: Trade, market: Market) -> str:
    """S3_ and K3_. The change is unsigned and the rate signed; the value is in millions of won."""
    issue, book = market.issue(trade.code), market.book(trade.code)
    change = trade.price - issue.base_price
    values = {
        "chetime": f"{trade.at:%H%M%S}",
        "sign": sign_of(market, issue, trade.price),
        "change": abs(change),
        "drate": f"{percent(change, issue.base_price):.2f}",
        "price": trade.price,
        "opentime": time_of_price(market, issue, issue.open),
        "open": issue.open,
        "hightime": time_of_price(market, issue, issue.high),
        "high": issue.high,
        "lowtime": time_of_price(market, issue, issue.low),
        "low": issue.low,
        "cgubun": "+" if trade.bought else "-",
        "cvolume": trade.quantity,
        "volume": issue.volume,
        "value": issue.value // MILLION,
        "mdvolume": issue.sell_volume,
        "mdchecnt": issue.sell_trades,
        "msvolume": issue.buy_volume,
        "mschecnt": issue.buy_trades,
        "cpower": f"{percent(issue.buy_volume, issue.sell_volume):.2f}",
        "w_avrg": issue.value // issue.volume,
        "offerho": book.asks[0].price,
        "bidho": book.bids[0].price,
        "status": REGULAR_SESSION,
        "jnilvolume": issue.previous_volume,
        "shcode": trade.code,
        "exchname": "KRX",
    }
    return frame(TRADE_FEEDS[issue.market], body_of("S3_").fill(values), trade.code)


def book_frame(issue: Issue, book: Book) -> str:
    """H1_ and HA_; price 0 where there is no level."""
    values: dict[str, Any] = {
        "hotime": f"{book.at:%H%M%S}",
        "totofferrem": book.ask_total,
        "totbidrem": book.bid_total,
        "shcode": issue.code,
        "volume": issue.volume,
        "midprice": (book.asks[0].price + book.bids[0].price) // 2,
    }
    for depth, (ask, bid) in enumerate(zip(book.asks, book.bids, strict=True), 1):
        values |= {f"offerho{depth}": ask.price, f"offerrem{depth}": ask.quantity}
        values |= {f"bidho{depth}": bid.price, f"bidrem{depth}": bid.quantity}
    return frame(BOOK_FEEDS[issue.market], body_of("H1_").fill(values), issue.code)


def best_frame(issue: Issue, book: Book) -> str:
    """S2_ and KS_"""
    values = {"offerho": book.asks[0].price, "bidho": book.bids[0].price, "shcode": issue.code}
    return frame(BEST_FEEDS[issue.market], body_of("S2_").fill(values), issue.code)


def session_frame(market_code: str, status: str) -> str:
    """JIF: a market changes its session."""
    return frame("JIF", body_of("JIF").fill({"jangubun": market_code, "jstatus": status}), "0")
