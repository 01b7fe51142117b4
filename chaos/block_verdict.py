"""The blocks against their orders and the paper broker's ledger: who got what, to the share and the won."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from brokers.blocks.allocation import Party, ideal_shares
from brokers.blocks.models import AllocationShare, Block, BlockChild, BlockEvent
from brokers.blocks.selectors import children_of, shares_of
from brokers.blocks.terms import ENDED, BlockStatus, ChildState, EventKind, Mode, OnTrouble
from brokers.costs import estimate
from brokers.models import (
    BrokerAccount,
    Fill,
    Instrument,
    Order,
    OrderChange,
    OrderEvent,
    OrderNumber,
    OrderStatus,
)
from brokers.models import EventKind as OrderEventKind
from brokers.terms import Broker as BrokerName
from brokers.terms import RequestKind, Side
from chaos.broker import Broker, Facts
from chaos.verdict import Verdict

TROUBLES = (OrderEventKind.REPLY_LOST, OrderEventKind.REFUSED, OrderEventKind.REJECTED)
NEVER_SENT = frozenset({BlockStatus.REFUSED, BlockStatus.LAPSED, BlockStatus.WITHDRAWN})


def compare_blocks(
    broker: Broker, accounts: Sequence[BrokerAccount], answered: Iterable[str], verdict: Verdict
) -> None:
    """All blocks; `answered`: the client block ids that Lucy has confirmed to somebody."""
    ledger = Ledger(broker, accounts)
    blocks = list(Block.objects.select_related("plan").order_by("created_at"))
    known = {block.client_block_id for block in blocks}
    verdict.lost += [
        f"block {name} was confirmed and is not stored" for name in answered if name not in known
    ]
    for block in blocks:
        _BlockBooks(block, ledger, verdict).compare()
    children = set(BlockChild.objects.exclude(order=None).values_list("order_id", flat=True))
    strays = Order.objects.filter(client_order_id__startswith="block-").exclude(pk__in=children)
    verdict.unexplained += [f"order {order.client_order_id} belongs to no leg" for order in strays]
    verdict.counts["blocks"] += len(blocks)


class Ledger:
    """The paper broker's orders of all accounts, by our order and by what they look like."""

    def __init__(self, broker: Broker, accounts: Sequence[BrokerAccount]) -> None:
        self.of_order: dict[Any, list[Facts]] = defaultdict(list)
        self.alike: dict[tuple[Any, str, str, int], int] = defaultdict(int)  # placed by us, not changed
        for account in accounts:
            links = dict(OrderNumber.objects.filter(account=account).values_list("number", "order_id"))
            for order in broker.books(account.number)["orders"]:
                if order["kind"] != "cancel":
                    self.of_order[links.get(str(order["number"]))].append(order)
                if order["kind"] == "new" and order["channel"] != "hts":
                    self.alike[(account.pk, order["code"], order["side"], order["quantity"])] += 1


