"""The main page in real Chromium: one broker away, the other's figures, and a fill that comes by itself."""

import pytest
from playwright.sync_api import expect

from brokers.models import Tag
from brokers.paper.faults import Action, Rule
from brokers.services import watch
from tests.browser.desk import Desk, make_issues
from tests.browser.test_stock import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.parametrize("width", [1440, 390])
def test_the_desk_tells_what_moves_and_what_is_missing(
    paper, gateway, new_page, trader, account, ls_account, width
):
    make_issues()
    watch.watch(trader, "005930", Tag.FOLLOWED)
    balance = Rule(Action.CUT, broker="kis", target="TTTC8434R", times=None)
    paper.call(lambda running: running.faults.add(balance))
    page = new_page(trader, viewport={"width": width, "height": 900})
    page.goto("/")
    Desk(page).is_live()
    expect(page.locator(".market")).to_contain_text("KRX")
    money = page.locator("#desk-money")
    expect(money).to_contain_text("1개 계좌 빠짐")
    expect(money.locator(".silence-row")).to_contain_text("부터 새 잔고가 오지 않습니다")
    expect(money.locator(".money-row").filter(has_text=ls_account.name)).to_contain_text("주문가능")
    expect(page.locator("#desk-watched .desk-watch b").nth(1)).not_to_have_text("–")
    expect(page.locator("#desk-fills")).to_contain_text("오늘 체결이 없습니다")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    Desk(page).place(ls_account, "buy", "삼성전자", 3)
    expect(page.locator("#desk-fills .fill-row")).to_have_count(1)
    expect(page.locator("#desk-fills .fill-row")).to_contain_text("삼성전자")
    picture(page, f"desk-{width}")

    page.keyboard.press("Escape")
    paper.call(lambda running: running.faults.clear())
    money.get_by_role("button", name="다시 묻기").click()
    expect(money).not_to_contain_text("빠짐")
