"""Least squares, with the error of each row by the fit to all others beside that of the plain median."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ipo.forecast.deals import FORMULAS, ORIGINAL, Deal, Floats, matrix

FEWEST_ROWS: Final = 15  # below it three weights describe the rows' accidents (scrapers.md 4.3)
BY_ITSELF: Final = 1e-9  # 1 - leverage below this: the row alone decides a weight


class ForecastError(ValueError):
    """No formula can be made of these rows; `code` for programs, Korean words for people."""

    code = "forecast"


class TooFewRows(ForecastError):
    code = "too_few_rows"


class DependentInputs(ForecastError):
    """An input does not vary, or follows from the others: no weight can be told apart."""

    code = "dependent_inputs"


@dataclass(frozen=True, slots=True)
class Fit:
    """A formula with all that is needed to use it again and to doubt it; errors in multiples of the offer."""

    formula: str
    intercept: float
    coefficients: tuple[float, ...]
    n: int
    r2: float
    sigma: float  # of the residuals, n - p degrees of freedom
    covariance: tuple[tuple[float, ...], ...]  # of intercept and coefficients
    lowest: tuple[float, ...]  # each input's range in the rows, on its own scale
    highest: tuple[float, ...]
    loo_error: float  # mean absolute error of each row by the fit to all others
    loo_rms: float
    median: float  # of the multiples
    median_error: float  # the same two for the plain median of all others
    median_rms: float
    loo_rows: int  # rows that could be left out; one that alone decides a weight cannot
    notes: tuple[str, ...] = field(default=())

    @property
    def freedom(self) -> int:
        return self.n - len(self.coefficients) - 1

    @property
    def beats_median(self) -> bool:
        return self.loo_error < self.median_error


def fit(deals: Sequence[Deal], formula: str = ORIGINAL) -> Fit:
    """Least squares over usable deals; TooFewRows or DependentInputs where there is no honest answer."""
    return fit_arrays(*matrix(deals, formula), formula)


def fit_arrays(x: Floats, y: Floats, formula: str = ORIGINAL) -> Fit:
    n, inputs = x.shape
    if n < max(FEWEST_ROWS, inputs + 3):
        raise TooFewRows(
            f"쓸 수 있는 기록이 {n}건입니다. {max(FEWEST_ROWS, inputs + 3)}건부터 식을 만듭니다."
        )
    q, back, weights = solve(x, y, formula)
    residuals = y - weights[0] - x @ weights[1:]
    spread = float(((y - y.mean()) ** 2).sum())
    left = float(residuals @ residuals)
    variance = left / (n - inputs - 1)
    leverage = (q * q).sum(axis=1)
    alone = 1.0 - leverage < BY_ITSELF
    own = np.abs(residuals[~alone] / (1.0 - leverage[~alone]))
    plain = np.abs(y - medians_of_the_others(y))[~alone]
    notes = (f"{int(alone.sum())}건은 홀로 계수를 정해 교차검증에서 뺐습니다.",) if alone.any() else ()
    return Fit(
        formula=formula,
        intercept=float(weights[0]),
        coefficients=tuple(map(float, weights[1:])),
        n=n,
        r2=1.0 - left / spread if spread > 0 else 0.0,
        sigma=math.sqrt(variance),
        covariance=tuple(tuple(map(float, row)) for row in back @ back.T * variance),
        lowest=tuple(map(float, x.min(axis=0))),
        highest=tuple(map(float, x.max(axis=0))),
        loo_error=float(own.mean()),
        loo_rms=float(np.sqrt((own**2).mean())),
        median=float(np.median(y)),
        median_error=float(plain.mean()),
        median_rms=float(np.sqrt((plain**2).mean())),
        loo_rows=int((~alone).sum()),
        notes=notes,
    )


def solve(x: Floats, y: Floats, formula: str) -> tuple[Floats, Floats, Floats]:
    """An orthonormal basis (its rows' squares are the leverages), the way from there back to the weights,
    and the weights.

    Sales in the thousands beside percents would lose digits; columns of mean 0 and length 1 do not.
    """
    n, inputs = x.shape
    middle = x.mean(axis=0)
    length = np.sqrt(((x - middle) ** 2).sum(axis=0))
    still = length <= 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300) * math.sqrt(n)
    if still.any():
        still_ones = ", ".join(one.label for one, flat in zip(FORMULAS[formula], still, strict=True) if flat)
        raise DependentInputs(f"{still_ones}: 모든 기록에서 값이 같아 계수를 정할 수 없습니다.")
    scaled = (x - middle) / length
    q, r = np.linalg.qr(scaled)
    if np.abs(np.diag(r)).min() < 1e-10:
        last = FORMULAS[formula][int(np.abs(np.diag(r)).argmin())].label
        raise DependentInputs(f"{last}: 다른 항목에서 그대로 계산되는 값이라 계수를 정할 수 없습니다.")
    inverse = np.linalg.inv(r) / length[:, None]
    whole = np.column_stack([np.full(n, 1 / math.sqrt(n)), q])
    back = np.zeros((inputs + 1, inputs + 1))
    back[0, 0] = 1 / math.sqrt(n)
    back[0, 1:] = -middle @ inverse
    back[1:, 1:] = inverse
    return whole, back, back @ (whole.T @ y)


def medians_of_the_others(y: Floats) -> Floats:
    """For each row the median of all but it, without sorting again."""
    order = np.argsort(y, kind="stable")
    ranked = y[order]
    n = len(y)
    rank = np.arange(n)
    high = (n - 1) // 2
    low = (n - 2) // 2
    others = np.empty(n)
    others[order] = (ranked[low + (rank <= low)] + ranked[high + (rank <= high)]) / 2
    return others
