"""What was allocated on a day: rows, and sums over all of them. What a user may not see is in neither."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, Sum

from accounts.models import User
from brokers.blocks.models import AllocationShare, Block, Fund
from brokers.blocks.rights import SEE_ALL, funds_of, plans_over
from brokers.blocks.terms import AT_BROKERS, BlockStatus
from brokers.selectors import in_turn
from brokers.terms import Side


@dataclass(frozen=True)
class Chosen:
    """Which of a day's allocations are wanted; only what was filled."""

    user: User
    day: date
    fund: Fund | None = None
    symbols: Sequence[str] | None = None
    side: str = ""
    final: bool | None = None  # whether the block's allocation is

    @cached_property
    def funds(self) -> list[Any] | None:
        """Keys of those that the user may see; None: every one."""
        return None if self.user.has_perm(SEE_ALL) else _keys(funds_of(self.user))

    @cached_property
    def blocks(self) -> list[Any] | None:
        """Keys of the blocks that are wanted; None: every one of the day."""
        narrows = self.symbols is not None or self.side or self.final is not None
        return _keys(_blocks_in(self)) if narrows else None


def shares_in(chosen: Chosen) -> QuerySet[AllocationShare]:
    rows = AllocationShare.objects.filter(trade_date=chosen.day, filled__gt=0)
    if chosen.fund is not None:
        rows = rows.filter(fund=chosen.fund)
    elif chosen.funds is not None:
        rows = rows.filter(fund_id__in=chosen.funds)
    # Blocks are far fewer than shares: what only few of them have is found by asking them first.
    return rows if chosen.blocks is None else rows.filter(block_id__in=chosen.blocks)


def _blocks_in(chosen: Chosen) -> QuerySet[Block]:
    """The blocks that the wanted shares are of, and those of other funds."""
    rows = Block.objects.filter(trade_date=chosen.day, filled_quantity__gt=0)
    if chosen.symbols is not None:
        rows = rows.filter(symbol__in=chosen.symbols)
    if chosen.side:
        rows = rows.filter(side=chosen.side)
    if chosen.final is not None:
        rows = rows.filter(status__in=[BlockStatus.FINAL] if chosen.final else AT_BROKERS)
    return rows


def by_fund(chosen: Chosen) -> Iterator[tuple[Fund, Iterator[AllocationShare]]]:
    """The same for files: fund after fund, in each by issue; never all of it in memory."""
    for fund in [chosen.fund] if chosen.fund else funds_of(chosen.user):
        rows = shares_in(replace(chosen, fund=fund))
        yield fund, in_turn(rows.order_by("symbol", "side", "created_at", "position"), "block", "account")


def _keys(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.values_list("pk", flat=True))


# --- sums ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SideSum:
    """What one side did: shares, and won."""

    shares: int = 0
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)

    def __add__(self, other: "SideSum") -> "SideSum":
        return SideSum(
            self.shares + other.shares, self.amount + other.amount, self.fee + other.fee, self.tax + other.tax
        )


@dataclass(frozen=True, slots=True)
class Sums:
    buys: SideSum = field(default_factory=SideSum)
    sells: SideSum = field(default_factory=SideSum)

    @classmethod
    def of(cls, share: AllocationShare) -> "Sums":
        one = SideSum(share.filled, share.amount, share.fee, share.tax)
        return cls(buys=one) if share.side == Side.BUY else cls(sells=one)

    @property
    def amount(self) -> Decimal:
        """Won traded, both sides."""
        return self.buys.amount + self.sells.amount

    @property
    def fee(self) -> Decimal:
        return self.buys.fee + self.sells.fee

    @property
    def tax(self) -> Decimal:
        return self.buys.tax + self.sells.tax

    @property
    def net(self) -> Decimal:
        """Won that the day brings (positive) or costs, after fees and taxes."""
        return self.sells.amount - self.buys.amount - self.fee - self.tax

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.buys + other.buys, self.sells + other.sells)


def sums_of(chosen: Chosen) -> Sums:
    """Over every row of `shares_in`.

    A fund's day is added up from its shares. All funds' day is not: a thousand blocks of fifty legs take
    MongoDB 100 ms, so the sums kept with the blocks serve. Only where the user may not see every fund of a
    block are its shares added up.
    """
    shares = shares_in(chosen)
    if chosen.fund is not None:
        return _sums_of_shares(shares)
    blocks = _blocks_in(chosen)
    if chosen.funds is None:
        return _sums(blocks, "filled_quantity", "filled_amount")
    whole, in_part = plans_over(chosen.funds)
    found = _sums(blocks.filter(plan_id__in=whole), "filled_quantity", "filled_amount")
    if mixed := in_part and _keys(blocks.filter(plan_id__in=in_part)):
        found += _sums_of_shares(shares.filter(block_id__in=mixed))
    return found


def _sums_of_shares(rows: QuerySet[AllocationShare]) -> Sums:
    return _sums(rows, "filled", "amount")


def _sums(rows: QuerySet[Any], shares: str, amount: str) -> Sums:
    columns = (Sum(name) for name in (shares, amount, "fee", "tax"))
    by_side = {side: SideSum(*sums) for side, *sums in rows.values_list("side").annotate(*columns)}
    return Sums(by_side.get(Side.BUY, SideSum()), by_side.get(Side.SELL, SideSum()))
