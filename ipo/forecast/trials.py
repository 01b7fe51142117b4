"""Which formula: each is tried in the order of time, and the original stays unless another has won."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from ipo.forecast.deals import FORMULAS, ORIGINAL, Deal, Floats, limits_on, matrix, multiple_of, within
from ipo.forecast.fitting import FEWEST_ROWS, DependentInputs, solve

FEWEST_TRIALS: Final = 10  # forecasts of later listings before two formulas are compared


@dataclass(frozen=True, slots=True)
class Trial:
    """Forecasts in the order of time: each listing by a fit to the earlier ones only."""

    formula: str
    n: int
    error: float  # mean absolute, in multiples
    original_error: float  # of the original formula, over the same listings
    median_error: float  # of the earlier ones' median
    wins: bool  # better than the original by more than chance explains


def trials(deals: Sequence[Deal]) -> list[Trial]:
    """Every formula tried out of time, over the listings that all of them forecast; none below ten."""
    dated = sorted((deal for deal in deals if deal.listed_on), key=_order)
    if len(dated) < FEWEST_ROWS:
        return []
    days = [deal.listed_on or date.min for deal in dated]
    known = [bisect_left(days, day) for day in days]  # how many had listed before each one's day
    misses = {formula: misses_of(dated, known, formula) for formula in FORMULAS}
    told = [i for i in range(len(dated)) if all(i in one for one in misses.values())]
    if len(told) < FEWEST_TRIALS:
        return []
    y = np.array([multiple_of(deal) for deal in dated])
    plain = np.array([abs(y[i] - float(np.median(y[: known[i]]))) for i in told])
    errors = {formula: np.array([one[i] for i in told]) for formula, one in misses.items()}
    return [_trial(formula, errors[formula], errors[ORIGINAL], plain) for formula in FORMULAS]


def _order(deal: Deal) -> tuple[date, str]:
    return deal.listed_on or date.min, deal.name


def _trial(formula: str, errors: Floats, original: Floats, plain: Floats) -> Trial:
    gain = original - errors
    doubt = float(gain.std(ddof=1)) / math.sqrt(len(gain))
    better = float(gain.mean()) > 2 * doubt and float(errors.mean()) < float(plain.mean())
    return Trial(
        formula=formula,
        n=len(errors),
        error=float(errors.mean()),
        original_error=float(original.mean()),
        median_error=float(plain.mean()),
        wins=formula != ORIGINAL and better,
    )


def misses_of(dated: Sequence[Deal], known: Sequence[int], formula: str) -> dict[int, float]:
    """Index -> how far the forecast from the listings before that day was off."""
    x, y = matrix(dated, formula)
    off: dict[int, float] = {}
    for i, deal in enumerate(dated):
        if known[i] < FEWEST_ROWS:
            continue
        try:
            _, _, weights = solve(x[: known[i]], y[: known[i]], formula)
        except DependentInputs:
            continue
        multiple = within(float(weights[0] + x[i] @ weights[1:]), limits_on(deal.listed_on))
        off[i] = abs(float(y[i]) - multiple)
    return off


def choose(tried: Sequence[Trial]) -> str:
    """The original, unless another has won out of time."""
    winners = [one for one in tried if one.wins]
    return min(winners, key=lambda one: one.error).formula if winners else ORIGINAL
