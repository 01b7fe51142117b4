"""Rows as the pure forecast takes them, the formula in use, and what became of what it said."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ipo.forecast import Deal
from ipo.models import Forecast, ForecastModel, Offering, OfferingHistory
from lucy import clock


def deal_of_history(row: OfferingHistory) -> Deal:
    return Deal(
        name=row.company,
        offer_price=_number(row.offer_price),
        sales=_number(row.sales_eok),
        competition=_number(row.institution_ratio),
        lock_up=_number(row.lockup_percent),
        high=_number(row.first_day_high),
        listed_on=row.listing_on,
        code=row.code,
        key=row.key,
    )


def deal_of_offering(offering: Offering) -> Deal:
    return Deal(
        name=offering.name,
        offer_price=_number(offering.offer_price),
        sales=_number(offering.sales_eok),
        competition=_number(offering.institution_ratio),
        # Before the result is out the source shows a lock-up of 0 that means nothing yet.
        lock_up=_number(offering.lockup_percent) if offering.institution_ratio is not None else None,
        listed_on=offering.listing_on,
        code=offering.code,
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def formula_in_use() -> ForecastModel | None:
    return ForecastModel.objects.filter(in_use=True).defer("rows", "left_out").first()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The last forecast before a listing beside the day's high."""

    told: Forecast
    high: Decimal

    @property
    def multiple(self) -> float:
        return float(self.high / self.told.offer_price)

    @property
    def miss(self) -> float:
        return self.told.multiple - self.multiple

    @property
    def inside(self) -> bool:
        return self.told.low_price <= self.high <= self.told.high_price

    @property
    def median_miss(self) -> float:
        return self.told.model.median - self.multiple


@dataclass(frozen=True, slots=True)
class Score:
    """Mean absolute misses, and how often the day's high fell into the interval."""

    n: int
    error: float
    median_error: float
    inside: int


def comparisons() -> list[Comparison]:
    """Newest listing first; a forecast made on the listing day or later is none."""
    today = clock.trade_date()
    last: dict[Any, Forecast] = {}
    told = Forecast.objects.select_related("offering", "model").order_by("at", "pk")
    for one in told:
        listing = one.offering.listing_on
        if listing and listing <= today and one.at < clock.day_start(listing):
            last[one.offering_id] = one
    highs = _highs()
    found = []
    for one in last.values():
        high = highs.get(one.offering.code or "-") or highs.get(OfferingHistory.key_of("", one.offering.name))
        if high is not None:
            found.append(Comparison(one, high))
    return sorted(found, key=lambda each: each.told.offering.listing_on or date.min, reverse=True)


def _highs() -> dict[str, Decimal]:
    """The listing day's high by code and by name."""
    found: dict[str, Decimal] = {}
    for row in OfferingHistory.objects.filter(first_day_high__isnull=False):
        high = Decimal(row.first_day_high or 0)
        found[row.key] = high
        found.setdefault(OfferingHistory.key_of("", row.company), high)
    return found


def score(rows: list[Comparison]) -> Score | None:
    if not rows:
        return None
    n = len(rows)
    return Score(
        n,
        sum(abs(one.miss) for one in rows) / n,
        sum(abs(one.median_miss) for one in rows) / n,
        sum(one.inside for one in rows),
    )


def formulas() -> list[ForecastModel]:
    return list(ForecastModel.objects.select_related("author").defer("rows")[:30])


def reasons(model: ForecastModel) -> list[tuple[str, int]]:
    """Why rows were left out of a fit, and how many for each reason, most first."""
    counted: dict[str, int] = {}
    for one in model.left_out:
        why = "상장일에 있을 수 없는 최고가" if "있을 수 없는" in one["why"] else one["why"]
        counted[why] = counted.get(why, 0) + 1
    return sorted(counted.items(), key=lambda pair: -pair[1])


def forecasts_of(offering: Offering) -> list[Forecast]:
    """What was said of it, newest first."""
    return list(Forecast.objects.filter(offering=offering).select_related("model")[:20])
