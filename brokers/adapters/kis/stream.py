"""KIS over WebSocket: register for the notices of an HTS id, answer keep-alives, hand on what happens."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from datetime import datetime

from websockets.asyncio.client import ClientConnection

from brokers.adapters.base import (
    Alive,
    AuthFailed,
    BadReply,
    BrokerStream,
    Connected,
    Credentials,
    FillReport,
    OrderReport,
    Report,
    Unreadable,
)
from brokers.adapters.kis import codes
from brokers.adapters.kis.wire import account, notices, refusals
from brokers.adapters.sockets import next_message, open_socket, reconnecting
from brokers.adapters.transport import Transport
from lucy.clock import KST

logger = logging.getLogger(__name__)

SILENCE_SECONDS = 35.0  # three keep-alives missed: KIS sends one about every 10 s
ACKNOWLEDGED_WITHIN_SECONDS = 10.0
APPROVAL_HOURS = 12  # of the 24 that a key holds; fetching one is limited like a token

Approval = Callable[[], Awaitable[str]]


class KisStream(BrokerStream):
    """The account's fills and order news. KIS allows one connection per app key."""

    def __init__(self, credentials: Credentials, approval: Approval | None = None) -> None:
        self._credentials = credentials
        self._url = credentials.socket_url or codes.SOCKET_URL[credentials.server]
        self._approval = approval or ApprovalKey(credentials).get
        self._key = ""
        self._key_until = 0.0
        self._told_of_others = False

    def reports(self) -> AsyncGenerator[Report, None]:
        return reconnecting(self._session, f"KIS stream of …{self._credentials.account_no[-4:]}")

    async def _session(self) -> AsyncGenerator[Report, None]:
        key = await self._approval_key()
        async with open_socket(self._url) as socket:
            cipher = await self._registered(socket, key)
            yield Connected(_now())
            while True:
                message = await next_message(socket, SILENCE_SECONDS)
                if notices.is_frame(message):
                    for report in self._news(message, cipher):
                        yield report
                else:
                    yield await _heard(socket, message)

    async def _approval_key(self) -> str:
        if time.monotonic() >= self._key_until:
            self._key = await self._approval()
            self._key_until = time.monotonic() + APPROVAL_HOURS * 3600
        return self._key

    async def _registered(self, socket: ClientConnection, key: str) -> notices.NoticeCipher:
        """Register for the notices and wait for the yes, which brings the key of the frames."""
        custtype = codes.CUSTTYPE[self._credentials.customer]
        tr_id = codes.NOTICE_TR[self._credentials.server]
        await socket.send(notices.registration(key, custtype, tr_id, self._credentials.hts_id))
        try:
            return await _acknowledged(socket)
        except AuthFailed:
            self._key_until = 0.0
            raise

    def _news(
        self, frame: str, cipher: notices.NoticeCipher
    ) -> Iterator[FillReport | OrderReport | Unreadable]:
        """The reports in a frame; what cannot be read is logged by its field and told as such."""
        now = _now()
        try:
            records = list(notices.notice_records(frame, cipher))
        except BadReply as odd:
            logger.error("KIS frame skipped: %s", odd)
            yield Unreadable(now, str(odd))
            return
        for cells in records:
            try:
                report = notices.report(cells, now)
            except BadReply as odd:
                logger.error("KIS notice skipped: %s", odd)
                yield Unreadable(now, str(odd))
                continue
            if self._is_ours(report):
                yield report

    def _is_ours(self, report: FillReport | OrderReport) -> bool:
        """An HTS id may own several accounts; each has a stream of its own."""
        if report.account_no == self._credentials.account_no:
            return True
        if not self._told_of_others:
            self._told_of_others = True
            logger.info("KIS sends notices of another account of the same HTS id; they are left out")
        return False


async def _acknowledged(socket: ClientConnection) -> notices.NoticeCipher:
    """The first answer that is neither a keep-alive nor a frame, which nobody can read without its key."""
    while True:
        message = await next_message(socket, ACKNOWLEDGED_WITHIN_SECONDS)
        if notices.is_frame(message):
            continue  # what it tells is read back after `Connected`
        control = notices.control(message)
        if not notices.is_keep_alive(control):
            return notices.cipher_of(control)
        await socket.send(message)


async def _heard(socket: ClientConnection, message: str) -> Alive | Unreadable:
    """Answer a keep-alive with its own text; log anything else that is no news."""
    try:
        control = notices.control(message)
    except BadReply as odd:
        logger.error("KIS message skipped: %s", odd)
        return Unreadable(_now(), str(odd))
    if notices.is_keep_alive(control):
        await socket.send(message)
        return Alive(_now())
    body = control.get("body")
    if isinstance(body, dict) and (refusal := notices.refusal_in(body)):
        logger.warning("KIS says on the open stream: %s", refusal)
    return Alive(_now())


class ApprovalKey:
    """The WebSocket's access key, fetched over HTTP in a thread."""

    def __init__(self, credentials: Credentials) -> None:
        self._body = json.dumps(account.approval_request(credentials)).encode()
        self._transport = Transport(credentials.rest_url or codes.REST_URL[credentials.server])

    async def get(self) -> str:
        return await asyncio.to_thread(self._fetch)

    def _fetch(self) -> str:
        reply = self._transport.ask("POST", codes.APPROVAL_PATH, codes.JSON_CONTENT, body=self._body)
        return account.approval_key(refusals.oauth_answer(reply))


def _now() -> datetime:
    return datetime.now(KST)
