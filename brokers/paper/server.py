"""The paper broker as one server: both brokers' hosts, the control port, the market's pace, the memory."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from brokers.paper import snapshot
from brokers.paper.clock import PaperClock
from brokers.paper.control import add_control
from brokers.paper.demo import demo_accounts
from brokers.paper.faults import Faults
from brokers.paper.kis import add_kis
from brokers.paper.ledger import Account, Ledger
from brokers.paper.market import Market
from brokers.paper.switches import Switches
from brokers.paper.tokens import Tokens

HOSTS = ("kis_real", "kis_paper", "ls_real", "ls_paper", "control")
SAVE_SECONDS = 1.0
SAVE_SHARE = 20  # writing the memory may take a twentieth of the time

Result = TypeVar("Result")


class PaperBroker:
    """Both brokers' servers on this machine.

    ``ports`` holds the bound ports by host name; 0 asks for a free one.
    ``pace_seconds`` is the time between two steps of the market; 0 keeps it still.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        kis_real: int = 0,
        kis_paper: int = 0,
        ls_real: int = 0,
        ls_paper: int = 0,
        control: int = 0,
        state_dir: Path | None = None,
        seed: int = 1,
        scheduled: bool = False,
        pace_seconds: float = 0.0,
        demo: bool = True,
        switches: Switches | None = None,
    ) -> None:
        self.host = host
        self.ports = dict(zip(HOSTS, (kis_real, kis_paper, ls_real, ls_paper, control), strict=True))
        self.state_dir = state_dir
        self.seed = seed
        self.pace_seconds = pace_seconds
        self.demo = demo
        self.clock = PaperClock(scheduled=scheduled)
        self.switches = switches or Switches()
        self.faults = Faults(seed)
        self.droppers: list[Callable[[str | None, bool], int]] = []  # each broker's way to drop its sockets
        self.market = Market(seed, self.clock)
        self.ledger = Ledger(self.market, self.clock)
        self.tokens = Tokens()
        self.token_calls: dict[str, datetime] = {}  # when each KIS key last asked for a token
        self._runners: list[web.AppRunner] = []
        self._jobs: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._saved = (0, 0)
        self._remember()

    def url(self, host: str) -> str:
        """The REST address of a host, such as ``kis_real``."""
        return f"http://{self.host}:{self.ports[host]}"

    def ws_url(self, host: str) -> str:
        return f"ws://{self.host}:{self.ports[host]}"

    async def start(self) -> None:
        """Bind all ports and let the market run."""
        for name in HOSTS:
            await self._listen(name, self._app(name))
        self._jobs = [asyncio.create_task(self._run_market())]
        if self.state_dir is not None:
            self._jobs.append(asyncio.create_task(self._keep_saving(self.state_dir)))

    async def stop(self) -> None:
        """Close every connection and write the memory."""
        self._stopping.set()
        await asyncio.gather(*self._jobs)
        self.drop_sockets()
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        self.save()

    def drop_sockets(self, account: str | None = None, *, mid_frame: bool = False) -> int:
        """Drop the WebSocket connections of an account number, or all; how many."""
        return sum(drop(account, mid_frame) for drop in self.droppers)

    def reset(self, accounts: list[Account]) -> None:
        """Begin anew with these accounts: no orders, tokens, faults or connections; the market stays."""
        self.drop_sockets()
        self.faults.clear()
        self.tokens.grants.clear()
        self.token_calls.clear()
        self.ledger.reset()
        for account in accounts:
            self.ledger.add_account(account)

    def save(self) -> None:
        """Write the memory now, if there is a directory for it."""
        if self.state_dir is not None:
            self._saved = self._changes()
            snapshot.write(self.state_dir, snapshot.dump(self.ledger, self.tokens))

    def _app(self, name: str) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        broker, _, server = name.partition("_")
        if broker == "kis":
            add_kis(app, self, server)
        elif broker == "ls":
            # Loaded by name: the two brokers' protocols know nothing of each other.
            if importlib.util.find_spec("brokers.paper.ls"):
                importlib.import_module("brokers.paper.ls").add_ls(app, self, server)
        else:
            add_control(app, self)
        return app

    async def _listen(self, name: str, app: web.Application) -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, self.host, self.ports[name])
        await site.start()
        self.ports[name] = runner.addresses[0][1]

    def _remember(self) -> None:
        state = snapshot.read(self.state_dir) if self.state_dir is not None else None
        if state is not None:
            snapshot.load(state, self.ledger, self.tokens)
        for account in demo_accounts() if self.demo else ():
            if account.number not in self.ledger.accounts.by_number:
                self.ledger.add_account(account)
        self._saved = self._changes()

    def _changes(self) -> tuple[int, int]:
        return self.ledger.changes, self.tokens.changes

    async def _run_market(self) -> None:
        while not await self._stops_within(self.pace_seconds or 1.0):
            self.ledger.roll()
            if self.pace_seconds and self.clock.is_trading("SOR"):
                self.market.step()

    async def _stops_within(self, seconds: float) -> bool:
        """Wait, but not longer than the broker runs: a job never ends inside a piece of work."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _keep_saving(self, state_dir: Path) -> None:
        """Write the memory shortly after a change; a large one less often, so that it stays cheap."""
        pause = SAVE_SECONDS
        while not await self._stops_within(pause):
            if self._saved != self._changes():
                began = time.monotonic()
                self._saved = self._changes()
                state = snapshot.dump(self.ledger, self.tokens)
                await asyncio.to_thread(snapshot.write, state_dir, state)
                pause = max(SAVE_SECONDS, SAVE_SHARE * (time.monotonic() - began))


class PaperThread:
    """A paper broker in a thread of its own: ``with PaperThread() as paper:``, for tests without asyncio."""

    def __init__(self, **options: object) -> None:
        self.broker = PaperBroker(**options)  # type: ignore[arg-type]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="paper-broker", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.broker.start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self.broker.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def call(self, deed: Callable[[PaperBroker], Result]) -> Result:
        """Run ``deed(broker)`` in the broker's thread, where its books may be touched."""

        async def act() -> Result:
            return deed(self.broker)

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(10)

    def url(self, host: str) -> str:
        return self.broker.url(host)

    def ws_url(self, host: str) -> str:
        return self.broker.ws_url(host)
