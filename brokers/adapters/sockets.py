"""The life of a broker's WebSocket: open, notice silence, come back with growing pauses."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from brokers.adapters.base import BrokerError, Report

logger = logging.getLogger(__name__)
# At DEBUG the library writes every frame, with keys and account numbers, into its log.
frame_logger = logging.getLogger(f"{__name__}.frames")
frame_logger.setLevel(logging.INFO)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
GOOD_WHILE_SECONDS = 60.0  # a connection that lasted so long starts the pauses over

OPEN_SECONDS = 10.0
CLOSE_SECONDS = 2.0
LARGEST_MESSAGE_BYTES = 1 << 20
WAITING_MESSAGES = 256  # read ahead of us; beyond that TCP slows the broker down


class SilentSocket(ConnectionError):
    """The broker said nothing for longer than it ever does."""


class Pauses:
    """How long to wait before the next attempt: doubled at each failure, with jitter."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_SECONDS

    def after(self, lasted_seconds: float) -> float:
        """The pause after a connection that lived so long."""
        if lasted_seconds >= GOOD_WHILE_SECONDS:
            self._next = FIRST_PAUSE_SECONDS
        pause = self._next
        self._next = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311, spreads the accounts, no secret


def open_socket(url: str) -> connect:
    """Connect to a broker: `async with open_socket(url) as socket`.

    The library's own pings are off: KIS drops clients that send them (kis.md §6.1); LS is asked by
    `messages_or_pulse`.
    """
    return connect(
        url,
        open_timeout=OPEN_SECONDS,
        close_timeout=CLOSE_SECONDS,
        ping_interval=None,
        max_size=LARGEST_MESSAGE_BYTES,
        max_queue=WAITING_MESSAGES,
        compression=None,
        logger=frame_logger,
    )


async def next_message(socket: ClientConnection, silence_seconds: float) -> str:
    """The next message as text; `SilentSocket` when none came for so long."""
    try:
        async with asyncio.timeout(silence_seconds):
            return await _next_text(socket)
    except TimeoutError as silence:
        raise SilentSocket(f"nothing for {silence_seconds:.0f} s") from silence


async def messages_or_pulse(socket: ClientConnection, quiet_seconds: float) -> AsyncIterator[str | None]:
    """Each message as text; None after a quiet spell in which the broker answered our ping.

    `SilentSocket` when it did not answer within another `quiet_seconds`.
    """
    while True:
        try:
            async with asyncio.timeout(quiet_seconds):
                yielded: str | None = await _next_text(socket)
        except TimeoutError:
            await _ping(socket, quiet_seconds)
            yielded = None
        yield yielded


async def _next_text(socket: ClientConnection) -> str:
    # Bytes, decoded here: a name cut in the middle of a character must not end the connection.
    return (await socket.recv(decode=False)).decode("utf-8", errors="replace")


async def _ping(socket: ClientConnection, patience_seconds: float) -> None:
    pong = await socket.ping()
    try:
        async with asyncio.timeout(patience_seconds):
            await pong
    except TimeoutError as silence:
        raise SilentSocket(f"no pong for {patience_seconds:.0f} s") from silence


async def reconnecting(
    session: Callable[[], AsyncGenerator[Report, None]], name: str
) -> AsyncGenerator[Report, None]:
    """What `session` reports, started over each time the broker or the network ends it; endless.

    `session` opens the socket, registers, yields `Connected` and then the news; `name` is for the log.
    """
    pauses = Pauses()
    while True:
        started = time.monotonic()
        try:
            async with aclosing(session()) as reports:
                async for report in reports:
                    yield report
            reason = "the broker closed the stream"
        except (OSError, WebSocketException, BrokerError) as failure:
            reason = f"{type(failure).__name__}: {failure}"
        pause = pauses.after(time.monotonic() - started)
        logger.warning("%s: %s; again in %.1f s", name, reason, pause)
        await asyncio.sleep(pause)
