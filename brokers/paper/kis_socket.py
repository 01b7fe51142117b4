"""KIS's WebSocket: registrations, keep-alive, encrypted notices, market data (kis.md §6, §7.10–7.12)."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from brokers.paper import kis_frames
from brokers.paper.faults import KEEP_ALIVE, Call
from brokers.paper.kis_codes import ENCRYPTED, NOTICES, REALTIME_PAPER, REALTIME_REAL
from brokers.paper.kis_wire import plain_code
from brokers.paper.ledger import Account, Event
from brokers.paper.market import Book, Trade

if TYPE_CHECKING:
    from brokers.paper.server import PaperBroker

BLOCK = 16
OUTBOX_LIMIT = 50_000  # frames a client may leave unread before it is dropped
# The beginning of a text frame of 16,384 bytes that never comes: a connection lost in mid-frame.
HALF_A_FRAME = b"\x81\x7e\x40\x000|H0STCNT0|001|005930^0900"
TRADES = frozenset({"H0STCNT0", "H0NXCNT0", "H0UNCNT0"})
BOOKS = frozenset({"H0STASP0", "H0NXASP0", "H0UNASP0"})


class SocketError(Exception):
    """A refused registration: msg_cd, msg1, rt_cd, and the tr_id shown."""

    def __init__(self, code: str, message: str, rt_cd: str = "9", tr_id: str | None = None) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.rt_cd = rt_cd
        self.tr_id = tr_id


@dataclass(frozen=True, slots=True)
class Wish:
    """A registration message: what to register, or unregister."""

    approval_key: str
    register: bool
    tr_id: str
    tr_key: str


def parse_wish(text: str) -> Wish:
    """The message's parts, each missing one with the code KIS has for it (§6.1)."""
    try:
        message = json.loads(text)
    except json.JSONDecodeError:
        raise SocketError("OPSP9999", "invalid json : JSON PARSING ERROR") from None
    header = message.get("header") if isinstance(message, dict) else None
    if not isinstance(header, dict):
        raise SocketError("OPSP9998", "header not found")
    if "custtype" not in header:
        raise SocketError("OPSP9997", "custtype not found")
    body = message.get("body")
    if not isinstance(body, dict):
        raise SocketError("OPSP9992", "body not found")
    wanted = body.get("input")
    if not isinstance(wanted, dict):
        raise SocketError("OPSP9991", "input not found")
    if "tr_key" not in wanted:
        raise SocketError("OPSP9990", "tr_key not found", tr_id=wanted.get("tr_id"))
    tr_id = str(wanted.get("tr_id", ""))
    if header.get("custtype") not in ("P", "B"):
        raise SocketError("OPSP8998", "invalid custtype", tr_id=tr_id)
    tr_type = str(header.get("tr_type", ""))
    if tr_type not in ("1", "2"):
        raise SocketError("OPSP8997", "invalid tr_type", tr_id=tr_id)
    return Wish(str(header.get("approval_key", "")), tr_type == "1", tr_id, str(wanted["tr_key"]).strip())


