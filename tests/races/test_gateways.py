"""Two gateways: one is killed, the other streams its accounts within ten seconds, and no fill is missed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal

import pytest
from django.db import connection

from brokers.adapters.base import OrderRequest
from brokers.models import AccountHealth, AccountLease, Fill, Order
from brokers.models.accounts import SocketState
from brokers.services.orders import place_order
from brokers.terms import Side
from lucy import clock
from lucy.embedded import tethered
from tests.services import ROOT, eventually

pytestmark = [pytest.mark.django_db, pytest.mark.race, pytest.mark.slow]
CODE = "005930"
TAKEN_OVER_WITHIN = 10.0


@pytest.fixture
def start_gateway(paper_ports):
    addresses = {f"PAPER_{name.upper()}": f"127.0.0.1:{port}" for name, port in paper_ports.items()}
    environment = os.environ | addresses | {"MONGODB_NAME": str(connection.settings_dict["NAME"])}
    environment |= {"LUCY_RATE_FACTOR": "1000", "LUCY_RECONCILE_SECONDS": "5", "LUCY_LOG_LEVEL": "WARNING"}

    @contextmanager
    def start() -> Iterator[subprocess.Popen[bytes]]:
        command = tethered([sys.executable, "manage.py", "gateway"])
        with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.wait(20)

    return start


def streaming(process, accounts, since):
    """Whether `process` holds every account and has connected it after `since`."""
    keys = [account.pk for account in accounts]
    held = AccountLease.objects.filter(account_id__in=keys, holder__contains=f":{process.pid}:")
    up = AccountHealth.objects.filter(account_id__in=keys, socket=SocketState.UP, socket_since__gte=since)
    return held.count() == up.count() == len(keys)


def test_a_killed_gateways_accounts_stream_in_the_other(paper, account, ls_account, trader, start_gateway):
    accounts = [account, ls_account]
    paper.call(lambda broker: setattr(broker.ledger, "matching", False))
    price = Decimal(paper.call(lambda broker: broker.market.issue(CODE).price))
    with ExitStack() as both:
        first = both.enter_context(start_gateway())
        eventually(lambda: streaming(first, accounts, clock.day_start()), 30)
        second = both.enter_context(start_gateway())
        request = OrderRequest(CODE, Side.BUY, 100, price)
        orders = [place_order(each, trader, each.broker, request) for each in accounts]
        enough = threading.Event()

        def fill_on() -> None:
            while not enough.wait(0.25):
                for order in orders:
                    paper.call(lambda broker, order=order: fill_one(broker, order))

        filling = threading.Thread(target=fill_on)
        filling.start()
        try:
            eventually(lambda: Fill.objects.count() > 4, 10)
            first.send_signal(signal.SIGKILL)
            killed_at, began = clock.now(), time.monotonic()
            eventually(lambda: streaming(second, accounts, killed_at), 30)
            taken = time.monotonic() - began
        finally:
            enough.set()
            filling.join()
        eventually(lambda: filled(orders) == at_broker(paper, orders), 15)
    print(f"taken over in {taken:.1f} s")  # noqa: T201
    assert taken < TAKEN_OVER_WITHIN


def fill_one(broker, order):
    owner = broker.ledger.accounts.by_number[order.account.number]
    held = owner.orders[broker.ledger.today, int(order.broker_order_no)]
    if held.open:
        broker.ledger.fill(owner, held.number, 1)


def filled(orders):
    fresh = Order.objects.filter(pk__in=[order.pk for order in orders])
    return dict(fresh.values_list("broker_order_no", "filled_quantity"))


def at_broker(paper, orders):
    def act(broker):
        return {
            order.broker_order_no: broker.ledger.accounts.by_number[order.account.number]
            .orders[broker.ledger.today, int(order.broker_order_no)]
            .filled
            for order in orders
        }

    return paper.call(act)
