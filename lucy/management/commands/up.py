"""`manage.py up`: everything Lucy needs, on one machine, under one log; Ctrl-C ends all of it in order."""

import asyncio
import fcntl
import json
import os
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from brokers.management.commands.demo_data import sign_ins
from lucy.embedded import (
    Mongod,
    Redis,
    Server,
    ServiceError,
    free_port,
    is_free,
    make_directory,
    write_private,
)
from lucy.env import BASE_DIR, RUNNING_FILE, VAR_DIR
from lucy.process import Child, answers, told_to_stop

PAPER_PORTS = ("kis_real", "kis_paper", "ls_real", "ls_paper", "control")
ANSWER_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.05
STOP_SECONDS = 15.0
EXTERNAL_SECONDS = 5
COLOURS = {
    "lucy": 1, "mongod": 32, "redis": 31, "paper": 35, "gateway": 36, "worker": 33, "beat": 34, "web": 92,
}  # fmt: skip


class Command(BaseCommand):
    help = "Starts MongoDB, Redis, the paper broker, gateway, worker, beat and web; Ctrl-C stops them all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the site (8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address the site listens on (127.0.0.1)")

    def handle(self, *, host: str, port: int, **_: Any) -> None:
        os.umask(0o077)  # what we keep is nobody else's, our children's files included
        try:
            asyncio.run(bring_up(host, port))
        except ServiceError as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(1) from None


async def bring_up(host: str, port: int) -> None:
    """Run until told to stop; raises `ServiceError` when something kept it from running."""
    told = told_to_stop()
    make_directory(VAR_DIR)
    make_directory(settings.STATIC_ROOT)  # whitenoise wants it there, also when it is empty
    with only_one(VAR_DIR / "up.lock"):
        house = House(host, port, told)
        try:
            await house.run()
        finally:
            await asyncio.to_thread(house.stop)


@contextmanager
def only_one(path: Path) -> Generator[None]:
    """Hold the lock of a data directory; the kernel lets go of it however we end."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError(f"Lucy is already running on {path.parent}; stop it or set VAR.") from None
        yield


class Log:
    """Lines of all processes on one terminal, each after its process's name."""

    def __init__(self, told: asyncio.Event) -> None:
        self.told = told
        self.loop = asyncio.get_running_loop()
        self.coloured = sys.stdout.isatty()
        self._lock = threading.Lock()
        self._reader_left = False

    def line(self, name: str, text: str) -> None:
        tag = f"{name:<8}|"
        if self.coloured:
            tag = f"\x1b[{COLOURS[name]}m{tag}\x1b[0m"
        with self._lock:
            if self._reader_left:
                return
            try:
                sys.stdout.write(f"{tag} {text}\n")
                sys.stdout.flush()
            except BrokenPipeError:  # nobody reads any more: the same as being told to stop
                self._reader_left = True
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                self.loop.call_soon_threadsafe(self.told.set)


