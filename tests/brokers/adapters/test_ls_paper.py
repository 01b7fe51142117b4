"""LsClient and LsStream against the paper broker: what the adapter says is what the broker's books hold."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from brokers.adapters import sockets
from brokers.adapters.base import (
    AuthFailed,
    Connected,
    Credentials,
    FillReport,
    OrderLine,
    OrderNews,
    OrderReport,
    OrderRequest,
    RateLimited,
    Rejected,
    ReplyLost,
    WorkingOrder,
)
from brokers.adapters.limits import MemoryTokenStore
from brokers.adapters.ls import stream as stream_module
from brokers.adapters.ls.client import LsClient
from brokers.adapters.ls.stream import LsStream
from brokers.paper import demo
from brokers.paper.faults import Action, Rule
from brokers.paper.server import PaperThread
from brokers.paper.switches import Switches
from brokers.terms import Condition, Customer, InstrumentKind, OrderType, RequestKind, Server, Side
from lucy import clock
from tests.brokers.adapters.test_ls_client import NoPace

SAMSUNG = "005930"
KEYS = {
    Server.REAL: (demo.LS_REAL_APP_KEY, demo.LS_REAL_APP_SECRET, demo.LS_REAL_ACCOUNT),
    Server.PAPER: (demo.LS_PAPER_APP_KEY, demo.LS_PAPER_APP_SECRET, demo.LS_PAPER_ACCOUNT),
}


@pytest.fixture
def paper() -> Iterator[PaperThread]:
    with PaperThread(switches=Switches(ls_rate_factor=0, ls_order_page=3, ls_history_page=2)) as thread:
        yield thread


def credentials_for(paper: PaperThread, server: Server, **changes: Any) -> Credentials:
    key, secret, number = KEYS[server]
    host = f"ls_{server.value}"
    values: dict[str, Any] = {
        "account_no": number,
        "server": server,
        "customer": Customer.PERSON,
        "hts_id": "",
        "app_key": key,
        "app_secret": secret,
        "rest_url": paper.url(host),
        "socket_url": f"{paper.ws_url(host)}/websocket",
    }
    return Credentials(**values | changes)


@pytest.fixture(params=[Server.PAPER, Server.REAL])
def credentials(request: pytest.FixtureRequest, paper: PaperThread) -> Credentials:
    return credentials_for(paper, request.param)


@pytest.fixture
def tokens() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture
def client(credentials: Credentials, tokens: MemoryTokenStore) -> LsClient:
    return LsClient(credentials, tokens, NoPace())


class Books:
    """The broker's own books, asked for and changed in its thread."""

    def __init__(self, paper: PaperThread, number: str) -> None:
        self.paper = paper
        self.number = number

    def price(self) -> int:
        return self.paper.call(lambda broker: broker.market.issue(SAMSUNG).price)

    def resting_price(self) -> Decimal:
        """Ten ticks below the best: nothing happens there."""
        return Decimal(self.paper.call(lambda broker: broker.market.book(SAMSUNG).bids[9].price))

    def fill(self, order_no: str, quantity: int, price: Decimal) -> None:
        self.paper.call(
            lambda broker: broker.ledger.fill(
                broker.ledger.accounts.by_number[self.number], int(order_no), quantity, int(price)
            )
        )

    def reject(self, order_no: str) -> None:
        self.paper.call(
            lambda broker: broker.ledger.reject(broker.ledger.accounts.by_number[self.number], int(order_no))
        )

    def order(self, order_no: str) -> Any:
        return self.paper.call(
            lambda broker: broker.ledger.order(broker.ledger.accounts.by_number[self.number], int(order_no))
        )

    def fault(self, action: Action, **details: Any) -> None:
        self.paper.call(lambda broker: broker.faults.add(Rule(action, broker="ls", **details)))


@pytest.fixture
def books(paper: PaperThread, credentials: Credentials) -> Books:
    return Books(paper, credentials.account_no)


def buy(price: Decimal | None, quantity: int = 10, **changes: Any) -> OrderRequest:
    return replace(OrderRequest(SAMSUNG, Side.BUY, quantity, price), **changes)


def working(number: str, open_quantity: int = 10) -> WorkingOrder:
    return WorkingOrder(number, "", SAMSUNG, Side.BUY, open_quantity, OrderType.LIMIT)


