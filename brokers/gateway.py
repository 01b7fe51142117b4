"""The gateway: holds the brokers' sockets, one supervised task per account, and records what they say."""

import asyncio
import logging
import os
import socket
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from brokers.adapters import stream_for
from brokers.adapters.base import (
    Alive,
    BrokerError,
    BrokerStream,
    Connected,
    FillReport,
    OrderReport,
    Report,
    Unreadable,
)
from brokers.models import BrokerAccount
from brokers.models.accounts import SocketState
from brokers.services import fills, health, leases, news, totals
from brokers.services.closing import look_through
from brokers.services.reconcile import Reconciliation
from lucy import clock

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 16
LOOKS = 32  # looks into the books at once: they wait for brokers and notices, and keep nobody else waiting
RECORDERS = 2
MOST_AT_ONCE = 64  # fills of one transaction
LOOK_CLOSER_SECONDS = 2.0  # after news that only the broker's list can place
TELL_HEALTH_EVERY = timedelta(seconds=5)
LONGEST_PAUSE_SECONDS = 30.0

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")
_looks = ThreadPoolExecutor(LOOKS, thread_name_prefix="look")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run sync code (services, ORM) beside the loop; each thread keeps its own database connection."""
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: work(*args, **kwargs))


async def _in_its_own_time(look: Callable[[BrokerAccount], R], account: BrokerAccount) -> R:
    return await asyncio.get_running_loop().run_in_executor(_looks, look, account)


class Gateway:
    """Keeps a lease on every account it can get, and follows each in a task of its own."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self._followed: dict[Any, tuple[str, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Hold, follow and let go of accounts until cancelled; then give all leases back."""
        log.info("Gateway %s starts", self.name)
        try:
            while True:
                try:
                    await self.look_after()
                except (DatabaseError, PyMongoError) as fault:
                    log.error("The database is away, accounts are kept as they are: %s", fault)
                await asyncio.sleep(settings.LEASE_SECONDS / 3)
        finally:
            await self.let_go()

    async def look_after(self) -> None:
        """One round: renew or take leases, start what is new or changed, stop what is not ours any more."""
        wanted = {account.pk: account for account in await in_thread(_active_accounts)}
        held = {
            key: account
            for key, account in wanted.items()
            if await in_thread(leases.hold, account, self.name)
        }
        for key in list(self._followed):
            fingerprint, task = self._followed[key]
            if key not in held or fingerprint != _fingerprint(held[key]) or task.done():
                await self._stop(key)
        for key, account in held.items():
            if key not in self._followed:
                task = asyncio.create_task(supervise(account), name=f"account {account.pk}")
                self._followed[key] = (_fingerprint(account), task)

    async def _stop(self, key: Any) -> None:
        _, task = self._followed.pop(key)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await in_thread(health.socket_changed, key, SocketState.DOWN)

    async def let_go(self) -> None:
        keys = list(self._followed)
        for key in keys:
            await self._stop(key)
        for account in await in_thread(_accounts, keys):
            await in_thread(leases.release, account, self.name)
        log.info("Gateway %s has let go of %d accounts", self.name, len(keys))


def _active_accounts() -> list[BrokerAccount]:
    return list(BrokerAccount.objects.filter(paused=False).exclude(app_key=""))


def _accounts(keys: list[Any]) -> list[BrokerAccount]:
    return list(BrokerAccount.objects.filter(pk__in=keys))


def _fingerprint(account: BrokerAccount) -> str:
    """Changes when the account must be followed anew: other keys, another address, another HTS id."""
    credentials = account.credentials
    return str(hash(credentials))


async def supervise(account: BrokerAccount) -> None:
    """Follow one account for ever: what breaks it is logged with its name, and it starts over later."""
    pause = 1.0
    while True:
        began = clock.now()
        try:
            await follow(account, stream_for(account))
            log.error("%s: the stream ended by itself", account)
        except Exception as fault:
            log.exception("%s: following failed, starting over in %.0f s", account, pause)
            await _tell_trouble(account, fault)
        if clock.now() - began > timedelta(minutes=5):
            pause = 1.0
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def _tell_trouble(account: BrokerAccount, fault: Exception) -> None:
    try:
        await in_thread(health.trouble, account.pk, str(fault))
    except (DatabaseError, PyMongoError) as second:
        log.error("%s: trouble not stored: %s", account, second)


