"""The listing day's high as a multiple of the offer price: least squares on what is known before listing.

The original's formula (seeds 4.3.2): sales, institutional competition and lock-up, each with a weight of its
own. Arrays in, frozen results out; a formula is a row of numbers beside the names of its inputs, never text
that is evaluated. Everything that could flatter a forecast stands beside it: its error on rows it has not
seen, the same of the plain median, and the interval.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ipo.pages import names

Floats = NDArray[np.float64]

FEWEST_ROWS: Final = 15  # below it three weights describe the rows' accidents (scrapers.md 4.3)
CONFIDENCE: Final = 0.90
WIDER_LIMITS_SINCE: Final = date(2023, 6, 26)
LIMITS: Final = (0.60, 4.00)  # of the offer price, on the listing day
OLDER_LIMITS: Final = (0.63, 2.60)  # opening at 90 % to 200 %, then 30 % either way
FEWEST_TRIALS: Final = 10  # forecasts of later listings before two formulas are compared
BY_ITSELF: Final = 1e-9  # 1 - leverage below this: the row alone decides a weight


class ForecastError(ValueError):
    """No formula can be made of these rows; `code` for programs, Korean words for people."""

    code = "forecast"


class TooFewRows(ForecastError):
    code = "too_few_rows"


class DependentInputs(ForecastError):
    """An input does not vary, or follows from the others: no weight can be told apart."""

    code = "dependent_inputs"


# --- listings -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deal:
    """A listing, past or to come; None is what nobody has told."""

    name: str
    offer_price: float | None
    sales: float | None = None  # 억원
    competition: float | None = None  # of institutions, the x of x:1
    lock_up: float | None = None  # percent
    high: float | None = None  # won, the highest of the listing day
    listed_on: date | None = None
    code: str = ""
    key: str = ""  # the caller's own


def kept_apart(name: str, code: str = "") -> str:
    """Why such an issue stays out of the formula; empty for an ordinary company's shares."""
    if names.is_spac(name):
        return "스팩(기업인수목적회사)은 매출이 없어 예측하지 않습니다"
    if names.is_reit(name):
        return "리츠·인프라 펀드는 가격이 다르게 정해져 예측하지 않습니다"
    if code.startswith("9"):
        return "외국기업은 예측하지 않습니다"
    return ""


def limits_on(day: date | None) -> tuple[float, float]:
    """The listing day's lowest and highest multiple of the offer; a day not yet known is to come."""
    return OLDER_LIMITS if day and day < WIDER_LIMITS_SINCE else LIMITS


# --- formulas -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Input:
    name: str  # the attribute of Deal
    label: str
    unit: str
    scale: Callable[[float], float]
    logarithm: bool = False

    @property
    def words(self) -> str:
        plain = f"{self.label}({self.unit})"
        return f"ln(1+{plain})" if self.logarithm else plain


def _log(value: float) -> float:
    return math.log1p(max(value, 0.0))


SALES = Input("sales", "매출액", "억원", float)
COMPETITION = Input("competition", "기관경쟁률", "배", float)
LOCK_UP = Input("lock_up", "의무보유확약", "%", float)
LOG_SALES = Input("sales", "매출액", "억원", _log, logarithm=True)
LOG_COMPETITION = Input("competition", "기관경쟁률", "배", _log, logarithm=True)

ORIGINAL: Final = "original"
FORMULAS: Final[dict[str, tuple[Input, ...]]] = {
    ORIGINAL: (SALES, COMPETITION, LOCK_UP),
    "logarithm": (LOG_SALES, LOG_COMPETITION, LOCK_UP),
    "without_sales": (COMPETITION, LOCK_UP),
}
FORMULA_NAMES: Final = {
    ORIGINAL: "기본식 (매출액·기관경쟁률·의무보유확약)",
    "logarithm": "로그식 (매출액과 기관경쟁률의 로그, 의무보유확약)",
    "without_sales": "매출액 없는 식 (기관경쟁률·의무보유확약)",
}


def missing_inputs(deal: Deal, formula: str = ORIGINAL) -> tuple[str, ...]:
    """Labels of what the formula needs and the listing lacks, the offer price included."""
    wanted = [("확정공모가", deal.offer_price or None)]
    wanted += [(one.label, getattr(deal, one.name)) for one in FORMULAS[formula]]
    return tuple(label for label, value in wanted if value is None or not math.isfinite(value))


@dataclass(frozen=True, slots=True)
class LeftOut:
    deal: Deal
    why: str


def usable(deals: Iterable[Deal], formula: str = ORIGINAL) -> tuple[list[Deal], list[LeftOut]]:
    """The rows a formula may learn from, and the others with the reason.

    Rows of the narrower limits (before 2023-06-26) would teach a ceiling that is gone; a row without a day
    counts as of today's rules.
    """
    good: list[Deal] = []
    out: list[LeftOut] = []
    for deal in deals:
        why = _unusable(deal, formula)
        if why:
            out.append(LeftOut(deal, why))
        else:
            good.append(deal)
    return good, out


def _unusable(deal: Deal, formula: str) -> str:
    if why := kept_apart(deal.name, deal.code):
        return why
    if deal.listed_on and deal.listed_on < WIDER_LIMITS_SINCE:
        return "가격제한폭이 달랐던 2023-06-26 전의 상장입니다"
    lacking = missing_inputs(deal, formula)
    if deal.high is None or not math.isfinite(deal.high) or deal.high <= 0:
        lacking += ("상장일 최고가",)
    if lacking:
        return f"{', '.join(lacking)} 없음"
    multiple = _multiple(deal)
    lowest, highest = limits_on(deal.listed_on)
    if not lowest - 0.005 <= multiple <= highest + 0.005:  # the limit prices are rounded to ticks
        return f"최고가가 상장일에 있을 수 없는 공모가의 {multiple:.2f}배입니다"
    return ""


