"""From the paper broker to the browser: how long a fill takes, and whether any is lost or doubled."""

import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import aiohttp
import websockets

from bench.figures import Figure, percentile
from bench.house import gateway, process, until
from bench.people import Trader
from brokers.models import AccountHealth, BrokerAccount
from brokers.models.accounts import SocketState

RATE = 200
SECONDS = 60
FLOOR_SECONDS = 20
QUIET_SECONDS = 15.0


@dataclass(slots=True)
class Delivery:
    """Milliseconds from leaving the paper broker to arriving, per fill; and what went wrong."""

    milliseconds: list[float]
    lost: int
    doubled: int


def relay_figures(traders: list[Trader], control: str, site: str) -> list[Figure]:
    _leave_alone(traders)
    with process([sys.executable, "-m", "bench.floor"]):
        _wait_until_up(traders)
        floor = asyncio.run(_measure(traders, control, site, FLOOR_SECONDS))
    _mark_down(traders)
    with gateway():
        _wait_until_up(traders)
        saved = asyncio.run(_measure(traders, control, site, SECONDS))
    least, p50, p99 = (
        percentile(floor.milliseconds, 50),
        percentile(saved.milliseconds, 50),
        percentile(saved.milliseconds, 99),
    )
    what = f"체결 → 브라우저 {RATE}/s, {SECONDS} s, {len(traders)} 계좌"
    return [
        Figure(f"{what} p50", "ms", p50, least, "relay, not saved", p50 / least, 4.0, "ratio to floor"),
        Figure(f"{what} p99", "ms", p99, percentile(floor.milliseconds, 99), "relay p99", p99, 50.0, "ms"),
        Figure(f"{what} lost", "fills", saved.lost, compared=saved.lost, target=0, rule="count"),
        Figure(f"{what} doubled", "fills", saved.doubled, compared=saved.doubled, target=0, rule="count"),
    ]


def _leave_alone(traders: list[Trader]) -> None:
    """Accounts that other figures left behind are not the gateway's to follow here."""
    keys = [trader.account.pk for trader in traders]
    BrokerAccount.objects.exclude(pk__in=keys).update(paused=True)


def _mark_down(traders: list[Trader]) -> None:
    keys = [trader.account.pk for trader in traders]
    AccountHealth.objects.filter(account_id__in=keys).update(socket=SocketState.DOWN)


def _wait_until_up(traders: list[Trader]) -> None:
    keys = [trader.account.pk for trader in traders]
    up = AccountHealth.objects.filter(account_id__in=keys, socket=SocketState.UP)
    until(lambda: up.count() == len(keys), "all accounts stream")


async def _measure(traders: list[Trader], control: str, site: str, seconds: float) -> Delivery:
    arrived: dict[str, list[tuple[int, float]]] = defaultdict(list)  # account, order -> (shares, when)
    ready = asyncio.Barrier(len(traders) + 1)
    browsers = [asyncio.create_task(_browse(trader, site, arrived, ready)) for trader in traders]
    await ready.wait()
    sent = await _blast(control, [trader.account.number for trader in traders], seconds)
    await _quiet(arrived, sent)
    for browser in browsers:
        browser.cancel()
    await asyncio.gather(*browsers, return_exceptions=True)
    return _matched(sent, arrived)


async def _browse(
    trader: Trader, site: str, arrived: dict[str, list[tuple[int, float]]], ready: asyncio.Barrier
) -> None:
    headers = {"Authorization": f"Bearer {trader.token}", "Origin": site}
    async with websockets.connect(
        f"{site.replace('http', 'ws')}/ws/", additional_headers=headers, compression=None
    ) as socket:
        await socket.recv()  # hello
        await ready.wait()
        async for raw in socket:
            now = time.time()
            message = json.loads(raw)
            if message["type"] == "notice" and message["kind"] == "fill":
                fill = message["data"]["fill"]
                key = f"{trader.account.number}/{fill['broker_order_no']}"
                arrived[key].append((fill["quantity"], now))


async def _blast(control: str, numbers: list[str], seconds: float) -> list[dict[str, Any]]:
    wanted = {"accounts": numbers, "rate": RATE, "seconds": seconds}
    patience = aiohttp.ClientTimeout(total=seconds * 3 + 30)
    async with (
        aiohttp.ClientSession(timeout=patience) as session,
        session.post(f"{control}/blast", json=wanted) as reply,
    ):
        reply.raise_for_status()
        return list((await reply.json())["fills"])


async def _quiet(arrived: dict[str, list[tuple[int, float]]], sent: list[dict[str, Any]]) -> None:
    """All are here, or nothing came for a long while; news of other orders does not count."""
    orders = {_order_of(fill) for fill in sent}
    count, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        now = sum(len(arrived[order]) for order in orders)
        if now != count:
            count, since = now, time.monotonic()
        if now >= len(sent):
            return
        await asyncio.sleep(0.05)


def _order_of(fill: dict[str, Any]) -> str:
    return f"{fill['account']}/{fill['order']}"


def _matched(sent: list[dict[str, Any]], arrived: dict[str, list[tuple[int, float]]]) -> Delivery:
    """Each order's fills have sizes of their own, so a size names the fill."""
    delivery = Delivery([], 0, 0)
    for fill in sent:
        times = [at for shares, at in arrived[_order_of(fill)] if shares == fill["quantity"]]
        if not times:
            delivery.lost += 1
            continue
        delivery.doubled += len(times) - 1
        delivery.milliseconds.append((times[0] - fill["sent_at"]) * 1000)
    return delivery
