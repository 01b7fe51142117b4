"""KIS over HTTP: sign, send, page, and turn each refusal into the error that it proves."""

import json
import logging
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from time import sleep

from brokers.adapters.base import (
    AuthFailed,
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
    Rejected,
    Unreachable,
    WorkingOrder,
)
from brokers.adapters.companies import Company
from brokers.adapters.history import IssueDay, TradePage
from brokers.adapters.kis import codes
from brokers.adapters.kis.codes import Service
from brokers.adapters.kis.lists import KisLists
from brokers.adapters.kis.wire import account, charts, companies, fields, history, orders, quotes, refusals
from brokers.adapters.kis.wire.fields import Row
from brokers.adapters.limits import KeptToken, Pace, Token, TokenStore
from brokers.adapters.transport import Departure, Reply, Transport
from brokers.terms import Customer, OrderType, RequestKind, Server
from lucy.clock import KST

logger = logging.getLogger(__name__)

READ_SECONDS = 15.0  # the paper server takes 5 to 8 s at the open
ASKED_TOO_FAST_PAUSES = (0.3, 0.7, 1.5)  # seconds before a question refused for pace is put again
PAGES_AT_MOST = 500
MORE_PAGES = frozenset({"F", "M"})

Send = Callable[[dict[str, str]], Reply]  # takes the signed headers


