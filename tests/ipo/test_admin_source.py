"""The console: what was read and how well; what staff may change and what nobody may."""

import pytest
from django.test import Client

from accounts.roles import ADMINISTRATOR, BACK_OFFICE, TRADER
from brokers.models import UserNotice
from ipo.models import Forecast, OfferingHistory, RawPage, ScrapeSettings
from ipo.services.forecasts import make_formula, write_down_forecasts
from ipo.services.reminders import mark
from lucy.html import PageChanged
from tests.accounts.callers import browser_of, make_staff
from tests.factories import make_user
from tests.ipo.local38 import Local38, deals
from tests.ipo.rows import make_listings, make_offering
from tests.ipo.test_site38 import run
from tests.local_site import served

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user("ops", groups=(ADMINISTRATOR,), is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def read_once():
    with served(Local38(deals(3))) as local:
        run(local)
        yield local


def test_health_tells_the_last_good_copy_and_what_was_refused(staff, read_once):
    page = staff.get("/admin/ipo/scraperun/health/").content.decode()
    assert "잘 읽고 있습니다" in page
    assert "3건" in page
    read_once.special["no=2999"] = lambda: (404, b"")
    read_once.change(2999, price="9,000")
    run(read_once)
    page = staff.get("/admin/ipo/scraperun/health/").content.decode()
    assert "회사2999" in page
    assert "BadStatus: HTTP 404" in page
    read_once.special["o=k"] = lambda: (200, b"<html></html>")
    with pytest.raises(PageChanged):
        run(read_once)
    page = staff.get("/admin/ipo/scraperun/health/").content.decode()
    assert "1번 실패했습니다" in page
    assert "0 tables" in page


def test_health_is_for_staff():
    client = Client()
    client.force_login(make_user("trader9", groups=(TRADER,)))
    assert client.get("/admin/ipo/scraperun/health/").status_code in {302, 403}
    client.force_login(make_user("clerk", is_staff=True))
    assert client.get("/admin/ipo/scraperun/health/").status_code == 403


@pytest.mark.parametrize("model", ["offering", "offeringchange", "scraperun", "rawpage", "offeringhistory"])
def test_lists_open(staff, read_once, model):
    assert staff.get(f"/admin/ipo/{model}/?q=").status_code == 200
    assert staff.get(f"/admin/ipo/{model}/add/").status_code == (200 if model == "offeringhistory" else 403)


def test_formulas_and_what_they_said_are_looked_at_only(db):
    clerk = make_staff(BACK_OFFICE)
    make_listings()
    make_formula(clerk)
    for _ in range(3):
        mark(clerk, make_offering())
    write_down_forecasts()
    browser = browser_of(clerk)
    everything = "?period=all"
    for model, period, shown in (
        ("forecastmodel", "", "기본식"),
        ("forecast", everything, "회사"),
        ("offeringmark", everything, "회사"),
    ):
        page = browser.get(f"/admin/ipo/{model}/{period}")
        assert page.status_code == 200
        assert shown in page.content.decode()
    row = Forecast.objects.first()
    assert browser.get(f"/admin/ipo/forecast/{row.pk}/change/").status_code == 200
    assert browser.post(f"/admin/ipo/forecast/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    switches = ScrapeSettings.objects.create(source="site38")
    assert browser.get(f"/admin/ipo/scrapesettings/{switches.pk}/change/").status_code == 200
    assert UserNotice.objects.count() == 3
    assert "내일" in browser.get("/admin/brokers/usernotice/").content.decode()


def test_what_was_read_is_looked_at_only(staff, read_once):
    page = RawPage.objects.first()
    assert page is not None
    assert staff.get(f"/admin/ipo/rawpage/{page.pk}/change/").status_code == 200
    assert staff.post(f"/admin/ipo/rawpage/{page.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_history_is_kept_by_staff(staff):
    form = {"company": "레몬헬스케어", "code": "365660", "offer_price": "10000", "first_day_high": "16560"}
    assert staff.post("/admin/ipo/offeringhistory/add/", form).status_code == 302
    row = OfferingHistory.objects.get()
    assert (row.key, f"{row.multiple:.3f}") == ("365660", "1.656")
    again = staff.post("/admin/ipo/offeringhistory/add/", form | {"company": "다른 이름"})
    assert again.status_code == 200  # the same code twice: refused with words
    assert OfferingHistory.objects.count() == 1


def test_staff_start_a_reading(staff, monkeypatch):
    switches = ScrapeSettings.objects.create(source="site38")
    asked = []
    monkeypatch.setattr("ipo.admin.site38_work.apply_async", lambda **words: asked.append(words))
    monkeypatch.setattr("ipo.admin.site38_reparse.apply_async", lambda **words: asked.append(words))
    for action in ("read_now", "read_kept_pages_again"):
        staff.post("/admin/ipo/scrapesettings/", {"action": action, "_selected_action": [str(switches.pk)]})
    assert asked == [{"headers": {"asked_by": "ops"}}] * 2
