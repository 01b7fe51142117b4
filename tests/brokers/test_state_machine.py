"""Every order of news leads to the broker's own figures: random sequences against a broker that we can see.

`HYPOTHESIS_LONG=1`: 100,000 sequences on the pure part, a thousand through the database for each broker.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from brokers.adapters.base import (
    FillReport,
    OrderLine,
    OrderNews,
    OrderReport,
    Receipt,
    Rejected,
    ReplyLost,
)
from brokers.models import BrokerAccount, Fill, Order, OrderChange, OrderStatus
from brokers.models.orders import ENDED
from brokers.paper.clock import PaperClock
from brokers.paper.demo import make_account as make_paper_account
from brokers.paper.ledger import Event, EventKind, Ledger, OrderKind, PriceType, Refusal
from brokers.paper.ledger import Order as PaperOrder
from brokers.paper.market import Market
from brokers.progress import Progress
from brokers.services import changes, fills, news, numbers, orders, reconcile, totals
from brokers.services.reconcile import patience
from brokers.terms import Condition, OrderType, RequestKind, Side, Venue
from lucy import clock
from tests.factories import make_account, make_order, make_user

S = OrderStatus
LONG = bool(os.environ.get("HYPOTHESIS_LONG"))
PURE_RUNS, PURE_SEQUENCES = (50, 2_000) if LONG else (1, 300)  # hypothesis remembers all of one run
STORED_SEQUENCES = 1_000 if LONG else 60
CODE = "005930"
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
AT_ONCE = timedelta(0)


def quiet(sequences: int, steps: int) -> settings:
    return settings(
        max_examples=sequences, stateful_step_count=steps, deadline=None, suppress_health_check=QUIET
    )


# --- the arithmetic alone ---------------------------------------------------------------------------------


class ProgressMachine(RuleBasedStateMachine):
    """A broker that executes and cancels, and its news told late, in any order, more than once."""

    @initialize(quantity=st.integers(1, 40))
    def place(self, quantity: int) -> None:
        self.progress = Progress(quantity, 0, 0, 0, 0, S.SENT)
        self.open = quantity  # at the broker
        self.untold: list[int] = []  # executed, and not told
        self.told = 0
        self.cancels: list[int] = []  # confirmed, and not told
        self.ending = ""

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def execute(self, data: st.DataObject) -> None:
        shares = data.draw(st.integers(1, self.open))
        self.open -= shares
        self.untold.append(shares)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        shares = data.draw(st.integers(1, self.open))
        self.open -= shares
        self.cancels.append(shares)

    @precondition(lambda self: self.open and not self.ending)
    @rule(ending=st.sampled_from(["expire", "reject"]))
    def end(self, ending: str) -> None:
        self.open = 0
        self.ending = ending

    @precondition(lambda self: self.untold)
    @rule(data=st.data())
    def tell_a_fill(self, data: st.DataObject) -> None:
        self.told += self.untold.pop(data.draw(st.integers(0, len(self.untold) - 1)))
        self.progress = self.progress.filled_to(self.told)

    @rule()
    def tell_the_total_again(self) -> None:
        self.progress = self.progress.filled_to(self.told)

    @precondition(lambda self: self.cancels)
    @rule(data=st.data())
    def tell_a_cancel(self, data: st.DataObject) -> None:
        shares = self.cancels.pop(data.draw(st.integers(0, len(self.cancels) - 1)))
        self.progress = self.progress.cancel(shares)

    @precondition(lambda self: self.ending)
    @rule()
    def tell_the_end(self) -> None:
        """Told before the fills and cancels that came before it, it ends too much; they take it back."""
        self.progress = getattr(self.progress, self.ending)()

    @invariant()
    def quantities_obey(self) -> None:
        if not hasattr(self, "progress"):
            return
        now = self.progress
        parts = (now.filled, now.open, now.cancelled, now.expired, now.rejected)
        assert min(parts) >= 0
        assert sum(parts) == now.quantity
        assert now.filled == self.told
        assert (now.open == 0) == (now.status in ENDED)
        assert (now.filled == now.quantity) == (now.status == S.FILLED)
        assert (now.status == S.PARTIALLY_FILLED) <= (now.filled > 0)

    def teardown(self) -> None:
        if not hasattr(self, "progress"):
            return
        executed = self.told + sum(self.untold)
        for shares in self.cancels:
            self.progress = self.progress.cancel(shares)
        if self.ending:
            self.progress = getattr(self.progress, self.ending)()
        self.progress = self.progress.filled_to(executed)
        assert self.progress.filled == executed
        assert self.progress.open == self.open


def test_whatever_the_order_of_news_the_quantities_obey():
    for _ in range(PURE_RUNS):
        run_state_machine_as_test(ProgressMachine, settings=quiet(PURE_SEQUENCES, 12))


# --- through the database ---------------------------------------------------------------------------------


class Ours:
    """The ledger behind an adapter's face, whose replies get lost when told so."""

    def __init__(self, machine: "BooksMachine") -> None:
        self.machine = machine
        self.fate = "answered"  # or "lost" (processed, unanswered), "cut" (never arrived)

    def _sent(self, deed: Callable[[], PaperOrder]) -> Receipt:
        fate, self.fate = self.fate, "answered"
        if fate == "cut":
            raise ReplyLost("cut")
        try:
            order = deed()
        except Refusal as refusal:
            if fate == "lost":
                raise ReplyLost("lost") from refusal
            raise Rejected(str(refusal), code="no") from refusal
        if fate == "lost":
            raise ReplyLost("lost")
        return Receipt(str(order.number))

    def place(self, request: Any) -> Receipt:
        machine = self.machine
        return self._sent(
            lambda: machine.ledger.place(
                machine.owner, CODE, machine.paper_side, request.quantity, int(request.price)
            )
        )

    def modify(self, order: Any, quantity: int, price: Decimal | None, order_type: OrderType) -> Receipt:
        machine = self.machine
        whole = None if machine.numbered is False else quantity
        return self._sent(
            lambda: machine.ledger.modify(
                machine.owner, int(order.order_no), whole, int(price or 0), keep_rest=not machine.numbered
            )
        )

    def cancel(self, order: Any, quantity: int) -> Receipt:
        machine = self.machine
        whole = None if quantity == order.open_quantity and not machine.numbered else quantity
        return self._sent(lambda: machine.ledger.cancel(machine.owner, int(order.order_no), whole))

    def day_orders(self) -> list[OrderLine]:
        return [line_of(order) for order in self.machine.owner.orders.values()]

    def order_line(self, number: str) -> OrderLine | None:
        return next((line for line in self.day_orders() if line.order_no == number), None)


