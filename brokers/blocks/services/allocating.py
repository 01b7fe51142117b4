"""Who got what so far: worked out from the stored orders and fills, the same however often it is asked.

Nothing is added up from news: news only says when to look. So a message that comes twice, late or never
changes nothing, and a page that reads a block brings it up to date.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal
from typing import Any

from brokers.blocks.allocation import Party, divide_won, quota_of
from brokers.blocks.models import AllocationShare, Block, BlockChild, Plan
from brokers.blocks.preview import cost_of
from brokers.blocks.services import trail, webhooks
from brokers.blocks.terms import (
    AT_BROKERS,
    BlockStatus,
    ChildState,
    EventKind,
    Mode,
    WebhookEvent,
)
from brokers.costs import Rates, estimate
from brokers.models import BrokerAccount, Fill, Instrument, Order, OrderStatus
from brokers.terms import Side
from lucy import clock, mongo
from lucy.mongo import transactional

GONE = frozenset({ChildState.REFUSED, ChildState.HELD})
TROUBLED = frozenset({OrderStatus.REJECTED, OrderStatus.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Got:
    """A leg's part of the fills, in shares and won."""

    filled: int
    open: int
    amount: Decimal
    fee: int
    tax: int

    @property
    def told(self) -> tuple[int, Decimal, int, int]:
        """What others are told of; won move without shares when a notice corrects what a total said."""
        return self.filled, self.amount, self.fee, self.tax


def refresh(block_key: Any) -> Block | None:
    """Bring a block's sums, shares and state up to its orders and fills; None when there is no such block."""
    block = mongo.find(Block, pk=block_key)
    if block is None or block.status not in {*AT_BROKERS, BlockStatus.FINAL}:
        return block
    seen = seen_of(block)
    return block if seen.is_stored(block) else _store(block.pk)


@dataclass(slots=True)
class Seen:
    """A block's rows as they are now, and what follows from them."""

    children: list[BlockChild]
    orders: dict[Any, Order]
    shares: list[AllocationShare]
    got: list[Got]

    @property
    def sums(self) -> dict[str, Any]:
        orders = self.orders.values()
        return {
            "filled_quantity": sum(order.filled_quantity for order in orders),
            "filled_amount": sum((order.filled_amount for order in orders), Decimal(0)),
            "fee": sum(got.fee for got in self.got),
            "tax": sum(got.tax for got in self.got),
            "open_quantity": sum(_open_of(child, self.orders) for child in self.children),
            "troubled": sum(_is_troubled(child, self.orders) for child in self.children),
        }

    @property
    def has_ended(self) -> bool:
        return all(
            child.state in GONE or (child.order_id in self.orders and not self.orders[child.order_id].is_open)
            for child in self.children
        )

    @property
    def changed(self) -> list[tuple[AllocationShare, Got]]:
        pairs = zip(self.shares, self.got, strict=True)
        return [(share, got) for share, got in pairs if _stored(share) != got]

    def is_stored(self, block: Block) -> bool:
        same = all(getattr(block, name) == value for name, value in self.sums.items())
        return same and not self.changed and not (self.has_ended and block.status == BlockStatus.WORKING)


def _stored(share: AllocationShare) -> Got:
    return Got(share.filled, share.open, share.amount, int(share.fee), int(share.tax))


def _open_of(child: BlockChild, orders: dict[Any, Order]) -> int:
    if child.state in GONE:
        return 0
    order = orders.get(child.order_id)
    return order.open_quantity if order else child.quantity


def _is_troubled(child: BlockChild, orders: dict[Any, Order]) -> bool:
    order = orders.get(child.order_id)
    return child.state in GONE or (order is not None and order.status in TROUBLED)


@transactional
def _store(block_key: Any) -> Block:
    """Look again inside the transaction, and write all that follows from what is seen there."""
    block = Block.objects.select_related("plan", "user").get(pk=block_key)
    seen, now = seen_of(block), clock.now()
    changed = seen.changed
    moves = any(_stored(share).told != got.told for share, got in changed)
    if changed:
        rates = rates_of(block, {share.account_id for share, _ in changed})
        fields = [(share, _fields(block, got, rates[share.account_id])) for share, got in changed]
        mongo.change(*((share, new | {"updated_at": now}) for share, new in fields))
    news = seen.sums | {"updated_at": now}
    if moves:
        news["revision"] = block.revision + 1
    was_final = block.status == BlockStatus.FINAL
    mongo.change((block, news))
    if moves and not was_final:
        webhooks.enqueue(block, WebhookEvent.FILL, seen.shares)
    if seen.has_ended and block.status == BlockStatus.WORKING:
        _finish(block, seen)
    elif was_final and moves:
        trail.note(block, EventKind.CORRECTED, "Lucy", "확정 뒤에 온 체결을 반영했습니다.")
        webhooks.enqueue(block, WebhookEvent.FINAL, seen.shares)
    return block


