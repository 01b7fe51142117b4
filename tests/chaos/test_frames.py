"""The streams against random, cut and huge frames: none ends them, none passes in silence."""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection

from brokers import gateway
from brokers.adapters.base import Alive, Connected, Credentials, FillReport, OrderReport, Report, Unreadable
from brokers.adapters.kis.stream import KisStream, _heard
from brokers.adapters.kis.wire import notices
from brokers.adapters.limits import MemoryTokenStore
from brokers.adapters.ls.stream import LsStream
from brokers.adapters.sockets import LARGEST_MESSAGE_BYTES
from brokers.models import BrokerAccount
from brokers.terms import Customer, Server
from lucy import clock
from tests.brokers.adapters.test_kis_notices import IV, KEY, NOTICES, frame
from tests.brokers.adapters.test_kis_stream import SmallKis, small_kis, stream_of, told
from tests.brokers.adapters.test_ls_stream import frame as ls_frame

__all__ = ["small_kis"]

EXAMPLES = 20_000 if os.environ.get("HYPOTHESIS_LONG") else 300
OPEN_KIS = [f"0|H0STCNI0|001|{text}" for text in NOTICES.values()]
KIS_FRAMES = [*(frame(text) for text in NOTICES.values()), *OPEN_KIS]
LS_FRAMES = [ls_frame(name) for name in ("SC0_new", "SC1", "SC2", "SC3", "SC4")]
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def spoilt(draw: st.DrawFn, frames: list[str]) -> str:
    """A real frame, cut, with a piece replaced, doubled, or with one character changed; or plain noise."""
    text = draw(st.sampled_from(frames))
    first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    noise = draw(st.text(max_size=12))
    return draw(
        st.sampled_from(
            [text[:last], text[first:], text[:first] + noise + text[last:], text + text[first:], noise]
        )
    )


class Mute:
    """A socket that takes what it is sent."""

    async def send(self, _: str) -> None:
        return


def credentials() -> Credentials:
    return Credentials("8105568901", Server.PAPER, Customer.PERSON, "hts", "key", "secret")


@fuzz
@given(message=spoilt(KIS_FRAMES))
async def test_kis_reads_it_or_says_that_it_cannot(message):
    stream, cipher = KisStream(credentials()), notices.NoticeCipher(KEY, IV)
    if notices.is_frame(message):
        heard: list[Report] = list(stream._news(message, cipher))
    else:
        heard = [await _heard(Mute(), message)]
    assert all(isinstance(report, FillReport | OrderReport | Unreadable | Alive) for report in heard)


@fuzz
@given(message=spoilt(LS_FRAMES))
def test_ls_reads_it_or_says_that_it_cannot(message):
    report = LsStream(credentials(), MemoryTokenStore())._report(message)
    assert isinstance(report, FillReport | OrderReport | Unreadable | Alive | Connected)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_kis_fill_cut_short_is_unreadable_not_silent(cut):
    whole = frame(NOTICES["narrow_fill"])
    heard = list(KisStream(credentials())._news(whole[:-cut], notices.NoticeCipher(KEY, IV)))
    assert [type(report) for report in heard] == [Unreadable]


async def test_the_gateway_asks_the_books_after_what_it_cannot_read():
    asked: list[str] = []

    class Reconciler:
        def look_closer(self) -> None:
            asked.append("closer")

    await gateway._take(BrokerAccount(), Unreadable(clock.now(), "cut"), Reconciler())
    assert asked == ["closer"]


async def test_after_two_hundred_bad_frames_and_a_huge_one_the_next_fill_is_heard(small_kis: SmallKis):
    dice = random.Random(7)
    whole = frame(NOTICES["narrow_fill"])

    async def rubbish(socket: ServerConnection) -> None:
        for _ in range(200):
            await socket.send(whole[: dice.randrange(1, len(whole) - 1)])
        await socket.send("1" * (LARGEST_MESSAGE_BYTES + 1))
        await socket.wait_closed()

    async def news(socket: ServerConnection) -> None:
        await socket.send(whole)
        await socket.wait_closed()

    small_kis.acts = [rubbish, news]
    heard = await told(stream_of(small_kis), 203)
    assert [type(report) for report in heard] == [Connected, *[Unreadable] * 200, Connected, FillReport]