class House:
    """The processes of one Lucy. They start in the order of their needs and stop in the opposite one."""

    def __init__(self, host: str, port: int, told: asyncio.Event) -> None:
        self.host = host
        self.port = port
        self.told = told
        self.log = Log(told)
        self.loop = asyncio.get_running_loop()
        self.practice = settings.BROKERS == "practice"
        self.ports = Ports(VAR_DIR / "ports.json")
        self.addresses: dict[str, str] = {"WEB": f"http://{host}:{port}"}
        self.processes: list[Server | Child] = []
        self.first_death: asyncio.Future[Server | Child] = self.loop.create_future()
        self.stopping = False

    async def run(self) -> None:
        """Start everything, then wait for the word to stop or for a death."""
        starting = asyncio.create_task(self._start())
        told = asyncio.create_task(self.told.wait())
        reasons_to_stop: set[asyncio.Future[Any]] = {told, self.first_death}
        try:
            await asyncio.wait({starting, *reasons_to_stop}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and not starting.exception():
                await asyncio.wait(reasons_to_stop, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stopping = True
            starting.cancel()
            told.cancel()
            outcome, _ = await asyncio.gather(starting, told, return_exceptions=True)
        self.log.line("lucy", "stopping …")
        if self.told.is_set():
            return
        if self.first_death.done():
            raise ServiceError(self.first_death.result().why_it_ended())
        if isinstance(outcome, BaseException):  # what kept it from starting
            raise outcome

    async def _start(self) -> None:
        if not is_free(self.port, self.host):
            raise ServiceError(f"Port {self.port} is in use; choose another: make run PORT={self.port + 1}.")
        await self._start_stores()
        write_private(RUNNING_FILE, json.dumps(self.addresses, indent=1))
        await self._prepare()
        for name, words in self._site_commands().items():
            self._start_child(name, [sys.executable, *words])
        await self._until(self._site_answers, "web")
        self.log.line("lucy", f"ready on {self.addresses['WEB']}")
        for line in sign_ins() if self.practice else ():
            self.log.line("lucy", f"  sign in: {line}")

    async def _start_stores(self) -> None:
        """MongoDB, Redis and the paper broker side by side."""
        stores: list[Server] = []
        if "MONGODB_URI" in os.environ:
            await asyncio.to_thread(check_mongodb, os.environ["MONGODB_URI"])
        else:
            stores.append(Mongod(VAR_DIR / "mongod", self.ports.choose("mongod")))
            self.addresses["MONGODB_URI"] = stores[-1].address
        if "REDIS_URL" in os.environ:
            await asyncio.to_thread(check_redis, os.environ["REDIS_URL"])
        else:
            stores.append(Redis(VAR_DIR / "redis", self.ports.choose("redis")))
            self.addresses["REDIS_URL"] = stores[-1].address
        for store in stores:
            self._start_store(store)
        if self.practice:
            self._start_paper()
        self.ports.remember()
        await asyncio.gather(*(asyncio.to_thread(store.wait_ready) for store in stores))
        for store in stores:
            self.log.line(store.name, f"answers on port {store.port}")
        if self.practice:
            await self._until(partial(self._listens, self.ports.chosen["paper_control"]), "paper")

    def _start_store(self, store: Server) -> None:
        self.processes.append(store)
        store.start()
        self._watch(store, store.running().wait)

    def _start_paper(self) -> None:
        words = ["-m", "brokers.paper", "--state-dir", str(VAR_DIR / "paper")]
        for name in PAPER_PORTS:
            port = self.ports.choose(f"paper_{name}")
            words += [f"--{name.replace('_', '-')}", str(port)]
            self.addresses[f"PAPER_{name}".upper()] = f"127.0.0.1:{port}"
        self._start_child("paper", [sys.executable, *words])

    async def _prepare(self) -> None:
        child = self._child("lucy", [sys.executable, "manage.py", "prepare"])
        self.processes.append(child)
        child.start()
        code = await asyncio.to_thread(child.wait)
        self.processes.remove(child)
        if code:
            raise ServiceError(f"The database could not be prepared: {child.last_words()}")

    def _site_commands(self) -> dict[str, list[str]]:
        celery = ["-m", "celery", "-A", "lucy", "--quiet"]
        threads = ["--pool", "threads", "--concurrency", "4"]
        alone = ["--without-gossip", "--without-mingle"]  # there is no second worker to agree with
        unwarned = ["-W", "ignore:You're running the worker with superuser"]  # so is all the rest, if it is
        place = ["-b", self.host, "-p", str(self.port)]
        return {
            "gateway": ["manage.py", "gateway"],
            "worker": [*unwarned, *celery, "worker", *threads, *alone],
            "beat": [*celery, "beat", "--pidfile", ""],
            "web": ["-m", "daphne", "-v", "0", *place, "lucy.asgi:application"],
        }

    def _start_child(self, name: str, command: list[str]) -> None:
        child = self._child(name, command)
        self.processes.append(child)
        child.start()
        self._watch(child, child.wait)

    def _child(self, name: str, command: list[str]) -> Child:
        environment = os.environ | self.addresses | {"LUCY_VAR": str(VAR_DIR), "PYTHONUNBUFFERED": "1"}
        return Child(name, command, directory=BASE_DIR, environment=environment, heard=self.log.line)

    def _watch(self, process: Server | Child, wait: Callable[[], int]) -> None:
        def watch() -> None:
            wait()
            if not self.stopping:
                self.loop.call_soon_threadsafe(self._died, process)

        threading.Thread(target=watch, name=f"watch-{process.name}", daemon=True).start()

    def _died(self, process: Server | Child) -> None:
        if not self.first_death.done():
            self.first_death.set_result(process)

    async def _until(self, is_so: Callable[[], Awaitable[bool]], name: str) -> None:
        deadline = self.loop.time() + ANSWER_SECONDS
        while not await is_so():
            if self.loop.time() > deadline:
                raise ServiceError(f"{name} gave no answer in {ANSWER_SECONDS:.0f} s.")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _listens(self, port: int) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return False
        writer.close()
        return True

    async def _site_answers(self) -> bool:
        return await asyncio.to_thread(answers, self.addresses["WEB"])

    def stop(self) -> None:
        """Stop what runs, last started first; nothing is left when this returns."""
        self.stopping = True
        for process in reversed(self.processes):
            if isinstance(process, Server):
                process.stop()
            elif not process.stop(STOP_SECONDS):
                self.log.line("lucy", f"{process.name} did not stop in {STOP_SECONDS:.0f} s and was killed")
        RUNNING_FILE.unlink(missing_ok=True)
        self.log.line("lucy", "stopped")


class Ports:
    """The ports of the last start, taken again while they are free."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chosen: dict[str, int] = {}
        try:
            self.last: dict[str, int] = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            self.last = {}

    def choose(self, name: str) -> int:
        port = self.last.get(name)
        self.chosen[name] = port if port and is_free(port) else free_port()
        return self.chosen[name]

    def remember(self) -> None:
        self.path.write_text(json.dumps(self.last | self.chosen, indent=1))


def check_mongodb(uri: str) -> None:
    client: MongoClient[dict[str, Any]] = MongoClient(
        uri, serverSelectionTimeoutMS=int(EXTERNAL_SECONDS * 1000)
    )
    with client:
        try:
            hello = client.admin.command("hello")
        except PyMongoError as error:
            raise ServiceError(f"No MongoDB answers at MONGODB_URI ({type(error).__name__}).") from error
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise ServiceError("The MongoDB at MONGODB_URI is no replica set, which transactions need.")


def check_redis(url: str) -> None:
    client = redis.Redis.from_url(
        url, socket_timeout=EXTERNAL_SECONDS, socket_connect_timeout=EXTERNAL_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        raise ServiceError(f"No Redis answers at REDIS_URL ({type(error).__name__}).") from error
    finally:
        client.close()
