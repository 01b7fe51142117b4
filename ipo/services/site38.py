"""The job `site38_work`: read 38커뮤니케이션's lists and offers' own pages, keep the pages, save the rows.

A calendar that is not what it was ends the run and leaves every stored row as it is; any other page that
cannot be read is recorded with its reason, and the rest go on.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.urls import reverse

from brokers.models import UserNoticeKind
from brokers.services.notices import notify_staff
from ipo.models import Offering, RawPage, RunStatus, ScrapeRun, ScrapeSettings
from ipo.pages.addresses import CALENDAR, LISTINGS, RESULTS, SCHEDULE, detail_path, list_path
from ipo.pages.calendar import CalendarRow, parse_calendar
from ipo.pages.detail import parse_detail
from ipo.pages.forecasts import parse_forecast_results, parse_forecast_schedule
from ipo.pages.listings import parse_listings
from ipo.pages.names import company_name, match_key
from ipo.services import offerings
from ipo.services.offerings import Told
from ipo.site import Site38
from lucy import clock
from lucy.errors import LucyError
from lucy.html import PageChanged, decode
from lucy.site import Pace, Site, SiteError

logger = logging.getLogger(__name__)

SOURCE = "site38"
DETAIL = "detail"
LOCK, LOCK_SECONDS = "ipo.site38", 2 * 60 * 60
SETTLED_AFTER = timedelta(days=30)  # an offer listed that long ago is not asked for again
SAVED_AT_ONCE = 10
FAILURES_IN_A_ROW = 5  # then the host is left alone
MOST_RAW_PAGES = 5_000

# The lists beside the calendar: how each is read, and what its rows tell.
OTHER_LISTS: dict[str, tuple[Callable[[str], list[Any]], Callable[[Any], dict[str, Any]]]] = {
    SCHEDULE: (parse_forecast_schedule, offerings.schedule_fields),
    RESULTS: (parse_forecast_results, offerings.result_fields),
    LISTINGS: (parse_listings, offerings.listing_fields),
}


@dataclass(slots=True)
class Reading:
    """What the pages of one run have told so far."""

    told: dict[int, Told] = field(default_factory=dict)
    calendar: dict[int, CalendarRow] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    oddities: list[dict[str, Any]] = field(default_factory=list)
    pages: int = 0
    saved: int = 0

    def of(self, no: int) -> Told:
        return self.told.setdefault(no, Told(no))

    def save(self, at_least: int = 1) -> None:
        """Store what was told since the last time, when it is that much; memory is for a few pages only."""
        ready = [told for told in self.told.values() if "detail_at" in told.fields or at_least == 1]
        if len(ready) >= at_least:
            self.saved += offerings.save_offerings(ready)
            for told in ready:
                del self.told[told.no]

    def refuse(self, url: str, reason: Exception, no: int | None = None) -> None:
        name = self.calendar[no].name if no in self.calendar else ""
        self.refused.append(
            {"no": no, "name": name, "url": url, "reason": f"{type(reason).__name__}: {reason}"}
        )
        logger.error("38커뮤니케이션 %s %s: %s", url, name, reason)

    # --- pages ---

    def take_calendar(self, body: bytes, seen_at: datetime) -> bool:
        """A page of the calendar; False when it told nothing new (behind the last page it comes again)."""
        fresh = [row for row in parse_calendar(decode(body)) if row.no not in self.calendar]
        for row in fresh:
            self.calendar[row.no] = row
            self.of(row.no).add(offerings.calendar_fields(row) | {"listed_at": seen_at})
        return bool(fresh)

    def take_list(self, view: str, url: str, body: bytes, known: Mapping[int, str]) -> None:
        """A list beside the calendar: more about offers that are known, never an offer of its own."""
        parse, fields_of = OTHER_LISTS[view]
        for row in parse(decode(body)):
            name = self.calendar[row.no].name if row.no in self.calendar else known.get(row.no)
            if name is None:
                continue
            if _same_name(name, row.name):
                self.of(row.no).add(fields_of(row))
            else:
                self._note(row.no, name, url, f"the list {view} calls it {row.name}")

    def take_detail(self, no: int, url: str, body: bytes, seen_at: datetime) -> None:
        page = parse_detail(decode(body))
        if page.no not in {None, no}:
            raise PageChanged(f"asked for no. {no}, got no. {page.no}")
        self._require_same_offer(no, page.company.name, page.schedule.subscription_start)
        self.of(no).settle(offerings.detail_fields(page) | {"detail_at": seen_at})
        for oddity in page.oddities:
            self._note(no, page.company.name, url, oddity)

    def _note(self, no: int, name: str, url: str, oddity: str) -> None:
        self.oddities.append({"no": no, "name": name, "url": url, "reason": oddity})

    def _require_same_offer(self, no: int, name: str, start: Any) -> None:
        """Names change and days move, but not both between a list and the page behind it."""
        row = self.calendar.get(no)
        if row is None or row.subscription_start == start:
            return
        if not _same_name(row.name, name):
            raise PageChanged(f"no. {no} is {row.name} in the list and {name} on its page")


def _same_name(one: str, other: str) -> bool:
    return match_key(company_name(one).shown) == match_key(company_name(other).shown)


def run_site38(*, site: Site | None = None, trigger: str = "") -> ScrapeRun:
    """Read the source once; raises `PageChanged`, `SiteError` or `LucyError` when the calendar is not read.

    The run is kept either way, with what was refused and why.
    """
    switches, _made = ScrapeSettings.objects.get_or_create(source=SOURCE)
    with _alone(), _recorded(trigger) as run:
        with site or Site38(Pace(pause_seconds=switches.pause_seconds)) as reader:
            reading = _read(reader, run, switches)
        _save(run, reading)
        _forget_old_pages(switches)
    return run


@contextmanager
def _alone() -> Iterator[None]:
    if not cache.add(LOCK, True, LOCK_SECONDS):
        raise LucyError("already_running", "38커뮤니케이션을 이미 읽고 있습니다.", status=409)
    try:
        yield
    finally:
        cache.delete(LOCK)


@contextmanager
def _recorded(trigger: str) -> Iterator[ScrapeRun]:
    """A run that is closed whatever happens; what ends it is recorded and goes on upwards."""
    now = clock.now()
    stuck = ScrapeRun.objects.filter(source=SOURCE, status=RunStatus.RUNNING)
    stuck.update(status=RunStatus.FAILED, ended_at=now, error="끝을 알리지 못하고 멈췄습니다.")
    run = ScrapeRun.objects.create(source=SOURCE, started_at=now, trigger=trigger)
    try:
        yield run
    except Exception as error:
        run.status, run.error = RunStatus.FAILED, f"{type(error).__name__}: {error}"
        logger.exception("38커뮤니케이션을 읽지 못했습니다; 저장된 것은 그대로입니다.")
        raise
    finally:
        run.ended_at = clock.now()
        run.save()
        _tell_staff(run)


def _tell_staff(run: ScrapeRun) -> None:
    """What was not read, once a day and kind of trouble."""
    if run.status == RunStatus.DONE:
        return
    reason = run.error or str(run.refused[0]["reason"])
    extent = "전체" if run.error else f"{len(run.refused)}쪽"
    notify_staff(
        UserNoticeKind.SCRAPE,
        f"38커뮤니케이션 수집 실패 ({extent}): {reason[:200]}",
        url=reverse("ipo:source"),
        key=f"scrape:{SOURCE}:{clock.trade_date()}:{run.status}:{reason[:80]}",
    )


# --- reading ----------------------------------------------------------------------------------------------


def _read(site: Site, run: ScrapeRun, switches: ScrapeSettings) -> Reading:
    reading = Reading()
    try:
        _read_calendar(site, run, reading, switches.list_pages)
        offerings.require_whole_list(list(reading.calendar.values()))
        _read_other_lists(site, run, reading)
        _read_details(site, run, reading)
    finally:
        _write_down(run, reading)
    return reading


def _write_down(run: ScrapeRun, reading: Reading) -> None:
    run.pages, run.rows, run.saved = reading.pages, len(reading.calendar), reading.saved
    run.refused, run.oddities = reading.refused, reading.oddities


def _fetch(
    site: Site, run: ScrapeRun, reading: Reading, kind: str, path: str, no: int | None = None
) -> bytes:
    """A page, kept as it came before anyone tries to read it."""
    body = site.fetch(path)
    reading.pages += 1
    RawPage.holding(run, kind, site.url(path), body, clock.now(), no).save(force_insert=True)
    return body


def _read_calendar(site: Site, run: ScrapeRun, reading: Reading, pages: int) -> None:
    for page in range(1, pages + 1):
        body = _fetch(site, run, reading, CALENDAR, list_path(CALENDAR, page))
        if not reading.take_calendar(body, clock.now()):
            return


def _read_other_lists(site: Site, run: ScrapeRun, reading: Reading) -> None:
    known = _known_names()
    for view in OTHER_LISTS:
        url = site.url(list_path(view))
        try:
            reading.take_list(view, url, _fetch(site, run, reading, view, list_path(view)), known)
        except (SiteError, PageChanged) as error:
            reading.refuse(url, error)


def _known_names() -> dict[int, str]:
    return dict(Offering.objects.values_list("no", "name"))


def _read_details(site: Site, run: ScrapeRun, reading: Reading) -> None:
    failures = 0
    for no in _worth_asking(reading):
        path = detail_path(no)
        if failures >= FAILURES_IN_A_ROW:
            reading.refuse(site.url(path), SiteError("not asked: the host does not answer"), no)
            continue
        try:
            body = _fetch(site, run, reading, DETAIL, path, no)
            failures = 0
            reading.take_detail(no, site.url(path), body, clock.now())
        except SiteError as error:
            failures += 1
            reading.refuse(site.url(path), error, no)
        except PageChanged as error:
            reading.refuse(site.url(path), error, no)
        reading.save(SAVED_AT_ONCE)


def _worth_asking(reading: Reading) -> list[int]:
    """The calendar's offers but those listed long ago, read since, and unchanged in the list."""
    long_ago = clock.trade_date() - SETTLED_AFTER
    listed = Offering.objects.filter(no__in=list(reading.calendar), listing_on__lt=long_ago)
    done = {row.no for row in listed.exclude(detail_at=None).defer("sections") if _is_settled(row, reading)}
    return [no for no in reading.calendar if no not in done]


