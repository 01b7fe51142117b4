"""Pictures of the pages for the papers: `make run` in one terminal, `make screens` in another.

Signs in as the demo trader and saves each page at 1440 and 390 pixels into `docs/screens/`; names behind the
address of the site take those pages alone.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/screens"
PAGES = {
    "main": "/",
    "orders": "/orders/",
    "fills": "/fills/",
    "holdings": "/holdings/",
    "trades": "/trades/",
    "profits": "/profits/",
    "mystock": "/mystock/",
    "stock": "/stocks/005930/",
    "find": "/find/",
    "own-screen": "/find/own/new/",
    "danta": "/find/danta/",
    "notices": "/notices/",
    "report": "/report/",
    "differences": "/differences/",
    "blocks": "/blocks/",
    "block-plans": "/blocks/plans/",
    "block-report": "/blocks/report/",
    "funds": "/blocks/funds/",
    "basket": "/blocks/basket/",
    "profile": "/accounts/",
    "ipo": "/ipo/",
    "ipo-calendar": "/ipo/calendar/",
    "ipo-history": "/ipo/history/",
    "ipo-forecast": "/ipo/forecast/",
    "judal": "/find/judal/",
    "kis-foreign": "/find/kis-foreign/",
    "kis-opinion": "/find/kis-opinion/",
    "ls-value": "/find/ls-value/",
}
STAFF_PAGES = {"settings": "/settings/"}
FIRST_OF = {  # what a list's first row leads to, where it has one
    "fund": ("/blocks/funds/", "main tbody a"),
    "basket-sent": ("/blocks/basket/", "main tbody a"),
    "rebalance": ("/blocks/rebalance/", "main .filters button"),
}
WIDTHS = {"": (1440, 900), "-phone": (390, 844)}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def main(site: str, *only: str) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        for suffix, (width, height) in WIDTHS.items():
            for take in (_take_named,) if only else (_take, _take_staff):
                context = browser.new_context(
                    base_url=site,
                    viewport={"width": width, "height": height},
                    locale="ko-KR",
                    timezone_id="Asia/Seoul",
                )
                take(context.new_page(), suffix, only)
                context.close()
        browser.close()


def _sign_in(page: Page, username: str) -> None:
    page.goto("/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", "only-for-practice")
    page.click("button[type=submit]")
    page.wait_for_selector("#lamp[data-state=up]")


def _picture(page: Page, name: str, address: str, suffix: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=TARGET / f"{name}{suffix}.png")


def _take_staff(page: Page, suffix: str, _only: Sequence[str]) -> None:
    """What only an administrator sees."""
    _sign_in(page, "admin")
    for name, address in STAFF_PAGES.items():
        _picture(page, name, address, suffix)


def _take_named(page: Page, suffix: str, only: Sequence[str]) -> None:
    """Pages that have an address of their own, and first rows."""
    _sign_in(page, "trader")
    for name in only:
        if name in PAGES:
            _picture(page, name, PAGES[name], suffix)
        else:
            _take_first(page, name, suffix)


def _take_first(page: Page, name: str, suffix: str) -> None:
    """The page behind the first row of a list, or what the first of its choices comes to."""
    address, choose = FIRST_OF[name]
    page.goto(address)
    found = page.locator(choose).first
    if found.count():
        found.click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=TARGET / f"{name}{suffix}.png")


def _take(page: Page, suffix: str, _only: Sequence[str]) -> None:
    page.goto("/")
    page.screenshot(path=TARGET / f"sign-in{suffix}.png")
    _sign_in(page, "trader")
    own = page.locator(".menu-accounts a[href^='/accounts/']")
    accounts = {name: own.nth(place).get_attribute("href") for place, name in enumerate(("kis", "ls"))}
    for name, address in (PAGES | accounts).items():
        _picture(page, name, str(address), suffix)
    for name in FIRST_OF:
        _take_first(page, name, suffix)
    page.goto("/")
    page.wait_for_selector("#lamp[data-state=up]")
    page.keyboard.press("b")
    search = page.locator("#ticket [role=combobox]:focus")  # the ticket is ready when its first field is
    search.wait_for()
    search.press_sequentially("삼성전자")
    page.locator("#ticket-found [aria-selected=true]").click()
    page.wait_for_selector(".book .level")
    page.wait_for_timeout(500)  # the offcanvas slides in
    page.screenshot(path=TARGET / f"desk{suffix}.png")


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["http://127.0.0.1:8000"]))
