"""The chaos run in small: orders and blocks at both brokers under faults; it notices what is wrong."""

import itertools
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from rest_framework.test import APIClient

from accounts.models import User
from brokers.adapters.base import OrderRequest
from brokers.api.shapes import ChangeShape
from brokers.blocks.models import AllocationShare, BlockChild
from brokers.blocks.tasks import block_sweep
from brokers.blocks.terms import ChildState
from brokers.models import EventKind, Order
from brokers.selectors import order_snapshot
from brokers.services import booking, changes, fills, orders
from brokers.services.reconcile import patience
from brokers.terms import OrderType, Side
from chaos.block_verdict import compare_blocks
from chaos.broker import Broker
from chaos.desk import make_desk
from chaos.managers import Managers
from chaos.message_verdict import compare_messages, compare_report
from chaos.people import make_people
from chaos.plan import Wish, background, make_plan, rules_of
from chaos.quiet import wait_until_quiet
from chaos.receiver import Receiver
from chaos.traders import Traders
from chaos.verdict import Verdict, compare
from lucy.errors import LucyError
from tests.services import eventually

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
QUIET_SECONDS = 60
_firsts = itertools.count(501, 10)


class ServiceDoor:
    """Straight into the services, in the test's own process, where they can be patched."""

    def __init__(self, person):
        self._person = person

    def place(self, wanted, seconds):
        request = OrderRequest(
            wanted["symbol"],
            Side(wanted["side"]),
            wanted["quantity"],
            Decimal(wanted["price"]) if wanted["price"] else None,
            OrderType(wanted["order_type"]),
        )
        user = User.objects.get(pk=self._person.user.pk)
        return self._answer(
            lambda: orders.place_order(
                self._person.account, user, wanted["client_order_id"], request, confirmed=True
            ),
            order_snapshot,
        )

    def change(self, order, kind, wanted, seconds):
        row = Order.objects.select_related("account").get(pk=order)
        user = User.objects.get(pk=self._person.user.pk)
        name = wanted["client_request_id"]
        if kind == "cancel":
            shares = wanted.get("quantity")
            return self._answer(lambda: changes.cancel_order(row, user, name, quantity=shares), _change)
        price = Decimal(wanted["price"])
        return self._answer(
            lambda: changes.modify_order(
                row, user, name, quantity=None, price=price, order_type=OrderType.LIMIT
            ),
            _change,
        )

    @staticmethod
    def _answer(deed, shown):
        try:
            return 201, shown(deed())
        except LucyError as refusal:
            return refusal.status, {"error": {"code": refusal.code}}


class ApiDoor:
    """The REST API in the test's own process."""

    def __init__(self, user):
        self._client = APIClient()
        self._client.force_authenticate(user)

    def ask(self, path, wanted, seconds):
        reply = self._client.get(path) if wanted is None else self._client.post(path, wanted, format="json")
        return reply.status_code, reply.json()


def _change(change):
    return dict(ChangeShape(change).data)


@pytest.fixture
def quick(settings, monkeypatch):
    settings.RECONCILE_SECONDS = 1.0
    monkeypatch.setattr(patience, "ANSWER_TAKES_AT_MOST", timedelta(seconds=3))
    monkeypatch.setattr(patience, "LIST_LAGS_AT_MOST", timedelta(seconds=1))


@pytest.fixture
def broker(quick, paper, gateway):
    return Broker(paper.url("control"))


@pytest.fixture
def people(broker):
    found = make_people(broker, 4, first=next(_firsts))
    wait_until_quiet([person.account for person in found], QUIET_SECONDS)
    return found


@pytest.fixture
def receiver():
    ear = Receiver(seed=1)
    ear.calm()
    ear.start()
    yield ear
    ear.stop()


@pytest.fixture
def desk(people, receiver):
    made = make_desk([person.account for person in people], receiver.url)
    receiver.secret = made.hook.secret
    return made