def assert_adds_up(line: OrderLine, order: Any) -> None:
    """The line says what the books say, but for what went on in a modify."""
    assert (line.quantity, line.filled_quantity, line.open_quantity) == (
        order.quantity,
        order.filled,
        order.open,
    )
    taken = order.quantity if line.kind == RequestKind.CANCEL else order.cancelled
    assert (line.cancelled_quantity, line.rejected_quantity) == (taken, order.rejected)


# Orders


def test_an_order_rests_and_shows(client: LsClient, books: Books):
    price = books.resting_price()
    receipt = client.place(buy(price))
    line = client.order_line(receipt.order_no)
    assert line is not None
    assert_adds_up(line, books.order(receipt.order_no))
    assert (line.price, line.side, line.kind, line.symbol) == (price, Side.BUY, RequestKind.NEW, SAMSUNG)
    assert abs(line.ordered_at - clock.now()) < timedelta(minutes=1)
    assert [found.order_no for found in client.open_orders()] == [receipt.order_no]


def test_a_chain_of_changes_adds_up(client: LsClient, books: Books):
    price = books.resting_price()
    first = client.place(buy(price, quantity=100)).order_no
    books.fill(first, 20, price)
    partial = client.cancel(working(first), 10).order_no
    moved = client.modify(working(first), 50, price + 100, OrderType.LIMIT).order_no
    books.fill(moved, 5, price)
    rest = client.cancel(working(moved), 45).order_no
    lines = {line.order_no: line for line in client.day_orders()}
    assert list(lines) == [first, partial, moved, rest]
    for number, line in lines.items():
        assert_adds_up(line, books.order(number))
    assert [lines[number].kind for number in lines] == [
        RequestKind.NEW,
        RequestKind.CANCEL,
        RequestKind.MODIFY,
        RequestKind.CANCEL,
    ]
    assert lines[moved].original_no == first
    assert client.open_orders() == []
    assert {line.order_no for line in client.day_fills()} == {first, moved}


def test_the_past_tells_the_same_story(client: LsClient, books: Books):
    price = books.resting_price()
    first = client.place(buy(price, quantity=30)).order_no
    books.fill(first, 5, price)
    client.cancel(working(first), 5)
    client.modify(working(first), 10, price + 100, OrderType.LIMIT)
    today = clock.trade_date()
    past = {line.order_no: line for line in client.orders_between(today, today)}
    assert list(past) == [line.order_no for line in client.day_orders()]
    for number, line in past.items():
        assert_adds_up(line, books.order(number))
    assert client.orders_between(date(2026, 1, 5), date(2026, 1, 6)) == []


def test_a_market_order_fills_at_once(client: LsClient, books: Books):
    receipt = client.place(buy(None, quantity=3, order_type=OrderType.MARKET))
    line = client.order_line(receipt.order_no)
    order = books.order(receipt.order_no)
    assert line is not None
    assert (line.filled_quantity, line.open_quantity) == (3, 0)
    assert abs(line.filled_amount - order.filled_amount) < 3
    assert line.order_type == OrderType.MARKET


def test_refusals_keep_the_brokers_words(client: LsClient, books: Books):
    price = books.resting_price()
    with pytest.raises(Rejected) as off_tick:
        client.place(buy(price + 1))
    assert (off_tick.value.code, bool(off_tick.value.message)) == ("02705", True)
    with pytest.raises(Rejected, match="01425"):
        client.place(buy(price, quantity=10_000_000))
    with pytest.raises(Rejected, match="01433"):
        client.cancel(working("999"), 1)
    with pytest.raises(Rejected, match="03181"):
        client.place(buy(Decimal(1000)))
    assert client.day_orders() == []


def test_a_list_of_many_pages_is_whole(client: LsClient, books: Books):
    price = books.resting_price()
    numbers = [client.place(buy(price, quantity=1)).order_no for _ in range(8)]
    assert [line.order_no for line in client.day_orders()] == numbers
    today = clock.trade_date()
    assert [line.order_no for line in client.orders_between(today, today)] == numbers


# When things go wrong


def test_a_lost_reply_leaves_one_order(client: LsClient, books: Books):
    client.renew_token()
    books.fault(Action.LOSE_REPLY, target="CSPAT00601")
    with pytest.raises(ReplyLost):
        client.place(buy(books.resting_price()))
    assert len(client.day_orders()) == 1


def test_a_dead_token_is_replaced_without_a_second_order(client: LsClient, books: Books, paper: PaperThread):
    client.renew_token()
    paper.call(lambda broker: broker.tokens.expire(broker.clock.now()))
    client.place(buy(books.resting_price()))
    assert len(client.day_orders()) == 1


