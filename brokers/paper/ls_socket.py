"""LS's WebSocket on the paper broker: registrations of each connection, and what is pushed to it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from brokers.paper import ls_tokens
from brokers.paper.faults import AT_ONCE, NoticePlan
from brokers.paper.faults import Call as FaultCall
from brokers.paper.ledger import Event
from brokers.paper.ls_frames import (
    BEST_FEEDS,
    BOOK_FEEDS,
    TRADE_FEEDS,
    best_frame,
    book_frame,
    order_frames,
    session_frame,
    trade_frame,
)
from brokers.paper.ls_sessions import changes_between
from brokers.paper.market import Book, Trade

if TYPE_CHECKING:
    from brokers.paper.server import PaperBroker

ORDER_EVENTS = frozenset({"SC0", "SC1", "SC2", "SC3", "SC4"})
REGISTER_ACCOUNT, UNREGISTER_ACCOUNT, REGISTER, UNREGISTER = "1", "2", "3", "4"
TAKEN = ("00000", "정상처리되었습니다")
WRONG_SERVER = ("10001", "token 계좌정보와 서버정보(실전,모의)가 일치하지 않습니다")
BAD_TOKEN = ("IGW00121", "유효하지 않은 token 입니다.")
BAD_REQUEST = ("10001", "tr_type 값이 올바르지 않습니다")
WAITING_FRAMES = 20_000  # a client that reads more slowly than this is dropped
SESSION_WATCH_SECONDS = 0.2

Feed = tuple[str, str]  # tr_cd, tr_key


class Connection:
    """One WebSocket: frames wait in line, so that whoever announces something never waits for a client."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.request = request
        self.socket = socket
        self.feeds: set[Feed] = set()
        self.events: dict[str, set[str]] = {}  # account number to the order events registered
        self.muted = False
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    def post(self, text: str) -> None:
        """Send a frame when its turn comes."""
        if self.muted or self.socket.closed:
            return
        self._waiting.put_nowait(text)
        if self._waiting.qsize() > WAITING_FRAMES:
            self.drop()

    def post_as_planned(self, texts: list[str], plan: NoticePlan) -> None:
        """Send order frames late, twice, never, or end the connection in their place."""
        self.muted = self.muted or plan.silent
        if plan.drop:
            self.drop(texts[0] if plan.mid_frame else None)
            return
        for delay in plan.delays:
            for text in texts:
                if delay:
                    asyncio.get_running_loop().call_later(delay, self.post, text)
                else:
                    self.post(text)

    def drop(self, torn: str | None = None) -> None:
        """End the connection without a goodbye, in the middle of a frame if one is given."""
        transport = self.request.transport
        if transport is None:
            return
        if torn is not None:
            transport.write(half_frame(torn))
            transport.close()
        else:
            transport.abort()

    async def send_all(self) -> None:
        """Send what waits, for as long as the connection lives; its end is the reader's business."""
        while not self.socket.closed:
            text = await self._waiting.get()
            try:
                await self.socket.send_str(text)
            except ConnectionError:
                return