def _finish(block: Block, seen: Seen) -> None:
    now = clock.now()
    if not block.move_to(BlockStatus.FINAL, final_at=now, updated_at=now, open_quantity=0):
        return
    words = f"체결 {block.filled_quantity:,}/{block.ordered_quantity:,}주, 배분 {len(seen.shares)}건"
    trail.note(block, EventKind.FINAL, "Lucy", words)
    webhooks.enqueue(block, WebhookEvent.FINAL, seen.shares)


def _fields(block: Block, got: Got, rates: Rates) -> dict[str, Any]:
    """What is open binds won at the price that the block was checked with.

    A block that waited overnight for its approval trades on the day it left, and so do its shares.
    """
    return {
        "filled": got.filled,
        "open": got.open,
        "amount": got.amount,
        "fee": Decimal(got.fee),
        "tax": Decimal(got.tax),
        "bound": bound_of(block, got, rates),
        "trade_date": block.trade_date,
    }


def bound_of(block: Block, got: Got, rates: Rates) -> Decimal:
    """Won that what is open of a leg may still cost."""
    worst = block.worst_value / block.ordered_quantity
    return cost_of(Side(block.side), got.open, worst, rates).total.quantize(Decimal(1), ROUND_UP)


# --- working it out -----------------------------------------------------------------------------------------


def seen_of(block: Block) -> Seen:
    children = mongo.find_all(BlockChild, block_id=[block.pk])
    keys = [child.order_id for child in children if child.order_id]
    orders = {order.pk: order for order in mongo.find_all(Order, pk=keys)} if keys else {}
    shares = sorted(mongo.find_all(AllocationShare, block_id=[block.pk]), key=lambda share: share.position)
    costs = _costs(block, orders.values())
    plan = mongo.find(Plan, pk=block.plan_id)
    assert plan is not None  # noqa: S101  # a block's plan is protected
    if plan.mode == Mode.SHARED:
        got = shared_out(plan.lot, shares, children, orders, costs)
    else:
        got = _own(shares, children, orders, costs)
    return Seen(children, orders, shares, got)


Costs = dict[Any, tuple[int, int]]  # order -> fee and tax in won, fill by fill


def _costs(block: Block, orders: Any) -> Costs:
    filled = {order.pk: order for order in orders if order.filled_quantity}
    if not filled:
        return {}
    rates = rates_of(block, {order.account_id for order in filled.values()})
    costs: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for fill in mongo.find_all(Fill, order_id=list(filled)):
        cost = estimate(Side(block.side), fill.quantity, fill.price, rates[fill.account_id])
        costs[fill.order_id][0] += int(cost.fee)
        costs[fill.order_id][1] += int(cost.tax)
    return {key: (fee, tax) for key, (fee, tax) in costs.items()}


def rates_of(block: Block, account_keys: set[Any]) -> dict[Any, Rates]:
    """What each account pays for this block's issue."""
    instrument = mongo.find(Instrument, symbol=block.symbol)
    kind = instrument.kind if instrument else ""
    return {row.pk: row.rates.of(kind) for row in mongo.find_all(BrokerAccount, pk=account_keys)}


def _own(
    shares: Sequence[AllocationShare],
    children: Sequence[BlockChild],
    orders: dict[Any, Order],
    costs: Costs,
) -> list[Got]:
    """Each leg has what its own order got."""
    by_position = {child.position: child for child in children}
    found = []
    for share in shares:
        child = by_position[share.position]
        order = orders.get(child.order_id)
        filled, amount = (order.filled_quantity, order.filled_amount) if order else (0, Decimal(0))
        fee, tax = costs.get(child.order_id, (0, 0))
        found.append(Got(filled, _open_of(child, orders), amount, fee, tax))
    return found


def shared_out(
    lot: int,
    shares: Sequence[AllocationShare],
    children: Sequence[BlockChild],
    orders: dict[Any, Order],
    costs: Costs,
) -> list[Got]:
    """One order's fills over the legs: shares by the quota method, won at one average price, exact in sum.

    Prices of fills are whole won; of those known from a total alone the quotient is cut to four decimals, so
    the sum is brought back to the whole won that the broker counts.
    """
    parties = tuple(Party(share.weight, None if share.cap is None else share.cap // lot) for share in shares)
    filled = sum(order.filled_quantity for order in orders.values())
    amount = sum((order.filled_amount for order in orders.values()), Decimal(0))
    parts = quota_of(parties).shares(filled, lot)
    still_open = sum(_open_of(child, orders) for child in children)
    whole = quota_of(parties).shares(filled + still_open, lot)
    amounts = divide_won(int(amount.to_integral_value(ROUND_HALF_EVEN)), parts)
    fees = divide_won(sum(fee for fee, _ in costs.values()), amounts)
    taxes = divide_won(sum(tax for _, tax in costs.values()), amounts)
    return [
        Got(part, total - part, Decimal(won), fee, tax)
        for part, total, won, fee, tax in zip(parts, whole, amounts, fees, taxes, strict=True)
    ]
