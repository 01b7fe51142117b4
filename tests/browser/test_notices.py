"""News of no account in real Chromium: toast, bell and list at once; as wished, and after being away."""

import pytest
from playwright.sync_api import expect

from accounts.models import NoticePreference
from brokers.models import UserNoticeKind
from brokers.services.notices import notify
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def test_news_is_toasted_counted_listed_and_read(new_page, trader):
    page = new_page(trader)
    page.goto("/ipo/")
    Desk(page).is_live()
    notify(trader, UserNoticeKind.IPO, "니어스랩: 내일 청약", url="/ipo/calendar/", key="ipo:1")
    notify(trader, UserNoticeKind.IPO, "니어스랩: 내일 청약", url="/ipo/calendar/", key="ipo:1")
    toast = page.locator(".toast-ipo")
    expect(toast).to_contain_text("공모주 일정")
    expect(toast).to_contain_text("니어스랩: 내일 청약")
    expect(page.locator("#unread-count")).to_have_text("1")
    page.get_by_role("button", name="알림").first.click()
    expect(page.locator("#bell-list .notice")).to_have_count(1)
    page.get_by_role("button", name="모두 읽음", exact=True).click()
    expect(toast).to_have_count(0)
    expect(page.locator("#unread")).to_be_hidden()
    page.locator("#bell-list").get_by_role("link", name="보기").click()
    page.wait_for_url("**/ipo/calendar/")


def test_what_came_meanwhile_is_told_once_and_wishes_are_kept(new_page, trader):
    page = new_page(trader)
    page.goto("/")
    Desk(page).is_live()
    browser = page.context
    page.close()
    for number in (1, 2):
        notify(trader, UserNoticeKind.PRICE, f"삼성전자 기준가 {number}")
    back = browser.new_page()
    back.goto("/notices/")
    missed = back.locator(".toast-missed")
    expect(missed).to_contain_text("자리를 비운 동안 알림 2건")
    expect(back.locator(".notice-price")).to_have_count(2)
    missed.get_by_role("button", name="알림 닫기").click()
    NoticePreference.objects.create(user=trader, without_toast=["price"], with_sound=["screen"])
    back.reload()
    Desk(back).is_live()
    back.locator("h1").click()  # a browser sounds only for who has touched the page
    back.evaluate(
        "() => { const make = AudioContext.prototype.createOscillator; window.tones = 0;"
        "AudioContext.prototype.createOscillator = function () { tones += 1; return make.call(this); } }"
    )
    notify(trader, UserNoticeKind.PRICE, "삼성전자 기준가 3")
    expect(back.locator(".notice-price")).to_have_count(3)
    expect(back.locator("#unread-count")).to_have_text("3")
    expect(back.locator(".toast-card")).to_have_count(0)
    assert back.evaluate("window.tones") == 0
    notify(trader, UserNoticeKind.SCREEN, "눌림목: 카카오 편입")
    expect(back.locator(".toast-screen")).to_contain_text("카카오 편입")
    assert back.evaluate("window.tones") == 2