def test_two_processes_share_a_token(credentials: Credentials, tokens: MemoryTokenStore, books: Books):
    one, other = (LsClient(credentials, tokens, NoPace()) for _ in range(2))
    one.quote(SAMSUNG)
    other.renew_token()
    assert one.quote(SAMSUNG).price == other.quote(SAMSUNG).price == books.price()


def test_bad_keys_are_told(paper: PaperThread, credentials: Credentials):
    wrong = credentials_for(paper, credentials.server, app_secret="0" * 32)
    with pytest.raises(AuthFailed, match="IGW00105"):
        LsClient(wrong, MemoryTokenStore(), NoPace()).place(buy(Decimal(70000)))


def test_the_brokers_pace(
    client: LsClient, books: Books, paper: PaperThread, monkeypatch: pytest.MonkeyPatch
):
    client.renew_token()
    paper.call(lambda broker: broker.switches.change({"ls_rate_factor": 1.0}))
    price = books.resting_price()
    placed: list[str] = []

    def place_many() -> None:
        placed.extend(client.place(buy(price, quantity=1)).order_no for _ in range(20))

    with pytest.raises(RateLimited):
        place_many()
    monkeypatch.setattr("brokers.adapters.ls.client.ASKED_TOO_FAST_PAUSES", (1.1, 1.1, 1.1))
    assert [line.order_no for line in client.day_orders()] == placed  # four pages at two a second


# The account and the market


def test_a_balance_is_the_books(client: LsClient, paper: PaperThread, credentials: Credentials):
    balance = client.balance()
    held = paper.call(lambda broker: dict(broker.ledger.accounts.by_number[credentials.account_no].holdings))
    assert {line.symbol: (line.quantity, line.cost) for line in balance.holdings} == {
        code: (holding.quantity, holding.cost) for code, holding in held.items()
    }
    assert all(line.name and line.value == line.price * line.quantity for line in balance.holdings)
    assert balance.cash.deposit == balance.cash.orderable == demo.DEMO_CASH
    assert balance.net_asset == demo.DEMO_CASH + sum(line.value for line in balance.holdings)


def test_buying_power_is_counted_in_full(client: LsClient, books: Books):
    price = books.resting_price()
    limit = client.buying_power(SAMSUNG, price, OrderType.LIMIT)
    market = client.buying_power(SAMSUNG, None, OrderType.MARKET)
    assert limit.price * limit.quantity <= limit.cash < limit.price * (limit.quantity + 10)
    assert market.price == client.quote(SAMSUNG).upper_limit
    assert market.quantity < limit.quantity


def test_quotes_agree_with_one_another(client: LsClient, books: Books):
    one = client.quote(SAMSUNG)
    many = client.quotes([SAMSUNG, "035720", "247540"])
    assert [quote.symbol for quote in many] == [SAMSUNG, "035720", "247540"]
    assert one == many[0]
    assert one.price == books.price()
    assert one.change == one.price - one.base_price


def test_a_book_has_ten_levels_a_side(client: LsClient):
    book = client.order_book(SAMSUNG)
    assert (len(book.asks), len(book.bids)) == (10, 10)
    assert book.asks[0].price > book.bids[0].price > book.bids[1].price


def test_instruments_are_all_there(client: LsClient, paper: PaperThread):
    found = {line.symbol: line for line in client.instruments()}
    issues = paper.call(lambda broker: {code: issue.kind for code, issue in broker.market.issues.items()})
    kinds = {"stock": InstrumentKind.STOCK, "ETF": InstrumentKind.ETF, "ETN": InstrumentKind.ETN}
    assert {code: line.kind for code, line in found.items()} == {c: kinds[k] for c, k in issues.items()}
    assert all(line.lower_limit < line.base_price < line.upper_limit for line in found.values())


# The stream


class Ear:
    """What the stream told, and a way to wait for the next of a kind."""

    def __init__(self, stream: LsStream) -> None:
        self.reports = stream.reports()
        self.fills: list[FillReport] = []
        self.news: list[OrderReport] = []

    async def heard(self, kind: type[Any]) -> Any:
        async with asyncio.timeout(10):
            async for report in self.reports:
                if isinstance(report, FillReport):
                    self.fills.append(report)
                if isinstance(report, OrderReport):
                    self.news.append(report)
                if isinstance(report, kind):
                    return report
        raise AssertionError("the stream has ended")


