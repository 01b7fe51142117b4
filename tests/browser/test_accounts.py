"""Accounts, trades and profit in real Chromium; a slow broker; lists that stay open; toasts that are read."""

import os
import time
from decimal import Decimal

import pytest
from django.db.models import Max
from openpyxl import load_workbook
from playwright.sync_api import expect

from brokers.adapters.base import OrderRequest
from brokers.models import Notice, NoticeKind, NoticeRead, OrderNumber, TradingStop
from brokers.paper.faults import Action, Rule
from brokers.services.notices import publish
from brokers.services.orders import place_order
from brokers.terms import Side
from lucy import clock
from tests.brokers.adapters.test_history import trade
from tests.browser.desk import make_issues
from tests.factories import make_order
from tests.services import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PICTURES = os.environ.get("LUCY_PICTURES", "")  # a folder, to look at what the tests saw
SLOW_SECONDS = 10.0


def picture(page, name):
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def resting_order(paper, account, trader, number):
    price = paper.call(lambda running: running.market.book("005930").bids[9].price)
    request = OrderRequest("005930", Side.BUY, number, Decimal(price))
    order = place_order(account, trader, f"mine-{number}", request, confirmed=True)
    assert order.status == "accepted", order.note
    return order


def tell(account, order, count):
    """Warnings, as the gateway saves and publishes them."""
    first = (Notice.objects.filter(account=account).aggregate(last=Max("seq"))["last"] or 0) + 1
    notices = [
        Notice.objects.create(
            account=account, seq=seq, kind=NoticeKind.WARNING, order=order, text=f"소식 {seq}",
            created_at=clock.now(),
        )
        for seq in range(first, first + count)
    ]  # fmt: skip
    account.book.notice_seq = notices[-1].seq
    account.book.save()
    return notices


@pytest.mark.parametrize("width", [1440, 390])
def test_an_account_shows_its_money_and_cancels_all_that_is_open(paper, new_page, trader, account, width):
    make_issues()
    orders = [resting_order(paper, account, trader, number) for number in (1, 2)]
    page = new_page(trader, viewport={"width": width, "height": 900})
    page.goto(f"/accounts/{account.pk}/")
    expect(page.locator("#balance .holding-row")).to_have_count(4)
    expect(page.locator("#realised")).to_have_text("0")
    expect(page.locator("[data-order]")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"account-{width}")
    page.get_by_role("button", name="전부 취소").click()
    page.locator("#ask").get_by_role("button", name="2건 취소 보내기").click()
    expect(page.locator("#ask .outcome-ok")).to_have_count(2)
    eventually(lambda: {order.changes.get().kind for order in orders} == {"cancel"})


def test_a_slow_broker_leaves_the_last_figures_and_a_way_to_ask_again(paper, new_page, trader, account):
    page = new_page(trader)
    page.goto(f"/accounts/{account.pk}/")
    expect(page.locator("#balance .holding-row")).to_have_count(4)
    slow = Rule(Action.DELAY_REPLY, broker="kis", target="TTTC8434R", times=None, seconds=SLOW_SECONDS)
    paper.call(lambda running: running.faults.add(slow))
    began = time.monotonic()
    page.goto(f"/accounts/{account.pk}/")
    silence = page.locator("#balance .silence")
    expect(silence).to_contain_text("답을 기다리고 있습니다")
    assert time.monotonic() - began < SLOW_SECONDS  # the broker was not waited for
    expect(silence).to_contain_text("부터")
    expect(page.locator("#balance .holding-row")).to_have_count(4)
    picture(page, "account-slow")
    paper.call(lambda running: running.faults.clear())
    expect(silence).to_have_count(0)  # it asks by itself until the answer comes

    paper.call(lambda running: running.faults.add(Rule(Action.ANSWER, broker="kis", times=None, status=500)))
    page.goto("/holdings/")
    expect(page.locator("#together .silence")).to_contain_text("잔고를 받지 못했습니다")
    paper.call(lambda running: running.faults.clear())
    page.get_by_role("button", name="다시 묻기").click()
    expect(page.locator("#together .silence")).to_have_count(0)
    expect(page.locator("#together .holding-row")).to_have_count(4)


@pytest.mark.parametrize("width", [1440, 390])
def test_trades_and_profit_of_a_period(paper, new_page, trader, account, width, tmp_path):
    number = trade(paper, account, Side.BUY, 3)
    trade(paper, account, Side.SELL, 2)
    order = make_order(account, trader, broker_order_no=number)
    OrderNumber.objects.create(account=account, order=order, number=number, trade_date=clock.trade_date())
    page = new_page(trader, viewport={"width": width, "height": 900}, accept_downloads=True)
    page.goto(f"/trades/?account={account.pk}")
    expect(page.locator(".trade-row")).to_have_count(2)
    expect(page.locator("#trade-totals")).to_contain_text("실현손익")
    if width == 390:
        expect(page.get_by_label("구분")).to_be_hidden()  # the filters are folded on a phone
        page.get_by_role("button", name="거르기").click()
        expect(page.get_by_label("구분")).to_be_visible()
        expect(page.locator(".collapsing")).to_have_count(0)  # what is below stands still again
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"trades-{width}")
    with page.expect_download() as coming:
        page.get_by_role("link", name="엑셀").click()
    coming.value.save_as(tmp_path / "trades.xlsx")
    assert len(list(load_workbook(tmp_path / "trades.xlsx").active.rows)) == 3
    page.locator(".trade-row").get_by_role("link", name="Lucy", exact=True).click()
    expect(page.locator("#drawer-body")).to_contain_text("주문번호")

    page.goto(f"/profits/?account={account.pk}")
    expect(page.locator("#profit-chart")).to_have_attribute("data-days", "1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"profits-{width}")


def test_news_leave_an_opened_list_open_and_a_closed_toast_is_read(site, new_page, trader, account):
    order = make_order(account, trader)
    tell(account, order, 60)
    page = new_page(trader)
    page.goto("/notices/")
    page.locator('#lamp[data-state="up"]').wait_for()
    page.get_by_role("button", name="더 보기").click()
    expect(page.locator(".notice[data-key]")).to_have_count(60)
    first, second = tell(account, order, 2)
    publish([first, second])
    expect(page.locator("#notice-list .notice[data-key]")).to_have_count(62)
    toasts = page.locator("[data-toast]")
    expect(toasts).to_have_count(2)
    page.locator(f'[data-toast="{account.pk}:{second.seq}"]').get_by_role("button", name="알림 닫기").click()
    expect(page.locator("#unread-count")).to_have_text("2")  # a mark reads up to what is still shown
    eventually(lambda: NoticeRead.objects.get(user=trader).seq == first.seq - 1)
    page.locator(f'[data-toast="{account.pk}:{first.seq}"]').get_by_role("button", name="알림 닫기").click()
    expect(page.locator("#unread")).to_be_hidden()
    eventually(lambda: NoticeRead.objects.get(user=trader).seq == second.seq)


def test_the_emergency_brake_is_on_every_page(site, new_page, trader, account):
    page = new_page(trader)
    page.goto("/notices/")
    page.get_by_role("button", name="내 주문 모두 멈추기").click()
    ask = page.locator("#ask")
    ask.get_by_role("button", name="내 주문 멈추기").click()
    expect(ask).to_contain_text("사유를 적으세요")
    ask.get_by_label("사유").fill("시험")
    ask.get_by_role("button", name="내 주문 멈추기").click()
    expect(ask).to_contain_text("멈췄습니다")
    expect(page.locator("#stops")).to_contain_text("시험")
    assert TradingStop.objects.get().user == trader