KINDS = {
    OrderKind.NEW: RequestKind.NEW,
    OrderKind.MODIFY: RequestKind.MODIFY,
    OrderKind.CANCEL: RequestKind.CANCEL,
}


def line_of(order: PaperOrder) -> OrderLine:
    return OrderLine(
        trade_date=order.trade_date,
        order_no=str(order.number),
        original_no=str(order.parent or ""),
        kind=KINDS[order.kind],
        branch="",
        symbol=order.code,
        name="",
        side=Side(order.side.value),
        order_type=OrderType.LIMIT,
        condition=Condition.DAY,
        venue=Venue.KRX,
        quantity=order.quantity,
        price=Decimal(order.price),
        filled_quantity=order.filled,
        filled_amount=Decimal(order.filled_amount),
        cancelled_quantity=order.cancelled,
        rejected_quantity=order.rejected,
        open_quantity=order.open,
        ordered_at=order.placed_at,
        status_text="",
    )


NEWS = {
    EventKind.ACCEPTED: (OrderNews.ACCEPTED, RequestKind.NEW),
    EventKind.MODIFIED: (OrderNews.MODIFIED, RequestKind.MODIFY),
    EventKind.CANCELLED: (OrderNews.CANCELLED, RequestKind.CANCEL),
    EventKind.REJECTED: (OrderNews.REJECTED, RequestKind.NEW),
}


