"""The control port, the faults, the memory and the process of the paper broker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest
import requests

from brokers.paper import demo
from brokers.paper.server import HOSTS, PaperBroker, PaperThread
from tests.brokers.paper.kis_client import QUOTATIONS, TRADING, KisClient

ROOT = Path(__file__).parents[3]
SAMSUNG = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}


@pytest.fixture
def control(paper, http):
    async def send(method, path, **body):
        async with http.request(method, paper.url("control") + path, json=body or None) as reply:
            answer = await reply.json()
            assert reply.status == 200, answer
            return answer

    return send


async def test_health_and_routes(control, paper):
    health = await control("GET", "/health")
    assert health["ok"]
    assert health["addresses"] == {name: paper.url(name) for name in HOSTS}
    assert "POST /blast" in await control("GET", "/")


async def test_accounts_can_be_made_and_read(control):
    made = await control("POST", "/accounts", broker="kis", server="real", count=3, cash=5_000_000)
    assert [len(account["app_key"]) for account in made] == [36, 36, 36]
    assert len({account["number"] for account in await control("GET", "/accounts")}) == 7
    books = await control("GET", f"/accounts/{made[0]['number']}")
    assert books["cash"]["orderable"] == 5_000_000


async def test_an_order_is_filled_by_hand_and_the_books_show_it(control, kis):
    await control("POST", "/matching", automatic=False)
    await kis.order(price=96_300, quantity=10)
    orders = f"/accounts/{kis.account}/orders"
    await control("POST", f"{orders}/1/fill", quantity=3, price=96_200)
    await control("POST", f"{orders}/1/fill", quantity=2)
    books = await control("GET", f"/accounts/{kis.account}")
    assert [(fill["quantity"], fill["price"]) for fill in books["executions"]] == [(3, 96_200), (2, 96_300)]
    assert (books["orders"][0]["open"], books["cash"]["bought_today"]) == (5, 481_200)
    assert (await control("POST", f"{orders}/1/reject"))["rejected"] == 5
    assert (await control("POST", "/check"))["ok"]


async def test_an_order_placed_in_the_hts_is_announced(control, kis):
    async with kis.socket() as socket:
        output = (await socket.ask("H0STCNI0", kis.hts_id))["body"]["output"]
        body = {"code": "005930", "side": "buy", "quantity": 2, "price": 90_000}
        assert (await control("POST", f"/accounts/{kis.account}/orders", **body))["channel"] == "hts"
        assert (await socket.notice("H0STCNI0", output))[8] == "005930"


async def test_price_halt_and_clock(control, kis):
    issue = await control("POST", "/issues/005930", price=97_000, halted=True)
    assert (issue["price"], issue["halted"], issue["asks"][0][0]) == (97_000, True, 97_000)
    assert (await kis.order())["msg_cd"] == "APBK1234"
    health = await control("POST", "/clock", scheduled=True, now="2026-11-20T08:40:00+09:00")
    assert (health["session"], health["trade_date"]) == ("opening auction", "2026-11-20")
    assert (await control("POST", "/clock", advance_seconds=1200))["session"] == "continuous"


async def test_what_cannot_be_done_is_explained(paper, http):
    for path, body in (
        ("/faults", {"action": "explode"}),
        ("/switches", {"no": 1}),
        ("/issues/005930", {"price": 1}),
    ):
        async with http.post(paper.url("control") + path, json=body) as reply:
            assert reply.status == 400
            assert (await reply.json())["error"]


# Faults


async def test_a_lost_reply_leaves_the_order_in_the_books(control, kis):
    await control("POST", "/faults", action="lose_reply", target="TTTC0012U")
    with pytest.raises(aiohttp.ClientError):
        await kis.order()
    assert len((await control("GET", f"/accounts/{kis.account}"))["orders"]) == 1
    assert (await kis.order())["output"]["ODNO"] == "0000000002"


async def test_a_cut_before_processing_leaves_nothing(control, kis):
    await control("POST", "/faults", action="cut", target=f"{TRADING}/order-cash")
    with pytest.raises(aiohttp.ClientError):
        await kis.order()
    assert (await control("GET", f"/accounts/{kis.account}"))["orders"] == []


async def test_the_second_request_is_answered_with_an_error_or_rubbish(control, kis):
    await control("POST", "/faults", action="answer", skip=1, code="EGW00201", target="FHKST01010100")
    path = f"{QUOTATIONS}/inquire-price"
    answers = [await kis.get(path, "FHKST01010100", **SAMSUNG) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 500, 200]
    assert answers[1][1]["msg_cd"] == "EGW00201"
    await control("POST", "/faults", action="answer", status=200, body="<html>busy</html>")
    async with kis.http.get(kis.base + path, headers=kis.headers("FHKST01010100")) as reply:
        assert await reply.text() == "<html>busy</html>"


async def test_a_delayed_reply(control, kis):
    await control("POST", "/faults", action="delay_reply", seconds=0.2)
    began = time.monotonic()
    await kis.order()
    assert time.monotonic() - began >= 0.2


async def test_tokens_expire_on_command(control, kis):
    assert (await control("POST", "/tokens/expire"))["expired"] == 1
    _, answer, _ = await kis.get(f"{QUOTATIONS}/inquire-price", "FHKST01010100", **SAMSUNG)
    assert answer["msg_cd"] == "EGW00123"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"action": "lose_notice", "event": "filled"}, ["2"]),
        ({"action": "repeat_notice", "event": "filled"}, ["1", "1", "2"]),
        ({"action": "reorder_notice", "event": "filled"}, ["2", "1"]),
        ({"action": "delay_notice", "seconds": 0.1, "event": "filled"}, ["2", "1"]),
    ],
)
async def test_notices_are_lost_repeated_and_reordered(control, kis, fault, expected):
    await control("POST", "/matching", automatic=False)
    async with kis.socket() as socket:
        output = (await socket.ask("H0STCNI0", kis.hts_id))["body"]["output"]
        await kis.order(quantity=3)
        await socket.notice("H0STCNI0", output)
        await control("POST", "/faults", **fault)
        for quantity in (1, 2):
            await control("POST", f"/accounts/{kis.account}/orders/1/fill", quantity=quantity)
        notices = [await socket.notice("H0STCNI0", output) for _ in expected]
    assert [notice[9].lstrip("0") for notice in notices] == expected


async def test_a_socket_falls_silent(control, kis):
    async with kis.socket() as socket:
        await socket.ask("H0STCNI0", kis.hts_id)
        await control("POST", "/faults", action="silence", target="H0STCNI0")
        await kis.order()
        with pytest.raises(TimeoutError):
            await socket.text(0.3)
        assert not socket.ws.closed


async def test_chaos_comes_from_its_seed(control, paper):
    assert (await control("POST", "/faults/chaos", seed=7))["rules"] > 5
    assert (await control("DELETE", "/faults"))["left"] == 0


async def test_reset(control, kis):
    await kis.order()
    await control("POST", "/reset")
    books = await control("GET", f"/accounts/{kis.account}")
    assert (books["orders"], books["cash"]["deposit"]) == ([], demo.DEMO_CASH)


# The benchmark's fills


async def test_a_blast_sends_real_fills_at_its_rate(control, paper, http):
    made = await control("POST", "/accounts", broker="kis", server="real", count=4)
    client = KisClient(http, paper)
    client.key, client.secret = made[0]["app_key"], made[0]["app_secret"]
    client.account, client.hts_id = made[0]["number"], made[0]["hts_id"]
    async with client.socket() as socket:
        output = (await socket.ask("H0STCNI0", client.hts_id))["body"]["output"]
        numbers = [account["number"] for account in made]
        blast = await control("POST", "/blast", accounts=numbers, rate=200, seconds=0.5)
        assert (blast["count"], blast["seconds"] < 0.8) == (100, True)
        notices = [await socket.notice("H0STCNI0", output) for _ in range(26)]
    assert [notice[13] for notice in notices] == ["1"] + ["2"] * 25
    assert all(fill["sent_at"] > time.time() - 60 for fill in blast["fills"])


# Memory and process


async def test_everything_survives_a_restart(tmp_path, http):
    first = PaperBroker(state_dir=tmp_path)
    await first.start()
    client = await KisClient(http, first).login()
    await client.order(price=96_300, quantity=830)
    await client.order(price=90_000, quantity=5)
    before = (await client.balance())[0]
    await first.stop()
    second = PaperBroker(state_dir=tmp_path)
    await second.start()
    client.paper, client.base = second, second.url("kis_real")
    assert (await client.balance())[0] == before
    assert (await client.order())["output"]["ODNO"] == "0000000003"
    account = second.ledger.accounts.by_number[client.account]
    second.market.set_price("005930", 90_000)
    assert second.ledger.order(account, 2).filled == 5
    second.ledger.check()
    await second.stop()


async def test_a_change_is_written_shortly_after(tmp_path, http):
    broker = PaperBroker(state_dir=tmp_path)
    await broker.start()
    client = await KisClient(http, broker).login()
    await client.order()
    await asyncio.sleep(1.3)
    state = json.loads((tmp_path / "paper.json").read_text())
    assert [len(account["orders"]) for account in state["accounts"]] == [1, 0, 0, 0]
    await broker.stop()


def test_a_broker_in_a_thread():
    with PaperThread(seed=3) as paper:
        assert requests.get(f"{paper.url('control')}/health", timeout=5).json()["ok"]
        assert paper.call(lambda broker: broker.market.issue("005930").price) == 96_200


def test_the_process_says_where_it_is_and_stops_when_told(tmp_path):
    command = [sys.executable, "-m", "brokers.paper", "--state-dir", str(tmp_path), "--pace", "0.2"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    addresses = json.loads(process.stdout.readline())
    assert set(addresses) == set(HOSTS)
    assert requests.get(f"{addresses['control']}/health", timeout=5).json()["ok"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()
    assert (tmp_path / "paper.json").exists()
