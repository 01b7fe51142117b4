"""Every read of offers, of the history, and of how well the source was read."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from ipo.models import Offering, OfferingHistory, RawPage, ScrapeRun, ScrapeSettings
from ipo.models.runs import RunStatus
from lucy import clock

SOURCE = "site38"


def upcoming(today: date | None = None) -> QuerySet[Offering]:
    """Offers of which a day is still to come, the next subscription first."""
    today = today or clock.trade_date()
    ahead = (
        Q(subscription_end__gte=today)
        | Q(payment_on__gte=today)
        | Q(refund_on__gte=today)
        | Q(listing_on__gte=today)
    )
    return Offering.objects.filter(ahead).order_by("subscription_start", "no")


def offerings_between(first: date, last: date) -> QuerySet[Offering]:
    """Offers with a subscription, payment, refund or listing from `first` to `last`, both included."""
    within = Q(subscription_start__lte=last, subscription_end__gte=first)
    for name in ("payment_on", "refund_on", "listing_on"):
        within |= Q(**{f"{name}__gte": first, f"{name}__lte": last})
    return Offering.objects.filter(within).order_by("subscription_start", "no")


def offering(no: int) -> Offering | None:
    return Offering.objects.filter(no=no).first()


def history() -> QuerySet[OfferingHistory]:
    return OfferingHistory.objects.all()


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How well a source is read; `last_good` is the copy that pages show."""

    settings: ScrapeSettings
    last_run: ScrapeRun | None
    last_good: ScrapeRun | None
    age: timedelta | None
    offers: int
    without_detail: int
    missing: int
    raw_pages: int
    oldest_raw: datetime | None
    failed_since: int  # runs in a row that failed

    @property
    def is_stale(self) -> bool:
        return self.age is None or self.age > timedelta(hours=self.settings.stale_hours)

    @property
    def is_well(self) -> bool:
        return not self.is_stale and not self.failed_since and not (self.last_good and self.last_good.refused)


def source_health(source: str = SOURCE) -> SourceHealth:
    settings, _made = ScrapeSettings.objects.get_or_create(source=source)
    runs = ScrapeRun.objects.filter(source=source)
    good = runs.filter(status__in=[RunStatus.DONE, RunStatus.PARTIAL]).exclude(rows=0).first()
    failed = runs.filter(status=RunStatus.FAILED)
    pages = RawPage.objects.order_by("fetched_at").defer("packed")
    oldest = pages.first()
    return SourceHealth(
        settings=settings,
        last_run=runs.first(),
        last_good=good,
        age=clock.now() - good.started_at if good else None,
        offers=Offering.objects.count(),
        without_detail=Offering.objects.filter(detail_at=None).count(),
        missing=Offering.objects.exclude(missing_since=None).count(),
        raw_pages=pages.count(),
        oldest_raw=oldest.fetched_at if oldest else None,
        failed_since=failed.filter(started_at__gt=good.started_at).count() if good else failed.count(),
    )
