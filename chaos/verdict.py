"""The paper broker's ledger against Lucy: every order, fill, holding and won; what differs, in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from brokers.adapters import client_for
from brokers.models import (
    BrokerAccount,
    Discrepancy,
    Fill,
    FillSource,
    Order,
    OrderEvent,
    OrderNumber,
    OrderOrigin,
    OrderStatus,
)
from brokers.services.journal import seal
from brokers.terms import Broker as BrokerName
from brokers.terms import Side
from chaos.broker import Broker, Facts

S = OrderStatus


@dataclass(slots=True)
class Verdict:
    """Counts for the table, and everything that is not as it should be."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.unexplained)


def compare(
    broker: Broker,
    accounts: Sequence[BrokerAccount],
    held_before: dict[str, dict[str, int]],
    answered: Iterable[str] = (),
) -> Verdict:
    """All accounts' books on both sides.

    `held_before`: account number -> code -> shares before Lucy knew the account; `answered`: the client order
    ids that Lucy has confirmed to somebody.
    """
    verdict = Verdict()
    for account in accounts:
        _Books(broker.books(account.number), account, verdict).compare(held_before.get(account.number, {}))
    known = set(Order.objects.exclude(user=None).values_list("client_order_id", flat=True))
    verdict.lost += [
        f"order {name} was confirmed and is not stored" for name in answered if name not in known
    ]
    open_rows = Discrepancy.objects.filter(account__in=accounts, resolution="")
    verdict.unexplained += [f"{row.account}: {row} ours {row.ours}, theirs {row.theirs}" for row in open_rows]
    return verdict


