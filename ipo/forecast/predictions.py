"""What a formula says of a listing to come: the number, its interval, or why there is none."""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

import numpy as np

from ipo.forecast.deals import FORMULAS, Deal, kept_apart, limits_on, missing_inputs, within
from ipo.forecast.fitting import Fit

CONFIDENCE: Final = 0.90


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
    shown, low, high = (within(value, bounds) for value in (multiple, multiple - reach, multiple + reach))
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
