"""Every read of funds, plans and blocks; what a user may not see is not in it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bson import ObjectId

from accounts.models import User
from brokers.blocks.booked import Booked, Place, booked_since
from brokers.blocks.models import (
    AllocationShare,
    Approval,
    Block,
    BlockChild,
    BlockEvent,
    Fund,
    FundHolding,
    Leg,
    Plan,
)
from brokers.blocks.rights import blocks_of, may_see_plan, plans_of
from brokers.blocks.terms import ApprovalState
from brokers.models import BrokerAccount, Instrument, Order
from brokers.selectors import with_related
from brokers.terms import Side
from lucy import clock, mongo


def legs_of(plan: Plan) -> list[Leg]:
    """In the plan's order, with their funds and accounts."""
    legs = sorted(mongo.find_all(Leg, plan_id=[plan.pk]), key=lambda leg: leg.position)
    with_related(legs, "fund")
    accounts = {
        row.pk: row for row in BrokerAccount.objects.filter(pk__in={leg.account_id for leg in legs} - {None})
    }
    for leg in legs:
        leg.account = accounts.get(leg.account_id)
    return legs


def newest_plans(user: User, *, to_order: bool = False) -> list[Plan]:
    """The version in force of each plan the user may see, or may order by."""
    return list(plans_of(user, to_order=to_order).filter(replaced_at=None).order_by("code")[:500])


def block_of(user: User, key: str) -> Block | None:
    if not ObjectId.is_valid(key):
        return None
    block = Block.objects.filter(pk=key).select_related("plan", "user").first()
    return block if block is not None and may_see_plan(user, block.plan_id) else None


def children_of(block: Block) -> list[BlockChild]:
    """In the plan's order, with account, fund and order."""
    children = sorted(mongo.find_all(BlockChild, block_id=[block.pk]), key=lambda child: child.position)
    keys = {child.account_id for child in children}
    accounts = {row.pk: row for row in mongo.find_all(BrokerAccount, pk=keys)} if keys else {}
    orders = {row.pk: row for row in mongo.find_all(Order, pk=[c.order_id for c in children if c.order_id])}
    for child in children:
        child.account = accounts[child.account_id]
        order = orders.get(child.order_id)
        if order is not None:
            order.account = child.account
        child.order = order
    with_related(children, "fund")
    return children


def shares_of(block: Block) -> list[AllocationShare]:
    shares = sorted(mongo.find_all(AllocationShare, block_id=[block.pk]), key=lambda share: share.position)
    with_related(shares, "fund", "account")
    return shares


def trail_of(block: Block) -> list[BlockEvent]:
    return list(BlockEvent.objects.filter(block=block).order_by("seq"))


def approval_of(block: Block) -> Approval | None:
    return Approval.objects.filter(block=block).select_related("decided_by").first()


def approvals_waiting(user: User) -> list[Approval]:
    """Open questions that the user may see, the one that expires first on top; few by their nature."""
    rows = Approval.objects.filter(state=ApprovalState.PENDING, expires_at__gt=clock.now()).order_by(
        "expires_at"
    )
    found = list(rows[:500])
    seen = {block.pk: block for block in blocks_of(user).filter(pk__in=[row.block_id for row in found])}
    shown = [row for row in found if row.block_id in seen]
    for row in shown:
        row.block = seen[row.block_id]
    with_related([row.block for row in shown], "plan", "user")
    return shown


# --- what a fund has now ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Position:
    """A fund's free cash and shares: as of its own moment, and what blocks did or bound since."""

    cash: Decimal
    shares: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    today: Decimal = Decimal(0)  # won done and bound by today's blocks, both sides
    told: dict[str, int] = field(default_factory=dict)  # shares as of the fund's own moment
    buying: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # open buys: not in `shares`
    selling: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # open sales: off `shares`
    bound: Decimal = Decimal(0)  # won that open buys may still cost: off `cash`


def position_of(fund: Fund) -> Position:
    return positions_of([fund])[fund.pk]


def positions_of(funds: Collection[Fund]) -> dict[Any, Position]:
    """Free means: what open buys may still cost and open sales may still take is off already."""
    found = {fund.pk: Position(fund.cash) for fund in funds}
    for holding in mongo.find_all(FundHolding, fund_id=list(found)):
        found[holding.fund_id].told[holding.symbol] = holding.quantity
        found[holding.fund_id].shares[holding.symbol] += holding.quantity
    for key, places in booked_since(funds).items():
        for place, booked in places.items():
            _book(found[key], place, booked)
    return found


def _book(position: Position, place: Place, booked: Booked) -> None:
    if place.side == Side.BUY:
        position.cash -= booked.amount + booked.fee + booked.bound
        position.bound += booked.bound
        position.shares[place.symbol] += booked.filled
        position.buying[place.symbol] += booked.open
    else:
        position.cash += booked.amount - booked.fee - booked.tax
        position.shares[place.symbol] -= booked.filled + booked.open
        position.selling[place.symbol] += booked.open
    if place.day == clock.trade_date():
        position.today += booked.amount + booked.bound


def names_of(symbols: Iterable[str]) -> dict[str, str]:
    found = Instrument.objects.filter(symbol__in=set(symbols))
    return dict(found.values_list("symbol", "name"))


# --- as scripts read them -----------------------------------------------------------------------------------


def block_snapshot(block: Block) -> dict[str, Any]:
    """A block's figures; money as strings, times in ISO 8601."""
    return {
        "id": str(block.pk),
        "client_block_id": block.client_block_id,
        "plan": str(block.plan_id),
        "symbol": block.symbol,
        "name": block.name,
        "side": block.side,
        "order_type": block.order_type,
        "price": None if block.price is None else f"{block.price:f}",
        "quantity": block.quantity,
        "ordered_quantity": block.ordered_quantity,
        "filled_quantity": block.filled_quantity,
        "open_quantity": block.open_quantity,
        "average_price": None if block.average_price is None else f"{block.average_price.normalize():f}",
        "status": block.status,
        "status_text": block.get_status_display(),
        "halted": block.halted,
        "needs_approval": block.needs_approval,
        "revision": block.revision,
        "trade_date": block.trade_date.isoformat() if block.trade_date else None,
        "created_at": block.created_at.isoformat(),
        "final_at": block.final_at.isoformat() if block.final_at else None,
    }


def share_snapshot(share: AllocationShare) -> dict[str, Any]:
    average = share.average_price
    return {
        "position": share.position,
        "fund": share.fund.code,
        "account": str(share.account_id),
        "ordered": share.ordered,
        "filled": share.filled,
        "average_price": None if average is None else f"{average.normalize():f}",
        "amount": f"{share.amount.normalize():f}",
        "fee": f"{share.fee:f}",
        "tax": f"{share.tax:f}",
        "net": f"{share.net.normalize():f}",
    }


def child_snapshot(child: BlockChild) -> dict[str, Any]:
    order = child.order
    return {
        "position": child.position,
        "fund": child.fund.code if child.fund else None,
        "account": str(child.account_id),
        "quantity": child.quantity,
        "state": child.state,
        "order": str(child.order_id) if child.order_id else None,
        "order_status": order.status if order else None,
        "filled_quantity": order.filled_quantity if order else 0,
        "note": child.note or (order.note if order else ""),
        "note_code": child.note_code or (order.note_code if order else ""),
    }
