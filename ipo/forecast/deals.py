"""Listings as the formulas take them: which rows may teach, which inputs they have, and the day's limits."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ipo.pages import names

Floats = NDArray[np.float64]

WIDER_LIMITS_SINCE: Final = date(2023, 6, 26)
LIMITS: Final = (0.60, 4.00)  # of the offer price, on the listing day
OLDER_LIMITS: Final = (0.63, 2.60)  # opening at 90 % to 200 %, then 30 % either way


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


def within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


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
    multiple = multiple_of(deal)
    lowest, highest = limits_on(deal.listed_on)
    if not lowest - 0.005 <= multiple <= highest + 0.005:  # the limit prices are rounded to ticks
        return f"최고가가 상장일에 있을 수 없는 공모가의 {multiple:.2f}배입니다"
    return ""


def multiple_of(deal: Deal) -> float:
    assert deal.high is not None and deal.offer_price  # noqa: S101, PT018  # usable() has looked
    return float(deal.high) / float(deal.offer_price)


def matrix(deals: Sequence[Deal], formula: str = ORIGINAL) -> tuple[Floats, Floats]:
    """Inputs (a row each) and multiples of usable deals."""
    inputs = FORMULAS[formula]
    rows = [[one.scale(float(getattr(deal, one.name))) for one in inputs] for deal in deals]
    return np.array(rows, float).reshape(len(deals), len(inputs)), np.array([multiple_of(d) for d in deals])
