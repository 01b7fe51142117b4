"""The newcomer's way, in real Chromium against the paper broker: orders out, fills back, no reload."""

import re

import pytest
import requests
from playwright.sync_api import expect

from brokers.models import Notice, NoticeKind, Order
from tests.browser.desk import Desk, make_issues
from tests.factories import PASSWORD, make_account, make_demo_account, make_order, make_user
from tests.services import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def issues(db):
    make_issues()


def elsewhere(paper, account, side, quantity, code="005930", price_type="market"):
    """An order from the HTS, filled at once."""
    body = {"code": code, "side": side, "quantity": quantity, "price_type": price_type}
    address = f"{paper.url('control')}/accounts/{account.number}/orders"
    requests.post(address, json=body, timeout=5).raise_for_status()


def fills_told(account):
    return Notice.objects.filter(account=account, kind=NoticeKind.FILL).count()


def test_the_newcomers_way(gateway, page, trader, account, ls_account, issues):
    """Sign in, buy through KIS, sell through LS; both fills arrive, and stay in the blotter and the list."""
    page.goto("/")
    page.get_by_label("아이디").fill(trader.username)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인").click()
    expect(page.get_by_text("오늘 낸 주문이 없습니다")).to_be_visible()
    for health in (account, ls_account):
        line = page.locator(".health-line", has_text=health.name)
        expect(line).to_have_class(re.compile("health-up"), timeout=20_000)
    desk = Desk(page)
    desk.is_live()
    page.evaluate("window.neverReloaded = true")

    desk.write(account, "buy", "삼성전자", 3)
    expect(desk.ticket.locator("[data-most]")).to_contain_text("매수 가능")
    expect(desk.ticket.locator(".cost-total")).to_contain_text("나갈 돈")
    desk.send()
    bought = page.locator(".toast-buy")
    expect(bought).to_contain_text("매수체결")
    expect(bought).to_contain_text("삼성전자 3주 @")
    expect(bought).to_contain_text(account.name)
    expect(desk.ticket.locator("[data-placed]")).to_contain_text("모두 체결되었습니다")

    desk.write(ls_account, "sell", "삼성전자", 2)
    expect(desk.ticket.locator("[data-most]")).to_contain_text("매도 가능 100주")
    desk.send()
    sold = page.locator(".toast-sell")
    expect(sold).to_contain_text("매도체결")
    expect(sold).to_contain_text("삼성전자 2주 @")

    rows = page.locator("[data-blotter] tr[data-order]")
    expect(rows).to_have_count(2)
    expect(rows.first.locator(".state")).to_have_text("체결")
    expect(rows.last.locator(".state")).to_have_text("체결")
    expect(page.locator("#notice-list")).to_contain_text("매도체결")
    assert page.evaluate("window.neverReloaded")

    page.goto("/orders/")
    expect(page.locator("tr[data-order] .state")).to_have_text(["체결", "체결"])
    page.goto("/notices/?kind=fill")
    expect(page.locator(".notice-fill")).to_have_count(2)
    expect(page.locator(".toast-buy")).to_be_visible()  # stays until it is closed or read
    page.get_by_role("button", name="모두 읽음으로").click()
    expect(page.locator(".toast-card")).to_have_count(0)
    expect(page.locator("#unread")).to_be_hidden()


def test_two_traders_do_not_see_each_other(gateway, new_page, trader, account, issues):
    other = make_user("lee", groups=("trader",))
    others_account = make_demo_account("ls", other)
    mine, theirs = new_page(trader), new_page(other)
    for page in (mine, theirs):
        page.goto("/")
        Desk(page).is_live()
    expect(mine.locator(".health-up")).to_have_count(1, timeout=20_000)
    expect(theirs.locator(".health-up")).to_have_count(1, timeout=20_000)
    Desk(mine).place(account, "buy", "삼성전자", 1)
    expect(mine.locator(".toast-buy")).to_be_visible()
    Desk(theirs).place(others_account, "sell", "삼성전자", 1)
    expect(theirs.locator(".toast-sell")).to_be_visible()
    expect(theirs.locator(".toast-buy")).to_have_count(0)
    expect(mine.locator(".toast-sell")).to_have_count(0)
    expect(mine.locator("tr[data-order]")).to_have_count(1)
    expect(theirs.locator("tr[data-order]")).to_have_count(1)
    secret = Order.objects.get(account=account)
    assert theirs.goto(f"/orders/{secret.pk}/").status == 404
    assert "005930" not in theirs.content()


def test_a_browser_that_was_away_catches_up(gateway, paper, new_page, trader, account, issues):
    page = new_page(trader)
    page.goto("/")
    Desk(page).is_live()
    expect(page.locator(".health-up")).to_have_count(1, timeout=20_000)
    browser = page.context
    page.close()
    for quantity in (1, 2):
        elsewhere(paper, account, "buy", quantity)
    eventually(lambda: fills_told(account) >= 2)
    back = browser.new_page()
    back.goto("/")
    missed = back.locator(".toast-missed")
    expect(missed).to_contain_text("자리를 비운 동안 체결")
    expect(missed).to_contain_text("매수 삼성전자 1주 @")
    expect(missed).to_contain_text("매수 삼성전자 2주 @")
    expect(back.locator("#notice-list .notice-fill")).to_have_count(fills_told(account))
    back.reload()
    Desk(back).is_live()
    expect(missed).to_have_count(1)  # told once, and still there until closed
    missed.get_by_role("button", name="알림 닫기").click()
    expect(missed).to_have_count(0)