@pytest.fixture
async def ear(
    credentials: Credentials, tokens: MemoryTokenStore, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ear]:
    monkeypatch.setattr(stream_module, "BETWEEN_REGISTRATIONS_SECONDS", 0.0)
    monkeypatch.setattr(sockets, "FIRST_PAUSE_SECONDS", 0.05)
    ear = Ear(LsStream(credentials, tokens))
    async with aclosing(ear.reports):
        await ear.heard(Connected)
        yield ear


async def test_a_life_is_told_in_order(ear: Ear, client: LsClient, books: Books):
    price = books.resting_price()
    first = (await asyncio.to_thread(client.place, buy(price))).order_no
    accepted = await ear.heard(OrderReport)
    assert (accepted.news, accepted.order_no, accepted.quantity) == (OrderNews.ACCEPTED, first, 10)
    assert (accepted.account_no, accepted.price) == (books.number, price)
    await asyncio.to_thread(books.fill, first, 4, price)
    fill = await ear.heard(FillReport)
    assert (fill.order_no, fill.quantity, fill.price, fill.order_quantity) == (first, 4, price, 10)
    assert fill.fill_no == str(books.order(first).executions[0].number)
    moved = (await asyncio.to_thread(client.modify, working(first), 6, price + 100, OrderType.LIMIT)).order_no
    modified = await ear.heard(OrderReport)
    assert (modified.news, modified.order_no, modified.original_no) == (OrderNews.MODIFIED, moved, first)
    assert (modified.quantity, modified.price) == (6, price + 100)
    cancel = (await asyncio.to_thread(client.cancel, working(moved), 6)).order_no
    cancelled = await ear.heard(OrderReport)
    assert (cancelled.news, cancelled.order_no, cancelled.original_no) == (OrderNews.CANCELLED, cancel, moved)
    assert cancelled.quantity == 6


async def test_the_rest_of_an_ioc_is_killed(ear: Ear, client: LsClient, books: Books):
    request = buy(books.resting_price(), condition=Condition.IOC)
    number = (await asyncio.to_thread(client.place, request)).order_no
    await ear.heard(OrderReport)
    killed = await ear.heard(OrderReport)
    assert (killed.news, killed.order_no, killed.original_no) == (OrderNews.KILLED, number, "")
    assert (killed.quantity, killed.request) == (10, RequestKind.NEW)


async def test_a_refusal_by_the_exchange_is_told(ear: Ear, client: LsClient, books: Books):
    number = (await asyncio.to_thread(client.place, buy(books.resting_price()))).order_no
    await ear.heard(OrderReport)
    await asyncio.to_thread(books.reject, number)
    refused = await ear.heard(OrderReport)
    assert (refused.news, refused.order_no, refused.quantity) == (OrderNews.REJECTED, number, 10)
    line = await asyncio.to_thread(client.order_line, number)
    assert line is not None
    assert_adds_up(line, books.order(number))


async def test_each_fill_of_a_sweep_has_its_number(ear: Ear, client: LsClient, books: Books):
    request = buy(None, quantity=300, order_type=OrderType.MARKET)
    number = (await asyncio.to_thread(client.place, request)).order_no
    order = books.order(number)
    while sum(fill.quantity for fill in ear.fills) < order.filled:
        await ear.heard(FillReport)
    assert [(f.fill_no, f.quantity, f.price) for f in ear.fills] == [
        (str(done.number), done.quantity, done.price) for done in order.executions
    ]


@pytest.mark.parametrize("mid_frame", [False, True])
async def test_a_dropped_socket_comes_back(
    ear: Ear, client: LsClient, paper: PaperThread, books: Books, mid_frame: bool
):
    paper.call(lambda broker: broker.drop_sockets(mid_frame=mid_frame))
    await ear.heard(Connected)
    number = (await asyncio.to_thread(client.place, buy(books.resting_price()))).order_no
    assert (await ear.heard(OrderReport)).order_no == number


async def test_a_dead_token_does_not_keep_it_away(ear: Ear, paper: PaperThread):
    def restart(broker: Any) -> None:
        broker.tokens.expire(broker.clock.now())
        broker.drop_sockets()

    paper.call(restart)
    await ear.heard(Connected)


async def test_the_other_kinds_port_refuses(
    paper: PaperThread, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(sockets, "FIRST_PAUSE_SECONDS", 0.02)
    crossed = credentials_for(
        paper, Server.REAL, socket_url=f"{paper.ws_url('ls_paper')}/websocket", rest_url=paper.url("ls_real")
    )
    reports = LsStream(crossed, MemoryTokenStore()).reports()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await anext(reports)
    await reports.aclose()
    assert "AuthFailed: [10001]" in caplog.text