def _multiple(deal: Deal) -> float:
    assert deal.high is not None and deal.offer_price  # noqa: S101, PT018  # usable() has looked
    return float(deal.high) / float(deal.offer_price)


def matrix(deals: Sequence[Deal], formula: str = ORIGINAL) -> tuple[Floats, Floats]:
    """Inputs (a row each) and multiples of usable deals."""
    inputs = FORMULAS[formula]
    rows = [[one.scale(float(getattr(deal, one.name))) for one in inputs] for deal in deals]
    return np.array(rows, float).reshape(len(deals), len(inputs)), np.array([_multiple(d) for d in deals])


# --- least squares ------------------------------------------------------------------------------------------


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
    q, back, weights = _solve(x, y, formula)
    residuals = y - weights[0] - x @ weights[1:]
    spread = float(((y - y.mean()) ** 2).sum())
    left = float(residuals @ residuals)
    variance = left / (n - inputs - 1)
    leverage = (q * q).sum(axis=1)
    alone = 1.0 - leverage < BY_ITSELF
    own = np.abs(residuals[~alone] / (1.0 - leverage[~alone]))
    plain = np.abs(y - _medians_of_the_others(y))[~alone]
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


def _solve(x: Floats, y: Floats, formula: str) -> tuple[Floats, Floats, Floats]:
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


def _medians_of_the_others(y: Floats) -> Floats:
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


# --- forecasts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prediction:
    """Multiples of the offer, within the listing day's limits, and the same in won."""

    multiple: float
    low: float
    high: float
    price: int
    low_price: int
    high_price: int
    clipped: bool  # the limits cut the number itself
    beyond: tuple[str, ...]  # inputs outside what the formula has seen


@dataclass(frozen=True, slots=True)
class NoPrediction:
    why: str
    missing: tuple[str, ...] = ()


def predict(model: Fit, deal: Deal) -> Prediction | NoPrediction:
    """The number with its 90 % interval, or what is missing for one."""
    if why := kept_apart(deal.name, deal.code):
        return NoPrediction(why)
    if lacking := missing_inputs(deal, model.formula):
        return NoPrediction(f"아직 나오지 않은 것: {', '.join(lacking)}", lacking)
    inputs = FORMULAS[model.formula]
    point = np.array([1.0] + [one.scale(float(getattr(deal, one.name))) for one in inputs])
    multiple = float(point @ np.array([model.intercept, *model.coefficients]))
    doubt = model.sigma**2 + float(point @ np.array(model.covariance) @ point)
    reach = student_quantile((1 + CONFIDENCE) / 2, model.freedom) * math.sqrt(doubt)
    bounds = limits_on(deal.listed_on)
    shown, low, high = (_within(value, bounds) for value in (multiple, multiple - reach, multiple + reach))
    offer = float(deal.offer_price or 0)
    ranges = zip(inputs, point[1:], model.lowest, model.highest, strict=True)
    return Prediction(
        multiple=shown,
        low=low,
        high=high,
        price=round(offer * shown),
        low_price=round(offer * low),
        high_price=round(offer * high),
        clipped=shown != multiple,
        beyond=tuple(one.label for one, value, least, most in ranges if not least <= value <= most),
    )


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


@lru_cache(maxsize=64)
def student_quantile(probability: float, freedom: int) -> float:
    """Student's t at a probability above one half; t = √freedom · tan θ makes the integral a smooth one."""
    nodes, weights = np.polynomial.legendre.leggauss(200)

    def area(angle: float) -> float:  # the density's, from 0 to this angle
        return float((np.cos((nodes + 1) * angle / 2) ** (freedom - 1)) @ weights) * angle / 2

    half = math.exp(math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2)) * math.sqrt(math.pi) / 2
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if area(middle) / half < 2 * probability - 1 else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def in_words(model: Fit) -> str:
    """The formula as a Korean sentence."""
    parts = [_plain(model.intercept)]
    for one, weight in zip(FORMULAS[model.formula], model.coefficients, strict=True):
        parts.append(f"{'＋' if weight >= 0 else '－'} {one.words} × {_plain(abs(weight))}")
    return f"예상 배수 = {' '.join(parts)}. 예상 최고가 = 확정공모가 × 예상 배수 (공모가의 60%~400% 안)"


def _plain(value: float) -> str:
    """Four digits that matter, without an exponent."""
    return f"{Decimal(f'{value:.4g}'):f}"


# --- which formula ------------------------------------------------------------------------------------------


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
    misses = {formula: _misses(dated, known, formula) for formula in FORMULAS}
    told = [i for i in range(len(dated)) if all(i in one for one in misses.values())]
    if len(told) < FEWEST_TRIALS:
        return []
    y = np.array([_multiple(deal) for deal in dated])
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


def _misses(dated: Sequence[Deal], known: Sequence[int], formula: str) -> dict[int, float]:
    """Index -> how far the forecast from the listings before that day was off."""
    x, y = matrix(dated, formula)
    off: dict[int, float] = {}
    for i, deal in enumerate(dated):
        if known[i] < FEWEST_ROWS:
            continue
        try:
            _, _, weights = _solve(x[: known[i]], y[: known[i]], formula)
        except DependentInputs:
            continue
        multiple = _within(float(weights[0] + x[i] @ weights[1:]), limits_on(deal.listed_on))
        off[i] = abs(float(y[i]) - multiple)
    return off


def choose(tried: Sequence[Trial]) -> str:
    """The original, unless another has won out of time."""
    winners = [one for one in tried if one.wins]
    return min(winners, key=lambda one: one.error).formula if winners else ORIGINAL