def half_frame(text: str) -> bytes:
    """The beginning of an unmasked text frame (RFC 6455 §5.2) that promises more than it holds."""
    payload = text.encode()
    return b"\x81\x7f" + len(payload).to_bytes(8) + payload[: len(payload) // 2]


class Streams:
    """All connections of one port; the port decides whether real or paper tokens may register."""

    def __init__(self, broker: "PaperBroker", server: str) -> None:
        self.broker = broker
        self.server = server
        self.connections: set[Connection] = set()
        self.by_feed: dict[Feed, set[Connection]] = defaultdict(set)
        self.by_account: dict[str, set[Connection]] = defaultdict(set)
        broker.ledger.subscribe(self._tell_event)
        broker.market.on_trade(self._tell_trade)
        broker.market.on_book(self._tell_book)
        broker.droppers.append(self.drop)

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """Watch the sessions while the application runs."""
        watch = asyncio.create_task(self._watch_sessions())
        yield
        watch.cancel()
        await asyncio.wait([watch])

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """A client's connection, from handshake to end."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        connection = Connection(request, socket)
        self.connections.add(connection)
        sender = asyncio.create_task(connection.send_all())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(connection, message.data)
        finally:
            sender.cancel()
            self._forget(connection)
            await asyncio.wait([sender])
        return socket

    def drop(self, account: str | None, mid_frame: bool) -> int:
        """Drop the connections that registered an account, or all of them."""
        chosen = self.connections if account is None else self.by_account.get(account, set())
        dropped = list(chosen)
        for connection in dropped:
            connection.drop('{"header": {' if mid_frame else None)
        return len(dropped)

    # What clients say

    def _hear(self, connection: Connection, text: str) -> None:
        asked = _read(text)
        if asked is None:
            return
        header, body = asked
        code, key = str(body.get("tr_cd", "")), str(body.get("tr_key") or "").strip()
        kind = str(header.get("tr_type", ""))
        number, refusal = self._account_of(str(header.get("token", "")))
        if refusal is None:
            refusal = self._register(connection, kind, number, (code, key))
        connection.post(_acknowledgement(kind, code, *(refusal or TAKEN)))

    def _account_of(self, token: str) -> tuple[str, tuple[str, str] | None]:
        """The token of each frame counts, not the one at the handshake; there is none at the handshake."""
        app_key = ls_tokens.owner(self.broker.tokens, token, self.broker.clock.now())
        account = self.broker.ledger.accounts.by_key.get(app_key) if app_key else None
        if account is None:
            return "", BAD_TOKEN
        return account.number, None if account.server == self.server else WRONG_SERVER

    def _register(
        self, connection: Connection, kind: str, account: str, feed: Feed
    ) -> tuple[str, str] | None:
        """Do what the frame asks. Unknown codes, wrong markets and too many registrations stay silent."""
        if kind == REGISTER_ACCOUNT:
            self._add_events(connection, account, feed[0])
        elif kind == UNREGISTER_ACCOUNT:
            self._remove_events(connection, account, feed[0])
        elif kind == REGISTER:
            if len(connection.feeds) < self.broker.switches.ls_registrations:
                connection.feeds.add(feed)
                self.by_feed[feed].add(connection)
        elif kind == UNREGISTER:
            connection.feeds.discard(feed)
            self._leave_feed(connection, feed)
        else:
            return BAD_REQUEST
        return None

    def _add_events(self, connection: Connection, account: str, code: str) -> None:
        """One of SC0 to SC4 brings all five."""
        if code in ORDER_EVENTS:
            connection.events.setdefault(account, set()).add(code)
            self.by_account[account].add(connection)

    def _remove_events(self, connection: Connection, account: str, code: str) -> None:
        """They end with the last of those that were registered."""
        registered = connection.events.get(account, set())
        registered.discard(code)
        if not registered:
            connection.events.pop(account, None)
            self.by_account[account].discard(connection)

    def _leave_feed(self, connection: Connection, feed: Feed) -> None:
        self.by_feed[feed].discard(connection)
        if not self.by_feed[feed]:
            del self.by_feed[feed]

    def _forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        for feed in connection.feeds:
            self._leave_feed(connection, feed)
        for account in connection.events:
            self.by_account[account].discard(connection)

    # What clients hear

    def _tell_event(self, event: Event) -> None:
        """The frames are written once, however many connections take them."""
        listeners = self.by_account.get(event.account.number)
        if not listeners:
            return
        frames = list(order_frames(event, self.broker.market))
        texts = [text for _, text in frames]
        notice = FaultCall(
            broker="ls", server=self.server, tr=frames[-1][0], account=event.account.number, event=event.kind
        )
        for connection in list(listeners):
            plan = self.broker.faults.notice_plan(notice)
            if plan is AT_ONCE:
                for text in texts:
                    connection.post(text)
            else:
                connection.post_as_planned(texts, plan)

    def _tell_trade(self, trade: Trade) -> None:
        feed = TRADE_FEEDS[self.broker.market.issue(trade.code).market], trade.code
        if listeners := self.by_feed.get(feed):
            _post(listeners, trade_frame(trade, self.broker.market))

    def _tell_book(self, code: str, book: Book) -> None:
        issue = self.broker.market.issue(code)
        if listeners := self.by_feed.get((BOOK_FEEDS[issue.market], code)):
            _post(listeners, book_frame(issue, book))
        if listeners := self.by_feed.get((BEST_FEEDS[issue.market], code)):
            _post(listeners, best_frame(issue, book))

    async def _watch_sessions(self) -> None:
        """JIF tells changes only; who registers late learns nothing of the session that runs."""
        clock = self.broker.clock
        seen = clock.now()
        while True:
            await asyncio.sleep(SESSION_WATCH_SECONDS)
            now = clock.now()
            if clock.scheduled and clock.is_business_day(now.date()):
                self._tell_sessions(seen, now)
            seen = now

    def _tell_sessions(self, seen: datetime, now: datetime) -> None:
        for market, status in changes_between(seen, now):
            _post(self.by_feed.get(("JIF", "0"), ()), session_frame(market, status))


def _read(text: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and body of a client's frame; anything else is not answered."""
    try:
        frame = json.loads(text)
    except ValueError:
        return None
    if not isinstance(frame, dict):
        return None
    header, body = frame.get("header"), frame.get("body")
    return (header, body) if isinstance(header, dict) and isinstance(body, dict) else None


def _acknowledgement(kind: str, code: str, result: str, message: str) -> str:
    header = {"tr_type": kind, "tr_cd": code, "rsp_cd": result, "rsp_msg": message}
    return json.dumps({"header": header, "body": None}, ensure_ascii=False)


def _post(listeners: Iterable[Connection], text: str) -> None:
    for connection in list(listeners):
        connection.post(text)
