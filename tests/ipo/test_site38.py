"""The job: what a run stores, what it refuses, and what it never loses."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from brokers.models import UserNotice, UserNoticeKind
from ipo.models import Offering, OfferingChange, RawPage, RunStatus, ScrapeRun, ScrapeSettings
from ipo.selectors import offering, offerings_between, source_health, upcoming
from ipo.services import site38
from ipo.services.offerings import Told, save_offerings
from ipo.services.site38 import reparse_raw, run_site38
from ipo.tasks import site38_work
from lucy import clock
from lucy.errors import LucyError
from lucy.html import PageChanged
from lucy.jobs.models import JobRun
from lucy.site import Pace, Site, SiteError, Unreachable
from tests.factories import make_user
from tests.ipo.local38 import Local38, deals
from tests.local_site import served

pytestmark = pytest.mark.django_db


@pytest.fixture
def local():
    with served(Local38(deals(8))) as running:
        yield running


def run(local, **options):
    pace = Pace(pause_seconds=0, attempts=1, **options)
    return run_site38(site=Site(local.url, pace, sleep=lambda _seconds: None))


def test_everything_of_the_calendar_and_the_offers_own_pages(local):
    done = run(local)
    assert (done.status, done.rows, done.saved, done.refused) == (RunStatus.DONE, 8, 8, [])
    row = Offering.objects.get(no=3000)
    assert (row.name, row.code, row.market, row.industry) == (
        "회사3000",
        "003000",
        "코스닥",
        "소프트웨어 개발 및 공급업",
    )
    assert (row.subscription_start, row.subscription_end) == (date(2026, 6, 24), date(2026, 6, 25))
    assert (row.payment_on, row.listing_on) == (date(2026, 6, 29), date(2026, 7, 6))
    assert (row.offer_price, row.band_low, row.shares, row.par_value) == (10_000, 7_500, 2_000_000, 500)
    assert (row.sales_million, row.sales_eok, row.net_income_eok) == (
        14_877,
        Decimal("148.77"),
        Decimal("-28.98"),
    )
    assert (row.institution_ratio, row.lockup_percent) == (Decimal("1238.00"), Decimal("6.92"))
    assert row.underwriters == [
        {
            "name": "KB증권",
            "shares_low": 500_000,
            "shares_high": 500_000,
            "limit_low": 16_000,
            "limit_high": 20_000,
            "unit": "주",
            "role": "",
        }
    ]
    assert row.sections["figures"][0]["rows"][0]["values"] == ["373.59", "0.00", "0.00"]
    assert row.sections["otc"] == {"asks": 5, "lowest_ask": "17000", "bids": 5, "highest_bid": "16500"}
    assert row.title == "회사3000-공모주-코스닥(003000)"
    assert row.is_ordinary


def test_a_second_run_changes_nothing_and_tells_what_moved(local):
    run(local)
    before = Offering.objects.get(no=2995)
    run(local)
    assert Offering.objects.count() == 8
    assert not OfferingChange.objects.exists()
    local.change(2995, start=date(2026, 6, 26), price="12,000")
    run(local)
    moved = {change.field: (change.before, change.after) for change in OfferingChange.objects.all()}
    assert moved["subscription_start"] == (str(before.subscription_start), "2026-06-26")
    assert moved["offer_price"] == ("10000", "12000")
    assert Offering.objects.get(no=2995).subscription_end == date(2026, 6, 27)


def test_one_bad_page_is_refused_with_its_reason_and_the_rest_go_on(local):
    run(local)
    local.special["no=2997"] = lambda: (200, "<html><body>점검 중</body></html>".encode("cp949"))
    local.special["no=2996"] = lambda: (404, b"")
    local.change(2997, price="9,500")
    local.change(2996, competition="77:1")
    done = run(local)
    assert done.status == RunStatus.PARTIAL
    assert [(one["no"], one["name"]) for one in done.refused] == [(2997, "회사2997"), (2996, "회사2996")]
    assert done.refused[0]["reason"] == "PageChanged: 기업개요: 0 tables '기업개요'"
    assert done.refused[1]["reason"] == "BadStatus: HTTP 404"
    row = Offering.objects.get(no=2997)
    assert row.offer_price == 9_500  # the list knew
    assert (row.code, row.sales_million, row.underwriters[0]["limit_high"]) == ("002997", 14_877, 20_000)


def test_another_offers_page_is_refused(local):
    local.special["no=2997"] = lambda: (200, local.page("/?o=v&no=2996")[1])
    done = run(local)
    assert [one["reason"] for one in done.refused] == ["PageChanged: asked for no. 2997, got no. 2996"]
    assert Offering.objects.get(no=2997).code == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>maintenance</body></html>",
        "<html><table summary='공모주 청약일정'><tr><th>종목명</th></tr></table></html>".encode("cp949"),
    ],
)
def test_a_changed_calendar_raises_tells_staff_and_leaves_everything(local, body, caplog):
    staff = make_user("park", is_staff=True)
    run(local)
    assert not UserNotice.objects.exists()
    kept = list(Offering.objects.order_by("no").values())
    local.special["o=k"] = lambda: (200, body)
    with pytest.raises(PageChanged):
        run(local)
    last = ScrapeRun.objects.first()
    assert last is not None
    assert last.status == RunStatus.FAILED
    assert last.error.startswith("PageChanged: ")
    assert list(Offering.objects.order_by("no").values()) == kept
    assert "읽지 못했습니다" in caplog.text
    alarm = UserNotice.objects.get(user=staff)
    assert (alarm.kind, alarm.url) == (UserNoticeKind.SCRAPE, "/ipo/source/")
    assert last.error[:60] in alarm.text
    assert RawPage.objects.filter(run=last).count() == 1
    health = source_health()
    assert (health.failed_since, health.is_well, health.offers) == (1, False, 8)
    with pytest.raises(PageChanged):
        run(local)
    assert UserNotice.objects.count() == 1  # once a day


def test_half_a_calendar_is_a_broken_one(local):
    run(local)
    local.deals = [local.deals[0], local.deals[-1]]
    with pytest.raises(LucyError, match="2건뿐"):
        run(local)
    assert Offering.objects.filter(missing_since=None).count() == 8


def test_an_offer_that_left_the_calendar_stays_and_is_marked(local):
    run(local)
    gone = local.deals.pop(3)
    run(local)
    row = Offering.objects.get(no=gone.no)
    assert row.missing_since is not None
    assert source_health().missing == 1
    local.deals.insert(3, gone)
    run(local)
    row.refresh_from_db()
    assert row.missing_since is None


def test_a_host_that_stopped_answering_is_left_alone(local):
    local.special["o=v"] = lambda: (500, b"")
    done = run(local)
    assert done.status == RunStatus.PARTIAL
    assert len([path for path in local.asked if "o=v" in path]) == site38.FAILURES_IN_A_ROW
    assert len(done.refused) == 8
    assert Offering.objects.count() == 8


def test_nobody_there_is_an_error_of_the_site(local):
    local.special["o=k"] = lambda: (503, b"")
    with pytest.raises(SiteError):
        run(local)


def test_a_list_beside_the_calendar_may_fail(local):
    local.special["o=nw"] = lambda: (200, b"<html></html>")
    done = run(local)
    assert done.status == RunStatus.PARTIAL
    assert done.refused[0]["reason"] == "PageChanged: 신규상장종목: 0 tables '신규상장종목'"
    assert done.saved == 8


def test_listings_tell_open_and_first_close_of_known_offers(local):
    local.change(2995, name="브릴스")
    local.deals = [*local.deals[:5], deals(1)[0], *local.deals[5:]]
    local.deals[5] = local.deals[5].__class__(
        2307, name="브릴스", listing="2026.10.01", start=date(2026, 6, 19)
    )
    run(local)
    row = Offering.objects.get(no=2307)
    assert (row.open_price, row.first_close, row.listing_on) == (61_800, 31_350, date(2026, 10, 1))


def test_a_list_that_calls_an_offer_otherwise_is_not_believed(local):
    local.deals.append(local.deals[0].__class__(2307, name="다른회사", start=date(2026, 6, 10)))
    done = run(local)
    assert Offering.objects.get(no=2307).open_price is None
    assert "calls it 브릴스" in done.oddities[0]["reason"]


def test_settled_offers_are_not_asked_for_again(local):
    local.change(2993, listing="2026.07.01")
    run(local)
    local.asked.clear()
    Offering.objects.exclude(no__in=[2993, 2994]).update(listing_on=clock.trade_date())
    run(local)
    asked = {path for path in local.asked if "o=v" in path}
    assert not any("no=2993" in path or "no=2994" in path for path in asked)
    assert len(asked) == 6


def test_kept_pages_are_read_again_by_a_mended_parser(local, monkeypatch):
    def broken(_page):
        raise PageChanged("not yet mended")

    monkeypatch.setattr(site38, "parse_detail", broken)
    assert len(run(local).refused) == 8
    assert Offering.objects.get(no=3000).code == ""
    monkeypatch.undo()
    local.asked.clear()
    again = reparse_raw()
    assert (again.status, again.saved, local.asked) == (RunStatus.DONE, 8, [])
    assert Offering.objects.get(no=3000).code == "003000"


def test_raw_pages_are_packed_and_kept_for_their_days(local):
    run(local)
    page = RawPage.objects.get(no=3000)
    assert page.body() == local.page("/?o=v&no=3000")[1]
    assert len(page.packed) < page.size / 4
    RawPage.objects.filter(pk=page.pk).update(fetched_at=clock.now() - timedelta(days=15))
    local.change(3000, band="7,500~11,000")
    run(local)
    assert not RawPage.objects.filter(pk=page.pk).exists()
    assert RawPage.objects.filter(no=3000).count() == 1


def test_one_run_at_a_time(local):
    with site38._alone(), pytest.raises(LucyError) as caught:
        run(local)
    assert caught.value.code == "already_running"
    assert run(local).status == RunStatus.DONE


def test_switched_off_the_clock_reads_nothing(monkeypatch):
    ScrapeSettings.objects.create(source="site38", enabled=False)
    assert site38_work() == 0
    assert not ScrapeRun.objects.exists()


def test_switched_off_it_is_still_read_for_whoever_asks(local, monkeypatch):
    ScrapeSettings.objects.create(source="site38", enabled=False)
    monkeypatch.setattr(site38, "Site38", lambda pace: Site(local.url, Pace(pause_seconds=0)))
    assert site38_work.apply(headers={"asked_by": "ops"}).get() > 0
    assert (ScrapeRun.objects.get().trigger, JobRun.objects.get().asked_by) == ("ops", "ops")


def test_a_text_with_a_lost_character_does_not_replace_a_good_one():
    save_offerings([Told(1, {"name": "기도산업"})])
    save_offerings([Told(1, {"name": "기도\ufffd업", "offer_price": Decimal(5000)})])
    row = Offering.objects.get(no=1)
    assert (row.name, row.offer_price) == ("기도산업", 5000)


def test_flags_follow_from_name_and_code():
    save_offerings(
        [
            Told(1, {"name": "NH스팩33호"}),
            Told(2, {"name": "신한글로벌액티브리츠"}),
            Told(3, {"name": "글로벌게이트", "code": "952509"}),
        ]
    )
    flags = {row.no: (row.is_spac, row.is_reit, row.is_foreign) for row in Offering.objects.all()}
    assert flags == {1: (True, False, False), 2: (False, True, False), 3: (False, False, True)}


def test_days_ahead_and_days_between():
    save_offerings(
        [
            Told(
                1,
                {"name": "가", "subscription_start": date(2026, 6, 1), "subscription_end": date(2026, 6, 2)},
            ),
            Told(
                2,
                {"name": "나", "subscription_start": date(2026, 6, 30), "subscription_end": date(2026, 7, 1)},
            ),
            Told(3, {"name": "다", "listing_on": date(2026, 7, 5)}),
        ]
    )
    assert [row.no for row in upcoming(date(2026, 7, 1))] == [3, 2]
    assert [row.no for row in offerings_between(date(2026, 7, 1), date(2026, 7, 31))] == [3, 2]
    assert [row.no for row in offerings_between(date(2026, 6, 2), date(2026, 6, 29))] == [1]
    found = offering(2)
    assert found is not None
    assert list(found.days()) == [("청약", date(2026, 6, 30), date(2026, 7, 1))]
    assert offering(9) is None


def test_a_source_never_read_is_stale():
    health = source_health()
    assert (health.last_good, health.is_stale, health.is_well) == (None, True, False)


@pytest.mark.slow
def test_two_hundred_offers_are_read_in_one_run():
    ScrapeSettings.objects.create(source="site38", list_pages=10)
    with served(Local38(deals(200))) as local:
        done = run(local)
    assert (done.status, done.saved) == (RunStatus.DONE, 200)
    assert Offering.objects.exclude(detail_at=None).count() == 200


def test_unreachable_is_named():
    with pytest.raises(Unreachable):
        run_site38(site=Site("http://127.0.0.1:9", Pace(attempts=1)))
    last = ScrapeRun.objects.get()
    assert last.error.startswith("Unreachable: ConnectionError")
