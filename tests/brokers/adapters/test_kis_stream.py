"""KisStream against a small server of its own: registration, keep-alive, bad frames, coming back."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from brokers.adapters import sockets
from brokers.adapters.base import (
    Alive,
    Connected,
    Credentials,
    FillReport,
    OrderReport,
    Report,
    Unreachable,
    Unreadable,
)
from brokers.adapters.kis import stream as kis
from brokers.terms import Customer, Server
from tests.brokers.adapters.test_kis_notices import IV, KEY, NOTICES, frame

PINGPONG = '{"header":{"tr_id":"PINGPONG","datetime":"20260608121101"}}'
FILL = frame(NOTICES["narrow_fill"])
Act = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class SmallKis:
    """Acknowledges registrations and then acts; `acts` holds one deed a connection, the last for the rest."""

    acts: list[Act] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    url: str = ""

    async def handle(self, socket: ServerConnection) -> None:
        self.received.append(str(await socket.recv()))
        if self.refusals:
            code, words = self.refusals.pop(0)
            await socket.send(
                json.dumps(
                    {"header": {"tr_id": "(null)"}, "body": {"rt_cd": "9", "msg_cd": code, "msg1": words}}
                )
            )
            return
        await socket.send(PINGPONG)  # may come before the acknowledgement
        self.received.append(str(await socket.recv()))
        await socket.send(acknowledgement())
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        await act(socket)


def acknowledgement() -> str:
    output = {"key": KEY, "iv": IV}
    return json.dumps(
        {
            "header": {"tr_id": "H0STCNI9", "tr_key": "hts", "encrypt": "Y"},
            "body": {"rt_cd": "0", "msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS", "output": output},
        }
    )


def say(*texts: str | bytes) -> Act:
    async def act(socket: ServerConnection) -> None:
        for text in texts:
            await socket.send(text)
        await socket.wait_closed()

    return act


async def leave(_: ServerConnection) -> None:
    """Return: the server closes."""


@pytest.fixture
async def small_kis(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmallKis]:
    monkeypatch.setattr(sockets, "FIRST_PAUSE_SECONDS", 0.02)
    broker = SmallKis()
    async with serve(broker.handle, "127.0.0.1", 0) as server:
        broker.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/tryitout"
        yield broker


def stream_of(broker: SmallKis, approval: Callable[[], Awaitable[str]] | None = None) -> kis.KisStream:
    async def approved() -> str:
        return "approval-key"

    credentials = Credentials(
        "8105568901", Server.PAPER, Customer.PERSON, "hts", "key", "secret", socket_url=broker.url
    )
    return kis.KisStream(credentials, approval or approved)


async def told(stream: kis.KisStream, count: int) -> list[Report]:
    """The first reports of a stream, which is then closed."""
    found: list[Report] = []
    async with asyncio.timeout(5), contextlib.aclosing(stream.reports()) as reports:
        async for report in reports:
            found.append(report)
            if len(found) == count:
                break
    return found


def kinds(reports: list[Report]) -> list[type[Any]]:
    return [type(report) for report in reports]


async def test_connected_comes_after_the_acknowledgement_then_the_news(small_kis: SmallKis):
    small_kis.acts = [say(FILL, frame(NOTICES["killed"], NOTICES["cancelled"]))]
    reports = await told(stream_of(small_kis), 4)
    assert kinds(reports) == [Connected, FillReport, OrderReport, OrderReport]
    registration, pong = small_kis.received
    assert json.loads(registration)["header"]["approval_key"] == "approval-key"
    assert json.loads(registration)["body"]["input"] == {"tr_id": "H0STCNI9", "tr_key": "hts"}
    assert pong == PINGPONG


async def test_a_keep_alive_is_answered_and_told(small_kis: SmallKis):
    async def act(socket: ServerConnection) -> None:
        await socket.send(PINGPONG)
        small_kis.received.append(str(await socket.recv()))

    small_kis.acts = [act]
    assert kinds(await told(stream_of(small_kis), 2)) == [Connected, Alive]
    await asyncio.sleep(0.05)
    assert small_kis.received[-1] == PINGPONG


async def test_bad_frames_are_logged_and_told_as_unreadable(
    small_kis: SmallKis, caplog: pytest.LogCaptureFixture
):
    shifted = frame(NOTICES["narrow_fill"].replace("^02^0^01^", "^홍길동^0^01^"))
    small_kis.acts = [say("1|H0STCNI9|001|%%", "{", b"\xff\xfe", "[]", shifted, "0|H0STCNT0|001|a^b", FILL)]
    with caplog.at_level(logging.DEBUG, logger="brokers"):
        heard = await told(stream_of(small_kis), 7)
    assert kinds(heard) == [Connected, *[Unreadable] * 5, FillReport]
    assert "KIS notice skipped: SELN_BYOV_CLS" in caplog.text
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("brokers"))
    for hidden in ("홍길동", "8105568901", "approval-key", KEY):
        assert hidden not in ours


async def test_a_bad_record_does_not_cost_its_neighbours(small_kis: SmallKis):
    odd = NOTICES["narrow_fill"].replace("^121101^", "^999999^")
    small_kis.acts = [say(frame(NOTICES["narrow_fill"], odd, NOTICES["killed"]))]
    heard = await told(stream_of(small_kis), 4)
    assert kinds(heard) == [Connected, FillReport, Unreadable, OrderReport]


async def test_notices_of_another_account_are_left_out(small_kis: SmallKis):
    other = NOTICES["narrow_fill"].replace("8105568901", "8105568801")
    small_kis.acts = [say(frame(other), FILL)]
    _, fill = await told(stream_of(small_kis), 2)
    assert isinstance(fill, FillReport)
    assert fill.account_no == "8105568901"


async def test_it_comes_back_after_each_end(small_kis: SmallKis):
    async def vanish(socket: ServerConnection) -> None:
        socket.transport.abort()

    small_kis.acts = [leave, vanish, say(FILL)]
    assert kinds(await told(stream_of(small_kis), 4)) == [Connected, Connected, Connected, FillReport]


async def test_silence_ends_a_connection(small_kis: SmallKis, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kis, "SILENCE_SECONDS", 0.1)
    small_kis.acts = [say(), say(FILL)]
    assert kinds(await told(stream_of(small_kis), 3)) == [Connected, Connected, FillReport]


async def test_a_refused_approval_key_is_fetched_anew_a_good_one_kept(small_kis: SmallKis):
    fetched: list[str] = []

    async def approval() -> str:
        fetched.append(f"key-{len(fetched) + 1}")
        return fetched[-1]

    small_kis.refusals = [("OPSP0011", "invalid approval : NOT FOUND"), ("OPSP8996", "ALREADY IN USE appkey")]
    small_kis.acts = [say(FILL)]
    assert kinds(await told(stream_of(small_kis, approval), 2)) == [Connected, FillReport]
    used = [
        json.loads(text)["header"]["approval_key"] for text in small_kis.received if "approval_key" in text
    ]
    assert used == ["key-1", "key-2", "key-2"]


async def test_a_refused_approval_backs_off(small_kis: SmallKis, monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []

    async def no_key() -> str:
        raise Unreachable("no key")

    class Noted(sockets.Pauses):
        def after(self, lasted_seconds: float) -> float:
            pauses.append(super().after(lasted_seconds))
            return 0.001

    monkeypatch.setattr(sockets, "Pauses", Noted)
    with pytest.raises(TimeoutError):
        async with (
            asyncio.timeout(0.3),
            contextlib.aclosing(stream_of(small_kis, no_key).reports()) as reports,
        ):
            await anext(reports)
    assert pauses[3] > pauses[0]


def test_pauses_grow_to_a_minute_and_start_over_after_a_good_while():
    pauses = sockets.Pauses()
    grown = [pauses.after(0) for _ in range(12)]
    assert 0.5 <= grown[0] <= 1
    assert 30 <= grown[-1] <= 60
    assert pauses.after(sockets.GOOD_WHILE_SECONDS) <= 1