class _BlockBooks:
    """One block, its legs and its allocation."""

    def __init__(self, block: Block, ledger: Ledger, verdict: Verdict) -> None:
        self.block = block
        self.ledger = ledger
        self.verdict = verdict
        self.children = children_of(block)
        self.shares = shares_of(block)
        self.events = list(BlockEvent.objects.filter(block=block).order_by("seq"))
        self.theirs = {
            child.position: ledger.of_order.get(child.order_id, []) if child.order_id else []
            for child in self.children
        }

    def compare(self) -> None:
        for child in self.children:
            self._compare_child(child)
        self._compare_rule()
        self._compare_state()
        self._compare_sums()
        if self.block.plan.mode == Mode.SHARED:
            self._compare_shared_out()
        else:
            self._compare_own()
        self._compare_costs()
        self._compare_trail()
        self.verdict.counts[f"blocks {self.block.status}"] += 1
        self.verdict.counts["shares allocated"] += sum(share.filled for share in self.shares)

    # --- each leg once ---

    def _compare_child(self, child: BlockChild) -> None:
        """Sent once and linked, or held for a reason and at no broker."""
        look = (child.account_id, self.block.symbol, self.block.side, child.quantity)
        sent, name = self.ledger.alike[look], f"leg {child.position} ({child.state})"
        self.verdict.counts[f"legs {child.state}"] += 1
        if sent > 1:
            self._say("doubled", f"{name} is {sent} times in the ledger")
        if child.state == ChildState.STAGED:
            self._say("lost", f"{name} never left")
        elif child.state == ChildState.ORDERED and child.order is None:
            self._say("lost", f"{name} has no order")
        elif child.state == ChildState.ORDERED and child.order is not None:
            at_broker = child.order.status != OrderStatus.REJECTED
            if at_broker and not sent:
                self._say("lost", f"{name}: its order is {child.order.status} and not in the ledger")
        elif sent or Order.objects.filter(client_order_id=child.client_order_id).exists():
            self._say("unexplained", f"{name} has left all the same")
        if child.state == ChildState.HELD and not self._was_held():
            self._say("unexplained", f"{name} was held by nobody: {child.note}")
        if child.order is not None and child.order.is_open and self._was_forgotten(child):
            self._say("unexplained", f"{name} works on, though the block was cancelled")

    def _was_held(self) -> bool:
        stopped = self.block.plan.on_trouble == OnTrouble.STOP and self.block.halted
        kinds = {event.kind for event in self.events}
        return bool(stopped) or self.block.status in NEVER_SENT or EventKind.CANCEL in kinds

    def _was_forgotten(self, child: BlockChild) -> bool:
        """The block was cancelled, nobody asked for this leg, and nobody was told that it was not."""
        cancels = [event.text for event in self.events if event.kind == EventKind.CANCEL]
        asked = OrderChange.objects.filter(order=child.order, kind=RequestKind.CANCEL).exists()
        return bool(cancels) and not asked and not any(f"{child.position}번:" in text for text in cancels)

    def _compare_rule(self) -> None:
        """Where the plan stops, no leg follows a troubled one in its account; who resumes may know more."""
        kinds = {event.kind for event in self.events}
        if self.block.plan.on_trouble != OnTrouble.STOP or EventKind.RESUMED in kinds:
            return
        orders = [child.order for child in self.children if child.order is not None]
        troubles = OrderEvent.objects.filter(order__in=orders, kind__in=TROUBLES)
        for account, at in troubles.values_list("account_id", "at"):
            for order in orders:
                if order.account_id == account and order.created_at > at:
                    self._say("unexplained", f"{order.client_order_id} followed a troubled one")

    # --- the block ---

    def _compare_state(self) -> None:
        orders = [child.order for child in self.children if child.order is not None]
        works = [order for order in orders if order.is_open]
        status = BlockStatus(self.block.status)
        if status == BlockStatus.WORKING and not works:
            self._say("unexplained", "nothing works any more, and its allocation is not final")
        elif status == BlockStatus.FINAL and works:
            self._say("unexplained", f"final while {works[0].client_order_id} is {works[0].status}")
        elif status not in ENDED and status != BlockStatus.WORKING:
            self._say("unexplained", f"stands still as {status}")

    def _compare_sums(self) -> None:
        theirs = [order for orders in self.theirs.values() for order in orders]
        ours = [child.order for child in self.children if child.order is not None]
        self._same("filled", self.block.filled_quantity, sum(order["filled"] for order in theirs))
        self._same("open", self.block.open_quantity, sum(order["open"] for order in theirs))
        self._same("filled by its orders", self.block.filled_quantity, sum(o.filled_quantity for o in ours))
        amount = sum((order.filled_amount for order in ours), Decimal(0))
        if self.block.filled_amount != amount:
            self._say("unexplained", f"{self.block.filled_amount} won, its orders {amount}")
        ordered = sum(child.quantity for child in self.children)
        self._same("ordered by its legs", self.block.ordered_quantity, ordered)
        self._same("ordered for its funds", self.block.ordered_quantity, sum(s.ordered for s in self.shares))
        self._same("allocated", self.block.filled_quantity, sum(share.filled for share in self.shares))
        self._same("open for its funds", self.block.open_quantity, sum(share.open for share in self.shares))

    def _same(self, what: str, ours: int, theirs: int) -> None:
        if ours != theirs:
            kind = "lost" if ours < theirs else "doubled"
            self._say(kind, f"{ours} shares {what}, should be {theirs}")

    # --- the allocation ---

    def _compare_own(self) -> None:
        """Each leg has what the ledger gave its own order."""
        for share in self.shares:
            theirs = self.theirs.get(share.position, [])
            self._same(f"of leg {share.position}", share.filled, sum(order["filled"] for order in theirs))
            amount = Decimal(sum(order["filled_amount"] for order in theirs))
            if not self._is_near(share.account, share.amount, amount, share.filled):
                self._say("unexplained", f"leg {share.position}: {share.amount} won, ledger {amount}")

    def _is_near(self, account: BrokerAccount, ours: Decimal, theirs: Decimal, shares: int) -> bool:
        """LS tells totals with an average in whole won, KIS with four decimals."""
        room = Decimal(shares if account.broker == BrokerName.LS else 1)
        return abs(ours - theirs) <= room

    def _compare_shared_out(self) -> None:
        """Floor or ceiling of each ideal share, in lots; one lot at most is broken; won exact in sum."""
        lot = self.block.plan.lot
        parties = [
            Party(share.weight, None if share.cap is None else share.cap // lot) for share in self.shares
        ]
        whole = self.block.filled_quantity // lot
        for share, ideal in zip(self.shares, ideal_shares(parties, whole), strict=True):
            lots = share.filled // lot
            if not ideal - 1 < lots < ideal + 1:
                self._say("unexplained", f"leg {share.position} has {lots} lots, ideal {float(ideal):.4f}")
        if sum(share.filled % lot > 0 for share in self.shares) > 1:
            self._say("unexplained", f"lots broken: {[share.filled for share in self.shares]}")
        won = self.block.filled_amount.to_integral_value(ROUND_HALF_EVEN)
        if sum(share.amount for share in self.shares) != won:
            self._say("unexplained", f"{[share.amount for share in self.shares]} is not {won} won")
        theirs = [order for orders in self.theirs.values() for order in orders]
        account = self.children[0].account
        amount = Decimal(sum(order["filled_amount"] for order in theirs))
        if not self._is_near(account, self.block.filled_amount, amount, self.block.filled_quantity):
            self._say("unexplained", f"{self.block.filled_amount} won, ledger {amount}")
        self._compare_equals()

    def _compare_equals(self) -> None:
        by_weight: dict[tuple[int, int | None], list[AllocationShare]] = defaultdict(list)
        for share in self.shares:
            by_weight[share.weight, share.cap].append(share)
        for group in by_weight.values():
            given = [share.filled for share in group]
            if max(given) - min(given) > self.block.plan.lot:
                self._say("unexplained", f"equal funds have {given}")

    def _compare_costs(self) -> None:
        """Fees and taxes of the stored fills, to the won."""
        instrument = Instrument.objects.filter(symbol=self.block.symbol).first()
        kind = instrument.kind if instrument else ""
        accounts = {child.order_id: child.account for child in self.children}
        fee = tax = Decimal(0)
        for fill in Fill.objects.filter(order_id__in=[key for key in accounts if key]):
            rates = accounts[fill.order_id].rates.of(kind)
            cost = estimate(Side(self.block.side), fill.quantity, fill.price, rates)
            fee, tax = fee + cost.fee, tax + cost.tax
        given = (sum(share.fee for share in self.shares), sum(share.tax for share in self.shares))
        if not given == (fee, tax) == (self.block.fee, self.block.tax):
            told = f"the block {(self.block.fee, self.block.tax)}, of its fills {(fee, tax)}"
            self._say("unexplained", f"fees and taxes {given}, {told}")

    # --- the trail ---

    def _compare_trail(self) -> None:
        numbers = [event.seq for event in self.events]
        if numbers != list(range(1, self.block.trail_seq + 1)):
            self._say("unexplained", f"its trail has gaps: {numbers}")
        kinds = [event.kind for event in self.events]
        for kind in (EventKind.MADE, EventKind.SENDING, EventKind.SENT, EventKind.FINAL):
            if kinds.count(kind) > 1:
                self._say("doubled", f"its trail says '{kind}' {kinds.count(kind)} times")
        if (EventKind.FINAL in kinds) != (self.block.status == BlockStatus.FINAL):
            self._say("unexplained", f"its trail {kinds} does not go with {self.block.status}")
        for kind in (EventKind.RESUMED, EventKind.HELD, EventKind.CORRECTED):
            self.verdict.counts[f"blocks {kind}, times"] += kinds.count(kind)

    def _say(self, kind: str, words: str) -> None:
        name = f"block {self.block.client_block_id} ({self.block.plan.code}, {self.block.status})"
        getattr(self.verdict, kind).append(f"{name}: {words}")
