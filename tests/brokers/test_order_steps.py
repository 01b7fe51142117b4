"""A process killed at each step of placing an order: nothing is lost, nothing doubled, all of it settles."""

import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from brokers.adapters.base import OrderRequest
from brokers.models import Fill, Order, OrderEvent, OrderStatus
from brokers.paper.faults import Action, Rule
from brokers.services.journal import seal
from brokers.services.orders import place_order
from brokers.services.reconcile import reconcile
from brokers.terms import Side
from lucy import clock
from lucy.embedded import tethered
from tests.services import ROOT, eventually

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
S = OrderStatus
CODE = "005930"
ID = "the-one"


@pytest.fixture(params=["account", "ls_account"])
def any_account(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def still(paper):
    """A market in which only the test fills."""
    paper.call(lambda broker: setattr(broker.ledger, "matching", False))
    return paper


def price_of(paper):
    return Decimal(paper.call(lambda broker: broker.market.issue(CODE).price))


def at_broker(paper, account):
    return paper.call(lambda broker: list(broker.ledger.accounts.by_number[account.number].orders.values()))


def dying(step, account, user, paper, paper_ports):
    """The process that places the order and dies at `step`."""
    addresses = {f"PAPER_{name.upper()}": f"127.0.0.1:{port}" for name, port in paper_ports.items()}
    words = [step, str(account.pk), str(user.pk), ID, str(price_of(paper))]
    return subprocess.Popen(
        tethered([sys.executable, "-m", "tests.brokers.dying", *words]),
        cwd=ROOT,
        env=os.environ
        | addresses
        | {"MONGODB_NAME": str(connection.settings_dict["NAME"]), "LUCY_RATE_FACTOR": "1000"},
        stdout=subprocess.PIPE,
    )


def killed_at(step, account, user, paper, paper_ports):
    with dying(step, account, user, paper, paper_ports) as process:
        assert process.wait(30) == -9


def again(account, user, paper):
    """The client did not hear, and sends the same request once more."""
    request = OrderRequest(CODE, Side.BUY, 10, price_of(paper))
    return place_order(account, user, ID, request)


def long_ago():
    """As if it had happened a while ago: longer than any process waits, and any list lags."""
    past = clock.now() - timedelta(seconds=60)
    Order.objects.update(created_at=past)
    Order.objects.exclude(sent_at=None).update(sent_at=past)


def assert_whole_trail():
    events = list(OrderEvent.objects.order_by("account", "seq"))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(event.hash == seal(event) for event in events)


def test_before_save_there_is_no_order_and_the_client_may_ask_again(still, any_account, trader, paper_ports):
    killed_at("before save", any_account, trader, still, paper_ports)
    assert not Order.objects.exists()
    order = again(any_account, trader, still)
    assert order.status == S.ACCEPTED
    assert len(at_broker(still, any_account)) == 1


@pytest.mark.parametrize(("step", "left"), [("after save", S.PENDING), ("before send", S.SENT)])
def test_what_never_left_is_refused_and_not_sent_again(still, any_account, trader, paper_ports, step, left):
    killed_at(step, any_account, trader, still, paper_ports)
    order = Order.objects.get()
    assert order.status == left
    assert again(any_account, trader, still).pk == order.pk
    assert reconcile(any_account).changes == 0  # too early to tell
    long_ago()
    assert reconcile(any_account).given_up == 1
    assert again(any_account, trader, still).status == S.REJECTED
    assert at_broker(still, any_account) == []
    assert_whole_trail()


def test_after_send_the_broker_has_it_and_its_list_tells(still, any_account, trader, paper_ports):
    order_path = (
        "/stock/order" if any_account.broker == "ls" else "/uapi/domestic-stock/v1/trading/order-cash"
    )
    slow = Rule(Action.DELAY_REPLY, target=order_path, account=any_account.number, seconds=3.0)
    still.call(lambda broker: broker.faults.add(slow))
    with dying("after send", any_account, trader, still, paper_ports) as process:
        eventually(lambda: at_broker(still, any_account), 30)
        process.kill()
    assert Order.objects.get().status == S.SENT
    assert_the_list_settles_it(still, any_account, trader)


@pytest.mark.parametrize("step", ["after reply", "before commit"])
def test_a_reply_that_was_not_kept_is_found_in_the_list(still, any_account, trader, paper_ports, step):
    killed_at(step, any_account, trader, still, paper_ports)
    order = Order.objects.get()
    assert (order.status, order.broker_order_no) == (S.SENT, "")
    assert_the_list_settles_it(still, any_account, trader)


def assert_the_list_settles_it(paper, account, trader):
    (theirs,) = at_broker(paper, account)
    assert again(account, trader, paper).status == S.SENT
    paper.call(
        lambda broker: broker.ledger.fill(broker.ledger.accounts.by_number[account.number], theirs.number, 4)
    )
    assert reconcile(account).answered == 0  # its process may still be waiting for the reply
    long_ago()
    assert reconcile(account).answered == 1
    order = again(account, trader, paper)
    assert (order.status, order.filled_quantity) == (S.PARTIALLY_FILLED, 4)
    assert order.broker_order_no == str(theirs.number)
    assert Order.objects.count() == 1
    assert sum(fill.quantity for fill in Fill.objects.all()) == 4
    assert len(at_broker(paper, account)) == 1
    assert_whole_trail()