@dataclass(eq=False)
class Session:
    """One client's connection; its registrations, its cipher and what is still to be sent to it."""

    socket: web.WebSocketResponse
    request: web.Request
    account: Account | None = None
    items: set[tuple[str, str]] = field(default_factory=set)
    key: str = field(default_factory=lambda: secrets.token_hex(16))  # 32 characters, new per connection
    iv: str = field(default_factory=lambda: secrets.token_hex(8))  # 16
    outbox: deque[str] = field(default_factory=deque)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    heard_at: float = field(default_factory=time.monotonic)
    silent: bool = False

    def __post_init__(self) -> None:
        self.cipher = Cipher(AES256(self.key.encode()), CBC(self.iv.encode()))

    def encrypt(self, text: str) -> str:
        """AES-256-CBC, PKCS7, base64."""
        clear = text.encode()
        padding = BLOCK - len(clear) % BLOCK
        encryptor = self.cipher.encryptor()
        sealed = encryptor.update(clear + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def send(self, text: str) -> None:
        """Queue a text message; a client that does not read is dropped."""
        if self.silent:
            return
        self.outbox.append(text)
        self.waiting.set()
        if len(self.outbox) > OUTBOX_LIMIT:
            self.drop()

    def drop(self, *, mid_frame: bool = False) -> None:
        """Lose the connection, in the middle of a frame if asked."""
        transport = self.request.transport
        if transport is None:
            return
        if mid_frame:
            transport.write(HALF_A_FRAME)
            transport.close()
        else:
            transport.abort()

    async def write(self) -> None:
        """Send what is queued, for as long as the connection lives."""
        while True:
            await self.waiting.wait()
            self.waiting.clear()
            while self.outbox:
                await self.socket.send_str(self.outbox.popleft())


class KisSockets:
    """All WebSocket connections of one KIS host."""

    def __init__(self, broker: PaperBroker, server: str) -> None:
        self.broker = broker
        self.server = server
        self.notice_tr = NOTICES[server]
        self.sessions: set[Session] = set()
        self.by_key: dict[str, Session] = {}
        self.subscribers: dict[tuple[str, str], set[Session]] = defaultdict(set)
        self._trades: dict[str, list[Trade]] = {}
        self._books: dict[str, Book] = {}
        self._flush_due = False
        broker.ledger.subscribe(self._announce)
        broker.market.on_trade(self._note_trade)
        broker.market.on_book(self._note_book)

    # Connections

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Read a client's messages until it goes; pings and pongs are handled here because pongs count."""
        socket = web.WebSocketResponse(autoping=False, max_msg_size=1 << 20, compress=False)
        await socket.prepare(request)
        session = Session(socket, request)
        self.sessions.add(session)
        helpers = [asyncio.create_task(session.write()), asyncio.create_task(self._keep_alive(session))]
        try:
            async for message in socket:
                session.heard_at = time.monotonic()
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._hear(session, message.data)
        finally:
            self._forget(session)
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Say goodbye to every client: the server is stopping."""
        for session in list(self.sessions):
            with suppress(ConnectionError, TimeoutError):
                await asyncio.wait_for(session.socket.close(), 0.2)

    def drop(self, account: str | None, mid_frame: bool) -> int:
        """Lose the connections of an account number, or all; how many."""
        mine = [
            session
            for session in self.sessions
            if account is None or (session.account is not None and session.account.number == account)
        ]
        for session in mine:
            session.drop(mid_frame=mid_frame)
        return len(mine)

    def _forget(self, session: Session) -> None:
        """Registrations end with their connection."""
        self.sessions.discard(session)
        for item in session.items:
            self._unsubscribe(session, item)
        if session.account is not None and self.by_key.get(session.account.app_key) is session:
            del self.by_key[session.account.app_key]

    async def _keep_alive(self, session: Session) -> None:
        """PINGPONG every ten seconds; a client that never answers in any way is closed."""
        switches = self.broker.switches
        while time.monotonic() - session.heard_at < switches.kis_silence_seconds:
            await asyncio.sleep(switches.kis_ping_seconds)
            now = self.broker.clock.now()
            header = {"tr_id": KEEP_ALIVE, "datetime": f"{now:%Y%m%d%H%M%S}"}
            account = session.account.number if session.account else ""
            call = Call("kis", self.server, KEEP_ALIVE, "", account)
            self._deliver(session, json.dumps({"header": header}), call)
        session.drop()

    # Registrations

    def _hear(self, session: Session, text: str) -> None:
        """A registration, or the echo of a PINGPONG."""
        if '"PINGPONG"' in text:
            return
        tr_id, tr_key = "(null)", ""
        try:
            wish = parse_wish(text)
            tr_id, tr_key = wish.tr_id, wish.tr_key
            self._admit(session, wish)
            acknowledgement = (
                self._register(session, wish) if wish.register else self._unregister(session, wish)
            )
        except SocketError as error:
            shown = error.tr_id or tr_id
            header = {"tr_id": shown, "encrypt": "N"} | (
                {"tr_key": tr_key} if tr_key and shown != "(null)" else {}
            )
            body = {"rt_cd": error.rt_cd, "msg_cd": error.code, "msg1": error.message}
            session.send(json.dumps({"header": header, "body": body}, ensure_ascii=False))
        else:
            session.send(json.dumps(acknowledgement, ensure_ascii=False))

    def _admit(self, session: Session, wish: Wish) -> None:
        """The first registration opens the session for its key; a key has one session at a time."""
        if session.account is not None:
            return
        grant = self.broker.tokens.find("kis approval", wish.approval_key)
        if grant is None or grant.expires_at <= self.broker.clock.now():
            raise SocketError("OPSP0011", "invalid approval : NOT FOUND")
        account = self.broker.ledger.accounts.by_key[grant.app_key]
        if account.server != self.server:
            raise SocketError("OPSP9994", "INVALID appkey : NOT FOUND")
        if account.app_key in self.by_key:
            raise SocketError("OPSP8996", "ALREADY IN USE appkey", tr_id=wish.tr_id)
        session.account = account
        self.by_key[account.app_key] = session

    def _register(self, session: Session, wish: Wish) -> dict[str, Any]:
        item = (wish.tr_id, wish.tr_key)
        self._check_item(session, *item)
        if item in session.items:
            raise SocketError("OPSP0002", "ALREADY IN SUBSCRIBE", "1")
        if len(session.items) >= self.broker.switches.kis_registrations:
            raise SocketError("OPSP0008", "MAX SUBSCRIBE OVER", "1")
        session.items.add(item)
        self.subscribers[_topic(item)].add(session)
        output = {"iv": session.iv, "key": session.key}
        return _acknowledge(item, "OPSP0000", "SUBSCRIBE SUCCESS", output)

    def _unregister(self, session: Session, wish: Wish) -> dict[str, Any]:
        item = (wish.tr_id, wish.tr_key)
        if item not in session.items:
            raise SocketError("OPSP0003", "UNSUBSCRIBE ERROR(not found!)", "1")
        session.items.discard(item)
        self._unsubscribe(session, item)
        return _acknowledge(item, "OPSP0001", "UNSUBSCRIBE SUCCESS", {"iv": session.iv, "key": session.key})

    def _check_item(self, session: Session, tr_id: str, tr_key: str) -> None:
        if tr_id not in (REALTIME_REAL if self.server == "real" else REALTIME_PAPER):
            raise SocketError("OPSP8991", f"invalid tr_id : {tr_id}")
        if not tr_key:
            raise SocketError("OPSP8992", "invalid tr_key : NULL")
        if tr_id in ENCRYPTED and session.account is not None and tr_key != session.account.hts_id:
            raise SocketError("OPSP0017", "ERROR : htsid가잘못되었습니다", tr_id="(null)")

    def _unsubscribe(self, session: Session, item: tuple[str, str]) -> None:
        topic = _topic(item)
        self.subscribers[topic].discard(session)
        if not self.subscribers[topic]:
            del self.subscribers[topic]

    # Notices

    def _announce(self, event: Event) -> None:
        """Send an event of this host's accounts to whoever registered their HTS id."""
        account = event.account
        if (account.broker, account.server) != ("kis", self.server):
            return
        sessions = self.subscribers.get((self.notice_tr, account.hts_id))
        if not sessions:
            return
        switches = self.broker.switches
        real = self.server == "real"
        columns = switches.kis_notice_columns_real if real else switches.kis_notice_columns_paper
        text = "^".join(kis_frames.notice_record(self.broker.market, event, columns))
        call = Call("kis", self.server, self.notice_tr, "", account.number, event.kind.value)
        for session in list(sessions):
            self._deliver(session, f"1|{self.notice_tr}|001|{session.encrypt(text)}", call)

    def _deliver(self, session: Session, frame: str, call: Call) -> None:
        """Send a notice as the faults in force have it."""
        plan = self.broker.faults.notice_plan(call)
        if plan.drop:
            session.drop(mid_frame=plan.mid_frame)
            return
        session.silent = session.silent or plan.silent
        for delay in plan.delays:
            if delay:
                asyncio.get_running_loop().call_later(delay, session.send, frame)
            else:
                session.send(frame)

    # Market data

    def _note_trade(self, trade: Trade) -> None:
        """Trades of one moment leave together: frames of several records, as in a busy market."""
        if any((tr, trade.code) in self.subscribers for tr in TRADES):
            self._trades.setdefault(trade.code, []).append(trade)
            self._flush_soon()

    def _note_book(self, code: str, book: Book) -> None:
        if any((tr, code) in self.subscribers for tr in BOOKS):
            self._books[code] = book
            self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        trades, self._trades = self._trades, {}
        books, self._books = self._books, {}
        for code, latest in trades.items():
            self._send_trades(code, latest)
        for code, book in books.items():
            self._send_book(code, book)

    def _send_trades(self, code: str, trades: list[Trade]) -> None:
        count, columns = len(trades), self.broker.switches.kis_trade_columns
        self._publish("H0STCNT0", code, count, lambda: self._trade_text(trades, columns))
        for tr in TRADES - {"H0STCNT0"}:  # only KRX's own record grew to 47 columns
            self._publish(tr, code, count, lambda: self._trade_text(trades, 46))

    def _trade_text(self, trades: list[Trade], columns: int) -> str:
        records = (kis_frames.trade_record(self.broker.market, trade, columns) for trade in trades)
        return "^".join("^".join(record) for record in records)

    def _send_book(self, code: str, book: Book) -> None:
        issue, columns = self.broker.market.issue(code), self.broker.switches.kis_book_columns
        self._publish("H0STASP0", code, 1, lambda: "^".join(kis_frames.book_record(issue, book, columns)))
        for tr in BOOKS - {"H0STASP0"}:
            self._publish(tr, code, 1, lambda: "^".join(kis_frames.twin_book_record(issue, book, 65)))

    def _publish(self, tr: str, code: str, count: int, record: Callable[[], str]) -> None:
        sessions = self.subscribers.get((tr, code))
        if sessions:
            frame = f"0|{tr}|{count:03d}|{record()}"
            for session in sessions:
                session.send(frame)


def _topic(item: tuple[str, str]) -> tuple[str, str]:
    """Issue codes are compared without the ETN's Q; other keys as they are."""
    tr_id, tr_key = item
    return (tr_id, tr_key if tr_id in ENCRYPTED else plain_code(tr_key))


def _acknowledge(item: tuple[str, str], code: str, message: str, output: dict[str, str]) -> dict[str, Any]:
    """iv and key come with every registration; encrypt is Y where they are needed (§6.1)."""
    tr_id, tr_key = item
    header = {"tr_id": tr_id, "tr_key": tr_key, "encrypt": "Y" if tr_id in ENCRYPTED else "N"}
    return {"header": header, "body": {"rt_cd": "0", "msg_cd": code, "msg1": message, "output": output}}
