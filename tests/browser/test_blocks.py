"""A block in Chromium: plan, preview, a second person, both brokers fill partly, cancel, final, report."""

import os

import pytest
from playwright.sync_api import expect

from brokers.adapters import client_for
from brokers.blocks.models import AllocationShare, Block, BlockRule
from tests.blocks.desk import SYMBOL, fill, make_approver, make_fund, orders_of
from tests.browser.desk import make_issues

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PICTURES = os.environ.get("LUCY_PICTURES", "")  # a folder, to look at what the tests saw


def picture(page, name):
    if not PICTURES:
        return
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1366, "height": 900})


@pytest.fixture
def issues(db):
    make_issues()


def write_plan(page, trader, account, ls_account):
    page.goto("/blocks/plans/")
    page.get_by_role("link", name="새 계획", exact=True).click()
    page.get_by_label("계획코드").fill("GROWTH")
    page.get_by_label("이름", exact=True).fill("성장 둘")
    for row, (fund, chosen, percent) in enumerate([("A A호", account, "60"), ("B B호", ls_account, "40")]):
        line = page.locator("#legs tr").nth(row)
        line.locator("select").nth(0).select_option(label=fund)
        line.locator("select").nth(1).select_option(str(chosen.pk))
        line.locator("[data-leg-part]").fill(percent)
    expect(page.locator("#leg-total")).to_have_text("100")
    picture(page, "plan-edit")
    page.get_by_role("button", name="저장").click()
    expect(page.get_by_role("heading", name="GROWTH")).to_be_visible()
    picture(page, "plan")


def write_block(page, price, quantity):
    page.get_by_role("link", name="이 계획으로 블록").click()
    search = page.get_by_label("종목", exact=True)
    search.fill("삼성전자")
    page.locator("#block-found [data-symbol]").first.wait_for()
    search.press("Enter")
    page.get_by_label("가격", exact=True).fill(str(int(price)))
    page.get_by_label("수량", exact=True).fill(str(quantity))
    expect(page.locator("#block-preview")).to_contain_text(f"{quantity}주")
    expect(page.locator("#block-preview")).to_contain_text("두 번째 사람의 승인")
    expect(page.locator("#preview-accounts [data-account]")).to_have_count(2)  # the brokers' own figures
    picture(page, "new")
    page.get_by_role("button", name="점검하고 확인").click()
    page.get_by_label("배분과 금액을 확인했습니다").check()
    picture(page, "review")
    page.get_by_role("button", name="승인 요청").click()
    expect(page.locator("#block")).to_have_attribute("data-block-status", "awaiting")


def test_a_block_from_plan_to_report(paper, gateway, new_page, trader, account, ls_account, issues):
    funds = [make_fund(code, trader) for code in "AB"]
    boss = make_approver(*funds)
    BlockRule.objects.create(approval_value=100_000)
    price = client_for(account).quote(SYMBOL).lower_limit
    page = new_page(trader)
    write_plan(page, trader, account, ls_account)
    write_block(page, price, 101)
    picture(page, "awaiting")
    assert "승인하고" not in page.locator("#block").inner_text()

    second = new_page(boss)
    second.goto("/blocks/approvals/")
    picture(second, "approvals")
    second.get_by_role("link", name="보고 결정").click()
    second.get_by_role("button", name="승인하고 보내기").click()
    expect(second.locator("#block")).to_have_attribute("data-block-status", "working")
    expect(page.locator("#block")).to_have_attribute("data-block-status", "working")

    block = Block.objects.get()
    kis, ls = orders_of(block)
    fill(paper, kis, 30, int(price))
    fill(paper, ls, 5, int(price))
    expect(page.locator("#shares tfoot")).to_contain_text("35")  # the notices' own news
    picture(page, "working")

    page.get_by_role("button", name="전체 취소").click()
    page.get_by_role("button", name="모두 취소").click()
    expect(page.locator("#ask-body .outcomes li")).to_have_count(2)
    picture(page, "outcomes")
    page.get_by_role("button", name="닫기", exact=True).click()
    expect(page.locator("#block")).to_have_attribute("data-block-status", "final")
    picture(page, "final")
    shares = AllocationShare.objects.filter(block=block).order_by("position")
    assert list(shares.values_list("filled", flat=True)) == [30, 5]

    page.goto("/blocks/report/")
    expect(page.locator("main")).to_contain_text("A호")
    picture(page, "report")
    for form, begins in (("CSV", b"\xef\xbb\xbf"), ("Excel", b"PK"), ("PDF", b"%PDF")):
        with page.expect_download() as got:
            page.get_by_role("link", name=form).click()
        with open(got.value.path(), "rb") as file:
            assert file.read(4).startswith(begins)
    shown = {"": "삼성전자", "plans/": "GROWTH", "funds/": "A호", f"funds/{funds[0].pk}/": "삼성전자"}
    for path, words in shown.items():
        page.goto(f"/blocks/{path}")
        expect(page.locator("main")).to_contain_text(words)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, path.replace("/", "-") or "blocks")
