"""Funds in Chromium: kept by the back office, brought to their targets, ordered for from a file."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.roles import BACK_OFFICE
from brokers.adapters import client_for
from brokers.blocks.models import Block, Fund, FundHolding
from tests.accounts.callers import make_staff
from tests.blocks.desk import SYMBOL, fill, make_fund, make_plan, orders_of
from tests.browser.desk import make_issues
from tests.browser.test_accessibility import faults_in_both_lights
from tests.browser.test_blocks import picture
from tests.services import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
WIDTHS = (390, 1366)
HEAD = "펀드코드,종목코드,구분,수량,비중(%),가격"


@pytest.fixture
def issues(db):
    make_issues()


@pytest.fixture
def price(paper, account):
    return client_for(account).quote(SYMBOL).price


def fits(page, name, *, read=False):
    """No page is wider than the screen; `read`: nor hard to read, where no walk of all pages comes by."""
    picture(page, name)
    if read:
        assert not faults_in_both_lights(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)


def fill_all(paper, price):
    """Both brokers fill what they have of every block."""
    for block in Block.objects.all():
        eventually(lambda block=block: all(order and order.broker_order_no for order in orders_of(block)))  # type: ignore[misc]
        for order in orders_of(block):
            if order.open_quantity:
                fill(paper, order, order.open_quantity, int(price))


def test_targets_become_blocks_and_weights(
    paper, gateway, new_page, trader, account, ls_account, issues, price
):
    funds = [make_fund(code, trader, cash=price * 100) for code in "AB"]
    plan = make_plan(trader, [(funds[0], account, 6000), (funds[1], ls_account, 4000)], name="둘")
    page = new_page(trader)
    page.goto(f"/blocks/rebalance/?plan={plan.pk}")
    expect(page.locator("main")).to_contain_text("목표 비중이 없습니다")  # and says where they are written
    for fund in funds:
        page.goto(f"/blocks/funds/{fund.pk}/")
        page.get_by_role("link", name="목표 비중 고치기").click()
        first = page.locator("[data-rows] tr").first
        first.get_by_label("종목").fill("삼성전자")
        first.get_by_label("목표 비중 (%)").fill("120")
        page.get_by_role("button", name="저장").click()
        expect(first.locator(".field-error")).to_contain_text("100 이하")
        first.get_by_label("목표 비중 (%)").fill("40")
        expect(page.locator("[data-rest]")).to_have_text("60")
        fits(page, "fund-targets")
        page.get_by_role("button", name="저장").click()
        expect(page.locator("main")).to_contain_text("40.00 %")
    page.goto("/blocks/rebalance/")
    page.get_by_label("배분계획").select_option(str(plan.pk))
    page.get_by_role("button", name="계산").click()
    expect(page.locator(".block-lines [name=leaves]")).to_have_count(1)  # both funds, one block
    expect(page.locator("main")).to_contain_text("40.00 → 0.00%p")
    fits(page, "rebalance", read=True)
    page.get_by_label("수량과 금액을 확인했습니다").check()
    page.get_by_role("button", name="고른 블록 보내기").click()
    expect(page.locator("#wave")).to_have_attribute("data-wave", "open")
    fill_all(paper, price)
    expect(page.locator("#wave")).to_have_attribute("data-wave", "ended")
    expect(page.locator("#wave")).to_contain_text("80 / 80주")
    fits(page, "rebalance-round")
    page.get_by_role("link", name="지금 비중 다시 계산").click()
    expect(page.locator("main")).to_contain_text("이미 목표 비중입니다")
    expect(page.locator("[data-label='지금 비중']").first).to_contain_text("40.0")


def test_a_file_is_seen_sent_once_and_followed(
    paper, gateway, new_page, trader, account, ls_account, issues, price
):
    funds = [make_fund(code, trader) for code in "AB"]
    plan = make_plan(trader, [(funds[0], account, 6000), (funds[1], ls_account, 4000)])
    page = new_page(trader)

    def upload(name, *rows):
        page.goto("/blocks/basket/")
        page.get_by_label("배분계획").select_option(str(plan.pk))
        body = "\n".join([HEAD, *rows]).encode()
        page.get_by_label("파일 (CSV, Excel)").set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": body}
        )
        page.get_by_role("button", name="미리 보기").click()

    good = (f"A,{SYMBOL},매수,7,,{price:.0f}", f"B,5930,매수,5,,{price:.0f}")
    upload("wrong.csv", good[0], f"B,{SYMBOL},사자,5,,")
    expect(page.locator("main")).to_contain_text("1행에 오류가 있어 아무것도 보내지 않았습니다")
    expect(page.locator("#row-3")).to_contain_text("구분은 매수나 매도입니다: 사자")
    expect(page.get_by_role("button", name="보내기")).to_have_count(0)
    fits(page, "basket-wrong", read=True)
    assert not Block.objects.exists()
    upload("good.csv", *good)
    expect(page.locator(".block-lines tbody tr")).to_have_count(1)
    fits(page, "basket", read=True)
    page.get_by_label("수량과 금액을 확인했습니다").check()
    page.get_by_role("button", name="블록 1건 보내기").click()
    expect(page.get_by_role("heading", name="good.csv")).to_be_visible()
    fill_all(paper, price)
    expect(page.locator("#wave")).to_have_attribute("data-wave", "ended")
    expect(page.locator("#basket")).to_contain_text("5/5")
    fits(page, "one-basket")
    first = page.url
    upload("again.csv", *good)
    expect(page).to_have_url(first)
    expect(page.locator("main")).to_contain_text("이미 보낸 파일")
    assert Block.objects.count() == 1


def test_the_back_office_keeps_a_fund(new_page, issues):
    page = new_page(make_staff(BACK_OFFICE, "office"))
    page.goto("/blocks/funds/")
    page.get_by_role("link", name="새 펀드").first.click()
    page.get_by_label("펀드코드").fill("성장")
    page.get_by_label("펀드명").fill("성장 1호")
    page.get_by_label("현금 (원)").press_sequentially("15000000")
    expect(page.get_by_label("현금 (원)")).to_have_value("15,000,000")
    page.get_by_role("button", name="저장").click()
    expect(page.locator(".field.wrong")).to_contain_text("영문자")
    fits(page, "new-fund")
    page.get_by_label("펀드코드").fill("GROWTH")
    page.get_by_role("button", name="저장").click()
    expect(page.get_by_role("heading", name="GROWTH 성장 1호")).to_be_visible()
    page.get_by_role("link", name="현금과 보유").first.click()
    rows = page.locator("[data-rows] tr:visible")
    rows.nth(0).get_by_label("종목").fill(SYMBOL)
    rows.nth(0).get_by_label("수량 (주)").press_sequentially("1200")
    before = rows.count()
    page.get_by_role("button", name="종목 더하기").press("Enter")
    expect(rows).to_have_count(before + 1)
    rows.nth(before).get_by_label("종목").fill("999999")
    rows.nth(before).get_by_label("수량 (주)").fill("1")
    page.get_by_role("button", name="지금으로").click()
    fits(page, "fund-books")
    page.get_by_role("button", name="저장").click()
    wrong = page.locator("tr.wrong")
    expect(wrong).to_contain_text("목록에 없는 코드")
    wrong.get_by_role("button", name="행 빼기").click()
    page.get_by_role("button", name="저장").click()
    expect(page.locator("main")).to_contain_text("005930 삼성전자: (없음) → 1,200주")
    fits(page, "fund")
    assert Fund.objects.get().cash == Decimal(15_000_000)
    assert FundHolding.objects.get().quantity == 1200
