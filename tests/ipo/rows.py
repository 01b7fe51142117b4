"""Rows for tests: each `make_…` gives one that is complete, `changes` say what the test is about."""

import itertools
import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ipo.models import Offering, OfferingHistory
from lucy import clock

_numbers = itertools.count(2300)


def make_offering(**changes: Any) -> Offering:
    """An ordinary offer: price and competition told, subscription tomorrow, listing in two weeks."""
    no = next(_numbers)
    today = clock.trade_date()
    values: dict[str, Any] = {
        "no": no,
        "name": f"회사{no}",
        "code": f"{no:06d}",
        "market": "코스닥",
        "progress": "공모주",
        "industry": "반도체 제조용 기계 제조업",
        "homepage": "https://company.invalid/",
        "subscription_start": today + timedelta(days=1),
        "subscription_end": today + timedelta(days=2),
        "payment_on": today + timedelta(days=6),
        "refund_on": today + timedelta(days=6),
        "listing_on": today + timedelta(days=14),
        "offer_price": 10_000,
        "band_low": 8_000,
        "band_high": 10_000,
        "par_value": 500,
        "shares": 2_000_000,
        "sales_million": Decimal(14_877),
        "net_income_million": Decimal(-2_898),
        "institution_ratio": Decimal("1238.00"),
        "lockup_percent": Decimal("6.92"),
        "underwriters": [
            {"name": "KB증권", "limit_low": 16_000, "limit_high": 20_000, "unit": "주", "role": "대표"},
            {"name": "IBK투자증권", "limit_low": None, "limit_high": None, "unit": "주", "role": "인수"},
        ],
        "underwriter_names": "KB증권,IBK투자증권",
        "listed_at": clock.now(),
        "detail_at": clock.now(),
    }
    return Offering.objects.create(**values | changes)


def make_spac(**changes: Any) -> Offering:
    values = {
        "name": "신한스팩99호",
        "is_spac": True,
        "offer_price": 2_000,
        "sales_million": None,
        "net_income_million": None,
        "lockup_percent": Decimal(0),
        "underwriters": [],
        "underwriter_names": "신한투자증권",
    }
    return make_offering(**values | changes)


def make_history(**changes: Any) -> OfferingHistory:
    no = next(_numbers)
    values: dict[str, Any] = {
        "company": f"기록{no}",
        "code": f"{no:06d}",
        "offer_price": 10_000,
        "sales_eok": Decimal("148.77"),
        "net_income_eok": Decimal("-28.98"),
        "institution_ratio": Decimal("1238.00"),
        "lockup_percent": Decimal("6.92"),
        "first_day_high": 21_000,
        "listing_on": date(2026, 3, 31),
    }
    return OfferingHistory.objects.create(**values | changes)


def make_listings(count: int = 40) -> list[OfferingHistory]:
    """Listings whose multiples follow from their inputs, a little shaken; one a week since January 2025."""
    rows = []
    for i in range(count):
        ratio, lockup, sales = 60 + (i * 397) % 1400, (i * 7) % 61, 20 + (i * 53) % 900
        multiple = min(max(0.7 + ratio * 0.0012 + lockup * 0.012 + 0.2 * math.sin(i * 2.3), 0.6), 4.0)
        rows.append(
            make_history(
                institution_ratio=Decimal(ratio),
                lockup_percent=Decimal(lockup),
                sales_eok=Decimal(sales),
                first_day_high=round(10_000 * multiple, -1),
                listing_on=date(2025, 1, 3) + timedelta(weeks=i),
            )
        )
    return rows
