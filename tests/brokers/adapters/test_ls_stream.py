"""LsStream against a socket that does as told: registration, refusals, silence, odd frames."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from brokers.adapters import sockets
from brokers.adapters.base import (
    Alive,
    Connected,
    FillReport,
    OrderNews,
    OrderReport,
    Report,
    Unreadable,
)
from brokers.adapters.limits import MemoryTokenStore, Token
from brokers.adapters.ls import stream as stream_module
from brokers.adapters.ls.stream import LsStream
from tests.brokers.adapters.conftest import RudeServer
from tests.brokers.adapters.test_ls_client import Gateway, credentials

DATA = Path(__file__).parent / "data" / "ls"
Life = Callable[[ServerConnection], Awaitable[None]]


def frame(name: str) -> str:
    return (DATA / f"{name}.json").read_text(encoding="utf-8")


class Socket:
    """Answers registrations, lives each connection's life in turn (the last one again), counts them."""

    def __init__(self) -> None:
        self.url = ""
        self.registrations: list[dict[str, Any]] = []
        self.connections = 0
        self.refused_tokens: set[str] = set()
        self.lives: list[Life] = [silent]
        self.answers = True

    async def serve(self, socket: ServerConnection) -> None:
        life = self.lives[min(self.connections, len(self.lives) - 1)]
        self.connections += 1
        for _ in range(5):
            asked = json.loads(await socket.recv())
            self.registrations.append(asked)
            if self.answers:
                refused = asked["header"]["token"] in self.refused_tokens
                await socket.send(frame("refusal_10001" if refused else "ack"))
        await life(socket)

    @property
    def tokens(self) -> list[str]:
        return [asked["header"]["token"] for asked in self.registrations[::5]]


async def silent(socket: ServerConnection) -> None:
    await socket.wait_closed()


def says(*messages: str) -> Life:
    async def life(socket: ServerConnection) -> None:
        for message in messages:
            await socket.send(message)
        await socket.wait_closed()

    return life


async def hangs_up(socket: ServerConnection) -> None:
    await socket.close()


@pytest.fixture
async def socket() -> AsyncIterator[Socket]:
    socket = Socket()
    async with serve(socket.serve, "127.0.0.1", 0, ping_interval=None, close_timeout=0.1) as server:
        socket.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield socket


@pytest.fixture
def gateway(rude_server: RudeServer) -> Gateway:
    return Gateway(rude_server)


@pytest.fixture
def tokens() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(sockets, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(sockets, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(stream_module, "BETWEEN_REGISTRATIONS_SECONDS", 0.0)


@pytest.fixture
def stream(socket: Socket, gateway: Gateway, tokens: MemoryTokenStore) -> LsStream:
    return LsStream(credentials(gateway.url, socket_url=socket.url), tokens)


@asynccontextmanager
async def listening(stream: LsStream) -> AsyncIterator[Callable[[type[Report]], Awaitable[Any]]]:
    """`await heard(kind)` is the next report of that kind."""
    reports = stream.reports()

    async def heard(kind: type[Report]) -> Any:
        async with asyncio.timeout(5):
            async for report in reports:
                if isinstance(report, kind):
                    return report
        raise AssertionError("the stream has ended")

    try:
        yield heard
    finally:
        await reports.aclose()


async def test_connected_comes_after_the_yes(stream: LsStream, socket: Socket):
    async with listening(stream) as heard:
        assert (await heard(Connected)).at.tzinfo is not None
    assert {asked["body"]["tr_cd"] for asked in socket.registrations} == {"SC0", "SC1", "SC2", "SC3", "SC4"}
    assert {(a["header"]["token"], a["header"]["tr_type"]) for a in socket.registrations} == {("jwt-1", "1")}


async def test_what_happens_is_handed_on(stream: LsStream, socket: Socket):
    socket.lives = [says(frame("SC0_new"), frame("SC1"), frame("SC2"), frame("SC3"), frame("SC4"))]
    async with listening(stream) as heard:
        assert (await heard(OrderReport)).news == OrderNews.ACCEPTED
        assert (await heard(FillReport)).fill_no == "1207"
        told = [(await heard(OrderReport)).news for _ in range(3)]
    assert told == [OrderNews.MODIFIED, OrderNews.CANCELLED, OrderNews.REJECTED]


async def test_the_other_acknowledgements_do_not_connect_again(stream: LsStream, socket: Socket):
    socket.lives = [says(frame("SC1"))]
    reports = stream.reports()
    kinds = []
    async with asyncio.timeout(5):
        async for report in reports:
            kinds.append(type(report))
            if isinstance(report, FillReport):
                break
    await reports.aclose()
    assert kinds.count(Connected) == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        "not json",
        "{}",
        '{"header": {"tr_cd": "SC1"}, "body": {"accno1": "20012345601", "acntnm": "홍길동"}}',
        '{"header": {"rsp_cd": "IGW40013", "rsp_msg": "?"}, "body": null}',
    ],
)
async def test_a_bad_frame_is_logged_and_left_out(
    stream: LsStream, socket: Socket, caplog: pytest.LogCaptureFixture, rubbish: str
):
    socket.lives = [says(rubbish, frame("SC1"))]
    async with listening(stream) as heard:
        await heard(FillReport)
    assert socket.connections == 1
    assert "frame skipped" in caplog.text
    for private in ("20012345601", "홍길동"):
        assert private not in caplog.text


