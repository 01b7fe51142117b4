"""How whole shares and whole won come out of parts that are not whole: pure, exact, and proven.

**The ideal share.** Parties have weights w (positive integers) and perhaps caps c. Of h lots the ideal share
of party i is x_i(h) = min(c_i, t·w_i), with the level t such that the x_i sum to h: in proportion, and what a
capped party cannot take flows to the others in proportion. Every x_i grows with h.

**The quota method** (`Quota`). Lots are given out one after the other, and never taken back. The j-th lot
of party i may be given from the first h with x_i(h) > j - 1 on, and must be given by the first h with
x_i(h) >= j; among the lots that may be given, the one with the nearest deadline is. For every h:

1. *The parts sum to the whole*: each step gives one lot. (There always is one to give: were all lots that may
   be given at step h given already, the parts would sum to the sum of the ceilings of x_i(h), and so to h.)
2. *Each party has the floor or the ceiling of its ideal share.* Not more than the ceiling, because no lot is
   given before x_i(h) > j - 1. Not less than the floor, because no deadline is missed: to give the part
   x_i(h) - x_i(h-1) of step h to party i is a timetable in fractions that keeps every release and deadline;
   steps and lots form a bipartite graph, so a timetable in whole lots exists as well; and for jobs of one
   step with whole releases and deadlines "earliest deadline first" finds one whenever one exists.
3. *No party loses a lot when h grows* (house monotone): by construction.
4. *Parties with equal weights and caps differ by at most one lot*: they have the same floor and ceiling.
5. *Caps are kept*: the ceiling of x_i(h) <= c_i is not above c_i. *Lots are kept*: `shares` hands out whole
   lots; only the lot that is being filled may be broken, and belongs to the party that gets it next.

The quota method of Balinski and Young (1975) is the same without caps, with the deadline as a real number.
Without caps the timetable repeats after W = the sum of weights, where the ideal shares are whole: a question
about h lots costs O(W), once, and O(parties) from then on.

**The largest remainder** (`largest_remainder`) has 1, 2, 4 and 5 at each h, but not 3: with one more lot a
party may end up with one less (the Alabama paradox). It is therefore offered for splitting an order only,
never for fills; and it is what divides *won*: an average price moves, so amounts are divided anew, exactly.
"""

import heapq
import threading
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import gcd

from brokers.blocks.terms import Rounding

CHECKPOINT_EVERY = 4096  # lots; memory against time for questions that go back


@dataclass(frozen=True, slots=True)
class Party:
    """One taker of shares: its weight, and the most lots it may get (None: no bound)."""

    weight: int
    cap: int | None = None

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError("A weight is a positive whole number.")
        if self.cap is not None and self.cap < 0:
            raise ValueError("A cap is not negative.")


def most_lots(parties: Sequence[Party]) -> int | None:
    """How many lots all parties together may get; None where one has no cap."""
    caps = [party.cap for party in parties]
    return sum(cap for cap in caps if cap is not None) if None not in caps else None


def ideal_shares(parties: Sequence[Party], lots: int) -> list[Fraction]:
    """x_i(lots), exactly; when all caps together are less, the caps."""
    level = _Level(parties).at(lots)
    return [
        Fraction(party.cap)
        if party.cap is not None and (level is None or party.cap <= level * party.weight)
        else (level or Fraction(0)) * party.weight
        for party in parties
    ]


class _Level:
    """The level t(h) and its inverse h(t), in pieces between the levels at which caps begin to bind."""

    def __init__(self, parties: Sequence[Party]) -> None:
        capped = sorted((Fraction(p.cap, p.weight), p.cap, p.weight) for p in parties if p.cap is not None)
        self.bends = [level for level, _, _ in capped]
        self.taken = [0]  # lots of the parties whose caps bind, per piece
        self.weight = [sum(party.weight for party in parties)]  # of the others
        for _, cap, weight in capped:
            self.taken.append(self.taken[-1] + cap)
            self.weight.append(self.weight[-1] - weight)
        self.reach = [
            taken + level * weight
            for level, taken, weight in zip(self.bends, self.taken, self.weight, strict=False)
        ]

    def at(self, lots: int) -> Fraction | None:
        """None when every cap binds."""
        piece = bisect_right(self.reach, lots)
        if not self.weight[piece]:
            return None
        return Fraction(lots - self.taken[piece], self.weight[piece])

    def lots_at(self, share: int, weight: int) -> tuple[int, int]:
        """Floor and ceiling of h at which a party of this weight has this ideal share."""
        piece = bisect_right(self.bends, Fraction(share, weight)) if self.bends else 0
        whole, rest = divmod(share * self.weight[piece], weight)
        return self.taken[piece] + whole, self.taken[piece] + whole + (rest > 0)


