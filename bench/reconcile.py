"""How long an account's books take to compare with its broker's, above the time the broker takes to tell."""

import threading
import time
from collections.abc import Callable, Iterator

import requests
from django.conf import settings

from bench.figures import Figure
from bench.people import Trader
from brokers.adapters import client_for
from brokers.models import Fill, Order
from brokers.services.reconcile import reconcile

ORDERS = 5_000
FILLS_AN_ORDER = 2
SHARES = 4  # of an order: two are filled, two stay open
SYMBOL = "005930"
THREADS = 4
SECONDS_AT_MOST = 10.0


def reconcile_figures(trader: Trader, control: str) -> list[Figure]:
    """A day of 5,000 orders and 10,000 fills: unknown to Lucy, then known, then with a tenth of it missed."""
    settings.NOTICES_LAG_SECONDS = 0.0  # orders as fresh as these would be given 3 s for their notices
    _trade(trader, control)
    figures = [_figure(trader, "대사, 모두 새것")]
    assert (Order.objects.filter(account=trader.account).count(), _filled(trader)) == (ORDERS, 2 * ORDERS)
    figures.append(_figure(trader, "대사, 달라진 것 없음"))
    _trade_on(trader, control)
    figures.append(_figure(trader, "대사, 10 % 달라짐"))
    assert _filled(trader) == 2 * ORDERS + ORDERS // 10
    return figures


def _filled(trader: Trader) -> int:
    return sum(Fill.objects.filter(account=trader.account).values_list("quantity", flat=True))


def _figure(trader: Trader, what: str) -> Figure:
    least = _seconds(client_for(trader.account).day_orders)
    value = _seconds(lambda: reconcile(trader.account))
    name = f"{what} ({trader.account.broker}, {ORDERS:,} 주문)"
    return Figure(
        name, "s", value, least, "the broker's paging", value - least, SECONDS_AT_MOST, "s above it"
    )


def _seconds(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def _trade(trader: Trader, control: str) -> None:
    """Orders at the lower limit, so that only `fill` fills them; two fills each."""
    price = requests.get(f"{control}/issues/{SYMBOL}", timeout=10).json()["lower_limit"]
    path = f"{control}/accounts/{trader.account.number}/orders"
    order = {"code": SYMBOL, "side": "buy", "quantity": SHARES, "price": price}

    def trade(session: requests.Session, _: int) -> None:
        number = session.post(path, json=order, timeout=30).json()["number"]
        for _fill in range(FILLS_AN_ORDER):
            session.post(f"{path}/{number}/fill", json={"quantity": 1}, timeout=30).raise_for_status()

    _spread(range(ORDERS), trade)


def _trade_on(trader: Trader, control: str) -> None:
    """Another fill for every tenth order."""
    path = f"{control}/accounts/{trader.account.number}/orders"
    orders = Order.objects.filter(account=trader.account).order_by("pk")
    numbers = list(orders.values_list("broker_order_no", flat=True))[::10]

    def fill(session: requests.Session, number: int) -> None:
        session.post(f"{path}/{number}/fill", json={"quantity": 1}, timeout=30).raise_for_status()

    _spread([int(number) for number in numbers], fill)


def _spread(what: "range | list[int]", deed: Callable[[requests.Session, int], None]) -> None:
    left: Iterator[int] = iter(what)
    lock = threading.Lock()

    def work() -> None:
        with requests.Session() as session:
            while True:
                with lock:
                    item = next(left, None)
                if item is None:
                    return
                deed(session, item)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
