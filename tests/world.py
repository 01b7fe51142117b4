"""Every page of the house, and somebody's rows behind it: for tests that walk all addresses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from accounts.models import BrowserSession, TokenChain, User
from accounts.services import issue_tokens
from brokers.adapters.base import Receipt
from brokers.models import Discrepancy, DiscrepancyKind, Fill, OrderStatus, UserNoticeKind, WatchedStock
from brokers.services.notices import notify
from brokers.services.orders import accept_order
from brokers.terms import Side
from ipo.models import OfferingMark
from ipo.services.forecasts import make_formula
from lucy import clock
from tests.accounts.callers import browser_of
from tests.browser.desk import make_issues
from tests.factories import make_account, make_order
from tests.ipo.rows import make_history, make_listings, make_offering, make_spac

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    name: str  # namespace:name
    parameters: frozenset[str]

    def address(self, arguments: Arguments) -> str:
        """Raises `KeyError` for a part of the address that nobody has given."""
        return reverse(self.name, kwargs={name: arguments[name] for name in self.parameters})


def routes(among: Any = None, namespace: str = "") -> Iterator[Route]:
    """Every named route of our own; the admin has tests of its own."""
    for entry in (among or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = ":".join(filter(None, [namespace, entry.namespace]))
            if entry.namespace != "admin":
                yield from routes(entry, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            name = f"{namespace}:{entry.name}" if namespace else entry.name
            yield Route(name, frozenset(entry.pattern.converters))


@dataclass(frozen=True, slots=True)
class Belongings:
    """What one user has: by route name (or by prefix of names) what stands in its address."""

    by_route: dict[str, Arguments]
    shared: Arguments  # the same for everybody

    def of(self, route: Route) -> Arguments:
        """For `brokers:order` the entry of that name, else of `brokers`, else what is shared."""
        namespace, _, _ = route.name.partition(":")
        return self.shared | self.by_route.get(namespace, {}) | self.by_route.get(route.name, {})


def belongings_of(user: User) -> Belongings:
    """An account with orders, fills and news, a watched stock, sessions and tokens; offers for all to see."""
    account = make_account(user)
    order = make_order(account, user, status=OrderStatus.SENT)
    accept_order(order, Receipt("1"))
    done = make_order(account, user, status=OrderStatus.FILLED, filled_quantity=10)
    _fill(done)
    difference = Discrepancy.objects.create(
        account=account,
        order=order,
        kind=DiscrepancyKind.UNCLEAR,
        subject=str(order.pk),
        ours="매수 10주 70,000원",
        theirs="후보 2건",
        candidates=["1", "2"],
        found_at=clock.now(),
    )
    WatchedStock.objects.create(
        user=user,
        symbol="005930",
        name="삼성전자",
        followed=True,
        buy_below=Decimal(60_000),
        added_at=clock.now(),
    )
    notify(user, UserNoticeKind.IPO, "회사: 내일 청약", url="/ipo/")
    browser_of(user)
    issue_tokens(user)
    script = TokenChain.objects.filter(user=user).latest("created_at")
    offering = make_offering()
    OfferingMark.objects.create(user=user, offering=offering)
    mine = {"pk": order.pk}
    return Belongings(
        by_route={
            "accounts:end-browser": {"handle": BrowserSession.objects.filter(user=user).first().handle},
            "accounts:revoke-script": {"pk": script.pk},
            "brokers": {"pk": account.pk, "symbol": "005930", "day": clock.trade_date().isoformat()},
            "brokers:order": mine,
            "brokers:modify": mine,
            "brokers:cancel": mine,
            "brokers:ticket-placed": mine,
            "brokers:choose-number": {"pk": difference.pk},
            "ipo": {"no": offering.no, "pk": make_history().pk},
        },
        shared={"account_id": account.pk, "order_id": order.pk},
    )


def furnish(user: User) -> Belongings:
    """What the pages show beside it: issues, a formula, offers of all sorts."""
    make_issues()
    make_listings()
    make_formula(user)
    make_spac()
    make_offering(listing_on=clock.trade_date() - timedelta(days=3))
    return belongings_of(user)


def _fill(order: Any) -> None:
    Fill.objects.create(
        account=order.account,
        order=order,
        trade_date=clock.trade_date(),
        broker_order_no="2",
        fill_no="1",
        symbol=order.symbol,
        side=Side(order.side),
        quantity=10,
        price=Decimal(70_000),
        executed_at=clock.now(),
        recorded_at=clock.now(),
    )


def whole_pages(client: Any, belongings: Belongings) -> list[str]:
    """The addresses that answer a plain GET of this client with a whole page."""
    found = []
    for route in routes():
        try:
            address = route.address(belongings.of(route))
        except (KeyError, NoReverseMatch):
            continue  # another's kind of thing; its owner's tests know it
        answer = client.get(address)
        is_page = answer.status_code == 200 and not answer.streaming
        if is_page and answer.content.lstrip()[:15].lower() == b"<!doctype html>":
            found.append(address)
    return found