def _is_settled(row: Offering, reading: Reading) -> bool:
    read_since = row.detail_at and row.listing_on and row.detail_at.date() > row.listing_on
    told = reading.calendar[row.no]
    return bool(read_since) and (
        (told.subscription_start, told.subscription_end) == (row.subscription_start, row.subscription_end)
        and (told.offer_price, told.band_low, told.band_high)
        == (row.offer_price, row.band_low, row.band_high)
        and told.competition == row.competition
    )


# --- saving -----------------------------------------------------------------------------------------------


def _save(run: ScrapeRun, reading: Reading) -> None:
    reading.save()
    run.saved = reading.saved
    offerings.mark_missing(list(reading.calendar.values()), clock.now())
    run.status = RunStatus.PARTIAL if reading.refused else RunStatus.DONE


def _forget_old_pages(switches: ScrapeSettings) -> None:
    """Pages older than their days go, and the oldest beyond a fixed number."""
    RawPage.objects.filter(fetched_at__lt=clock.now() - timedelta(days=switches.keep_raw_days)).delete()
    beyond = list(RawPage.objects.order_by("-fetched_at").values_list("pk", flat=True)[MOST_RAW_PAGES:])
    if beyond:
        RawPage.objects.filter(pk__in=beyond).delete()


# --- reading again ----------------------------------------------------------------------------------------


