"""The trades that bring a fund towards its target weights, within its cash after costs. Pure.

Each issue moves towards its target and never past it: a sale ends at or above the target, a buy at or below.
What is ordered already counts as if it were filled, so the same step is not taken twice. Only cash that is
there is spent: what the sales will bring is for the next round, when they are filled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from brokers.costs import Rates, estimate
from brokers.terms import Side

PARTS_OF_WHOLE = 10_000  # a target is in hundredths of a percent


@dataclass(frozen=True, slots=True)
class Line:
    """One issue of a fund: shares, what is wanted, won a share."""

    symbol: str
    held: int  # and free to sell
    target: int  # hundredths of a percent of the fund's net value
    price: Decimal
    rates: Rates
    coming: int = 0  # of open buys
    leaving: int = 0  # of open sales: not in `held`

    @property
    def expected(self) -> int:
        return self.held + self.coming

    @property
    def owned(self) -> int:
        """Now, whatever is ordered."""
        return self.held + self.leaving


@dataclass(frozen=True, slots=True)
class Trade:
    symbol: str
    side: Side
    quantity: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Sales first, in the lines' order."""

    net: Decimal  # won: cash and shares at their prices, with what is on order
    trades: list[Trade]
    spent: Decimal  # won that the buys cost with commission
    wanted: dict[str, int]  # shares at the target, in whole lots


def rebalance(cash: Decimal, lines: Sequence[Line], lot: int = 1) -> Proposal:
    """Raises `ValueError` where the targets are more than the whole."""
    if sum(line.target for line in lines) > PARTS_OF_WHOLE:
        raise ValueError("The targets are more than the whole.")
    worth = ((line.expected + line.leaving) * line.price for line in lines)
    net = cash + sum(worth, Decimal(0))
    wanted = {line.symbol: _shares_at(net, line, lot) for line in lines}
    kept = {line.symbol: _at_least(net, line, lot) for line in lines}
    sales = [
        _trade(line, Side.SELL, min(line.held, line.expected - kept[line.symbol]), lot) for line in lines
    ]
    gaps = {line.symbol: max(0, wanted[line.symbol] - line.expected) // lot for line in lines}
    lots = _affordable(cash, [line for line in lines if gaps[line.symbol]], gaps, lot)
    buys = [_trade(line, Side.BUY, lots.get(line.symbol, 0) * lot, lot) for line in lines]
    trades = [trade for trade in (*sales, *buys) if trade.quantity]
    return Proposal(net, trades, _cost(lines, lots, lot), wanted)


def _shares_at(net: Decimal, line: Line, lot: int) -> int:
    """The most whole lots that are not more than the target."""
    return int(net * line.target / PARTS_OF_WHOLE / line.price) // lot * lot


def _at_least(net: Decimal, line: Line, lot: int) -> int:
    """The fewest whole lots that are not less: what is between the two stays as it is."""
    lots = _shares_at(net, line, lot)
    return lots if lots * line.price * PARTS_OF_WHOLE >= net * line.target else lots + lot


def _trade(line: Line, side: Side, quantity: int, lot: int) -> Trade:
    return Trade(line.symbol, side, max(0, quantity) // lot * lot)


def _affordable(cash: Decimal, lines: Sequence[Line], gaps: dict[str, int], lot: int) -> dict[str, int]:
    """Lots to buy: all gaps where the cash is enough, else a part of each, then what is missed most."""
    whole = _cost(lines, gaps, lot)
    if whole <= cash:
        return {line.symbol: gaps[line.symbol] for line in lines}
    lots = {line.symbol: int(gaps[line.symbol] * max(cash, Decimal(0)) / whole) for line in lines}
    while _cost(lines, lots, lot) > cash and any(lots.values()):
        dearest = max((line for line in lines if lots[line.symbol]), key=lambda line: line.price)
        lots[dearest.symbol] -= 1
    for line in sorted(
        lines, key=lambda line: (gaps[line.symbol] - lots[line.symbol]) * line.price, reverse=True
    ):
        more = lots | {line.symbol: lots[line.symbol] + 1}
        if lots[line.symbol] < gaps[line.symbol] and _cost(lines, more, lot) <= cash:
            lots = more
    return lots


def _cost(lines: Sequence[Line], lots: dict[str, int], lot: int) -> Decimal:
    costs = (
        estimate(Side.BUY, lots[line.symbol] * lot, line.price, line.rates).total
        for line in lines
        if lots.get(line.symbol)
    )
    return sum(costs, Decimal(0))
