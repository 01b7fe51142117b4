"""A stock's page in real Chromium: the chart is drawn, the book opens the ticket, what is down comes back."""

import os
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from brokers.models import Fill, OrderStatus
from brokers.paper.faults import Action, Rule
from lucy import clock
from tests.browser.desk import make_issues
from tests.factories import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PICTURES = os.environ.get("LUCY_PICTURES", "")  # a folder, to look at what the tests saw


def picture(page, name):
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.fixture
def issues(db):
    make_issues()


def own_fill(account):
    at = clock.day_start(clock.previous_trading_day(clock.trade_date())) + timedelta(hours=11)
    Fill.objects.create(
        account=account, trade_date=at.date(), broker_order_no="7", fill_no="1", symbol="005930", side="buy",
        quantity=3, price=70_000, executed_at=at, recorded_at=at,
    )  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_draws_and_opens_the_ticket(paper, new_page, trader, account, issues, width):
    own_fill(account)
    bids = paper.call(lambda running: [int(level.price) for level in running.market.book("005930").bids])
    make_order(
        account, trader, price=bids[2], quantity=4, status=OrderStatus.ACCEPTED, broker_order_no="1",
        trade_date=clock.trade_date(),
    )  # fmt: skip
    page = new_page(trader, viewport={"width": width, "height": 900})
    page.goto(f"/stocks/005930/?account={account.pk}")
    chart = page.locator("#chart")
    expect(chart).to_have_attribute("data-fills", "1")
    assert int(chart.get_attribute("data-candles")) > 200
    expect(page.locator("#chart-words")).to_contain_text("거래량")
    expect(page.locator("#stock-book .level")).to_have_count(20)
    expect(page.locator("#stock-book .own-buy")).to_have_text("내 4")
    expect(page.locator("#costs-price")).not_to_have_value("50,000")  # the quote's price took its place
    expect(page.locator("#stock-company")).to_contain_text("부채비율")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"stock-{width}")

    page.locator("#chart-form").get_by_text("월", exact=True).click()
    expect(chart).to_have_attribute("data-fills", "1")
    expect(page.locator("#chart-words")).to_contain_text("-01 ·")
    page.locator("#stock-book .level-ask.level-best").click()
    ticket = page.locator("#ticket")
    expect(ticket.locator("[name=side][value=buy]")).to_be_checked()
    expect(ticket.get_by_label("가격", exact=True)).not_to_have_value("")


def test_what_is_held_draws_its_average(paper, new_page, trader, ls_account, issues):
    page = new_page(trader)
    page.goto(f"/stocks/005930/?account={ls_account.pk}")
    expect(page.locator("#stock-held")).to_contain_text("100주")
    expect(page.locator("#chart")).not_to_have_attribute("data-average", "")


def test_a_chart_that_did_not_come_is_asked_for_again(paper, new_page, trader, account, issues):
    rule = Rule(Action.ANSWER, broker="kis", target="FHKST03010100", times=1, status=500)
    paper.call(lambda running: running.faults.add(rule))
    page = new_page(trader)
    page.goto(f"/stocks/005930/?account={account.pk}")
    silence = page.locator("#chart-silence")
    expect(silence).to_be_visible()
    expect(silence.locator("[data-words]")).to_contain_text("증권사")
    expect(silence.locator("[data-words]")).to_contain_text("부터")
    expect(page.locator("#chart")).to_be_hidden()
    expect(page.locator("#stock-book .level")).to_have_count(20)  # the rest stands
    picture(page, "stock-silence")
    silence.get_by_role("button", name="다시 묻기").click()
    expect(silence).to_be_hidden()
    expect(page.locator("#chart canvas").first).to_be_visible()