def run(plan, people, broker, rules, desk=None):
    """Trade the plan under the rules until all is quiet; the verdict on both sets of books."""
    for rule in rules:
        broker.post("/faults", **rule)
    traders = Traders(plan, people, [ServiceDoor(person) for person in people], broker, threads=4)
    crowds = [traders]
    if desk:
        doors = [ApiDoor(user) for user in desk.managers]
        approver = ApiDoor(desk.approver)
        crowds.append(Managers(plan.blocks, desk, doors, approver, broker, lambda: traders.told.begun))
    for crowd in crowds:
        crowd.start()
    try:
        blows = list(plan.blows)
        eventually(
            lambda: all(crowd.are_done for crowd in crowds) or strike(blows, traders, broker),
            120,
        )
    finally:
        for crowd in crowds:
            crowd.stop()
        broker.clear_faults()
        broker.post("/matching", automatic=False)
    assert not [failure for crowd in crowds for failure in crowd.failed]
    accounts = [person.account for person in people]
    wait_until_quiet(accounts, QUIET_SECONDS, watch=block_sweep)
    verdict = compare(broker, accounts, {}, traders.told.answered)
    if desk:
        compare_blocks(broker, accounts, crowds[1].told.answered, verdict)
    return verdict


def strike(blows, traders, broker):
    """The blows that need no process of its own to be killed."""
    while blows and traders.told.begun >= blows[0].after:
        match blows.pop(0).deed:
            case "drop all sockets":
                broker.post("/sockets/drop")
            case "cut all sockets in a frame":
                broker.post("/sockets/drop", mid_frame=True)
            case "expire all tokens":
                broker.post("/tokens/expire")
            case "answer 500 for a while" as deed:
                for rule in rules_of(deed):
                    broker.post("/faults", **rule)
            case _:
                pass
    return False


def test_the_same_seed_is_the_same_plan():
    assert make_plan(7, 200) == make_plan(7, 200)
    assert make_plan(7, 200) != make_plan(8, 200)
    names = [wish.client_order_id for wish in make_plan(7, 200).wishes]
    assert len(set(names)) == 200


def test_sixty_orders_and_two_blocks_under_faults_lose_and_double_nothing(people, broker, desk, receiver):
    plan = make_plan(1, 60, accounts=4)
    plan.blocks[:] = plan.blocks[1:3]  # own accounts with lots and the rule to stop; one account for three
    verdict = run(plan, people, broker, background(), desk)
    compare_messages(receiver, verdict)
    compare_report(ApiDoor(desk.approver), verdict)
    assert (verdict.lost, verdict.doubled, verdict.unexplained) == ([], [], [])
    assert verdict.counts["orders in the ledger"] >= 40
    assert verdict.counts["events in the trails"] > 100
    assert verdict.counts["blocks"] == 2
    BlockChild.objects.filter(position=0).update(state=ChildState.STAGED)
    AllocationShare.objects.filter(position=1).update(filled=F("filled") + 1)
    found = _words_about(people, broker)
    assert "leg 0 (staged) never left" in found
    assert "shares allocated, should be" in found


def _words_about(people, broker):
    """What the verdict on the blocks says now."""
    verdict = Verdict()
    compare_blocks(broker, [person.account for person in people], [], verdict)
    return "; ".join(verdict.lost + verdict.doubled + verdict.unexplained)


def one_order(people, market=False):
    wish = Wish(0, 0, False, "005930", "buy", 7, 0, market, "", 0, False)
    plan = make_plan(1, 1, accounts=len(people))
    plan.wishes[:] = [wish]
    plan.blows.clear()
    plan.blocks.clear()
    return plan


def test_it_notices_when_a_lost_reply_is_taken_for_a_refusal(people, broker, monkeypatch):
    def refuse(order, doubt):
        orders.reject_order(order, EventKind.REJECTED, "Lucy", "", str(doubt))

    monkeypatch.setattr(orders, "lose_reply", refuse)
    number = people[0].account.number
    rule = {"action": "lose_reply", "account": number, "target": "/uapi/domestic-stock/v1/trading/order"}
    verdict = run(one_order(people), people, broker, [rule])
    assert len(verdict.lost) == 1
    assert "is kept as elsewhere" in verdict.lost[0]


def test_it_notices_when_a_repeated_notice_counts_twice(people, broker, monkeypatch):
    monkeypatch.setattr(booking, "look_of", lambda report: uuid.uuid4().hex)  # a repeat looks like news
    monkeypatch.setattr(fills, "_is_doubtful", lambda order, report: False)
    rule = {"action": "repeat_notice", "event": "filled", "times": None}
    verdict = run(one_order(people, market=True), people, broker, [rule])
    assert verdict.doubled
    assert not verdict.lost