def reparse_raw(*, trigger: str = "") -> ScrapeRun:
    """Read the kept pages again, each address as it came last: for a parser that was mended."""
    with _alone(), _recorded(trigger or "원본 다시 읽기") as run:
        reading = Reading()
        try:
            _read_kept(reading)
        finally:
            _write_down(run, reading)
        _save(run, reading)
    return run


def _read_kept(reading: Reading) -> None:
    known, pages = _known_names(), _latest_pages()
    for page in [page for page in pages if page.kind != DETAIL]:
        _read_again(page, reading, known)
    offerings.require_whole_list(list(reading.calendar.values()))
    for page in [page for page in pages if page.kind == DETAIL]:
        _read_again(page, reading, known)
        reading.save(SAVED_AT_ONCE)


def _latest_pages() -> list[RawPage]:
    """Without their contents: the calendar first, the offers' own pages last, as in a run."""
    latest: dict[str, RawPage] = {}
    for page in RawPage.objects.order_by("fetched_at").defer("packed"):
        latest[page.url] = page
    order = (CALENDAR, *OTHER_LISTS, DETAIL)
    return sorted(latest.values(), key=lambda page: (order.index(page.kind), page.url))


def _read_again(page: RawPage, reading: Reading, known: Mapping[int, str]) -> None:
    reading.pages += 1
    page = RawPage.objects.get(pk=page.pk)
    try:
        if page.kind == CALENDAR:
            reading.take_calendar(page.body(), page.fetched_at)
        elif page.kind == DETAIL and page.no is not None:
            reading.take_detail(page.no, page.url, page.body(), page.fetched_at)
        else:
            reading.take_list(page.kind, page.url, page.body(), known)
    except PageChanged as error:
        reading.refuse(page.url, error, page.no)
