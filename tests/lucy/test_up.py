"""`manage.py up`: everything starts, everything stops, and whatever fails says why in one sentence."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from lucy.embedded import Redis, free_port
from lucy.management.commands.up import Ports
from tests.services import ROOT, eventually

pytestmark = pytest.mark.slow
NAMES = {"mongod", "redis", "paper", "gateway", "worker", "beat", "web"}


class Up:
    """One `manage.py up` with its lines."""

    def __init__(self, var: Path, port: int, **environment: str) -> None:
        self.var = var
        self.lines: list[str] = []
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env=kept | {"LUCY_VAR": str(var)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def is_ready(self) -> bool:
        assert self.process.poll() is None, "".join(self.lines)
        return any(" ready on http" in line for line in self.lines)

    def wait(self) -> int:
        code = self.process.wait(60)
        self._listener.join()
        self.process.stdout.close()
        return code

    def told(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def last_line(self) -> str:
        return self.lines[-1].strip()


OURS = {"MONGODB_URI", "REDIS_URL", "LUCY_VAR", "LUCY_MODE", "DJANGO_SETTINGS_MODULE"}  # of the tests


def processes_of(var: Path) -> dict[int, str]:
    """Every process that was started on `var`, by what it runs; not the ones that have ended."""
    found = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                words = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                ours = f"LUCY_VAR={var}\0".encode() in (directory / "environ").read_bytes()
                if ours or (directory / "cwd").readlink().is_relative_to(var):  # Redis wipes its environment
                    found[int(directory.name)] = words
            except OSError:
                continue  # it ended while we looked, or it is another user's
    return found


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for the module: the first test's start is the first, all others are later ones."""
    return tmp_path_factory.mktemp("up") / "var"


@pytest.fixture
def start(var: Path) -> Iterator[list[Up]]:
    """What a test put in here is gone after it."""
    started: list[Up] = []
    yield started
    for up in started:
        if up.process.poll() is None:
            up.process.kill()
        up.wait()
    eventually(lambda: not processes_of(var))


def test_it_starts_and_ctrl_c_stops_it_all(var, start):
    port = free_port()
    up = Up(var, port)
    start.append(up)
    eventually(up.is_ready, 60)
    addresses = json.loads((var / "run.json").read_text())
    assert addresses["WEB"] == f"http://127.0.0.1:{port}"
    assert {
        "MONGODB_URI",
        "REDIS_URL",
        "PAPER_KIS_REAL",
        "PAPER_LS_PAPER",
        "PAPER_CONTROL",
    } <= addresses.keys()
    assert not [path for path in (var, *var.iterdir()) if path.stat().st_mode & 0o077]  # their owner's alone
    assert any(re.search(r"sign in: trader +only-for-practice", line) for line in up.lines)

    second = Up(var, free_port())
    assert second.wait() == 1
    assert second.last_line() == f"Lucy is already running on {var}; stop it or set VAR."
    third = Up(var.with_name("other"), port)
    assert third.wait() == 1
    assert third.last_line() == f"Port {port} is in use; choose another: make run PORT={port + 1}."

    up.told(signal.SIGINT)
    up.told(signal.SIGINT)
    assert up.wait() == 0
    assert not processes_of(var)
    assert not (var / "run.json").exists()
    assert "Traceback" not in "".join(up.lines)


def test_it_starts_again_and_a_dead_child_ends_it(var, start):
    ports = Ports(var / "ports.json").last
    up = Up(var, free_port())
    start.append(up)
    eventually(up.is_ready, 60)
    assert ports.items() <= Ports(var / "ports.json").last.items()

    children = processes_of(var)
    assert len(children) == len(NAMES) + 1
    gateway = next(pid for pid, words in children.items() if words.endswith("manage.py gateway "))
    os.kill(gateway, signal.SIGKILL)
    assert up.wait() == 1
    assert re.fullmatch(r"gateway ended with signal SIGKILL; its last words: .+", up.last_line())
    assert not processes_of(var)


def test_kill_9_leaves_no_process_and_loses_nothing(var, start):
    up = Up(var, free_port())
    start.append(up)
    eventually(up.is_ready, 60)
    with redis.Redis.from_url(json.loads((var / "run.json").read_text())["REDIS_URL"]) as client:
        client.set("kept", "yes")
    up.told(signal.SIGKILL)
    eventually(lambda: not processes_of(var))
    server = Redis(var / "redis", free_port())
    with server, redis.Redis.from_url(server.address) as client:
        assert client.get("kept") == b"yes"


def test_a_mongodb_that_does_not_answer_is_named(var):
    up = Up(var, free_port(), MONGODB_URI=f"mongodb://user:hidden@127.0.0.1:{free_port()}/")
    assert up.wait() == 1
    assert up.last_line() == "No MongoDB answers at MONGODB_URI (ServerSelectionTimeoutError)."
    assert "hidden" not in "".join(up.lines)


def test_a_redis_that_does_not_answer_is_named(var):
    up = Up(var, free_port(), REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert up.wait() == 1
    assert up.last_line() == "No Redis answers at REDIS_URL (ConnectionError)."
    assert not processes_of(var)


def test_a_file_in_the_data_directorys_place_is_named(tmp_path):
    (tmp_path / "var").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "lucy.embedded", tmp_path / "var"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path / 'var'} cannot be used as a data directory: File exists.\n"
