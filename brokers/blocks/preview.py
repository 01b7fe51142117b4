"""What a block would become: quantities, costs, what is left over and why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from brokers.blocks.allocation import Party, ideal_shares, split
from brokers.blocks.terms import Basis, Rounding
from brokers.costs import Estimate, Rates, estimate
from brokers.terms import OrderType, Side


@dataclass(frozen=True, slots=True)
class Wish:
    """A block as somebody asks for it: shares or won in all, or shares per leg (`targets`: by position)."""

    symbol: str
    side: Side
    order_type: OrderType
    price: Decimal | None
    quantity: int | None = None
    amount: Decimal | None = None
    targets: dict[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan's rule and its legs' parts, in the plan's order."""

    basis: Basis
    rounding: Rounding
    lot: int
    positions: Sequence[int]
    weights: Sequence[int]
    caps: Sequence[int | None]

    @property
    def parties(self) -> tuple[Party, ...]:
        """A leg given in shares never gets more than that."""
        pairs = zip(self.weights, self.caps, strict=True)
        if self.basis == Basis.QUANTITY:
            return tuple(Party(w, w if cap is None else min(cap, w)) for w, cap in pairs)
        return tuple(Party(w, cap) for w, cap in pairs)


@dataclass(frozen=True, slots=True)
class Divided:
    """Shares per leg, and what no leg gets."""

    wanted: int
    quantities: list[int]
    ideals: list[Fraction]  # in shares
    left_over: int
    reasons: list[str] = field(default_factory=list)

    @property
    def ordered(self) -> int:
        return sum(self.quantities)


def shares_for(amount: Decimal, price: Decimal, side: Side, rates: Rates) -> int:
    """The most shares whose cost (a buy: with commission) is within `amount` won."""
    unit = price if side == Side.SELL else price * (1 + rates.commission / 100)
    shares = int((amount / unit).to_integral_value(ROUND_DOWN))
    while side == Side.BUY and estimate(side, shares + 1, price, rates).total <= amount:
        shares += 1  # commission is cut to the won, so that one more may fit
    return shares


def divide(terms: Terms, wanted: int) -> Divided:
    """`wanted` shares over the legs by the plan's rule."""
    parties = terms.parties
    quantities = split(terms.rounding, parties, wanted, terms.lot)
    left = wanted - sum(quantities)
    return Divided(wanted, quantities, ideal_shares(parties, wanted), left, _why(terms, wanted, left))


def divide_as_told(terms: Terms, targets: dict[int, int]) -> Divided:
    """Shares per leg as they were given; legs that are not named get none."""
    quantities = [targets.get(position, 0) for position in terms.positions]
    return Divided(sum(quantities), quantities, [Fraction(each) for each in quantities], 0)


def _why(terms: Terms, wanted: int, left: int) -> list[str]:
    if not left:
        return []
    reasons = []
    if broken := wanted % terms.lot:
        reasons.append(f"배분단위 {terms.lot:,}주에 못 미치는 {broken:,}주")
    rest = left - broken
    caps = [party.cap for party in terms.parties]
    room = sum(cap // terms.lot * terms.lot for cap in caps if cap is not None)
    if None not in caps and room < wanted:
        reasons.append(f"계획의 상한 합계가 {room:,}주")
    elif rest:
        reasons.append(f"내림 처리로 남는 {rest:,}주")
    return reasons


def cost_of(side: Side, quantity: int, price: Decimal, rates: Rates) -> Estimate:
    """What a leg would move; nothing for a leg without shares."""
    if not quantity:
        return Estimate(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    return estimate(side, quantity, price, rates)