async def follow(account: BrokerAccount, stream: BrokerStream) -> None:
    """Record what the broker says; after each (re)connect first read back what was missed."""
    await in_thread(health.socket_changed, account.pk, SocketState.CONNECTING)
    reconciler = Reconciler(account)
    told = clock.now() - TELL_HEALTH_EVERY
    async with asyncio.TaskGroup() as group:
        group.create_task(reconciler.run())
        async for report in stream.reports():
            await take(account, report, reconciler)
            if clock.now() - told >= TELL_HEALTH_EVERY:
                told = clock.now()
                await in_thread(health.heard, account.pk, told)


async def take(account: BrokerAccount, report: Report, reconciler: "Reconciler") -> None:
    """One report into the services; a database that is away is waited for, so that nothing is dropped."""
    pause = 0.1
    while True:
        try:
            await _take(account, report, reconciler)
        except (DatabaseError, PyMongoError) as fault:
            log.error("%s: report kept until the database is back: %s", account, fault)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            return


async def _take(account: BrokerAccount, report: Report, reconciler: "Reconciler") -> None:
    match report:
        case FillReport():
            if await recorder_of(account).record(account, report) is fills.Outcome.DOUBTFUL:
                await in_thread(totals.settle_doubt, account, report)
        case OrderReport():
            if not await in_thread(news.record_news, account, report):
                reconciler.look_closer()
        case Connected():
            await in_thread(health.socket_changed, account.pk, SocketState.UP)
            reconciler.look_now()
        case Unreadable():
            reconciler.look_closer()
        case Alive():
            pass


class Recorder:
    """Stores the fills of many accounts: those that come while one transaction commits share the next.

    One thread of its own: many threads with one fill each would spend their time waiting for one another.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[fills.Told, asyncio.Future[fills.Outcome]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._running: asyncio.Task[None] | None = None

    async def record(self, account: BrokerAccount, report: FillReport) -> fills.Outcome:
        """Return once the fill is stored; raises what kept it from being stored."""
        done: asyncio.Future[fills.Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(((account, report), done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work())
        return await done

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            try:
                told = [told_fill for told_fill, _ in batch]
                outcomes = await loop.run_in_executor(self._thread, fills.record_fills, told)
            except Exception as fault:  # noqa: BLE001  each waiting account gets it and decides
                for _, done in batch:
                    if not done.done():
                        done.set_exception(fault)
            else:
                for (_, done), outcome in zip(batch, outcomes, strict=True):
                    if not done.done():
                        done.set_result(outcome)


_recorders: list[Recorder] = []


def recorder_of(account: BrokerAccount) -> Recorder:
    """Accounts are shared out among a few recorders; an account stays with its own."""
    if not _recorders:
        _recorders.extend(Recorder() for _ in range(RECORDERS))
    return _recorders[hash(account.pk) % RECORDERS]


class Reconciler:
    """Compares an account with its broker: after each connect, when news asks for it, and every minute."""

    def __init__(self, account: BrokerAccount) -> None:
        self.account = account
        self._asked = asyncio.Event()
        self._not_before: datetime = clock.now()

    def look_now(self) -> None:
        self._not_before = clock.now()
        self._asked.set()

    def look_closer(self) -> None:
        """Soon, but not at once: the broker's list needs a moment to know what was told."""
        self._not_before = clock.now() + timedelta(seconds=LOOK_CLOSER_SECONDS)
        self._asked.set()

    async def run(self) -> None:
        while True:
            await self._wait()
            await self.compare()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._asked.wait(), settings.RECONCILE_SECONDS)
        except TimeoutError:
            return
        self._asked.clear()
        pause = (self._not_before - clock.now()).total_seconds()
        if pause > 0:
            await asyncio.sleep(pause)

    async def compare(self) -> Reconciliation | None:
        try:
            result = await _in_its_own_time(look_through, self.account)
        except (BrokerError, DatabaseError, PyMongoError) as fault:
            log.warning("%s: not reconciled: %s", self.account, fault)
            await _tell_trouble(self.account, fault)
            return None
        if result.changes or result.unclear:
            log.info("%s: reconciled, %s", self.account, result)
        return result