class KisClient(BrokerClient):
    """One account at KIS; safe to share by threads."""

    def __init__(self, credentials: Credentials, tokens: TokenStore, pace: Pace) -> None:
        self._credentials = credentials
        self._server = credentials.server
        self._account = orders.account_fields(credentials.account_no)
        self._pace = pace
        self._transport = Transport(
            credentials.rest_url or codes.REST_URL[self._server], read_seconds=READ_SECONDS
        )
        self._token = KeptToken(tokens, self._issue_token)
        self.lists = KisLists(self._ask, credentials.hts_id)

    def place(self, request: OrderRequest) -> Receipt:
        return self._order(codes.CASH_ORDER[request.side], orders.new_order(self._account, request))

    def modify(
        self, order: WorkingOrder, quantity: int, price: Decimal | None, order_type: OrderType
    ) -> Receipt:
        body = orders.modification(self._account, order, quantity, price, order_type)
        return self._order(codes.CHANGE_ORDER, body)

    def cancel(self, order: WorkingOrder, quantity: int) -> Receipt:
        return self._order(codes.CHANGE_ORDER, orders.cancellation(self._account, order, quantity))

    def day_orders(self) -> list[OrderLine]:
        today = _today()
        return self._lines(codes.RECENT_ORDERS, today, today)

    def order_line(self, order_no: str) -> OrderLine | None:
        today = _today()
        lines = self._lines(codes.RECENT_ORDERS, today, today, order_no)
        wanted = fields.order_number(order_no)
        return next((line for line in lines if line.order_no == wanted), None)

    def open_orders(self) -> list[OrderLine]:
        if self._server is Server.PAPER:  # which has no list of its own for these
            lines = self.day_orders()
        else:
            query = orders.open_orders_query(self._account)
            today = _today()
            lines = [orders.open_line(row, today) for row in self._rows(codes.OPEN_ORDERS, query, "output")]
        return [line for line in lines if line.open_quantity and line.kind is not RequestKind.CANCEL]

    def day_fills(self) -> list[OrderLine]:
        return [line for line in self.day_orders() if line.filled_quantity]

    def orders_between(self, first: date, last: date) -> list[OrderLine]:
        """Two services share the past; the days around their border are asked of both."""
        older_last, recent_first = (_today() - codes.RECENT_AT_LEAST, _today() - codes.RECENT_AT_MOST)
        lines: list[OrderLine] = []
        if first <= older_last:
            lines += self._lines(codes.OLDER_ORDERS, first, min(last, older_last))
        if last >= recent_first:
            lines += self._lines(codes.RECENT_ORDERS, max(first, recent_first), last)
        return _oldest_first({(line.trade_date, line.order_no): line for line in lines}.values())

    def trades(self, first: date, last: date, after: str = "") -> TradePage:
        """Newest first; the services meet at three calendar months, so that no line comes twice."""
        border = codes.three_months_before(_today())
        place = history.place(after) if after else history.Place("recent" if last >= border else "older")
        recent = place.part == "recent"
        service = codes.RECENT_ORDERS if recent else codes.OLDER_ORDERS
        span = (max(first, border), last) if recent else (first, min(last, border - timedelta(days=1)))
        query = {**history.trades_query(self._account, *span, self._server), **place.keys}
        reply = self._ask(service, query, {"tr_cont": "N"} if place.nk else None)
        lines = tuple(history.trade_line(row) for row in fields.rows(reply.data, "output1"))
        fk, nk = history.keys_of(reply.data)
        if _has_more(reply) and (fk, nk) not in (("", ""), (place.fk, place.nk)):
            return TradePage(lines, history.Place(place.part, fk, nk).written())
        return TradePage(lines, history.Place("older").written() if recent and first < border else "")

    def profits(self, first: date, last: date) -> list[IssueDay]:
        return history.issue_days(
            self._rows(codes.PROFITS, history.profits_query(self._account, first, last), "output1")
        )

    def balance(self) -> Balance:
        pages = list(self._pages(codes.BALANCE, account.balance_query(self._account)))
        rows = [row for page in pages for row in fields.rows(page, "output1")]
        orderable = account.orderable_cash(self._buying_power("", None, OrderType.MARKET))
        return account.balance(rows, fields.record(pages[-1], "output2"), orderable)

    def buying_power(self, symbol: str, price: Decimal | None, order_type: OrderType) -> BuyingPower:
        return account.buying_power(self._buying_power(symbol, price, order_type))

    def quote(self, symbol: str) -> Quote:
        body = self._ask(codes.PRICE, quotes.issue_query(symbol)).data
        return quotes.quote(symbol, fields.record(body, "output"))

    def quotes(self, symbols: Sequence[str]) -> list[Quote]:
        if self._server is Server.PAPER:  # one by one there
            return [self.quote(symbol) for symbol in symbols]
        found: list[Quote] = []
        for start in range(0, len(symbols), codes.PRICES_A_CALL):
            some = symbols[start : start + codes.PRICES_A_CALL]
            body = self._ask(codes.PRICES, quotes.issues_query(some)).data
            found += quotes.quotes(some, fields.rows(body, "output"))
        return found

    def order_book(self, symbol: str) -> OrderBook:
        body = self._ask(codes.ORDER_BOOK, quotes.issue_query(symbol)).data
        return quotes.order_book(symbol, fields.record(body, "output1"), _today())

    def candles(
        self, symbol: str, period: Period, first: date, last: date, adjusted: bool = True
    ) -> list[Candle]:
        if period is Period.MINUTE:
            days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
            return [candle for day in days for candle in self._minutes(symbol, day)]
        found: list[Row] = []
        first = period.start_of(first)
        for _ in range(PAGES_AT_MOST):
            query = charts.candles_query(symbol, period, first, last, adjusted)
            rows = charts.dated(fields.rows(self._ask(codes.CANDLES, query).data, "output2"))
            found += rows
            if len(rows) < codes.CANDLES_A_CALL or charts.day_before(rows) < first:
                return charts.candles(found, period)
            last = charts.day_before(rows)
        raise BadReply(f"the candles do not end within {PAGES_AT_MOST} pages")

    def _minutes(self, symbol: str, day: date) -> list[Candle]:
        """A day's minutes, asked for backwards until nothing older comes."""
        found: dict[datetime, Row] = {}
        until = charts.END_OF_DAY
        for _ in range(PAGES_AT_MOST):
            rows = [
                row for row in self._minute_page(symbol, day, until) if fields.day(row, charts.DAY) == day
            ]
            new = {charts.minute(row): row for row in rows if charts.minute(row) not in found}
            found |= new
            oldest = min(new, default=None)
            if oldest is None or oldest.time() == time():
                return charts.minutes(found.values())
            until = (oldest - timedelta(minutes=1)).time()
        raise BadReply(f"the minutes do not end within {PAGES_AT_MOST} pages")

    def _minute_page(self, symbol: str, day: date, until: time) -> list[Row]:
        if day == _today():
            reply = self._ask(codes.MINUTES_TODAY, charts.minutes_today_query(symbol, until))
        else:
            reply = self._ask(codes.MINUTES_OF_DAY, charts.minutes_of_day_query(symbol, day, until))
        return charts.dated(fields.rows(reply.data, "output2"))

    def company(self, symbol: str) -> Company:
        """The paper server has no statements."""
        price = fields.record(self._ask(codes.PRICE, quotes.issue_query(symbol)).data, "output")
        query = companies.statement_query(symbol)
        asked = () if self._server is Server.PAPER else codes.STATEMENTS
        statements = [fields.rows(self._ask(service, query).data, "output") for service in asked]
        return companies.company(symbol, price, statements)

    def instruments(self) -> list[InstrumentLine]:
        raise Rejected("한국투자증권은 종목 목록을 REST로 제공하지 않습니다. LS증권 계좌로 받아 주십시오.")

    def renew_token(self) -> datetime:
        return self._token.renew(self._token.value()).expires_at

    def _buying_power(self, symbol: str, price: Decimal | None, order_type: OrderType) -> Row:
        query = account.buying_power_query(self._account, symbol, price, order_type)
        return fields.record(self._ask(codes.BUYING_POWER, query).data, "output")

    def _lines(self, service: Service, first: date, last: date, order_no: str = "") -> list[OrderLine]:
        query = orders.orders_query(self._account, first, last, self._server, order_no)
        return _oldest_first(orders.day_line(row) for row in self._rows(service, query, "output1"))

    def _order(self, service: Service, content: Mapping[str, str]) -> Receipt:
        """Send once; a second time only after a refused token, which proves that nothing was looked at."""
        body = json.dumps(content).encode()
        departure = Departure()

        def send(headers: dict[str, str]) -> Reply:
            self._pace.wait("order")
            departure.require()
            return self._transport.order(service.path, headers, body)

        return refusals.receipt(self._signed(service.tr_id(self._server), send))

    def _rows(self, service: Service, query: Mapping[str, str], name: str) -> list[Row]:
        return [row for page in self._pages(service, query) for row in fields.rows(page, name)]

    def _pages(self, service: Service, query: Mapping[str, str]) -> Iterator[Row]:
        """Every page's body. The keys are opaque and padded; an empty one ends the list as well."""
        keys = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        for page in range(PAGES_AT_MOST):
            reply = self._ask(service, {**query, **keys}, {"tr_cont": "N"} if page else None)
            yield reply.data
            before, keys = keys, {name: fields.text(reply.data, name.lower()) for name in keys}
            if not _has_more(reply) or not any(keys.values()):
                return
            if keys == before:
                raise BadReply("ctx_area_nk100 repeats: the list does not go on")
        raise BadReply(f"the list does not end within {PAGES_AT_MOST} pages")

    def _ask(
        self, service: Service, query: Mapping[str, str], extra: Mapping[str, str] | None = None
    ) -> Reply:
        """An answered question; refused for pace it waits and asks again, a bounded number of times."""
        tr_id = service.tr_id(self._server)

        def send(headers: dict[str, str]) -> Reply:
            self._pace.wait("question")
            return self._transport.ask("GET", service.path, {**headers, **(extra or {})}, query=query)

        for pause in ASKED_TOO_FAST_PAUSES:
            try:
                return _answered(self._signed(tr_id, send))
            except RateLimited as refusal:
                if not refusal.code:  # our own pace: its wait is over already
                    raise
                sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
        return _answered(self._signed(tr_id, send))

    def _signed(self, tr_id: str, send: Send) -> Reply:
        """Send with the token, once more with a new one if the gateway refuses the first."""
        token = self._token.value()
        reply = send(self._headers(tr_id, token))
        if refusals.token_refused(reply):
            logger.info("KIS refused the token (%s), renewing", refusals.code_of(reply))
            reply = send(self._headers(tr_id, self._token.renew(token).value))
        return reply

    def _headers(self, tr_id: str, token: str) -> dict[str, str]:
        headers = {
            **codes.JSON_CONTENT,
            "authorization": f"Bearer {token}",
            "appkey": self._credentials.app_key,
            "appsecret": self._credentials.app_secret,
            "tr_id": tr_id,
            "custtype": codes.CUSTTYPE[self._credentials.customer],
        }
        if self._credentials.customer is Customer.CORPORATION:
            headers |= {"seq_no": "001", "gt_uid": uuid.uuid4().hex}
        return headers

    def _issue_token(self) -> Token:
        body = json.dumps(account.token_request(self._credentials)).encode()
        try:
            reply = self._transport.ask("POST", codes.TOKEN_PATH, codes.JSON_CONTENT, body=body)
            return account.token(refusals.oauth_answer(reply))
        except Rejected as refusal:
            raise AuthFailed(f"no token: {refusal.message}", code=refusal.code) from refusal
        except (BadReply, Unreachable) as odd:
            # For the order that waits for it, no token means only that it cannot leave.
            raise Unreachable(f"no token: {odd.message}", code=odd.code) from odd


def _answered(reply: Reply) -> Reply:
    refusals.answer(reply)
    return reply


def _has_more(reply: Reply) -> bool:
    return reply.headers.get("tr_cont", "").strip() in MORE_PAGES


def _today() -> date:
    return datetime.now(KST).date()


def _oldest_first(lines: Iterable[OrderLine]) -> list[OrderLine]:
    return sorted(lines, key=lambda line: line.ordered_at)
