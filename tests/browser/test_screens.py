"""종목찾기 in real Chromium: the one table, a kept result, a saved search, an own screen, 단타머신."""

import pytest
from playwright.sync_api import expect

from brokers.models import Instrument, Tag
from brokers.services import watch
from screener.models import OwnScreen, SavedScreen
from tests.browser.desk import make_issues
from tests.browser.test_stock import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def issues(db):
    make_issues()
    Instrument.objects.filter(symbol="035720").update(market="kosdaq", base_price=90_000)


def names(page):
    return page.locator("#table-rows .issue")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_table_sorts_filters_follows_and_opens_the_ticket(
    paper, new_page, trader, ls_account, issues, width
):
    page = new_page(trader, viewport={"width": width, "height": 900})
    page.goto("/find/listed/")
    expect(names(page)).to_have_text(["삼성전자", "카카오"])
    if width > 760:
        page.locator("[data-sort=base_price] button").click()
        expect(names(page)).to_have_text(["카카오", "삼성전자"])
        page.get_by_role("button", name="열", exact=True).click()
        page.locator("input[name='t.column'][value=market]").uncheck()
        expect(page.locator("[data-sort=market]")).to_have_count(0)
        page.reload()
        expect(names(page)).to_have_text(["카카오", "삼성전자"])
        expect(page.locator("[data-sort=market]")).to_have_count(0)
    else:
        page.get_by_role("button", name="열", exact=True).click()
        box = page.locator(".table-menu.show").bounding_box()
        assert box["y"] >= page.locator(".top").bounding_box()["height"]
        assert page.locator("input[name='t.column']").first.bounding_box()["width"] < 30
        page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("ㅋㅋ")
    expect(names(page)).to_have_text(["카카오"])
    expect(page.locator("#table-search")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("w")
    expect(page.locator("tr[data-symbol='035720'] .followed")).to_be_visible()
    assert [row.symbol for row in watch.watched_by(trader, Tag.FOLLOWED)] == ["035720"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"screen-{width}")
    page.locator("tr[data-symbol='035720'] [data-ticket=buy]").click()
    ticket = page.locator("#ticket")
    expect(ticket.locator("#ticket-symbol")).to_have_value("035720")
    expect(ticket.locator("[name=side][value=buy]")).to_be_checked()


def test_a_result_is_kept_compared_and_its_search_saved(new_page, trader, issues):
    page = new_page(trader)
    page.goto("/find/listed/")
    page.get_by_role("button", name="결과 보관").click()
    page.locator("#ask input[name=name]").fill("아침")
    page.locator("#ask").get_by_role("button", name="보관", exact=True).click()
    expect(page.get_by_role("heading", name="아침")).to_be_visible()
    Instrument.objects.filter(symbol="035720").delete()
    page.get_by_role("link", name="지금 조회").click()
    expect(names(page)).to_have_text(["삼성전자", "카카오"])  # still fresh
    page.get_by_role("button", name="다시 조회").click()
    expect(names(page)).to_have_text(["삼성전자"])
    page.goto("/find/snapshots/")
    page.get_by_role("link", name="아침").click()
    expect(page.locator("tr.mark-left .issue")).to_have_text("카카오")

    page.goto("/find/listed/")
    page.get_by_role("button", name="검색 저장").click()
    page.locator("#ask input[name=name]").fill("목록")
    page.locator("#ask select[name=schedule]").select_option("close")
    page.locator("#ask").get_by_role("button", name="저장", exact=True).click()
    page.get_by_role("button", name="지금 실행").click()
    expect(page.get_by_text("1건")).to_be_visible()
    assert SavedScreen.objects.get().good_at is not None
    picture(page, "saved-search")


@pytest.mark.parametrize("width", [1440, 390])
def test_an_own_screen_is_built_and_asked(new_page, trader, issues, width):
    page = new_page(trader, viewport={"width": width, "height": 900})
    page.goto("/find/own/new/")
    page.locator("#g0-t0-condition").select_option("market")
    page.locator("#g0-t0-market").select_option("kosdaq")
    expect(page.locator(".builder-said")).to_contain_text("코스닥 종목")
    page.get_by_role("button", name="조건 추가").click()
    page.locator("#g0-t1-condition").select_option("mark")
    expect(page.locator("#g0-t1-mark")).to_be_visible()
    page.locator("#g0-t1-negated").check()
    expect(page.locator(".builder-said")).to_contain_text("지금 1종목")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"builder-{width}")
    page.locator("input[name=name]").fill("코스닥만")
    page.get_by_role("button", name="저장하고 조회").click()
    expect(names(page)).to_have_text(["카카오"])
    expect(page.locator(".screen-head")).to_contain_text("코스닥 종목 그리고 [나의 주식에 보유")
    assert OwnScreen.objects.get().name == "코스닥만"


def test_danta_and_the_menu(new_page, trader, issues):
    watch.watch(trader, "005930", Tag.DAY_TRADE)
    page = new_page(trader)
    page.goto("/find/")
    page.get_by_role("button", name="종목찾기").click()
    page.locator(".find-menu").get_by_role("link", name="단타머신").click()
    expect(page.get_by_text("자동매매는 켜져 있지 않습니다.")).to_be_visible()
    expect(names(page)).to_have_text(["삼성전자"])
    picture(page, "danta")
