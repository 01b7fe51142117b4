"""MongoDB and Redis of the tests' own, up before Django reads its settings.

`MONGODB_URI` and `REDIS_URL` in the environment put running servers in their place.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from lucy.embedded import Mongod, Redis, Server, ServiceError, free_port
from lucy.process import Child, answers

if TYPE_CHECKING:
    from accounts.models import User

ANSWER_SECONDS = 30
ROOT = Path(__file__).resolve().parent.parent
_servers: list[Server] = []
_directories: list[Path] = []


def start() -> None:
    """Start what the environment does not name, and name it there; raises `ServiceError`."""
    (ROOT / "var").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="tests-", dir=ROOT / "var"))
    _directories.append(directory)
    (directory / "static").mkdir()  # whitenoise wants it there
    wanted: list[tuple[str, Server]] = [
        ("MONGODB_URI", Mongod(directory / "mongod", free_port())),
        ("REDIS_URL", Redis(directory / "redis", free_port(), keep=False)),
    ]
    for name, server in wanted:
        if name not in os.environ:
            _servers.append(server)
            server.start()
            os.environ[name] = server.address
    for server in _servers:
        server.wait_ready()
    os.environ.update(LUCY_VAR=str(directory), LUCY_MODE="test", DJANGO_SETTINGS_MODULE="lucy.settings")


def stop() -> None:
    for server in reversed(_servers):
        server.stop()
    _servers.clear()
    for directory in _directories:
        shutil.rmtree(directory)
    _directories.clear()


class QuickHasher(PBKDF2PasswordHasher):
    """The site's own hasher, which it reads and is read by; strength is not what tests are about."""

    iterations = 1


class Site:
    """A web process on the test database; what it says is shown when it does not answer."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        command = ["-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "lucy.asgi:application"]
        self._child = Child(
            "web",
            [sys.executable, *command],
            directory=ROOT,
            environment=environment,
            heard=lambda _, line: self.lines.append(line),
        )

    def __enter__(self) -> "Site":
        self._child.start()
        try:
            eventually(self._answers, ANSWER_SECONDS)
        except AssertionError:
            self._child.stop(1)
            raise ServiceError("The site does not answer:\n" + "\n".join(self.lines)) from None
        return self

    def _answers(self) -> bool:
        assert self._child.running().poll() is None
        return answers(f"{self.url}/accounts/sign-in/")

    def __exit__(self, *_: object) -> None:
        self._child.stop(10)


def eventually(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    """Look again and again until `is_so()`; fails when it was not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.02)


def session_of(user: "User") -> str:
    """The key of a new session, as if `user` had signed in."""
    from django.test import Client  # reads the settings

    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value
