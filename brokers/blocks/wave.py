"""Blocks that left together, summed up as a page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from brokers.blocks.models import Block
from brokers.blocks.terms import ENDED, BlockStatus
from brokers.terms import Side


@dataclass(frozen=True, slots=True)
class Wave:
    blocks: Sequence[Block]

    @property
    def ordered(self) -> int:
        return sum(block.ordered_quantity for block in self.blocks)

    @property
    def filled(self) -> int:
        return sum(block.filled_quantity for block in self.blocks)

    @property
    def open(self) -> int:
        return sum(block.open_quantity for block in self.blocks)

    @property
    def bought(self) -> Decimal:
        """Won filled."""
        return self._amount(Side.BUY)

    @property
    def sold(self) -> Decimal:
        return self._amount(Side.SELL)

    def _amount(self, side: Side) -> Decimal:
        return sum((block.filled_amount for block in self.blocks if block.side == side), Decimal(0))

    @property
    def awaiting(self) -> int:
        return sum(block.status == BlockStatus.AWAITING for block in self.blocks)

    @property
    def ended(self) -> int:
        return sum(block.status in ENDED for block in self.blocks)

    @property
    def is_open(self) -> bool:
        return self.ended < len(self.blocks)