class BooksMachine(RuleBasedStateMachine):
    """Orders of one account at a ledger that we can see; its news and replies meet every mishap."""

    numbered = True  # LS numbers its fills; KIS does not, tells no cancelled quantity and times by the second
    broker = "ls"

    def __init__(self) -> None:
        super().__init__()
        self.clock = PaperClock()
        self.ledger = Ledger(Market(1, self.clock), self.clock)
        self.ledger.matching = False
        self.owner = make_paper_account(self.broker, "real", 1, 10**12)
        self.ledger.add_account(self.owner)
        self.ledger._listeners.append(self._hear)
        self.account: BrokerAccount = make_account(broker=self.broker)
        self.user = make_user()
        self.client = Ours(self)
        self.pending: list[FillReport | OrderReport] = []
        self.told: list[FillReport | OrderReport] = []
        self.placed = 0
        self.price = self.ledger.market.issue(CODE).price
        self.tick = 100
        self.moment = clock.now()

    paper_side: Any = None

    def _hear(self, event: Event) -> None:
        self.pending.append(self._fill(event) if event.kind is EventKind.FILLED else self._order_news(event))

    def _fill(self, event: Event) -> FillReport:
        order, execution = event.order, event.execution
        assert execution is not None
        return FillReport(
            account_no=self.owner.number,
            trade_date=order.trade_date,
            order_no=str(order.number),
            original_no=str(order.parent or "") if self.numbered else "",
            fill_no=str(execution.number) if self.numbered else "",
            symbol=order.code,
            side=Side(order.side.value),
            quantity=execution.quantity,
            price=Decimal(execution.price),
            executed_at=self.moment,
            order_quantity=order.quantity,
            order_price=Decimal(order.price),
        )

    def _order_news(self, event: Event) -> OrderReport:
        kind, request = NEWS[event.kind]
        told = self.numbered or event.kind is not EventKind.CANCELLED
        return OrderReport(
            account_no=self.owner.number,
            trade_date=event.order.trade_date,
            news=kind,
            order_no=str(event.order.number),
            original_no=str(event.order.parent or ""),
            symbol=event.order.code,
            side=Side(event.order.side.value),
            order_type=OrderType.LIMIT,
            quantity=event.quantity if told else 0,
            price=Decimal(event.price),
            at=self.moment,
            request=request,
        )

    # What people do

    @initialize()
    def begin_with_a_working_order(self) -> None:
        self.place(quantity=12, fate="answered")
        self.tell_all_in_order()

    @rule(
        quantity=st.integers(2, 12), fate=st.sampled_from(["answered", "answered", "lost", "cut", "killed"])
    )
    def place(self, quantity: int, fate: str) -> None:
        self.placed += 1
        size = quantity + 20 * self.placed  # no two alike: a lost reply is then provable
        order = make_order(
            self.account, self.user, quantity=size, price=self.price, status=S.PENDING, symbol=CODE
        )
        if fate == "killed":  # after the broker took it, before anything was kept
            orders._mark_sent(order)
            self.client.place(order.request())
            return
        self.client.fate = fate
        orders.send_order(order)

    @rule(quantity=st.integers(1, 12))
    def place_elsewhere(self, quantity: int) -> None:
        self.placed += 1
        self.ledger.place(
            self.owner, CODE, self.paper_side, quantity + 20 * self.placed, self.price, channel="hts"
        )

    @rule(data=st.data(), fate=st.sampled_from(["answered", "answered", "lost", "cut"]))
    def cancel(self, data: st.DataObject, fate: str) -> None:
        if order := self._changeable(data):
            part = data.draw(st.integers(1, order.open_quantity))
            whole = data.draw(st.booleans())
            self._change(order, RequestKind.CANCEL, order.open_quantity if whole else part, fate)

    @rule(data=st.data(), fate=st.sampled_from(["answered", "answered", "lost", "cut"]))
    def modify(self, data: st.DataObject, fate: str) -> None:
        if order := self._changeable(data):
            self.tick += 100
            self._change(order, RequestKind.MODIFY, order.open_quantity, fate)

    def _changeable(self, data: st.DataObject) -> Order | None:
        working = list(
            Order.objects.filter(account=self.account, status__in=[S.ACCEPTED, S.PARTIALLY_FILLED])
            .exclude(broker_order_no="")
            .order_by("created_at", "pk")
        )
        busy = set(
            OrderChange.objects.filter(account=self.account, status__in=["sent", "unknown"]).values_list(
                "order_id", flat=True
            )
        )
        free = [order for order in working if order.pk not in busy]
        return data.draw(st.sampled_from(free)) if free else None

    def _change(self, order: Order, kind: RequestKind, quantity: int, fate: str) -> None:
        self.client.fate = fate
        price = Decimal(self.price + self.tick) if kind == RequestKind.MODIFY else order.price
        name = f"change-{self.tick}-{OrderChange.objects.count()}"
        changes._change(order, None, name, kind, quantity, price, OrderType.LIMIT)

    # What the broker does

    @rule(data=st.data(), shares=st.integers(1, 5), again=st.booleans())
    def execute(self, data: st.DataObject, shares: int, again: bool) -> None:
        """`again`: a second fill like it in the same second, which is another fill."""
        working = [order for order in self.owner.orders.values() if order.open]
        if not working:
            return
        order = data.draw(st.sampled_from(working))
        for _ in range(1 + again):
            if order.open:
                self.ledger.fill(self.owner, order.number, min(shares, order.open))

    @rule(data=st.data())
    def refuse_at_the_exchange(self, data: st.DataObject) -> None:
        fresh = [o for o in self.owner.orders.values() if o.open and o.kind is OrderKind.NEW and not o.filled]
        if fresh and data.draw(st.integers(0, 3)) == 0:
            self.ledger.reject(self.owner, data.draw(st.sampled_from(fresh)).number)

    @rule()
    def a_second_passes(self) -> None:
        self.moment += timedelta(seconds=1)

    # What becomes of its news

    @rule(data=st.data(), again=st.booleans())
    def tell(self, data: st.DataObject, again: bool) -> None:
        if self.pending:
            report = self.pending.pop(data.draw(st.integers(0, len(self.pending) - 1)))
            for _ in range(1 + again):
                self._tell(report)

    @precondition(lambda self: self.pending)
    @rule()
    def tell_the_latest_twice(self) -> None:
        report = self.pending.pop()
        self._tell(report)
        self._tell(report)

    @rule()
    def tell_all_in_order(self) -> None:
        while self.pending:
            self._tell(self.pending.pop(0))

    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        if self.told:
            self._tell(data.draw(st.sampled_from(self.told)))

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        if self.pending:
            self.pending.pop(data.draw(st.integers(0, len(self.pending) - 1)))

    def _tell(self, report: FillReport | OrderReport) -> None:
        self.told.append(report)
        if isinstance(report, FillReport):
            fills.record_fill(self.account, report)
        else:
            news.record_news(self.account, report)

    @rule()
    def reconcile(self) -> None:
        reconcile.reconcile(self.account)

    # What must hold

    @invariant()
    def nothing_is_counted_that_was_not_executed(self) -> None:
        executed = {str(order.number): order.filled for order in self.owner.orders.values()}
        ours: dict[str, int] = {}
        for fill in Fill.objects.filter(account=self.account):
            ours[fill.broker_order_no] = ours.get(fill.broker_order_no, 0) + fill.quantity
        for number, quantity in ours.items():
            assert quantity <= executed.get(number, 0)
        for order in Order.objects.filter(account=self.account):
            done = order.filled_quantity + order.cancelled_quantity
            assert order.open_quantity >= 0
            assert done + order.expired_quantity + order.rejected_quantity <= order.quantity
            assert sum(fill.quantity for fill in Fill.objects.filter(order=order)) == order.filled_quantity

    def teardown(self) -> None:
        """The last looks into the broker's books put everything right that the news left wrong."""
        Order.objects.filter(account=self.account).update(updated_at=clock.now() - timedelta(minutes=2))
        sent = Order.objects.filter(account=self.account).exclude(sent_at=None)
        sent.update(sent_at=clock.now() - timedelta(minutes=1))
        old = clock.now() - timedelta(minutes=2)
        OrderChange.objects.filter(account=self.account).update(created_at=old)
        for _ in range(2):
            reconcile.reconcile(self.account)
        assert reconcile.reconcile(self.account).changes == 0
        self._compare()

    def _compare(self) -> None:
        chains: dict[int, list[PaperOrder]] = {}
        for order in self.owner.orders.values():
            chains.setdefault(order.first, []).append(order)
        seen = set()
        for first, chain in chains.items():
            ours = numbers.find_order(self.account, self.ledger.today, str(first))
            assert ours is not None, f"{first} is lost"
            assert ours.pk not in seen, f"{first} is doubled"
            seen.add(ours.pk)
            working = [order for order in chain if order.kind is not OrderKind.CANCEL]
            theirs = (
                sum(order.filled for order in working),
                sum(order.filled_amount for order in working),
                sum(order.open for order in working),
            )
            amount = ours.filled_amount.quantize(Decimal(1))
            assert (ours.filled_quantity, amount, ours.open_quantity) == theirs
            assert (ours.status in ENDED) == (theirs[2] == 0)
            assert (ours.origin == "elsewhere") == (chain[0].channel == "hts")
        strangers = Order.objects.filter(account=self.account).exclude(pk__in=seen)
        assert all(order.status == S.REJECTED for order in strangers)
        assert not Fill.objects.filter(account=self.account, order=None).exists()


class KisBooksMachine(BooksMachine):
    numbered = False
    broker = "kis"


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.parametrize("machine", [BooksMachine, KisBooksMachine], ids=["ls", "kis"])
def test_whatever_goes_wrong_the_books_end_as_the_brokers(machine, monkeypatch):
    from brokers.paper.ledger import Side as PaperSide

    current: list[BooksMachine] = []

    class Watched(machine):  # type: ignore[misc, valid-type]
        paper_side = PaperSide.BUY

        def __init__(self) -> None:
            super().__init__()
            current[:] = [self]

    for service in (totals, orders, changes, reconcile):
        monkeypatch.setattr(service, "client_for", lambda _: current[0].client)
    monkeypatch.setattr(patience, "ANSWER_TAKES_AT_MOST", AT_ONCE)
    monkeypatch.setattr(patience, "LIST_LAGS_AT_MOST", AT_ONCE)
    run_state_machine_as_test(Watched, settings=quiet(STORED_SEQUENCES, 25))


assert PriceType.LIMIT  # the ledger's default, which every order here has
