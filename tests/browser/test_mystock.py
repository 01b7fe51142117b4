"""나의 주식 in real Chromium: found by initials, priced, called, sorted, bought from the row."""

import re

import pytest
from playwright.sync_api import expect

from brokers.models import Tag, WatchedStock
from brokers.services import watch
from tests.browser.desk import make_issues
from tests.browser.test_stock import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def issues(db):
    make_issues()


def names(page):
    return page.locator("#watch-rows .issue b").all_inner_texts()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_stock_is_found_watched_called_and_bought(paper, new_page, trader, ls_account, issues, width):
    page = new_page(trader, viewport={"width": width, "height": 900})
    page.goto("/mystock/")
    expect(page.get_by_text("아직 담은 종목이 없습니다")).to_be_visible()
    page.keyboard.press("/")
    page.locator("#watch-search").press_sequentially("ㅋㅋ")
    expect(page.locator("#watch-found")).to_contain_text("카카오")
    page.keyboard.press("Enter")
    row = page.locator("tr[data-symbol='035720']")
    expect(row.locator("[data-cell=price] b")).to_have_text(re.compile(r"^[\d,]+$"))
    page.get_by_role("button", name="보유 다시 만들기").click()
    samsung = page.locator("tr[data-symbol='005930']")
    expect(samsung.locator(".watch-held")).to_have_attribute("aria-pressed", "true")

    row.get_by_label("카카오 매도 기준가").fill("1000")
    row.get_by_label("카카오 매도 기준가").press("Tab")
    expect(page.locator("#watch-calls")).to_contain_text("매도 기준가 도달")
    expect(page.locator("#toasts")).to_contain_text("카카오")  # as a notice of the bell
    expect(page.locator("tr.watch-called")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"mystock-{width}")

    samsung.locator("[data-ticket=buy]").click()
    ticket = page.locator("#ticket")
    expect(ticket.locator("#ticket-symbol")).to_have_value("005930")
    expect(ticket.locator("[name=side][value=buy]")).to_be_checked()


def test_rows_are_sorted_walked_and_removed_by_name(paper, new_page, trader, ls_account, issues):
    for symbol in ("005930", "035720"):
        watch.watch(trader, symbol, Tag.FOLLOWED)
    page = new_page(trader)
    page.goto("/mystock/")
    expect(page.locator("#watch-rows [data-cell=price] b").first).not_to_have_text("–")
    for _ in range(2):
        page.locator("[data-sort=name] button").click()
    expect(page.locator("[data-sort=name]")).to_have_attribute("aria-sort", "descending")
    assert names(page) == ["카카오", "삼성전자"]
    page.reload()
    expect(page.locator("[data-sort=name]")).to_have_attribute("aria-sort", "descending")
    assert names(page) == ["카카오", "삼성전자"]

    page.locator("#watch-rows .issue a").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr[data-symbol='005930'] .issue a")).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.locator("#ask")).to_contain_text("삼성전자")
    assert WatchedStock.objects.count() == 2
    page.locator("#ask").get_by_role("button", name="빼기", exact=True).click()
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator("#watch-rows tr")).to_have_count(1)
    assert WatchedStock.objects.count() == 1
