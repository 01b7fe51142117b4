"""A trader's hands on the pages."""

from typing import Any

from playwright.sync_api import Page

from brokers.hangul import initials_of
from brokers.models import BrokerAccount, Instrument
from lucy import clock


def make_issues() -> None:
    """Two names for the look-up."""
    for symbol, name in (("005930", "삼성전자"), ("035720", "카카오")):
        Instrument.objects.create(
            symbol=symbol,
            name=name,
            initials=initials_of(name),
            market="kospi",
            kind="stock",
            base_price=50_000,
            upper_limit=500_000,
            lower_limit=1_000,
            seen_at=clock.now(),
        )


class Desk:
    """What a trader does with the order ticket."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.ticket = page.locator("#ticket")

    def is_live(self) -> None:
        self.page.locator('#lamp[data-state="up"]').wait_for()

    def write(self, account: BrokerAccount, side: str, name: str, quantity: int, price: str = "") -> None:
        """Write a limit order; without a price, at the best one that the other side offers."""
        self.page.locator(f".top [data-ticket={side}]").click()
        ticket = self.ticket
        ticket.locator(f"[name=side][value={side}]:checked").wait_for(state="attached")
        ticket.get_by_label("계좌").select_option(str(account.pk))
        ticket.get_by_label("종목", exact=True).fill(name)
        ticket.get_by_role("option").filter(has_text=name).first.click()
        best = "level-ask" if side == "buy" else "level-bid"
        level = ticket.locator(f".{best}.level-best")
        level.wait_for()
        if price:
            ticket.get_by_label("가격", exact=True).fill(price)
        else:
            level.click()
        ticket.get_by_label("수량", exact=True).fill(str(quantity))

    def send(self) -> None:
        """Read the confirmation and send."""
        self.ticket.get_by_role("button", name="주문 확인").click()
        self.ticket.get_by_label("수량과 가격을 확인했습니다").check()
        self.ticket.get_by_role("button", name="주문 보내기").click()

    def place(self, *order: Any, **more: Any) -> None:
        self.write(*order, **more)
        self.send()
        self.ticket.locator("[data-placed]").wait_for()
