"""Lucy for the benchmark: MongoDB, Redis and paper broker of its own, in a directory that goes afterwards."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from lucy.embedded import Mongod, Redis, free_port, tethered

ROOT = Path(__file__).resolve().parent.parent
HOSTS = ("kis_real", "kis_paper", "ls_real", "ls_paper")
FAST = {"LUCY_RATE_FACTOR": "100000", "LUCY_API_RATE": "10000000/min"}


@contextmanager
def house() -> Iterator[str]:
    """Start the stores and the paper broker, point the environment at them; yields the control address.

    Call before Django is set up.
    """
    (ROOT / "var").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    try:
        with (
            Mongod(directory / "mongod", free_port()) as mongod,
            Redis(directory / "redis", free_port(), keep=False) as redis,
            _paper() as addresses,
        ):
            os.environ.update(
                FAST,
                LUCY_MODE="bench",
                LUCY_VAR=str(directory),
                LUCY_LOG_LEVEL="WARNING",
                MONGODB_URI=mongod.address,
                REDIS_URL=redis.address,
                DJANGO_SETTINGS_MODULE="lucy.settings",
                **{f"PAPER_{name.upper()}": addresses[name].removeprefix("http://") for name in HOSTS},
            )
            yield addresses["control"]
    finally:
        shutil.rmtree(directory)


@contextmanager
def _paper() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "brokers.paper", "--no-limits", "--no-demo", "--pace", "0"]
    with process(command, stdout=subprocess.PIPE) as paper:
        assert paper.stdout is not None
        yield json.loads(paper.stdout.readline())


@contextmanager
def process(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process for a while; it is told to stop, and waited for."""
    child = subprocess.Popen(tethered(list(command)), cwd=ROOT, **options)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(30)


@contextmanager
def web() -> Iterator[tuple[str, int]]:
    """The site under Daphne: its address, its process id."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "daphne",
        "-v",
        "0",
        "-b",
        "127.0.0.1",
        "-p",
        str(port),
        "lucy.asgi:application",
    ]
    with process(command) as child:
        address = f"http://127.0.0.1:{port}"
        until(lambda: _answers(f"{address}/accounts/sign-in/"), "the site answers")
        yield address, child.pid


def gateway() -> Any:
    return process([sys.executable, "manage.py", "gateway"])


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def until(condition: Any, words: str, seconds: float = 60.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"not within {seconds:.0f} s: {words}")
        time.sleep(0.05)
