"""The 공모주 pages in real Chromium: each page's main act, from the menu to the file on the disk."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ipo.models import ForecastModel, OfferingHistory, OfferingMark
from ipo.services.forecasts import make_formula
from lucy import clock
from tests.ipo.rows import make_history, make_listings, make_offering, make_spac

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def page(new_page, trader):
    return new_page(trader)


def test_cards_are_searched_starred_and_opened(page, trader):
    make_listings()
    make_formula(trader)
    make_offering(name="니어스랩", sections={"company": {"chief": "최재혁"}})
    make_offering(name="브릴스")
    make_spac()
    page.goto("/")
    page.get_by_role("button", name="공모주").click()
    page.get_by_role("link", name="공모주-상세").click()
    page.wait_for_load_state()
    cards = page.locator(".offer")
    expect(cards).to_have_count(2)
    expect(cards.first.locator(".said-price")).to_contain_text("예상 상장일 최고가")
    search = page.locator("#offer-search")
    page.keyboard.press("/")
    search.press_sequentially("니어")
    expect(cards).to_have_count(1)
    expect(page).to_have_url(re.compile("q=%EB%8B%88%EC%96%B4"))
    cards.get_by_role("button", name="니어스랩 일정 알림").click()
    expect(cards.get_by_role("button", name="니어스랩 일정 알림")).to_have_attribute("aria-pressed", "true")
    assert OfferingMark.objects.count() == 1
    search.press("Delete")
    expect(cards).to_have_count(2)
    page.get_by_role("link", name="니어스랩", exact=True).first.click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("최재혁")
    expect(drawer.locator("#drawer-title")).to_have_text("공모주")


def test_the_month_turns_and_is_saved_as_a_picture(page, tmp_path: Path):
    start = clock.trade_date().replace(day=15)
    make_offering(name="니어스랩", subscription_start=start, subscription_end=start + timedelta(days=1))
    page.goto("/ipo/calendar/")
    bar = page.locator(".cal .bar-subscribe", has_text="니어스랩")
    expect(bar.first).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("button", name="그림으로 저장").click()
    picture = tmp_path / "month.png"
    saving.value.save_as(picture)
    assert saving.value.suggested_filename == f"lucy-ipo-{start:%Y-%m}.png"
    assert picture.read_bytes().startswith(PNG)
    assert picture.stat().st_size > 20_000
    page.keyboard.press("ArrowRight")
    after = (start + timedelta(days=31)).replace(day=1)
    expect(page.locator(".month-nav h2")).to_have_text(f"{after.year}년 {after.month}월")
    expect(page.locator("#month-filters [name=month]")).to_have_value(f"{after:%Y-%m}")
    page.keyboard.press("t")
    expect(bar.first).to_be_visible()
    page.get_by_label("청약", exact=True).uncheck()
    expect(bar).to_have_count(0)


def test_the_history_is_kept_by_hand(page):
    make_history(company="지울회사")
    page.goto("/ipo/history/")
    page.get_by_role("button", name="기록 추가").click()
    ask = page.locator("#ask")
    ask.get_by_label("회사명").fill("니어스랩")
    ask.get_by_role("button", name="저장").click()
    expect(ask.locator(".field-error")).to_be_visible()  # no price
    ask.get_by_label("확정공모가").fill("41,200")
    ask.get_by_label("최고체결가").fill("60,000")
    ask.get_by_role("button", name="저장").click()
    row = page.locator(".history-row", has_text="니어스랩")
    expect(row).to_contain_text("1.46배")
    page.get_by_role("button", name="지울회사 지우기").click()
    ask.get_by_role("button", name="그대로 두기").click()
    assert OfferingHistory.objects.count() == 2
    page.get_by_role("button", name="지울회사 지우기").click()
    ask.get_by_role("button", name="지우기", exact=True).click()
    expect(page.locator(".history-row")).to_have_count(1)


def test_a_file_is_looked_at_before_it_is_stored(page):
    rows = "회사명,확정공모가,최고가\n가나다,10000,21000\n라마바,만원,\n"
    page.goto("/ipo/history/import/")
    page.set_input_files(
        "input[type=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    page.get_by_role("button", name="미리 보기").click()
    expect(page.locator(".row-error")).to_contain_text("'만원'은(는) 숫자가 아닙니다")
    page.get_by_role("button", name="1건 가져오기").click()  # the box is not ticked: the browser stops it
    assert not OfferingHistory.objects.exists()
    page.get_by_label("오류가 있는 1행은 빼고").check()
    page.get_by_role("button", name="1건 가져오기").click()
    expect(page.locator(".history-row")).to_contain_text("가나다")


def test_a_formula_is_made_and_explained(page):
    make_listings()
    page.goto("/ipo/forecast/")
    page.get_by_role("button", name="수식 만들기").click()
    expect(page.locator(".formula-words")).to_contain_text("예상 배수 =")
    expect(page.locator(".word-success").last).to_contain_text("기본식을 씁니다")
    assert ForecastModel.objects.get(in_use=True).n == 40
    page.get_by_text("쓴 기록 40건 보기").click()
    expect(page.locator("#used-rows tr")).to_have_count(40)


def test_the_source_tells_how_it_is(page):
    page.goto("/ipo/source/")
    expect(page.locator(".word-warning")).to_contain_text("아직 한 번도 읽지 않았습니다")


def test_a_phone_shows_every_page_without_sideways_scrolling(new_page, trader):
    make_listings()
    make_formula(trader)
    make_offering(
        underwriter_names=",".join(["아주긴이름증권"] * 6), name="이름이아주아주긴어느공모주회사" * 2
    )
    make_spac()
    page = new_page(trader, viewport={"width": 390, "height": 844})
    for address in ("", "calendar/", "history/", "history/import/", "forecast/", "source/"):
        page.goto(f"/ipo/{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
