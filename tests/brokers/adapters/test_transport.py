"""What each kind of failure proves about a question and about an order."""

import contextlib
import logging
import socket
import ssl
import threading
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from brokers.adapters.base import BadReply, ReplyLost, Unreachable
from brokers.adapters.transport import Transport
from tests.brokers.adapters.conftest import (
    Behaviour,
    RudeServer,
    answer,
    half_an_answer,
    hang_up,
    reset,
    silence,
)

SECRET = "the-app-secret"
HEADERS = {"content-type": "application/json", "appsecret": SECRET}

AFTER_SENDING = [
    pytest.param(hang_up, id="hangs up"),
    pytest.param(reset, id="resets"),
    pytest.param(half_an_answer, id="cuts the answer"),
    pytest.param(silence, id="stays silent"),
    pytest.param(lambda c, _: c.sendall(b"rubbish\r\n\r\n"), id="no HTTP"),
]
UNREADABLE = [
    pytest.param(answer(200, b""), id="empty"),
    pytest.param(answer(200, b"<html>"), id="html"),
    pytest.param(answer(502, b"Bad Gateway"), id="502"),
    pytest.param(answer(200, b"[1]"), id="no object"),
    pytest.param(answer(200, b"[" * 200_000), id="deep"),
    pytest.param(answer(302, b"", "Location: /elsewhere"), id="redirect"),
]


@pytest.fixture
def transport(rude_server: RudeServer):
    transport = Transport(rude_server.url, connect_seconds=0.5, read_seconds=0.5)
    yield transport
    transport.close()


@pytest.mark.parametrize("behaviour", AFTER_SENDING + UNREADABLE)
def test_an_order_that_left_is_in_doubt_and_sent_once(
    rude_server: RudeServer, transport: Transport, behaviour: Behaviour
):
    rude_server.behaviour = behaviour
    with pytest.raises(ReplyLost):
        transport.order("/order", HEADERS, b"{}")
    assert len(rude_server.requests) == 1


@pytest.mark.parametrize("behaviour", AFTER_SENDING)
def test_a_question_without_an_answer_is_unreachable(
    rude_server: RudeServer, transport: Transport, behaviour: Behaviour
):
    rude_server.behaviour = behaviour
    with pytest.raises(Unreachable):
        transport.ask("GET", "/price", HEADERS)


@pytest.mark.parametrize("behaviour", UNREADABLE)
def test_a_question_with_an_unreadable_answer_is_a_bad_reply(
    rude_server: RudeServer, transport: Transport, behaviour: Behaviour
):
    rude_server.behaviour = behaviour
    with pytest.raises(BadReply):
        transport.ask("GET", "/price", HEADERS)


def test_a_refused_connection_proves_that_the_order_never_left():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    transport = Transport(f"http://127.0.0.1:{port}", connect_seconds=0.5)
    with pytest.raises(Unreachable):
        transport.order("/order", HEADERS, b"{}")


def test_an_unknown_host_proves_that_the_order_never_left():
    with pytest.raises(Unreachable):
        Transport("http://nowhere.invalid").order("/order", HEADERS, b"{}")


def test_a_connection_that_is_not_answered_proves_that_the_order_never_left():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.create_connection(full.getsockname()) for _ in range(1)]
        transport = Transport(f"http://127.0.0.1:{full.getsockname()[1]}", connect_seconds=0.3)
        with pytest.raises(Unreachable):
            transport.order("/order", HEADERS, b"{}")
        for connection in waiting:
            connection.close()


def test_a_wrong_certificate_proves_that_the_order_never_left(tmp_path: Path):
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stranger.load_cert_chain(self_signed(tmp_path))

    def greet(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(ssl.SSLError):
            stranger.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=greet, args=[listening], daemon=True).start()
        transport = Transport(f"https://localhost:{listening.getsockname()[1]}", connect_seconds=1)
        with pytest.raises(Unreachable):
            transport.order("/order", HEADERS, b"{}")


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "stranger.pem"
    path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    return path


def test_a_connection_the_server_closed_is_replaced_before_the_order_leaves(
    rude_server: RudeServer, transport: Transport
):
    def answer_and_close(connection: socket.socket, request: bytes) -> None:
        answer(200, b"{}")(connection, request)
        connection.shutdown(socket.SHUT_RDWR)

    rude_server.behaviour = answer_and_close
    for _ in range(3):
        transport.order("/order", HEADERS, b"{}")
        threading.Event().wait(0.05)  # the server's goodbye arrives
    assert len(rude_server.requests) == 3
    assert rude_server.connections == 3


def test_connections_are_kept_and_shared_by_threads(rude_server: RudeServer, transport: Transport):
    def ask() -> None:
        for _ in range(20):
            transport.ask("GET", "/price", HEADERS, query={"code": "005930"})

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rude_server.requests) == 80
    assert rude_server.connections <= 4


def test_no_secret_in_logs_or_errors(
    rude_server: RudeServer, transport: Transport, caplog: pytest.LogCaptureFixture
):
    rude_server.behaviour = hang_up
    with caplog.at_level(logging.DEBUG), pytest.raises(ReplyLost) as caught:
        transport.order("/order", HEADERS, SECRET.encode())
    assert SECRET not in caplog.text
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_reply_keeps_status_headers_and_exact_numbers(rude_server: RudeServer, transport: Transport):
    rude_server.behaviour = answer(
        500, '{"a": 0.10, "이름": "삼\xff"}'.encode("latin-1", "ignore"), "tr_cont: M"
    )
    reply = transport.ask("GET", "/price", HEADERS)
    assert reply.status == 500
    assert reply.headers["TR_CONT"] == "M"
    assert str(reply.data["a"]) == "0.10"


def test_an_order_goes_out_byte_for_byte(rude_server: RudeServer, transport: Transport):
    transport.order("/order", HEADERS, b'{"PDNO": "005930"}')
    head, _, body = rude_server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /order HTTP/1.1")
    assert b"Content-Length: 18" in head
    assert body == b'{"PDNO": "005930"}'
