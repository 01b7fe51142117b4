"""An order's way out: the adapter against a bare POST of the same bytes, and the API above the adapter."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import requests

from bench.figures import Figure, percentile
from bench.people import Trader
from brokers.adapters import client_for
from brokers.adapters.base import OrderRequest
from brokers.terms import OrderType, Side

ROUNDS = 400
SYMBOL = "005930"


def _milliseconds(deed: Callable[[], Any]) -> float:
    began = time.perf_counter()
    deed()
    return (time.perf_counter() - began) * 1000


def far_limit(control: str) -> OrderRequest:
    """A buy at the lower limit: taken, and never filled while it is measured."""
    issue = requests.get(f"{control}/issues/{SYMBOL}", timeout=10).json()
    return OrderRequest(SYMBOL, Side.BUY, 1, Decimal(issue["lower_limit"]), OrderType.LIMIT)


def adapter_figure(trader: Trader, request: OrderRequest) -> Figure:
    """`place` and the bare POST take turns, so that both meet the same noise."""
    client: Any = client_for(trader.account)
    client.place(request)
    sent = _last_request(client, request)
    session = requests.Session()
    address = sent.url or ""

    def bare() -> Any:
        return session.post(address, data=sent.body, headers=sent.headers, timeout=10).json()

    bare()
    ours, floor = [], []
    for _ in range(ROUNDS):
        ours.append(_milliseconds(lambda: client.place(request)))
        floor.append(_milliseconds(bare))
    value, least = percentile(ours, 50), percentile(floor, 50)
    name = f"{trader.account.get_broker_display()} 주문 왕복 p50"
    return Figure(name, "ms", value, least, "bare POST", value / least, 1.3, "ratio to floor")


class _CaughtError(Exception):
    def __init__(self, request: requests.PreparedRequest) -> None:
        self.request = request


def _last_request(client: Any, request: OrderRequest) -> requests.PreparedRequest:
    """The very bytes `place` sends, caught on their way out."""
    adapter = client._transport._adapter
    original = adapter.send

    def catch(prepared: requests.PreparedRequest, **_: Any) -> None:
        raise _CaughtError(prepared)

    adapter.send = catch
    try:
        client.place(request)
    except _CaughtError as caught:
        return caught.request
    finally:
        adapter.send = original
    raise AssertionError("nothing was sent")


def api_figure(trader: Trader, request: OrderRequest, site: str) -> Figure:
    """`POST /api/v1/orders/` through Daphne against the adapter's own call, in turns."""
    client = client_for(trader.account)
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {trader.token}"
    body = {
        "account": str(trader.account.pk),
        "symbol": request.symbol,
        "side": request.side,
        "order_type": request.order_type,
        "quantity": request.quantity,
        "price": str(request.price),
        "confirm_repeat": True,
    }

    def post() -> None:
        reply = session.post(
            f"{site}/api/v1/orders/", json=body | {"client_order_id": str(uuid4())}, timeout=10
        )
        assert reply.status_code == 201, reply.text

    post()
    ours, floor = [], []
    for _ in range(ROUNDS):
        ours.append(_milliseconds(post))
        floor.append(_milliseconds(lambda: client.place(request)))
    value, least = percentile(ours, 50), percentile(floor, 50)
    name = f"POST /api/v1/orders/ p50 ({trader.account.broker})"
    return Figure(name, "ms", value, least, "adapter alone", value - least, 12.0, "ms above floor")
