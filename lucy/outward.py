"""Posting to an address that somebody typed in: only outwards, and of the answer only its beginning.

The name is asked once, and what it stands for is judged before anything is sent: a name that first means a
host outside and then this machine wins nothing. Private networks are allowed, since a house's own systems
live there; what answers on this machine itself, or only on its own wire (clouds keep their secrets at
169.254.169.254), is not.
"""

import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

TIMEOUT_SECONDS = 5.0  # to connect, and for the answer to begin
MOST_READ_BYTES = 200


def post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """The answer's status and its first bytes. Raises `requests.RequestException`; follows no redirect."""
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Outwards())
        with session.post(
            url, data=body, headers=dict(headers), timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as reply:
            return reply.status_code, _beginning(reply)


def _beginning(reply: requests.Response) -> str:
    """What has come, decoded as it may be: an answer without an end, or a slow one, is not waited for."""
    try:
        read: bytes = reply.raw.read1(MOST_READ_BYTES)
    except HTTPError as broken:  # the status counts, it has come
        return str(broken)[:MOST_READ_BYTES]
    return read.decode(errors="replace")


def is_outward(address: IPv4Address | IPv6Address) -> bool:
    """Whether one may be sent there; in practice mode also what listens on this machine."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_loopback:
        return bool(settings.BROKERS == "practice")
    return not (plain.is_link_local or plain.is_unspecified or plain.is_multicast or plain.is_reserved)


class _Pinned(HTTPConnection):
    """Connects to an address that was judged, not to what the name means a moment later."""

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            found = socket.getaddrinfo(name.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except OSError as unknown:
            raise NameResolutionError(name, self, unknown) from unknown  # type: ignore[arg-type]  # says gaierror
        places = [str(place[4][0]) for place in found]
        last = NewConnectionError(self, f"{name} is no address outside this machine")
        for place in places if all(is_outward(ip_address(place)) for place in places) else ():
            self._dns_host = place
            try:
                return super()._new_conn()
            except NewConnectionError as silent:
                last = silent
            finally:
                self._dns_host = name
        raise last


class _PinnedSecurely(_Pinned, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Pinned


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _PinnedSecurely


class _Outwards(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
