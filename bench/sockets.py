"""What an idle browser socket costs in memory."""

import asyncio
from pathlib import Path

import websockets

from bench.figures import Figure
from bench.people import Trader

SOCKETS = 1000
AT_ONCE = 20


def memory_figure(trader: Trader, site: str, pid: int) -> Figure:
    """Resident kilobytes of the web process per idle socket, `SOCKETS` of them."""
    value = asyncio.run(_grown(trader, site, pid))
    return Figure(f"메모리 / 쉬는 브라우저 소켓 ({SOCKETS} 개)", "KiB", value)


async def _grown(trader: Trader, site: str, pid: int) -> float:
    open_one = asyncio.Semaphore(AT_ONCE)

    async def connect() -> websockets.ClientConnection:
        async with open_one:
            headers = {"Authorization": f"Bearer {trader.token}", "Origin": site}
            socket = await websockets.connect(
                f"{site.replace('http', 'ws')}/ws/",
                additional_headers=headers,
                compression=None,
                open_timeout=60,
                ping_interval=None,
            )
            await socket.recv()  # hello: it is in its groups
            return socket

    first = [await connect() for _ in range(AT_ONCE)]  # what the first ones load is not theirs
    before = _resident(pid)
    more = await asyncio.gather(*(connect() for _ in range(SOCKETS)))
    after = _resident(pid)
    await asyncio.gather(*(socket.close() for socket in [*first, *more]))
    return (after - before) / SOCKETS


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    raise ValueError(f"no VmRSS for process {pid}")
