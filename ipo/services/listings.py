"""Listings into the history by themselves: what the source told before, and the broker's high of the day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.db import IntegrityError

from brokers.adapters.base import Period
from brokers.models import BrokerAccount
from brokers.services.desk import candles
from ipo.models import Offering, OfferingHistory
from ipo.services.history import odd_values
from lucy import clock
from lucy.clock import KST
from lucy.errors import LucyError

DAYS_BACK: Final = 400
AT_ONCE: Final = 60  # days asked of a broker in one go: orders come first there
KNOWN: Final = ("sales_eok", "net_income_eok", "institution_ratio", "lockup_percent")


@dataclass(frozen=True, slots=True)
class Filled:
    added: int  # rows for new listings
    highs: int  # that the broker told
    lacking: int  # rows whose high nobody told yet


def fill_history(account: BrokerAccount | None) -> Filled:
    """Add what has listed since, then the highs that are missing; nothing that is there changes."""
    added = sum(_add(offering) for offering in _newly_listed())
    highs = fill_highs(account) if account else 0
    return Filled(added, highs, OfferingHistory.objects.filter(first_day_high=None).count())


def _newly_listed() -> Iterator[Offering]:
    """Ordinary offers that listed before today and are not in the history."""
    today = clock.trade_date()
    known = set(OfferingHistory.objects.values_list("key", flat=True))
    names = {
        OfferingHistory.key_of("", name) for name in OfferingHistory.objects.values_list("company", flat=True)
    }
    listed = Offering.objects.filter(
        listing_on__lt=today,
        listing_on__gte=today - timedelta(days=DAYS_BACK),
        offer_price__isnull=False,
        is_spac=False,
        is_reit=False,
        is_foreign=False,
    )
    for offering in listed.defer("sections"):
        own = {OfferingHistory.key_of(offering.code, offering.name)} & known
        if not own and OfferingHistory.key_of("", offering.name) not in names:
            yield offering


def _add(offering: Offering) -> bool:
    figures = {name: getattr(offering, name) for name in KNOWN}
    if offering.institution_ratio is None:
        figures["lockup_percent"] = None  # the source shows 0 where it knows nothing
    try:
        OfferingHistory.objects.create(
            company=offering.name,
            code=offering.code,
            offer_price=offering.offer_price or Decimal(0),
            listing_on=offering.listing_on,
            note="38커뮤니케이션에서 옮김",
            **figures,
        )
    except IntegrityError:
        return False  # someone was quicker
    return True


def fill_highs(account: BrokerAccount) -> int:
    """The listing day's high of each row that lacks it, as it was paid that day, not adjusted for splits."""
    lacking = OfferingHistory.objects.filter(first_day_high=None, listing_on__lt=clock.trade_date())
    rows = lacking.exclude(code="").order_by("-listing_on")[:AT_ONCE]
    return sum(_fill(row, account) for row in rows)


def _fill(row: OfferingHistory, account: BrokerAccount) -> bool:
    if row.listing_on is None:
        return False
    try:
        found = candles(account, row.code, Period.DAY, row.listing_on, row.listing_on, adjusted=False)
    except LucyError as silence:
        if silence.code == "broker_refused":  # it does not know this issue or that day
            return False
        raise
    row.first_day_high = next(
        (one.high for one in found if one.at.astimezone(KST).date() == row.listing_on), None
    )
    if row.first_day_high is None or list(odd_values(row)):
        return False  # a price outside the day's limits is another day's, or adjusted after all
    empty = OfferingHistory.objects.filter(pk=row.pk, first_day_high=None)
    return empty.update(first_day_high=row.first_day_high) == 1


def any_account() -> BrokerAccount | None:
    return BrokerAccount.objects.filter(paused=False).exclude(app_key="").first()
