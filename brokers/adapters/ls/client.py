"""LS over HTTP: sign, send, page, and turn each refusal into the error that it proves."""

import json
import logging
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from brokers.adapters.base import (
    BadReply,
    Balance,
    BrokerClient,
    BuyingPower,
    Candle,
    Credentials,
    InstrumentLine,
    OrderBook,
    OrderLine,
    OrderRequest,
    Period,
    Quote,
    RateLimited,
    Receipt,
    WorkingOrder,
)
from brokers.adapters.companies import Company
from brokers.adapters.history import IssueDay, TradeLine, TradePage
from brokers.adapters.limits import Pace, TokenStore
from brokers.adapters.ls import codes
from brokers.adapters.ls.auth import kept_token
from brokers.adapters.ls.codes import Transaction
from brokers.adapters.ls.lists import LsLists
from brokers.adapters.ls.wire import account, charts, companies, history, orders, quotes, refusals
from brokers.adapters.ls.wire.fields import Body, Fields, Listing, Row, rows
from brokers.adapters.transport import Departure, Reply, Transport
from brokers.terms import Customer, OrderType, RequestKind
from lucy import clock

logger = logging.getLogger(__name__)

ASKED_TOO_FAST_PAUSES = (1.0, 2.0, 4.0)  # seconds before a question refused for pace is put again
PAGES_AT_MOST = 200  # t0425 was seen never to end (ls.md 1.9)

Send = Callable[[dict[str, str]], Reply]  # takes the signed headers


