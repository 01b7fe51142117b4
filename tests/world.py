"""Every page of the house, and somebody's rows behind it: for tests that walk all addresses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from accounts.models import BrowserSession, TokenChain, User
from accounts.services import issue_tokens
from brokers.adapters.base import Receipt
from brokers.blocks.models import Basket, BasketRow, Block, FundHolding, FundTarget, IssueRule, Plan
from brokers.blocks.terms import BlockStatus, IssueStance
from brokers.models import Discrepancy, DiscrepancyKind, Fill, OrderStatus, UserNoticeKind, WatchedStock
from brokers.services.notices import notify
from brokers.services.orders import accept_order
from brokers.terms import OrderType, Side
from ipo.models import OfferingMark
from ipo.services.forecasts import make_formula
from lucy import clock
from screener.models import SavedScreen, Snapshot
from screener.models.results import columns_of
from screener.screens import Result, all_screens
from screener.services import own as own_screens
from tests.accounts.callers import browser_of
from tests.blocks.desk import make_fund, make_plan
from tests.browser.desk import make_issues
from tests.factories import make_account, make_order
from tests.ipo.rows import make_listings, make_offering, make_spac

Arguments = dict[str, Any]

TODAY = clock.trade_date().isoformat()
RULE = {
    "joint": "all",
    "groups": [{"joint": "all", "terms": [{"condition": "streak", "values": {"days": "2"}}]}],
}
NOTHING_FOUND = Result((), clock.now(), "시험", True)
OWN_SCREEN = ("screener:own-edit", "screener:own-change", "screener:own-delete", "screener:own-copy")
SAVED_SCREEN = ("screener:saved-one", "screener:saved-run", "screener:saved-delete")
SNAPSHOT = ("screener:snapshot", "screener:snapshot-rows", "screener:snapshot-delete")
FUND = ("fund", "edit-fund", "fund-books", "fund-targets", "fund-restrictions")


PART = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    name: str  # namespace:name; the API's have none
    template: str  # /orders/<objectid:pk>/

    @property
    def parameters(self) -> frozenset[str]:
        return frozenset(PART.findall(self.template))

    def address(self, arguments: Arguments) -> str:
        """Raises `KeyError` for a part of the address that nobody has given."""
        return PART.sub(lambda part: str(arguments[part[1]]), self.template)


def routes(among: Any = None, namespace: str = "", prefix: str = "/") -> Iterator[Route]:
    """Every route of our own; the admin has tests of its own."""
    for entry in (among or get_resolver()).url_patterns:
        if isinstance(entry.pattern, RegexPattern):
            continue  # the API's answer to addresses that are none
        template = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver) and entry.namespace != "admin":
            yield from routes(entry, ":".join(filter(None, [namespace, entry.namespace])), template)
        elif isinstance(entry, URLPattern):
            yield Route(":".join(filter(None, [namespace, entry.name])), template)


@dataclass(frozen=True, slots=True)
class Belongings:
    """What one user has: by route name (or by prefix of names) what stands in its address."""

    by_route: dict[str, Arguments]
    anywhere: Arguments  # parts that have one meaning wherever they stand
    rows: list[Model]

    def of(self, route: Route) -> Arguments:
        """For `brokers:order` the entry of that name, else of `brokers`, else what has one meaning."""
        namespace, _, _ = route.name.partition(":")
        return self.anywhere | self.by_route.get(namespace, {}) | self.by_route.get(route.name, {})


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
    session = BrowserSession.objects.filter(user=user).latest("signed_in_at")
    script = TokenChain.objects.filter(user=user).latest("created_at")
    offering = make_offering()
    OfferingMark.objects.create(user=user, offering=offering)
    own = own_screens.save(user, "오르는 것", RULE)
    found = {"screen": all_screens()[0].key, **columns_of(NOTHING_FOUND)}
    kept = Snapshot.objects.create(user=user, name="어제", kept_at=clock.now(), **found)
    saved = SavedScreen.objects.create(user=user, name="아침", screen=kept.screen, created_at=clock.now())
    fund = make_fund(f"F{user.pk}"[:12], user)
    plan = make_plan(user, [(fund, account, 10_000)], code=f"P{user.pk}"[:12])
    round_name = uuid4()
    block = _block(user, plan, f"rebalance-{round_name}-005930-buy")
    basket = _basket(user, plan, block)
    FundHolding.objects.create(fund=fund, symbol="005930", quantity=120)
    FundTarget.objects.create(fund=fund, symbol="005930", percent=Decimal("12.5"))
    IssueRule.objects.create(fund=fund, symbol="035720", stance=IssueStance.FORBIDDEN, reason="한도")
    mine = {"pk": order.pk}
    return Belongings(
        by_route={
            "accounts:end-browser": {"handle": session.handle},
            "accounts:revoke-script": {"pk": script.pk},
            "blocks": {"pk": block.pk, "day": TODAY, "form": "csv"},
            "blocks:plan": {"pk": plan.pk},
            "blocks:one-basket": {"pk": basket.pk},
            "blocks:resume-basket": {"pk": basket.pk},
            "blocks:rebalance-round": {"name": round_name},
            "blocks:edit-plan": {"pk": plan.pk},
            **{f"blocks:{name}": {"pk": fund.pk} for name in FUND},
            "brokers": {"pk": account.pk, "day": TODAY, "kind": "csv"},
            "brokers:order": mine,
            "brokers:modify": mine,
            "brokers:cancel": mine,
            "brokers:ticket-placed": mine,
            "brokers:choose-number": {"pk": difference.pk},
            "screener": {"key": kept.screen},
            **{name: {"pk": own.pk} for name in OWN_SCREEN},
            **{name: {"pk": saved.pk} for name in SAVED_SCREEN},
            **{name: {"pk": kept.pk} for name in SNAPSHOT},
        },
        anywhere={
            "symbol": "005930",
            "no": offering.no,
            "key": kept.screen,
            "account_id": account.pk,
            "order_id": order.pk,
            "block_id": block.pk,
            "fund_id": fund.pk,
            "own_id": own.pk,
            "saved_id": saved.pk,
            "snapshot_id": kept.pk,
            "basket_id": basket.pk,
        },
        rows=[account, order, done, difference, session, script, own, kept, saved, fund, plan, block, basket],
    )


def _basket(user: User, plan: Plan, block: Block) -> Basket:
    """A file of one row that became a block, and one that did not."""
    basket = Basket.objects.create(
        user=user, plan=plan, file_name="주문.csv", file_hash=f"{user.pk}", created_at=clock.now()
    )
    row = {"basket": basket, "fund_code": "F", "symbol": "005930", "side": Side.BUY, "quantity": 10}
    BasketRow.objects.create(number=2, price=70_000, block=block, **row)
    BasketRow.objects.create(number=3, price=70_100, note="현금이 모자랍니다.", **row)
    return basket


def _block(user: User, plan: Plan, name: str) -> Block:
    return Block.objects.create(
        plan=plan,
        user=user,
        client_block_id=name,
        symbol="005930",
        name="삼성전자",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        price=70_000,
        quantity=10,
        ordered_quantity=10,
        worst_value=700_000,
        status=BlockStatus.AWAITING,
        created_at=clock.now(),
        updated_at=clock.now(),
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
        except KeyError:
            continue  # nobody's here; its own tests know it
        answer = client.get(address)
        is_page = answer.status_code == 200 and not answer.streaming
        if is_page and answer.content.lstrip()[:15].lower() == b"<!doctype html>":
            found.append(address)
    return found
