"""KIS's real-time records: trades, order books, notices, as lists of text (kis.md §6.3–6.6)."""

from __future__ import annotations

from decimal import Decimal

from brokers.paper.kis_codes import CONDITION_CODES, EXCHANGE_NOTICE_CODES, SIDE_CODES, type_code
from brokers.paper.kis_wire import BRANCH, clock_text, day_text, percent, sign_of
from brokers.paper.ledger import Event, EventKind
from brokers.paper.market import Book, Issue, Market, Trade

RCTF = {EventKind.MODIFIED: "1", EventKind.CANCELLED: "2"}
ACCEPTED, CONFIRMED, KILLED = "1", "2", "3"  # ACPT_YN
ACPT = {EventKind.ACCEPTED: ACCEPTED, EventKind.REJECTED: ACCEPTED, EventKind.KILLED: KILLED}
FIRST_TRADE, ORDER, FILL = "090000", "1", "2"


def trade_record(market: Market, trade: Trade, columns: int) -> list[str]:
    """H0STCNT0, 46 columns and MARKET_CLS_CODE as the 47th since 2026-09-14."""
    issue, book = market.issue(trade.code), market.book(trade.code)
    change = trade.price - issue.base_price
    record = [
        issue.code,
        clock_text(trade.at),
        str(trade.price),
        sign_of(change),
        str(change),
        percent(change, issue.base_price),
        f"{Decimal(issue.value) / issue.volume:.2f}",
        str(issue.open),
        str(issue.high),
        str(issue.low),
        str(book.asks[0].price),
        str(book.bids[0].price),
        str(trade.quantity),
        str(issue.volume),
        str(issue.value),
        str(issue.sell_trades),
        str(issue.buy_trades),
        str(issue.buy_trades - issue.sell_trades),
        percent(issue.buy_volume, issue.sell_volume),
        str(issue.sell_volume),
        str(issue.buy_volume),
        "1" if trade.bought else "5",
        percent(issue.buy_volume, issue.volume),
        percent(issue.volume, issue.previous_volume),
        *_against_day(issue, trade.price),
        day_text(trade.at),
        "20",
        "Y" if issue.halted else "N",
        str(book.asks[0].quantity),
        str(book.bids[0].quantity),
        str(book.ask_total),
        str(book.bid_total),
        percent(issue.volume, issue.listed_shares),
        str(issue.previous_volume),
        percent(issue.volume, issue.previous_volume),
        "0",
        "",
        str(issue.base_price),
    ]
    return [*record, "2"][:columns]


def _against_day(issue: Issue, price: int) -> list[str]:
    """Open, high and low: when, and the price against them."""
    fields: list[str] = []
    for level in (issue.open, issue.high, issue.low):
        fields += [FIRST_TRADE, sign_of(price - level), str(price - level)]
    return fields


def book_record(issue: Issue, book: Book, columns: int) -> list[str]:
    """H0STASP0, 59 columns documented, 62 on the wire with the mid price."""
    change = issue.price - issue.base_price
    middle = (book.asks[0].price + book.bids[0].price) // 2
    record = [
        issue.code,
        clock_text(book.at),
        "0",
        *(str(level.price) for level in book.asks),
        *(str(level.price) for level in book.bids),
        *(str(level.quantity) for level in book.asks),
        *(str(level.quantity) for level in book.bids),
        str(book.ask_total),
        str(book.bid_total),
        *("0", "0"),
        str(issue.price),
        *("0", "0"),
        str(change),
        sign_of(change),
        percent(change, issue.base_price),
        str(issue.volume),
        *("0", "0", "0", "0", "0"),
    ]
    return record + [str(middle), "0", "1"][: max(columns - len(record), 0)]


def twin_book_record(issue: Issue, book: Book, columns: int) -> list[str]:
    """NXT's and the consolidated book: the documented 65 columns."""
    record = book_record(issue, book, 62)
    return record + ["0"] * (columns - len(record))


def notice_record(market: Market, event: Event, columns: int) -> list[str]:
    """H0STCNI0 in 26 columns (real) or 23 (paper, and what clients of 2024 read)."""
    order, account = event.order, event.account
    is_fill = event.kind is EventKind.FILLED
    is_cancel = event.kind is EventKind.CANCELLED
    head = [
        account.hts_id,
        account.number,
        f"{order.number:010d}",
        f"{order.parent:010d}" if order.parent and not is_fill else "",
        SIDE_CODES[order.side],
        RCTF.get(event.kind, "0"),
        type_code(order),
        CONDITION_CODES[order.condition],
        order.code,
        f"{0 if is_cancel else event.quantity:010d}",
        f"{0 if is_cancel else event.price:09d}",
        clock_text(event.at),
        "1" if event.kind is EventKind.REJECTED else "0",
        FILL if is_fill else ORDER,
        ACPT.get(event.kind, CONFIRMED),
        BRANCH,
        f"{order.quantity:09d}",
        account.name,
    ]
    exchange = EXCHANGE_NOTICE_CODES[order.exchange]
    name = market.issue(order.code).name
    price = f"{order.price:09d}" if is_fill else ""
    if columns == 23:
        return [*head, f"{exchange}Y", "10", "", name, price]
    return [*head, f"{order.stop_price:09d}", exchange, "Y", "", "10", "", name, price]
