"""No serious fault by axe-core on any page, light and dark; the pages are found, not listed."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.roles import ADMINISTRATOR
from tests.accounts.callers import browser_of, make_staff
from tests.browser.desk import Desk
from tests.world import furnish, whole_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
OTHERS = ("/api/",)  # Swagger's own page
GRAVE = {"serious", "critical"}

EVERYTHING = {"resultTypes": ["violations"]}
COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}


def faults(page: Any, options: dict[str, Any]) -> list[str]:
    """What axe finds grave, each with its rule, its place and axe's words."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{fault['id']}: {' '.join(node['target'])} · {_words(node, fault)}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def _words(node: dict[str, Any], fault: dict[str, Any]) -> str:
    return str(node["any"][0]["message"] if node["any"] else fault["help"])


def faults_in_both_lights(page: Any) -> list[str]:
    light = faults(page, EVERYTHING)
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    dark = [f"dark {fault}" for fault in faults(page, COLOURS)]
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    return light + dark


def test_every_page(paper, new_page):
    """As an administrator, who sees the most; with rows on every list."""
    user = make_staff(ADMINISTRATOR)
    addresses = [one for one in whole_pages(browser_of(user), furnish(user)) if not one.startswith(OTHERS)]
    assert len(addresses) > 20
    page = new_page(user, color_scheme="light", reduced_motion="reduce")
    grave = []
    for address in addresses:
        page.goto(address)
        expect(page.locator(".htmx-request")).to_have_count(0)  # parts that come after the page
        grave += [f"{address} {fault}" for fault in faults_in_both_lights(page)]
    assert not grave, "\n".join(grave)


def test_what_opens_over_a_page(paper, new_page, trader):
    furnish(trader)
    page = new_page(trader, color_scheme="light", reduced_motion="reduce")
    page.goto("/accounts/sign-in/")
    page.goto("/")
    desk = Desk(page)
    desk.is_live()
    page.get_by_role("button", name="알림").click()
    page.locator("#bell-list .notice").first.wait_for()
    assert not faults_in_both_lights(page)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    desk.ticket.get_by_role("combobox", name="종목").wait_for()
    assert not faults_in_both_lights(page)
    page.keyboard.press("Escape")
    page.goto("/orders/")
    page.locator("tr[data-order] a[data-drawer]").first.click()
    page.locator("#drawer-body .facts").first.wait_for()
    assert not faults_in_both_lights(page)


def test_signing_in(new_page):
    page = new_page()
    page.goto("/accounts/sign-in/")
    assert not faults_in_both_lights(page)
