"""KisClient and KisStream together against the paper broker, on both of KIS's servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from brokers.adapters import sockets
from brokers.adapters.base import (
    Alive,
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
    Report,
    WorkingOrder,
)
from brokers.adapters.kis.client import KisClient
from brokers.adapters.kis.stream import KisStream
from brokers.adapters.limits import MemoryTokenStore, Pace
from brokers.paper import demo
from brokers.paper.faults import Action, Rule
from brokers.paper.server import PaperBroker, PaperThread
from brokers.terms import Condition, Customer, OrderType, RequestKind, Server, Side, Venue
from lucy.clock import KST

KEYS = {
    Server.REAL: (
        demo.KIS_REAL_ACCOUNT,
        demo.KIS_REAL_HTS_ID,
        demo.KIS_REAL_APP_KEY,
        demo.KIS_REAL_APP_SECRET,
    ),
    Server.PAPER: (
        demo.KIS_PAPER_ACCOUNT,
        demo.KIS_PAPER_HTS_ID,
        demo.KIS_PAPER_APP_KEY,
        demo.KIS_PAPER_APP_SECRET,
    ),
}
SAMSUNG = "005930"
LOW = Decimal(90000)  # below the market: rests
ORDER_PATH = "/uapi/domestic-stock/v1/trading/order-cash"


@pytest.fixture
def paper() -> Iterator[PaperThread]:
    with PaperThread() as paper:
        paper.call(lambda broker: broker.switches.change({"kis_rate_real": 0, "kis_rate_paper": 0}))
        yield paper


@pytest.fixture(params=[Server.PAPER, Server.REAL])
def credentials(paper: PaperThread, request: pytest.FixtureRequest) -> Credentials:
    account, hts_id, app_key, app_secret = KEYS[request.param]
    host = f"kis_{request.param}"
    return Credentials(
        account,
        request.param,
        Customer.PERSON,
        hts_id,
        app_key,
        app_secret,
        paper.url(host),
        paper.ws_url(host),
    )


@pytest.fixture
def client(credentials: Credentials, pace_redis_url: str) -> KisClient:
    return KisClient(credentials, MemoryTokenStore(), Pace(pace_redis_url, "paper", 100_000))


def buy(quantity: int = 10, price: Decimal | None = LOW, **changes: object) -> OrderRequest:
    return OrderRequest(SAMSUNG, Side.BUY, quantity, price, **changes)


def working(line: OrderLine) -> WorkingOrder:
    return WorkingOrder(
        line.order_no,
        line.branch,
        line.symbol,
        line.side,
        line.open_quantity,
        line.order_type,
        venue=line.venue,
    )


def line_of(client: KisClient, order_no: str) -> OrderLine:
    line = client.order_line(order_no)
    assert line is not None
    return line


def fill(paper: PaperThread, credentials: Credentials, order_no: str, quantity: int) -> None:
    def deed(broker: PaperBroker) -> None:
        account = broker.ledger.accounts.by_number[credentials.account_no]
        broker.ledger.fill(account, int(order_no), quantity, None)

    paper.call(deed)


def adds_up(line: OrderLine) -> bool:
    parts = line.filled_quantity + line.open_quantity + line.cancelled_quantity + line.rejected_quantity
    return line.quantity == parts


def test_an_order_is_placed_modified_and_cancelled(client: KisClient):
    placed = line_of(client, client.place(buy()).order_no)
    assert (placed.open_quantity, placed.price, placed.kind) == (10, LOW, RequestKind.NEW)

    modified = line_of(client, client.modify(working(placed), 10, Decimal(90100), OrderType.LIMIT).order_no)
    assert (modified.original_no, modified.price) == (placed.order_no, Decimal(90100))
    assert modified.kind is RequestKind.MODIFY

    part = client.cancel(working(modified), 4)
    rest = line_of(client, modified.order_no)
    assert (rest.open_quantity, rest.cancelled_quantity) == (6, 4)
    assert line_of(client, part.order_no).kind is RequestKind.CANCEL

    client.cancel(working(rest), 6)
    assert client.open_orders() == []
    lines = client.day_orders()
    assert [line.order_no for line in lines] == sorted((line.order_no for line in lines), key=int)
    assert all(adds_up(line) for line in lines)


def test_a_dead_order_cannot_be_cancelled(client: KisClient):
    placed = line_of(client, client.place(buy()).order_no)
    client.cancel(working(placed), 10)
    with pytest.raises(Rejected) as refusal:
        client.cancel(working(placed), 10)
    assert refusal.value.code
    assert refusal.value.message


def test_fills_are_totals_of_their_number(client: KisClient, paper: PaperThread, credentials: Credentials):
    number = client.place(buy()).order_no
    for quantity in (3, 4):
        fill(paper, credentials, number, quantity)
    (line,) = client.day_fills()
    assert (line.filled_quantity, line.open_quantity, line.filled_amount) == (7, 3, 7 * LOW)
    (held,) = [holding for holding in client.balance().holdings if holding.symbol == SAMSUNG]
    assert held.quantity == 107


@pytest.mark.parametrize(
    "request_",
    [
        buy(1, Decimal(90050)),
        buy(1, Decimal(10000)),
        buy(1_000_000),
        OrderRequest("999999", Side.BUY, 1, LOW),
        OrderRequest("000660", Side.SELL, 1, Decimal(562000)),
    ],
)
def test_refusals_carry_the_brokers_code_and_words(client: KisClient, request_: OrderRequest):
    with pytest.raises(Rejected) as refusal:
        client.place(request_)
    assert refusal.value.code
    assert refusal.value.message
    assert client.day_orders() == []


@pytest.mark.parametrize(
    ("order_type", "condition"),
    [(OrderType.MARKET, Condition.DAY), (OrderType.BEST, Condition.IOC), (OrderType.LIMIT, Condition.FOK)],
)
def test_types_and_conditions_come_back_as_sent(
    client: KisClient, order_type: OrderType, condition: Condition
):
    price = Decimal(96300) if order_type.has_price else None
    request = buy(2, price, order_type=order_type, condition=condition)
    line = line_of(client, client.place(request).order_no)
    assert (line.order_type, line.condition, line.filled_quantity) == (order_type, condition, 2)


def test_etns_are_traded_under_their_six_digits(client: KisClient):
    number = client.place(OrderRequest("530031", Side.BUY, 1, Decimal(10200))).order_no
    assert line_of(client, number).symbol == "530031"
    assert client.quote("530031").price > 0


def test_questions_about_the_market(client: KisClient):
    quotes = client.quotes([SAMSUNG, "000660"])
    assert [quote.symbol for quote in quotes] == [SAMSUNG, "000660"]
    assert quotes[0].lower_limit < quotes[0].price < quotes[0].upper_limit
    book = client.order_book(SAMSUNG)
    assert book.bids[0].price < book.asks[0].price
    assert client.buying_power(SAMSUNG, LOW, OrderType.LIMIT).quantity > 1000
    market = client.buying_power(SAMSUNG, None, OrderType.MARKET)
    assert market.price == quotes[0].upper_limit


def test_long_lists_are_whole(client: KisClient):
    numbers = [client.place(buy(1)).order_no for _ in range(120)]
    assert [line.order_no for line in client.day_orders()] == numbers
    assert {line.order_no for line in client.open_orders()} == set(numbers)


def test_older_orders_are_found_whichever_service_has_them(client: KisClient, paper: PaperThread):
    number = client.place(buy(1)).order_no
    today = datetime.now(KST).date()
    assert [line.order_no for line in client.orders_between(today - timedelta(days=365), today)] == [number]
    assert client.orders_between(today - timedelta(days=365), today - timedelta(days=1)) == []


def test_a_lost_reply_leaves_doubt_that_the_order_list_settles(client: KisClient, paper: PaperThread):
    paper.call(lambda broker: broker.faults.add(Rule(Action.LOSE_REPLY, target=ORDER_PATH)))
    with pytest.raises(ReplyLost):
        client.place(buy(1))
    assert len(client.day_orders()) == 1


def test_a_server_error_leaves_doubt_and_a_pace_refusal_none(client: KisClient, paper: PaperThread):
    fault = Rule(Action.ANSWER, target=ORDER_PATH, code="EGW00001", message="일시적 오류")
    paper.call(lambda broker: broker.faults.add(fault))
    with pytest.raises(ReplyLost):
        client.place(buy(1))
    paper.call(lambda broker: broker.faults.add(Rule(Action.ANSWER, target=ORDER_PATH, code="EGW00201")))
    with pytest.raises(RateLimited):
        client.place(buy(1))
    assert client.day_orders() == []


def test_an_expired_token_is_renewed_without_a_word(client: KisClient, paper: PaperThread):
    client.place(buy(1))
    paper.call(lambda broker: broker.switches.change({"kis_token_interval": 0}))
    paper.call(lambda broker: broker.tokens.expire(broker.clock.now(), None))
    client.place(buy(1))
    assert len(client.day_orders()) == 2


@dataclass
class Listener:
    """Reads a stream in the background."""

    stream: KisStream
    reports: list[Report] = field(default_factory=list)

    async def run(self) -> None:
        async with contextlib.aclosing(self.stream.reports()) as reports:
            async for report in reports:
                self.reports.append(report)

    async def until(self, enough: Callable[[list[Report]], bool]) -> list[Report]:
        async with asyncio.timeout(10):
            while not enough(self.reports):
                await asyncio.sleep(0.01)
        return self.reports

    async def connected(self, times: int = 1) -> None:
        await self.until(lambda reports: sum(isinstance(report, Connected) for report in reports) >= times)

    async def news(self, count: int) -> list[FillReport | OrderReport]:
        def news() -> list[FillReport | OrderReport]:
            return [report for report in self.reports if isinstance(report, FillReport | OrderReport)]

        await self.until(lambda _: len(news()) >= count)
        return news()


@pytest.fixture
async def listener(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listener]:
    monkeypatch.setattr(sockets, "FIRST_PAUSE_SECONDS", 0.05)
    listener = Listener(KisStream(credentials))
    task = asyncio.create_task(listener.run())
    await listener.connected()
    yield listener
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def in_thread(deed, *args):
    return await asyncio.to_thread(deed, *args)


async def test_an_orders_life_is_told(listener: Listener, client: KisClient, credentials: Credentials):
    receipt = await in_thread(client.place, buy(10))
    line = await in_thread(line_of, client, receipt.order_no)
    modified = await in_thread(client.modify, working(line), 10, Decimal(96200), OrderType.LIMIT)
    accepted, changed, fill = (await listener.news(3))[:3]
    assert isinstance(accepted, OrderReport)
    assert (accepted.news, accepted.order_no, accepted.quantity) == (OrderNews.ACCEPTED, receipt.order_no, 10)
    assert isinstance(changed, OrderReport)
    assert (changed.news, changed.order_no) == (OrderNews.MODIFIED, modified.order_no)
    assert changed.original_no == receipt.order_no
    assert isinstance(fill, FillReport)
    assert (fill.account_no, fill.order_no, fill.quantity) == (credentials.account_no, modified.order_no, 10)
    assert (fill.price, fill.order_price, fill.order_quantity) == (Decimal(96200), Decimal(96200), 10)
    assert fill.trade_date == datetime.now(KST).date()
    assert abs(datetime.now(KST) - fill.executed_at) < timedelta(minutes=1)


async def test_cancels_and_killed_rests_are_told(listener: Listener, client: KisClient):
    receipt = await in_thread(client.place, buy(10))
    line = await in_thread(line_of, client, receipt.order_no)
    cancel = await in_thread(client.cancel, working(line), 10)
    await in_thread(client.place, buy(5, LOW, condition=Condition.IOC))
    news = await listener.news(4)
    told = [(report.news, report.order_no) for report in news if isinstance(report, OrderReport)]
    assert (OrderNews.CANCELLED, cancel.order_no) in told
    assert OrderNews.KILLED in [what for what, _ in told]
    (cancelled,) = [r for r in news if isinstance(r, OrderReport) and r.news is OrderNews.CANCELLED]
    assert cancelled.original_no == receipt.order_no


async def test_each_fill_is_told_with_its_own_quantity(
    listener: Listener, client: KisClient, paper: PaperThread, credentials: Credentials
):
    number = (await in_thread(client.place, buy(10))).order_no
    for quantity in (3, 4):
        await in_thread(fill, paper, credentials, number, quantity)
    fills = [report for report in await listener.news(3) if isinstance(report, FillReport)]
    assert [fill.quantity for fill in fills] == [3, 4]
    assert {fill.fill_no for fill in fills} == {""}


@pytest.mark.parametrize("mid_frame", [False, True])
async def test_a_dropped_connection_comes_back(
    listener: Listener, paper: PaperThread, client: KisClient, mid_frame
):
    await in_thread(paper.call, lambda broker: broker.drop_sockets(mid_frame=mid_frame))
    await listener.connected(2)
    await in_thread(client.place, buy(1))
    await listener.news(1)


async def test_keep_alives_keep_the_connection(paper: PaperThread, credentials: Credentials):
    paper.call(lambda broker: broker.switches.change({"kis_ping_seconds": 0.1, "kis_silence_seconds": 0.5}))
    listener = Listener(KisStream(credentials))
    task = asyncio.create_task(listener.run())
    await listener.until(lambda reports: sum(isinstance(report, Alive) for report in reports) >= 8)
    assert [type(report) for report in listener.reports].count(Connected) == 1
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("credentials", [Server.REAL], indirect=True)
def test_a_cancel_names_the_exchange_of_the_order(client: KisClient):
    line = line_of(client, client.place(buy(3, venue=Venue.NXT)).order_no)
    assert line.venue is Venue.NXT
    client.cancel(working(line), 3)
    assert client.open_orders() == []