class LsClient(BrokerClient):
    """One account at LS; safe to share by threads. The app key is the account, so no call names it."""

    def __init__(self, credentials: Credentials, tokens: TokenStore, pace: Pace) -> None:
        self._transport = Transport(credentials.rest_url or codes.REST_URL)
        self._tokens = tokens
        self._token = kept_token(credentials, tokens, self._transport)
        self._pace = pace
        self._machine = _machine(credentials)
        self.lists = LsLists(self._some)

    def place(self, request: OrderRequest) -> Receipt:
        return self._order(codes.NEW_ORDER, orders.new_order(request))

    def modify(
        self, order: WorkingOrder, quantity: int, price: Decimal | None, order_type: OrderType
    ) -> Receipt:
        return self._order(codes.MODIFY_ORDER, orders.modification(order, quantity, price, order_type))

    def cancel(self, order: WorkingOrder, quantity: int) -> Receipt:
        return self._order(codes.CANCEL_ORDER, orders.cancellation(order, quantity))

    def day_orders(self) -> list[OrderLine]:
        return self._day_list(codes.ALL)

    def order_line(self, order_no: str) -> OrderLine | None:
        """LS finds no order by its number, so this reads the day's list."""
        return next((line for line in self.day_orders() if line.order_no == order_no), None)

    def open_orders(self) -> list[OrderLine]:
        return [line for line in self._day_list(codes.OPEN) if line.kind is not RequestKind.CANCEL]

    def day_fills(self) -> list[OrderLine]:
        return self._day_list(codes.WITH_FILLS)

    def orders_between(self, first: date, last: date) -> list[OrderLine]:
        """A call for each day (the paper broker trades on weekends too), at LS's pace of one a second."""
        return [line for day in _days(first, last) for line in self._past_list(day)]

    def trades(self, first: date, last: date, after: str = "") -> TradePage:
        """Oldest first, an execution a line; LS goes on by header and by number at once."""
        number, key = history.place(after) if after else (0, None)
        reply = self._ask(codes.TRADES, history.trades_query(first, last, number), key)
        lines, reached = history.trade_lines(reply.data), history.last_number(reply.data)
        if reply.headers.get("tr_cont", "").strip() != "Y" or reached <= number:
            return TradePage(lines, "")
        return TradePage(lines, history.written(reached, reply.headers.get("tr_cont_key", "")))

    def profits(self, first: date, last: date) -> list[IssueDay]:
        lines: list[TradeLine] = []
        after = ""
        for _ in range(PAGES_AT_MOST):
            page = self.trades(first, last, after)
            lines += page.lines
            if not page.after:
                return history.issue_days(lines)
            after = page.after
        raise BadReply(f"{codes.TRADES.code} does not end within {PAGES_AT_MOST} pages")

    def balance(self) -> Balance:
        first_page, found = self._listed(account.HOLDING_LIST, account.holdings_query())
        money = account.cash(self._answer(codes.CASH, account.cash_query()))
        return account.balance(first_page, found, money)

    def buying_power(self, symbol: str, price: Decimal | None, order_type: OrderType) -> BuyingPower:
        """LS counts with a price only: an order without one is counted at the upper limit."""
        if price is None or not order_type.has_price:
            price = self.quote(symbol).upper_limit
        answer = self._answer(codes.BUYING_POWER, account.buying_power_query(symbol, price))
        return account.buying_power(answer, price)

    def quote(self, symbol: str) -> Quote:
        return quotes.quote(self._answer(codes.QUOTE, quotes.issue_query(symbol)), symbol)

    def quotes(self, symbols: Sequence[str]) -> list[Quote]:
        """Fifty a call; `halted` stays False, since this service does not tell."""
        found: list[Quote] = []
        for start in range(0, len(symbols), codes.QUOTES_AT_ONCE):
            query = quotes.issues_query(symbols[start : start + codes.QUOTES_AT_ONCE])
            found += quotes.quotes(self._answer(codes.QUOTES, query))
        return found

    def order_book(self, symbol: str) -> OrderBook:
        answer = self._answer(codes.ORDER_BOOK, quotes.order_book_query(symbol))
        return quotes.order_book(answer, symbol, clock.now())

    def candles(
        self, symbol: str, period: Period, first: date, last: date, adjusted: bool = True
    ) -> list[Candle]:
        """LS adjusts no minutes."""
        if period is Period.MINUTE:
            _, found = self._listed(charts.MINUTE_LIST, charts.minutes_query(symbol, first, last))
            return charts.minutes(found)
        query = charts.candles_query(symbol, period, period.start_of(first), last, adjusted)
        _, found = self._listed(charts.CANDLE_LIST, query)
        return charts.candles(found, period)

    def company(self, symbol: str) -> Company:
        return companies.company(self._answer(codes.COMPANY, companies.company_query(symbol)), symbol)

    def instruments(self) -> list[InstrumentLine]:
        return quotes.instruments(self._answer(codes.INSTRUMENTS, quotes.instruments_query()))

    def renew_token(self) -> datetime:
        held = self._tokens.get()
        return self._token.renew(held.value if held else None).expires_at

    def _day_list(self, chosen: str) -> list[OrderLine]:
        today = clock.trade_date()
        _, found = self._listed(orders.DAY_LIST, orders.day_orders_query(chosen))
        return orders.day_orders(found, today)

    def _past_list(self, day: date) -> list[OrderLine]:
        _, found = self._listed(orders.PAST_LIST, orders.past_orders_query(day))
        return orders.past_orders(found, day)

    def _order(self, transaction: Transaction, content: Fields) -> Receipt:
        """Send once; a second time only after a refused token, which proves that nothing was looked at."""
        body = _payload(transaction, content)
        departure = Departure()

        def send(headers: dict[str, str]) -> Reply:
            self._pace.wait("order", tr=transaction.code, per_second=transaction.per_second)
            departure.require()
            return self._transport.order(transaction.path, headers, body)

        return refusals.receipt(self._signed(transaction, send), transaction.code)

    def _listed(self, listing: Listing, query: Fields) -> tuple[Body, list[Row]]:
        """The first page and the rows of all; `BadReply` when there is no end to them."""
        first, found, _more = self._pages(listing, query)
        return first, found

    def _some(self, listing: Listing, query: Fields, at_least: int | None) -> tuple[list[Row], bool]:
        """Rows of as many pages as hold `at_least`, and whether there are more; None reads all."""
        _first, found, more = self._pages(listing, query, at_least)
        return found, more

    def _pages(
        self, listing: Listing, query: Fields, at_least: int | None = None
    ) -> tuple[Body, list[Row], bool]:
        """LS goes on by header and by body at once, and may repeat a page for ever (ls.md 1.9): a page that
        brings nothing new is the end.
        """
        found: dict[str, Row] = {}
        first: Body = {}
        page_key: str | None = None
        for _ in range(PAGES_AT_MOST):
            reply = self._ask(listing.transaction, query, page_key)
            first, known = first or reply.data, len(found)
            found |= {listing.row_key(row): row for row in rows(reply.data, listing.rows)}
            more = listing.cursor(reply.data)
            if reply.headers.get("tr_cont", "").strip() != "Y" or not more or len(found) == known:
                return first, list(found.values()), False
            if at_least is not None and len(found) >= at_least:
                return first, list(found.values()), True
            query, page_key = query | more, reply.headers.get("tr_cont_key", "")
        raise BadReply(f"{listing.transaction.code} does not end within {PAGES_AT_MOST} pages")

    def _answer(self, transaction: Transaction, query: Fields) -> Body:
        return self._ask(transaction, query).data

    def _ask(self, transaction: Transaction, query: Fields, page_key: str | None = None) -> Reply:
        """An answered question; refused for pace it waits and asks again, a bounded number of times."""
        body = _payload(transaction, query)

        def send(headers: dict[str, str]) -> Reply:
            self._pace.wait("question", tr=transaction.code, per_second=transaction.per_second)
            return self._transport.ask("POST", transaction.path, headers | _place(page_key), body=body)

        for pause in ASKED_TOO_FAST_PAUSES:
            try:
                return _answered(self._signed(transaction, send))
            except RateLimited as refusal:
                if not refusal.code:  # our own pace: its wait is over already
                    raise
                time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
        return _answered(self._signed(transaction, send))

    def _signed(self, transaction: Transaction, send: Send) -> Reply:
        """Send with the token, once more with a new one if the gateway refuses the first."""
        token = self._token.value()
        reply = send(self._headers(transaction, token))
        if refusals.token_refused(reply):
            logger.info("LS refused the token (%s), renewing", refusals.code_of(reply))
            reply = send(self._headers(transaction, self._token.renew(token).value))
        return reply

    def _headers(self, transaction: Transaction, token: str) -> dict[str, str]:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "authorization": f"Bearer {token}",
            "tr_cd": transaction.code,
            "tr_cont": "N",
            "tr_cont_key": "",
        }
        return headers | self._machine


def _payload(transaction: Transaction, content: Fields) -> bytes:
    return json.dumps({transaction.in_block: content}, separators=(",", ":")).encode()


def _place(page_key: str | None) -> dict[str, str]:
    """The headers that ask for the next page."""
    return {} if page_key is None else {"tr_cont": "Y", "tr_cont_key": page_key}


def _answered(reply: Reply) -> Reply:
    refusals.answer(reply)
    return reply


def _machine(credentials: Credentials) -> dict[str, str]:
    """LS wants an address of the machine, of corporate customers only (ls.md 1.2)."""
    corporate = credentials.customer is Customer.CORPORATION
    return {"mac_address": f"{uuid.getnode():012X}"} if corporate else {}


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