async def test_what_cannot_be_read_is_told(stream: LsStream, socket: Socket):
    socket.lives = [says("not json")]
    async with listening(stream) as heard:
        assert (await heard(Unreadable)).why == "the frame is no JSON"


async def test_a_name_cut_in_the_middle_is_no_harm(stream: LsStream, socket: Socket):
    async def cut(connection: ServerConnection) -> None:
        raw = frame("SC1").encode().replace("삼성전자".encode(), "삼성전자".encode()[:-1])
        await connection.send(raw, text=True)
        await connection.wait_closed()

    socket.lives = [cut]
    async with listening(stream) as heard:
        assert (await heard(FillReport)).quantity == 4


async def test_it_comes_back_and_registers_again(stream: LsStream, socket: Socket):
    socket.lives = [hangs_up, silent]
    async with listening(stream) as heard:
        await heard(Connected)
        await heard(Connected)
    assert socket.connections == 2
    assert len(socket.registrations) == 10


async def test_a_quiet_socket_is_asked_whether_it_is_there(
    stream: LsStream, socket: Socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stream_module, "QUIET_SECONDS", 0.1)
    async with listening(stream) as heard:
        await heard(Connected)
        for _ in range(6):
            await heard(Alive)
    assert socket.connections == 1


async def test_a_dead_socket_is_left(stream: LsStream, socket: Socket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_module, "QUIET_SECONDS", 0.1)

    async def dies(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await asyncio.sleep(1)

    socket.lives = [dies, silent]
    async with listening(stream) as heard:
        await heard(Connected)
        await heard(Connected)
    assert socket.connections == 2


async def test_a_socket_that_does_not_answer_is_left(
    stream: LsStream, socket: Socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stream_module, "ACKNOWLEDGED_WITHIN_SECONDS", 0.1)
    socket.answers = False

    async def later(connection: ServerConnection) -> None:
        socket.answers = True
        await connection.wait_closed()

    socket.lives = [later, silent]
    async with listening(stream) as heard:
        await heard(Connected)
    assert socket.connections == 2


async def test_a_refused_token_is_replaced(
    stream: LsStream, socket: Socket, tokens: MemoryTokenStore, caplog: pytest.LogCaptureFixture
):
    tokens.renew(lambda: Token("jwt-dead", datetime.now(UTC) + timedelta(hours=9)), None)
    socket.refused_tokens = {"jwt-dead"}
    async with listening(stream) as heard:
        await heard(Connected)
    assert socket.tokens == ["jwt-dead", "jwt-1"]
    assert "AuthFailed: [10001]" in caplog.text
    assert "jwt-dead" not in caplog.text


async def test_a_key_of_the_other_kind_does_not_burn_tokens(
    stream: LsStream, socket: Socket, gateway: Gateway, caplog: pytest.LogCaptureFixture
):
    socket.refused_tokens = {f"jwt-{number}" for number in range(1, 99)}

    async def hopeless() -> None:
        async with listening(stream) as heard:
            await heard(Connected)

    listener = asyncio.create_task(hopeless())
    async with asyncio.timeout(5):
        while socket.connections < 5:
            await asyncio.sleep(0.02)
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)
    assert gateway.issued == 2
    assert "again in" in caplog.text


async def test_an_ended_token_registers_anew(
    stream: LsStream, socket: Socket, tokens: MemoryTokenStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stream_module, "QUIET_SECONDS", 0.1)
    tokens.renew(lambda: Token("jwt-old", datetime.now(UTC) + timedelta(seconds=1)), None)
    async with listening(stream) as heard:
        await heard(Connected)
        await heard(Connected)
    assert socket.tokens == ["jwt-old", "jwt-1"]


async def test_the_account_is_not_named_in_the_log(
    stream: LsStream, socket: Socket, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG, logger="brokers")
    socket.lives = [hangs_up, silent]
    async with listening(stream) as heard:
        await heard(Connected)
        await heard(Connected)
    assert "…5601" in caplog.text
    assert "20012345601" not in caplog.text
