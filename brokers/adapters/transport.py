"""HTTP for adapters: one pool of connections per client, and what a failed request proves.

A question may be asked again, so each of its failures says only that there is no answer. An order may not:
a connection that was refused proves that nothing left the house (`Unreachable`), and whatever goes wrong
from the first byte on leaves it in doubt (`ReplyLost`). Nothing is ever sent a second time from here.
"""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.retry import Retry

from brokers.adapters.base import BadReply, ReplyLost, Unreachable

POOL_SIZE = 16

# A firewall that forgets an idle connection would cost an order its reply: let the kernel keep it alive.
KEEP_ALIVE = [
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


# What waits longer for its token and its turn stays: with connecting and reading it would outlast the time
# after which the reconciliation takes an unanswered order's process for dead.
ORDERS_LEAVE_WITHIN_SECONDS = 10.0


class Departure:
    """How long an order may take to leave, counted from when it was asked for."""

    def __init__(self) -> None:
        self._until = time.monotonic() + ORDERS_LEAVE_WITHIN_SECONDS

    def require(self) -> None:
        """Raises `Unreachable`, since nothing has left, when it is too late."""
        if time.monotonic() > self._until:
            raise Unreachable(f"could not leave within {ORDERS_LEAVE_WITHIN_SECONDS:.0f} s")


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON object and the HTTP it came with; whether it is a yes is the adapter's to say."""

    status: int
    headers: Mapping[str, str]  # names in any case
    data: dict[str, Any]


class Transport:
    """One server's address with its pool of connections; safe to share by threads."""

    def __init__(self, base_url: str, *, connect_seconds: float = 3.0, read_seconds: float = 10.0) -> None:
        self._base_url = base_url.rstrip("/")
        # The adapter below a Session: without its redirects and cookies, and with proxies and certificates
        # of the environment looked up once instead of at each order (a .netrc entry never: it would take
        # the place of the token).
        self._adapter = _KeptAlive()
        environment = requests.Session().merge_environment_settings(self._base_url, {}, False, None, None)
        self._send: dict[str, Any] = {**environment, "timeout": (connect_seconds, read_seconds)}

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Put a question; `Unreachable` without an answer, `BadReply` when it is no JSON object."""
        target = f"{path}?{urlencode(query)}" if query else path
        try:
            status, answered, content = self._exchange(method, target, headers, body)
        except requests.RequestException as failure:
            raise Unreachable(f"{path}: {type(failure).__name__}") from failure
        try:
            return Reply(status, answered, _json_object(content))
        except ValueError as odd:
            raise BadReply(f"{path}: HTTP {status}, body is no JSON object") from odd

    def order(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send an order once; `Unreachable` if it never left, `ReplyLost` if nobody can tell."""
        try:
            status, answered, content = self._exchange("POST", path, headers, body)
        except requests.RequestException as failure:
            outcome = Unreachable if _never_left(failure) else ReplyLost
            raise outcome(f"{path}: {type(failure).__name__}") from failure
        try:
            return Reply(status, answered, _json_object(content))
        except ValueError as odd:
            raise ReplyLost(f"{path}: HTTP {status}, body is no JSON object") from odd

    def close(self) -> None:
        self._adapter.close()

    def _exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request and its whole answer: status, headers, body; `requests.RequestException` without."""
        # Filled in by hand: requests' own preparation costs more than the rest of an order's way out.
        request = requests.PreparedRequest()
        request.method = method
        request.url = self._base_url + target
        request.headers = CaseInsensitiveDict(headers)
        if body is not None:
            request.body = body
            request.headers["Content-Length"] = str(len(body))
        response = self._adapter.send(request, **self._send)
        return response.status_code, response.headers, response.content


class _KeptAlive(HTTPAdapter):
    """Repeats nothing by itself, whatever requests' defaults become."""

    def __init__(self) -> None:
        super().__init__(
            pool_connections=1, pool_maxsize=POOL_SIZE, max_retries=Retry(total=0, read=False, redirect=False)
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, socket_options=KEEP_ALIVE)


def _json_object(content: bytes) -> dict[str, Any]:
    """`ValueError` when the body is none."""
    # LS cuts names to a byte length, so a broken last character is no reason to lose the answer.
    text = content.decode("utf-8", errors="replace")
    try:
        data = json.loads(text, parse_float=Decimal)
    except RecursionError as deep:
        raise ValueError("nested too deeply") from deep
    if not isinstance(data, dict):
        raise ValueError("no object")
    return data


def _never_left(failure: requests.RequestException) -> bool:
    """Proof that the connection was not even made; a doubt counts as sent."""
    return isinstance(failure, requests.ConnectTimeout) or any(
        isinstance(cause, NewConnectionError | ssl.SSLCertVerificationError) for cause in _causes(failure)
    )


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The exceptions wrapped in one another: by urllib3 as `reason`, by requests as first argument."""
    seen: set[int] = set()
    found: object = failure
    while isinstance(found, BaseException) and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = getattr(found, "reason", None) or (found.args[0] if found.args else None)
