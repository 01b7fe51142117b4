"""A block that becomes dearer on its way: its funds are judged as at its staging, and bound at the price."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F

from brokers.blocks.models import AllocationShare, Block, Fund
from brokers.blocks.preview import cost_of
from brokers.blocks.selectors import positions_of
from brokers.blocks.services import checking
from brokers.blocks.services.allocating import bound_of, rates_of, seen_of
from brokers.blocks.services.checking import FundPart
from brokers.blocks.services.previewing import large
from brokers.costs import Rates
from brokers.terms import Side
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional


@transactional
def bind_at(block_key: Any, worst: Decimal) -> None:
    """Bind what is open at `worst` won a share, where that is more than the block was checked with.

    Raises `LucyError` (409): `block_refused` with every fund's trouble, `needs_approval` for a block that
    would have needed a second person at that price. Then nothing is bound.
    """
    block = Block.objects.get(pk=block_key)
    value = block.ordered_quantity * worst
    if value <= block.worst_value:
        return
    now, seen = clock.now(), seen_of(block)
    rates = rates_of(block, {share.account_id for share in seen.shares})
    parts = _parts_at(block, worst, seen.shares, rates)
    rules = checking.issue_rules(block.symbol, Side(block.side), [part.fund for part in parts])
    if troubles := checking.fund_troubles(Side(block.side), block.symbol, parts, rules):
        raise checking.refused(troubles, "정정하지 않았습니다.")
    if not block.needs_approval and (reason := large(sum((part.value for part in parts), Decimal(0)))):
        words = f"승인 없이는 이 가격으로 정정할 수 없습니다. {reason} 취소하고 새 블록으로 승인을 받으세요."
        raise LucyError("needs_approval", words, status=409)
    mongo.change((block, {"worst_value": value, "updated_at": now}))
    pairs = zip(seen.shares, seen.got, strict=True)
    bound = [(share, bound_of(block, got, rates[share.account_id])) for share, got in pairs]
    mongo.change(*((share, {"bound": won, "updated_at": now}) for share, won in bound))


def _parts_at(
    block: Block, worst: Decimal, shares: Sequence[AllocationShare], rates: Mapping[Any, Rates]
) -> list[FundPart]:
    """Each fund, alone with it, as if this block were not there yet; what of it is filled stays paid."""
    by_fund: dict[Any, list[AllocationShare]] = defaultdict(list)
    for share in shares:
        by_fund[share.fund_id].append(share)
    Fund.objects.filter(pk__in=list(by_fund)).update(turns=F("turns") + 1)
    funds = mongo.find_all(Fund, pk=list(by_fund))
    positions, side = positions_of(funds), Side(block.side)
    parts = []
    for fund in funds:
        position, group = positions[fund.pk], by_fund[fund.pk]
        still_open = sum(share.open for share in group)
        if side == Side.BUY:
            position.cash += sum(share.bound for share in group)
        else:
            position.shares[block.symbol] += still_open
        todays = [share for share in group if share.trade_date == clock.trade_date()]
        position.today -= sum(share.amount + share.bound for share in todays)
        costs = [cost_of(side, share.open, worst, rates[share.account_id]) for share in group]
        won = sum((cost.total for cost in costs), Decimal(0))
        value = sum((share.amount for share in group), Decimal(0)) + still_open * worst
        parts.append(FundPart(fund, position, still_open, won, value))
    return parts
