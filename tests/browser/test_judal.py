"""주달 in real Chromium: searched by a list of themes, narrowed, followed, compared; a theme by its name."""

import dataclasses

import pytest
from playwright.sync_api import expect

from brokers.models import WatchedStock
from lucy.site import Pace, Site
from screener.services.judal import run_judal
from tests.local_site import served
from tests.screener import judal_pages as pages
from tests.screener.judal_pages import LocalJudal, Theme
from tests.screener.screens import make_instruments, row

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def two_runs(settings, tmp_path):
    settings.JUDAL_DIR = tmp_path
    with served(LocalJudal()) as local:
        before = local.themes
        dearer = dataclasses.replace(pages.YUHAN, price=134_640, change=12_240)
        local.themes = [Theme(225, "제약", (dearer, pages.SAMCHUNDANG)), *before[1:4]]
        for themes in (local.themes, before):
            local.themes = themes
            run_judal(site=Site(local.url, Pace(pause_seconds=0)))


def names(page):
    return page.locator("#table-rows .issue")


def test_stocks_are_found_by_themes_and_figures(new_page, trader, two_runs):
    make_instruments(row("048550", "SM C&C", 1_512, "0.8", 900))
    page = new_page(trader, viewport={"width": 1440, "height": 900})
    page.goto("/find/judal/")
    expect(names(page)).to_have_text(["삼성전자", "유한양행", "삼천당제약", "미래에셋증권2우B"])
    page.get_by_label("하락중인 테마").check()
    page.get_by_label("시가총액 이상(억원)").fill("")
    page.get_by_role("button", name="조회", exact=True).click()
    expect(names(page).last).to_have_text("SM C&C")
    page.locator("#table-search").fill("sm")
    expect(names(page)).to_have_text(["SM C&C"])
    page.locator("#table-rows").get_by_role("button", name="관심").click()
    expect(page.locator("#table-rows .followed")).to_be_visible()
    assert WatchedStock.objects.get(user=trader).symbol == "048550"

    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1440, 390])
def test_tabs_lead_to_a_theme_to_two_runs_and_to_the_readings(new_page, trader, two_runs, width):
    page = new_page(trader, viewport={"width": width, "height": 900})
    page.goto("/find/judal/")
    tabs = page.get_by_role("navigation", name="주달검색")
    expect(tabs.get_by_role("link")).to_have_text(
        ["검색", "테마", "테마 종목", "종목 비교", "테마 비교", "수집 기록"]
    )
    expect(tabs.locator("[aria-current]")).to_have_text("검색")
    tabs.get_by_role("link", name="테마", exact=True).click()
    page.locator("#table").get_by_role("link", name="반도체").click()
    expect(page).to_have_url("/find/judal-theme/?theme=903")
    expect(names(page)).to_have_text(["삼성전자", "유한양행"])
    expect(page.locator("[name=theme]")).to_have_value("903")
    tabs.get_by_role("link", name="수집 기록").click()
    readings = page.locator("#table-rows .screen-row")
    expect(readings).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    readings.first.get_by_role("link", name="앞 수집과 비교").click()
    expect(tabs.locator("[aria-current]")).to_have_text("종목 비교")
    row = page.locator("#table tr", has_text="삼성전자")
    expect(row).to_contain_text("들어옴")
    expect(page.locator("#table tr", has_text="유한양행")).to_contain_text("−9.09%")