def test_a_line_that_broke_is_shown_and_mended(gateway, paper, new_page, trader, account, issues):
    page = new_page(trader)
    page.goto("/")
    Desk(page).is_live()
    expect(page.locator(".health-up")).to_have_count(1, timeout=20_000)
    page.context.set_offline(True)
    expect(page.locator('#lamp[data-state="up"]')).to_have_count(0)
    elsewhere(paper, account, "buy", 4)
    eventually(lambda: fills_told(account) >= 1)
    page.context.set_offline(False)
    Desk(page).is_live()
    expect(page.locator(".toast-buy")).to_contain_text("삼성전자 4주 @")
    expect(page.locator("tr[data-order]")).to_have_count(1)


def test_a_working_order_is_modified_and_cancelled(gateway, new_page, trader, account, issues):
    page = new_page(trader)
    page.goto("/orders/")
    desk = Desk(page)
    desk.is_live()
    desk.write(account, "buy", "카카오", 5)
    step_down = desk.ticket.get_by_role("button", name="가격 내리기")
    for _ in range(30):
        step_down.click()
    desk.send()
    row = page.locator("tr[data-order]")
    expect(row.locator(".state")).to_have_text("접수")
    page.keyboard.press("Escape")
    expect(desk.ticket).to_be_hidden()
    before = row.locator(".price").inner_text()

    row.get_by_role("button", name="정정").click()
    page.locator("#modify-price").press("ArrowUp")
    page.get_by_role("button", name="정정 보내기").click()
    expect(page.locator("#ask")).to_contain_text("정정 요청이 접수되었습니다")
    page.get_by_role("button", name="닫기").click()
    expect(row.locator(".price")).not_to_have_text(before)

    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="고른 주문 취소").click()
    page.get_by_role("button", name="1건 취소 보내기").click()
    expect(page.locator("#ask")).to_contain_text("취소 접수 5주")
    page.locator("#ask").get_by_role("button", name="닫기").click()
    expect(row.locator(".state")).to_have_text("취소")

    row.get_by_role("link").click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("취소 확인")
    expect(drawer).to_contain_text("취소수량")


def test_a_double_click_is_one_order(gateway, new_page, trader, account, issues):
    page = new_page(trader)
    page.goto("/")
    desk = Desk(page)
    desk.is_live()
    desk.write(account, "buy", "삼성전자", 1)
    desk.ticket.get_by_role("button", name="주문 확인").click()
    desk.ticket.get_by_label("수량과 가격을 확인했습니다").check()
    desk.ticket.get_by_role("button", name="주문 보내기").dblclick()
    expect(desk.ticket.locator("[data-placed]")).to_be_visible()
    expect(page.locator("tr[data-order]")).to_have_count(1)
    assert Order.objects.count() == 1


def test_hands_stay_on_the_keyboard(gateway, new_page, trader, account, issues):
    """B opens the ticket; arrows and Enter find and choose; Enter asks for the confirmation."""
    page = new_page(trader)
    page.goto("/")
    desk = Desk(page)
    desk.is_live()
    page.keyboard.press("b")
    search = desk.ticket.get_by_label("종목", exact=True)
    expect(search).to_be_focused()
    search.press_sequentially("ㅋㅋ")
    expect(desk.ticket.locator("#ticket-found [role=option]")).to_have_text(re.compile("카카오"))
    page.keyboard.press("Enter")
    quantity = desk.ticket.get_by_label("수량", exact=True)
    expect(quantity).to_be_focused()
    price = desk.ticket.get_by_label("가격", exact=True)
    expect(price).not_to_have_value("")
    before = int(price.input_value().replace(",", ""))
    price.press("ArrowUp")
    assert int(price.input_value().replace(",", "")) > before
    quantity.press("ArrowUp")
    expect(quantity).to_have_value("1")
    quantity.press("Enter")
    expect(desk.ticket.get_by_label("수량과 가격을 확인했습니다")).to_be_focused()
    page.keyboard.press("Escape")
    expect(desk.ticket).to_be_hidden()
    page.keyboard.press("s")
    expect(desk.ticket.locator("[name=side][value=sell]")).to_be_checked()
    assert not Order.objects.exists()


def test_a_mistake_is_named_where_it_is(gateway, new_page, trader, account, issues):
    page = new_page(trader)
    page.goto("/")
    desk = Desk(page)
    desk.is_live()
    desk.write(account, "buy", "삼성전자", 1, price="70001")
    desk.ticket.get_by_role("button", name="주문 확인").click()
    price = desk.ticket.get_by_label("가격", exact=True)
    expect(price).to_have_attribute("aria-invalid", "true")
    expect(price).to_be_focused()
    expect(desk.ticket).to_contain_text("호가 단위(100원)에 맞지 않습니다")
    expect(desk.ticket.get_by_label("수량", exact=True)).to_have_value("1")


def test_a_phone_shows_every_page_without_sideways_scrolling(new_page, trader, account):
    make_order(account, trader, status="accepted", broker_order_no="1")
    page = new_page(trader, viewport={"width": 390, "height": 844})
    for address in ("/", "/orders/", "/fills/", "/notices/", "/holdings/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_someone_without_rights_is_told_so(new_page):
    watcher = make_user("watcher", groups=("trader",))
    make_account(watchers=(watcher,))
    page = new_page(watcher)
    page.goto("/")
    page.keyboard.press("b")
    expect(page.locator("#ticket")).to_contain_text("주문할 수 있는 계좌가 없습니다")
