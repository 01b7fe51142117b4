"""Webhooks: signed, repeated until taken, once per revision, and only of blocks their user may see."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from brokers.adapters import client_for
from brokers.blocks.models import Block, Webhook, WebhookDelivery
from brokers.blocks.selectors import share_snapshot, shares_of
from brokers.blocks.services import allocating, changes, webhooks
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import DeliveryState
from brokers.models import Order
from brokers.services.reconcile import reconcile
from lucy import clock
from tests.blocks.desk import SYMBOL, fill, make_fund, make_plan, orders_of, wish
from tests.factories import make_user, stored
from tests.services import eventually

pytestmark = pytest.mark.django_db
SECRET = "s3cret-s3cret"


def refreshed(block):
    allocating.refresh(block.pk)
    return Block.objects.get(pk=block.pk)


@pytest.fixture
def receiver():
    """An ERP's end: what it heard, and what it answers next."""

    class Ear(BaseHTTPRequestHandler):
        heard: list = []
        url = ""
        answers: list = []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            Ear.heard.append((dict(self.headers), body))
            self.send_response(Ear.answers.pop(0) if Ear.answers else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Ear.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield Ear
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def filled(paper, account, trader, receiver, monkeypatch):
    """A shared block of which 4 of 10 shares were filled, with a webhook of its trader."""
    monkeypatch.setattr(webhooks, "_hand_over", lambda keys: None)  # the test is the worker
    Webhook.objects.create(name="ERP", url=receiver.url, user=trader, secret=SECRET)
    Webhook.objects.create(name="남", url=receiver.url, user=make_user(), secret=SECRET)
    low = client_for(account).quote(SYMBOL).lower_limit
    legs = [(make_fund(code, trader), None, 5000) for code in "AB"]
    plan = make_plan(trader, legs, mode="shared", executing_account=account)
    block = place_block(trader, "b", plan, wish(low, 10))
    eventually(lambda: Block.objects.get().status == "working")
    (order,) = orders_of(block)
    fill(paper, order, 4)
    reconcile(account)
    eventually(lambda: refreshed(block).filled_quantity == 4)
    return block


def test_a_fill_and_the_final_allocation_are_told_with_a_signature(filled, receiver, trader, account):
    assert webhooks.deliver_due() == 1
    headers, body = receiver.heard[0]
    stamp, mac = (piece.split("=")[1] for piece in headers["Lucy-Signature"].split(","))
    wanted = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(mac, wanted)
    told = json.loads(body)
    assert (told["event"], told["block"]["filled_quantity"]) == ("block.fill", 4)
    assert sorted(share["filled"] for share in told["allocations"]) == [2, 2]
    assert told["allocations"] == [share_snapshot(share) for share in shares_of(filled)]  # word for word
    changes.cancel_block(filled, trader, "c")
    reconcile(account)
    eventually(lambda: refreshed(filled).status == "final")
    assert webhooks.deliver_due() == 1
    assert json.loads(receiver.heard[1][1])["event"] == "block.final"
    assert webhooks.deliver_due() == 0
    assert SECRET not in json.dumps(stored(Webhook.objects.get(name="ERP")), default=str)


def test_won_that_change_without_shares_are_told_too(filled, receiver, trader, account):
    """A notice tells the price of what a total had told before; also after the allocation was final."""
    (order,) = orders_of(filled)
    Order.objects.filter(pk=order.pk).update(filled_amount=order.filled_amount + 2)
    assert refreshed(filled).revision == 2
    changes.cancel_block(filled, trader, "c")
    reconcile(account)
    eventually(lambda: refreshed(filled).status == "final")
    Order.objects.filter(pk=order.pk).update(filled_amount=order.filled_amount + 4)
    assert refreshed(filled).revision == 3
    webhooks.deliver_due()
    told = [json.loads(body) for _, body in receiver.heard]
    assert [(each["event"], each["revision"]) for each in told] == [
        ("block.fill", 1),
        ("block.fill", 2),
        ("block.final", 2),
        ("block.final", 3),
    ]
    assert told[-1]["allocations"] == [share_snapshot(share) for share in shares_of(filled)]


def test_what_was_not_taken_is_repeated_later_and_then_given_up(filled, receiver, monkeypatch):
    receiver.answers.extend([500, 302])
    assert webhooks.deliver_due() == 1
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts) == (DeliveryState.WAITING, 1)
    assert row.due_at > clock.now()
    assert webhooks.deliver_due() == 0
    WebhookDelivery.objects.update(due_at=clock.now() - timedelta(seconds=1))
    webhooks.deliver_due()  # a redirect is no yes, and is not followed
    assert len(receiver.heard) == 2
    monkeypatch.setattr(webhooks, "MOST_ATTEMPTS", 3)
    receiver.answers.append(503)
    WebhookDelivery.objects.update(due_at=clock.now() - timedelta(seconds=1))
    webhooks.deliver_due()
    row.refresh_from_db()
    assert (row.state, row.answer[:3]) == (DeliveryState.GIVEN_UP, "503")
    assert webhooks.again(WebhookDelivery.objects.all()) == 1
    webhooks.deliver_due()
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    pauses = [webhooks.pause_after(attempt) for attempt in (1, 2, 3, 30)]
    assert [pause.total_seconds() for pause in pauses] == [5, 10, 20, 3600]


def test_with_real_money_no_message_goes_into_this_machine(filled, receiver, settings):
    settings.BROKERS = "live"
    assert webhooks.deliver_due() == 1
    row = WebhookDelivery.objects.get()
    assert (row.state, receiver.heard) == (DeliveryState.WAITING, [])
    assert "no address outside" in row.answer