class _Books:
    """One account on both sides."""

    def __init__(self, ledger: Facts, account: BrokerAccount, verdict: Verdict) -> None:
        self.ledger = ledger
        self.account = account
        self.verdict = verdict
        self.theirs: dict[int, list[Facts]] = defaultdict(list)  # first number -> the order and its changes
        for order in ledger["orders"]:
            self.theirs[order["first"]].append(order)
        self.ours = {order.pk: order for order in Order.objects.filter(account=account)}
        self.links: dict[str, Any] = {}
        for number, key in OrderNumber.objects.filter(account=account).values_list("number", "order_id"):
            self.links[number] = key
        self.fills: dict[Any, list[Fill]] = defaultdict(list)
        for fill in Fill.objects.filter(account=account):
            self.fills[fill.order_id].append(fill)

    def compare(self, held_before: dict[str, int]) -> None:
        claimed: dict[Any, int] = {}
        for first, chain in self.theirs.items():
            order = self._owner(first, chain)
            if order is None:
                continue
            if order.pk in claimed:
                self._say("doubled", f"{order.pk} stands for orders {claimed[order.pk]} and {first}")
            claimed[order.pk] = first
            self._compare_order(order, chain)
        for key, order in self.ours.items():
            if key not in claimed and order.status != S.REJECTED:
                self._say(
                    "unexplained", f"order {order.client_order_id} ({order.status}) is not in the ledger"
                )
        self._count(claimed)
        for fill in self.fills[None]:
            self._say("lost", f"fill {fill.fill_no} of number {fill.broker_order_no} belongs to no order")
        self._compare_executions()
        self._compare_holdings(held_before)
        self._compare_balance()
        self._compare_trail()

    def _owner(self, first: int, chain: list[Facts]) -> Order | None:
        keys = {self.links.get(str(order["number"])) for order in chain}
        owner = self.links.get(str(first))
        if owner is None:
            self._say("lost", f"order {first} of the ledger is not known")
            return None
        if keys != {owner}:
            self._say("unexplained", f"the numbers of order {first} belong to {keys}")
        order = self.ours[owner]
        elsewhere = chain[0]["channel"] == "hts"
        if elsewhere != (order.origin == OrderOrigin.ELSEWHERE):
            kind = "doubled" if elsewhere else "lost"
            self._say(kind, f"order {first} of channel {chain[0]['channel']} is kept as {order.origin}")
        return order

    def _compare_order(self, order: Order, chain: list[Facts]) -> None:
        working = [each for each in chain if each["kind"] != "cancel"]
        filled = sum(each["filled"] for each in working)
        amount = Decimal(sum(each["filled_amount"] for each in working))
        name = f"order {chain[0]['first']}"
        if order.filled_quantity != filled:
            kind = "lost" if order.filled_quantity < filled else "doubled"
            self._say(kind, f"{name}: {order.filled_quantity} shares filled, ledger {filled}")
        if not self._same_amount(order, amount):
            self._say("unexplained", f"{name}: {order.filled_amount} won filled, ledger {amount}")
        still_open = sum(each["open"] for each in working)
        if order.open_quantity != still_open:
            self._say(
                "unexplained", f"{name}: {order.open_quantity} open ({order.status}), ledger {still_open}"
            )
        if (order.status in {S.ACCEPTED, S.PARTIALLY_FILLED}) != bool(still_open):
            self._say("unexplained", f"{name} is {order.status} with {still_open} open at the broker")
        rows = self.fills[order.pk]
        if sum(fill.quantity for fill in rows) != order.filled_quantity:
            self._say("unexplained", f"{name}: its fills do not sum up to {order.filled_quantity}")
        if still_open and order.broker_order_no != self._newest(working):
            self._say("unexplained", f"{name} works as {self._newest(working)}, not {order.broker_order_no}")

    @staticmethod
    def _newest(working: list[Facts]) -> str:
        return str(max(each["number"] for each in working if each["open"]))

    def _same_amount(self, order: Order, amount: Decimal) -> bool:
        """LS tells totals with an average in whole won: shares known from a total may be off by that."""
        difference = abs(order.filled_amount - amount)
        if self.account.broker == BrokerName.LS and order.from_total_quantity:
            self.verdict.counts["amounts within LS's rounding"] += 1
            return difference < order.filled_quantity
        return difference < Decimal("0.01") * (1 + order.from_total_quantity)

    def _compare_executions(self) -> None:
        """Each numbered fill is one of the ledger's; shares per number as there."""
        executed = {str(each["number"]): each for each in self.ledger["executions"]}
        for fill in (fill for rows in self.fills.values() for fill in rows):
            if self.account.broker != BrokerName.LS or fill.source != FillSource.NOTICE:
                continue
            theirs = executed.get(fill.fill_no)
            if theirs is None or (theirs["quantity"], theirs["price"]) != (fill.quantity, fill.price):
                self._say("doubled", f"fill {fill.fill_no} of {fill.broker_order_no} is none of the ledger's")
        counts = self.verdict.counts
        counts["executions in the ledger"] += len(executed)
        counts["shares executed"] += sum(each["quantity"] for each in executed.values())

    def _compare_holdings(self, held_before: dict[str, int]) -> None:
        held = defaultdict(int, held_before)
        for fill in (fill for rows in self.fills.values() for fill in rows):
            held[fill.symbol] += fill.quantity if fill.side == Side.BUY else -fill.quantity
        theirs = {each["code"]: each["quantity"] for each in self.ledger["holdings"]}
        for code in held.keys() | theirs.keys():
            if held[code] != theirs.get(code, 0):
                kind = "lost" if held[code] < theirs.get(code, 0) else "doubled"
                self._say(kind, f"{held[code]} shares of {code} by the fills, ledger {theirs.get(code, 0)}")
        self.verdict.counts["holdings compared"] += len(theirs)

    def _compare_balance(self) -> None:
        """What a page shows of holdings and cash."""
        balance = client_for(self.account).balance()
        shown = {holding.symbol: holding.quantity for holding in balance.holdings if holding.quantity}
        theirs = {each["code"]: each["quantity"] for each in self.ledger["holdings"] if each["quantity"]}
        if shown != theirs:
            self._say("unexplained", f"holdings {shown}, ledger {theirs}")
        cash = self.ledger["cash"]
        pairs = {
            "deposit": balance.cash.deposit,
            "d1": balance.cash.deposit_d1,
            "d2": balance.cash.deposit_d2,
        }
        for name, ours in pairs.items():
            if ours != cash[name]:
                self._say("unexplained", f"cash {name} {ours}, ledger {cash[name]}")
        self.verdict.counts["cash figures compared"] += len(pairs)

    def _compare_trail(self) -> None:
        previous, count = "", 0
        for count, event in enumerate(OrderEvent.objects.filter(account=self.account).order_by("seq"), 1):
            if (event.seq, event.previous_hash, event.hash) != (count, previous, seal(event)):
                self._say("unexplained", f"the trail is broken at #{event.seq}")
                break
            previous = event.hash
        self.verdict.counts["events in the trails"] += count

    def _count(self, claimed: dict[Any, int]) -> None:
        counts = self.verdict.counts
        counts["orders in the ledger"] += len(self.theirs)
        counts["numbers in the ledger"] += len(self.ledger["orders"])
        counts["orders in Lucy"] += len(self.ours)
        counts["of these refused or never sent"] += len(self.ours) - len(claimed)
        counts["fills in Lucy"] += sum(len(rows) for rows in self.fills.values())
        totals = [f for rows in self.fills.values() for f in rows if f.source == FillSource.TOTAL]
        counts["of these known from totals alone"] += len(totals)

    def _say(self, kind: str, words: str) -> None:
        getattr(self.verdict, kind).append(f"{self.account} {self.account.number}: {words}")
