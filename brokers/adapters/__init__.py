"""The one table of brokers: which client and which stream speak for an account."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from brokers.adapters.base import BrokerClient, BrokerStream, Credentials, Rejected
from brokers.adapters.kis.client import KisClient
from brokers.adapters.kis.lists import KisLists
from brokers.adapters.kis.stream import KisStream
from brokers.adapters.limits import Pace, TokenStore
from brokers.adapters.ls.client import LsClient
from brokers.adapters.ls.lists import LsLists
from brokers.adapters.ls.stream import LsStream
from brokers.terms import Broker

if TYPE_CHECKING:
    from brokers.models import BrokerAccount


@dataclass(frozen=True, slots=True)
class _Adapter:
    client: Callable[[Credentials, TokenStore, Pace], BrokerClient]
    stream: Callable[[Credentials, TokenStore], BrokerStream]


_ADAPTERS = {
    Broker.KIS: _Adapter(KisClient, lambda credentials, tokens: KisStream(credentials)),
    Broker.LS: _Adapter(LsClient, LsStream),
}
_clients: dict[Credentials, BrokerClient] = {}
_lock = threading.Lock()


def client_for(account: "BrokerAccount") -> BrokerClient:
    """The account's client: one per process, with its pooled connections; a new one when its keys change."""
    credentials = account.credentials
    with _lock:
        client = _clients.get(credentials)
        if client is None:
            client = _ADAPTERS[Broker(account.broker)].client(credentials, account.tokens, _pace(account))
            _clients[credentials] = client
        return client


def stream_for(account: "BrokerAccount") -> BrokerStream:
    """A new stream of the account's news; the gateway that holds the account reads it."""
    return _ADAPTERS[Broker(account.broker)].stream(account.credentials, account.tokens)


def kis_lists(account: "BrokerAccount") -> KisLists:
    """What only KIS lists; `Rejected` for an account at another broker."""
    client = client_for(account)
    if not isinstance(client, KisClient):
        raise Rejected("한국투자증권 계좌가 필요합니다.")
    return client.lists


def ls_lists(account: "BrokerAccount") -> LsLists:
    """What only LS lists; `Rejected` for an account at another broker."""
    client = client_for(account)
    if not isinstance(client, LsClient):
        raise Rejected("LS증권 계좌가 필요합니다.")
    return client.lists


def _pace(account: "BrokerAccount") -> Pace:
    rate = settings.BROKER_RATES[account.broker, account.server]
    return Pace(settings.REDIS_URL, account.app_key, rate, factor=settings.BROKER_RATE_FACTOR)
