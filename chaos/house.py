"""Lucy's real processes in a directory of their own: started, killed with SIGKILL and started again."""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lucy.embedded import Mongod, Redis, Server, ServiceError, free_port
from lucy.process import Child, answers

ROOT = Path(__file__).resolve().parent.parent
PAPER_HOSTS = ("kis_real", "kis_paper", "ls_real", "ls_paper", "control")
ANSWER_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.05
STOP_SECONDS = 20.0
MARKET_PACE_SECONDS = 0.3
RECONCILE_SECONDS = 10.0
SETTINGS = {
    "LUCY_MODE": "chaos",
    "LUCY_LOG_LEVEL": "INFO",
    "LUCY_RATE_FACTOR": "20",
    "LUCY_API_RATE": "1000000/min",
    "LUCY_RECONCILE_SECONDS": str(RECONCILE_SECONDS),
    "DJANGO_SETTINGS_MODULE": "lucy.settings",
}


class House:
    """Starts everything in the order of its needs; `kill` and `restart` are the blows it must stand.

    Use from the main thread: the kernel ends a child with the thread that spawned it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.mongod = Mongod(directory / "mongod", free_port())
        self.redis = Redis(directory / "redis", free_port(), keep=False)
        self.site = f"http://127.0.0.1:{free_port()}"
        self._paper_ports = {name: free_port() for name in PAPER_HOSTS}
        self._children: dict[str, Child] = {}
        self._logs: dict[str, IO[str]] = {}

    @property
    def control(self) -> str:
        return f"http://127.0.0.1:{self._paper_ports['control']}"

    def environment(self) -> dict[str, str]:
        paper = {
            f"PAPER_{name.upper()}": f"127.0.0.1:{port}"
            for name, port in self._paper_ports.items()
            if name != "control"
        }
        stores = {"MONGODB_URI": self.mongod.address, "REDIS_URL": self.redis.address}
        return SETTINGS | paper | stores | {"LUCY_VAR": str(self.directory), "PYTHONUNBUFFERED": "1"}

    def start_stores(self) -> None:
        """MongoDB, Redis and the paper broker."""
        for server in (self.mongod, self.redis):
            server.start()
        self.start("paper")
        for server in (self.mongod, self.redis):
            server.wait_ready()
        _until(lambda: _listens(self.control), "the paper broker answers")

    def start_lucy(self) -> None:
        for name in ("gateway 1", "gateway 2", "worker", "beat", "web"):
            self.start(name)
        _until(lambda: answers(f"{self.site}/accounts/sign-in/"), "the site answers")

    def start(self, name: str) -> None:
        child = Child(
            name,
            [sys.executable, *self._commands()[name]],
            directory=ROOT,
            environment=os.environ | self.environment(),
            heard=self._write,
        )
        self._children[name] = child
        child.start()

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all it has started, then the same anew."""
        child = self._children[name]
        process = child.running()
        if process.poll() is not None:
            raise ServiceError(child.why_it_ended())
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.start(name)

    def restart(self, server: Server) -> None:
        server.running().kill()
        server.running().wait()
        server.start()
        server.wait_ready()

    def fallen(self) -> list[str]:
        """Processes that have ended by themselves, which none may."""
        return [name for name, child in self._children.items() if child.running().poll() is not None]

    def stop(self) -> None:
        for child in reversed(self._children.values()):
            if child.process is not None:
                child.stop(STOP_SECONDS)
        for server in (self.redis, self.mongod):
            server.stop()
        for log in self._logs.values():
            log.close()

    def _commands(self) -> dict[str, list[str]]:
        ports = [
            word
            for name, port in self._paper_ports.items()
            for word in (f"--{name.replace('_', '-')}", str(port))
        ]
        paper = ["-m", "brokers.paper", "--no-limits", "--no-demo", "--pace", str(MARKET_PACE_SECONDS)]
        site = ["-b", "127.0.0.1", "-p", self.site.rpartition(":")[2]]
        threads = ["--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        return {
            "paper": [*paper, *ports],
            "gateway 1": ["manage.py", "gateway"],
            "gateway 2": ["manage.py", "gateway"],
            "worker": ["-W", "ignore", "-m", "celery", "-A", "lucy", "--quiet", "worker", *threads],
            "beat": ["-m", "celery", "-A", "lucy", "--quiet", "beat", "--pidfile", ""],
            "web": ["-m", "daphne", "-v", "0", *site, "lucy.asgi:application"],
        }

    def _write(self, name: str, line: str) -> None:
        if name not in self._logs:
            self._logs[name] = (self.directory / f"{name}.log").open("a", buffering=1)
        self._logs[name].write(f"{line}\n")


@contextmanager
def house(keep: bool = False) -> Iterator[House]:
    """A house whose stores run; what it wrote is removed afterwards unless `keep`."""
    (ROOT / "var").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="chaos-", dir=ROOT / "var"))
    (directory / "static").mkdir()
    built = House(directory)
    try:
        built.start_stores()
        os.environ.update(built.environment())
        yield built
    finally:
        built.stop()
        if keep:
            print(f"logs kept in {directory}")
        else:
            shutil.rmtree(directory)


def _listens(url: str) -> bool:
    return answers(f"{url}/health")


def _until(is_so: Callable[[], bool], words: str) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {ANSWER_SECONDS:.0f} s: {words}")
        time.sleep(LOOK_AGAIN_SECONDS)


def told(line: str) -> None:
    """What the person at the terminal reads while it runs."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def shown(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False, default=str)
