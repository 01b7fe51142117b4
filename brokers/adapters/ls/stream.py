"""LS over WebSocket: register for the account's order events, ping when quiet, hand on what happens."""

import asyncio
import logging
from collections.abc import AsyncGenerator

from websockets.asyncio.client import ClientConnection

from brokers.adapters.base import (
    Alive,
    AuthFailed,
    BadReply,
    BrokerStream,
    Connected,
    Credentials,
    Rejected,
    Report,
    Unreadable,
)
from brokers.adapters.limits import TokenStore
from brokers.adapters.ls import codes
from brokers.adapters.ls.auth import kept_token
from brokers.adapters.ls.wire import notices
from brokers.adapters.sockets import messages_or_pulse, next_message, open_socket, reconnecting
from brokers.adapters.transport import Transport
from lucy import clock

logger = logging.getLogger(__name__)

QUIET_SECONDS = 20.0  # LS may have nothing to say for hours; then it is asked whether it is there
ACKNOWLEDGED_WITHIN_SECONDS = 10.0
BETWEEN_REGISTRATIONS_SECONDS = 0.1  # ls.md 5.1


class LsStream(BrokerStream):
    """The account's fills and order news. LS replays nothing: what was missed is read back on `Connected`."""

    def __init__(self, credentials: Credentials, tokens: TokenStore) -> None:
        self._url = credentials.socket_url or codes.SOCKET_URL[credentials.server]
        transport = Transport(credentials.rest_url or codes.REST_URL)
        self._token = kept_token(credentials, tokens, transport)
        self._refused = ""
        self._replacement = ""
        self._name = f"LS stream of …{credentials.account_no[-4:]}"

    def reports(self) -> AsyncGenerator[Report, None]:
        return reconnecting(self._session, self._name)

    async def _session(self) -> AsyncGenerator[Report, None]:
        token = await asyncio.to_thread(self._usable_token)
        async with open_socket(self._url) as socket:
            try:
                await self._register(socket, token)
                yield Connected(clock.now())
                async for message in messages_or_pulse(socket, QUIET_SECONDS):
                    if message is None:
                        await self._require_same_token(token)
                    report = self._report(message)
                    if report is not None:
                        yield Alive(report.at) if isinstance(report, Connected) else report
            except AuthFailed:
                self._refused = token
                raise

    async def _register(self, socket: ClientConnection, token: str) -> None:
        """Ask for the five feeds and wait for the first yes, which switches on all (ls.md 5.1)."""
        for feed in codes.ACCOUNT_FEEDS:
            await socket.send(notices.registration(token, feed))
            await asyncio.sleep(BETWEEN_REGISTRATIONS_SECONDS)
        async with asyncio.timeout(ACKNOWLEDGED_WITHIN_SECONDS):
            while not isinstance(self._report(await next_message(socket, QUIET_SECONDS)), Connected):
                continue  # anything told before the yes is read back after it

    def _report(self, message: str | None) -> Report | None:
        """What a message tells; None for a refusal, which is logged. One that nobody can read says so."""
        now = clock.now()
        if message is None:
            return Alive(now)
        try:
            return notices.report(message, now)
        except (BadReply, Rejected) as odd:
            logger.error("%s: frame skipped: %s: %s", self._name, odd, notices.masked(message))
            return Unreadable(now, str(odd)) if isinstance(odd, BadReply) else None

    def _usable_token(self) -> str:
        """A refused token is replaced once; should LS refuse the new one too, the fault is elsewhere.

        A real account's key at the paper port, for one; and each new token kills the one in use for orders.
        """
        refused, self._refused = self._refused, ""
        if refused and refused != self._replacement:
            self._replacement = self._token.renew(refused).value
        return self._token.value()

    async def _require_same_token(self, token: str) -> None:
        """Nobody knows what a registration is worth beyond its token's end (07:00): register anew."""
        if await asyncio.to_thread(self._token.value) != token:
            raise ConnectionAbortedError("the token of the registration has ended")