@dataclass(slots=True)
class _Timetable:
    """Who gets each lot, worked out as far as it was asked for."""

    parties: tuple[Party, ...]
    level: _Level
    winners: "array[int]" = field(default_factory=lambda: array("H"))
    counts: list[int] = field(default_factory=list)  # lots given so far, per party
    checkpoints: list[tuple[int, ...]] = field(default_factory=list)
    _ready: list[tuple[int, int]] = field(default_factory=list)  # deadline, party
    _later: list[tuple[int, int]] = field(default_factory=list)  # release, party
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        self.counts = [0] * len(self.parties)
        self.checkpoints = [tuple(self.counts)]
        for index in range(len(self.parties)):
            self._queue(index)

    def counts_at(self, lots: int) -> list[int]:
        self._work_until(lots)
        place, rest = divmod(lots, CHECKPOINT_EVERY)
        counts = list(self.checkpoints[place])
        for winner in self.winners[lots - rest : lots]:
            counts[winner] += 1
        return counts

    def winner_of(self, lot: int) -> int:
        self._work_until(lot + 1)
        return self.winners[lot]

    def _work_until(self, lots: int) -> None:
        with self._lock:
            while len(self.winners) < lots:
                self._give()
                if len(self.winners) % CHECKPOINT_EVERY == 0:
                    self.checkpoints.append(tuple(self.counts))

    def _give(self) -> None:
        step = len(self.winners) + 1
        while self._later and self._later[0][0] <= step:
            _, index = heapq.heappop(self._later)
            _, due = self.level.lots_at(self.counts[index] + 1, self.parties[index].weight)
            heapq.heappush(self._ready, (due, index))
        _, winner = heapq.heappop(self._ready)
        self.winners.append(winner)
        self.counts[winner] += 1
        self._queue(winner)

    def _queue(self, index: int) -> None:
        party, given = self.parties[index], self.counts[index]
        if party.cap is None or given < party.cap:
            before, _ = self.level.lots_at(given, party.weight)
            heapq.heappush(self._later, (before + 1, index))


class Quota:
    """The quota method over the same parties, for any number of lots."""

    def __init__(self, parties: Sequence[Party]) -> None:
        self.parties = tuple(parties)
        self.most = most_lots(self.parties)
        self.period = sum(p.weight for p in self.parties) if all(p.cap is None for p in self.parties) else 0
        self._timetable = _Timetable(self.parties, _Level(self.parties))
        self._timetable.begin()

    def lots(self, lots: int) -> list[int]:
        """Each party's lots when `lots` have been given; never more than all caps allow."""
        wanted = lots if self.most is None else min(lots, self.most)
        rounds, rest = divmod(wanted, self.period) if self.period else (0, wanted)
        counts = self._timetable.counts_at(rest)
        return [count + rounds * party.weight for count, party in zip(counts, self.parties, strict=True)]

    def shares(self, shares: int, lot: int = 1) -> list[int]:
        """Each party's shares of `shares`: whole lots, and the lot being filled at the party that gets it.

        What is beyond all caps (a broker's fill past the order) goes to the last party that got a lot: the
        parts still sum to the whole.
        """
        whole = shares // lot
        given = [count * lot for count in self.lots(whole)]
        if rest := shares - sum(given):
            given[self._next(whole)] += rest
        return given

    def _next(self, lot: int) -> int:
        """The party that gets the lot with this index, counted from 0."""
        if self.most is not None and lot >= self.most:
            return self._timetable.winner_of(self.most - 1) if self.most else 0
        return self._timetable.winner_of(lot % self.period if self.period else lot)


@lru_cache(maxsize=256)
def quota_of(parties: tuple[Party, ...]) -> Quota:
    """The method for these parties, with what it has worked out before; weights are taken in lowest terms."""
    common = gcd(*(party.weight for party in parties))
    return Quota([Party(party.weight // common, party.cap) for party in parties])


def largest_remainder(parties: Sequence[Party], lots: int) -> list[int]:
    """Floors of the ideal shares; what is left over to the largest remainders, ties in the plan's order."""
    ideals = ideal_shares(parties, lots)
    given = [int(ideal) for ideal in ideals]
    left = min(lots, sum(ideals, Fraction(0)).__floor__()) - sum(given)
    ranked = sorted(range(len(parties)), key=lambda index: (given[index] - ideals[index], index))
    for index in ranked[:left]:
        given[index] += 1
    return given


def rounded_down(parties: Sequence[Party], lots: int) -> list[int]:
    """Floors of the ideal shares; what is not whole is left over."""
    return [int(ideal) for ideal in ideal_shares(parties, lots)]


def split(rounding: Rounding, parties: Sequence[Party], shares: int, lot: int = 1) -> list[int]:
    """An order's shares over the parties in whole lots; what no rule can place is left over.

    Caps in shares: a cap that is no whole number of lots counts for the lots that fit into it.
    """
    inside = tuple(Party(party.weight, None if party.cap is None else party.cap // lot) for party in parties)
    lots = shares // lot
    match rounding:
        case Rounding.QUOTA:
            given = quota_of(inside).lots(lots)
        case Rounding.LARGEST_REMAINDER:
            given = largest_remainder(inside, lots)
        case Rounding.DOWN:
            given = rounded_down(inside, lots)
    return [count * lot for count in given]


def divide_won(won: int, weights: Sequence[int]) -> list[int]:
    """Whole won in proportion to the weights: exact in sum, each within one won of its part."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    sign, size = (-1, -won) if won < 0 else (1, won)
    given = [size * weight // whole for weight in weights]
    rests = [size * weight % whole for weight in weights]
    ranked = sorted(range(len(weights)), key=lambda index: (-rests[index], index))
    for index in ranked[: size - sum(given)]:
        given[index] += 1
    return [sign * part for part in given]
