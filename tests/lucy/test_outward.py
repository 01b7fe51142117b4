"""Posting to typed addresses: not into this machine, not for ever, not an answer without an end."""

import socket
import threading
from ipaddress import ip_address

import pytest
import requests

from lucy import outward

LONG = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 10_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
DRIPPING = b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\nhalf"


@pytest.fixture
def server():
    """One connection: takes what is sent, says `answer`, and keeps the line open."""

    class Ear:
        answer = LONG
        heard = b""

    done = threading.Event()
    door = socket.create_server(("127.0.0.1", 0))

    def serve():
        try:
            line, _ = door.accept()
        except OSError:
            return
        with line:
            Ear.heard = line.recv(65536)
            line.sendall(Ear.answer)
            done.wait(30)

    thread = threading.Thread(target=serve)
    thread.start()
    Ear.port = door.getsockname()[1]  # type: ignore[attr-defined]
    yield Ear
    done.set()
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    thread.join()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0", "2130706433", "127.1", "[::ffff:127.0.0.1]", "[::1]"]
)
def test_with_real_money_nothing_is_sent_into_this_machine(server, settings, host):
    settings.BROKERS = "live"
    with pytest.raises(requests.ConnectionError):
        outward.post(f"http://{host}:{server.port}/hook", b"{}", {})
    assert server.heard == b""


def test_in_practice_the_other_system_may_be_here(server):
    status, beginning = outward.post(f"http://localhost:{server.port}/hook", b"{}", {"Lucy-Event": "x"})
    assert (status, set(beginning)) == (200, {"a"})
    assert len(beginning) <= outward.MOST_READ_BYTES
    assert f"Host: localhost:{server.port}".encode() in server.heard


def test_an_answer_in_chunks_is_read(server):
    server.answer = CHUNKED
    assert outward.post(f"http://127.0.0.1:{server.port}/", b"{}", {}) == (200, "hello")


def test_an_answer_that_does_not_end_is_not_waited_for(server):
    server.answer = DRIPPING
    assert outward.post(f"http://127.0.0.1:{server.port}/", b"{}", {})[0] == 202


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1", False),
        ("::", False),
        ("224.0.0.1", False),
        ("10.1.2.3", True),
        ("203.0.113.7", True),
        ("2001:4860::1", True),
    ],
)
def test_what_lives_only_on_this_wire_is_never_an_address(address, allowed):
    assert outward.is_outward(ip_address(address)) is allowed


def test_a_name_that_means_two_things_is_judged_by_both(server, settings, monkeypatch):
    """The name's second meaning is this machine: neither is called."""
    settings.BROKERS = "live"
    asked = []

    def two_faced(host, port, **_):
        asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in ("127.0.0.1", "10.9.9.9")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", two_faced)
    with pytest.raises(requests.ConnectionError):
        outward.post(f"http://erp.example:{server.port}/", b"{}", {})
    assert (asked, server.heard) == (["erp.example"], b"")
