"""What must hold before an order leaves: each check refuses with its code, and lets through at its limit."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from brokers.adapters.base import OrderRequest
from brokers.models import (
    AccountHealth,
    EventKind,
    Instrument,
    Order,
    OrderEvent,
    OrderStatus,
    RestrictedIssue,
    TradingLimit,
)
from brokers.services import facts, tally
from brokers.services.changes import cancel_order, modify_order
from brokers.services.orders import place_order
from brokers.services.reconcile import reconcile
from brokers.terms import Condition, OrderType, Side, Venue
from lucy import clock
from lucy.errors import LucyError
from tests.factories import make_account, make_order

pytestmark = pytest.mark.django_db

SYMBOL = "005930"


class World:
    """The paper broker as the checks see it: what it was asked, what it says."""

    def __init__(self, account, trader, client):
        self.account, self.trader, self.client = account, trader, client
        self.last = client.quote(SYMBOL)

    def place(self, **changes):
        values = {"symbol": SYMBOL, "side": Side.BUY, "quantity": 1, "price": self.last.price}
        request = OrderRequest(**values | changes)
        name = f"o{Order.objects.count()}"
        return place_order(self.account, self.trader, name, request, confirmed=True)

    def refused(self, **changes):
        """The code and the words of Lucy's own refusal."""
        order = self.place(**changes)
        assert order.status == OrderStatus.REJECTED, order.status
        assert OrderEvent.objects.filter(order=order, kind=EventKind.REFUSED).exists(), order.note
        assert not order.broker_order_no
        return order.note_code, order.note

    def taken(self, **changes):
        order = self.place(**changes)
        assert order.broker_order_no, (order.note_code, order.note)
        return order


@pytest.fixture
def world(paper, account, trader):
    from brokers.adapters import client_for

    return World(account, trader, client_for(account))


@pytest.fixture
def count(monkeypatch, world):
    """How often the broker was asked for each thing."""
    asked: dict[str, int] = {}

    def counting(name):
        original = getattr(world.client, name)

        def ask(*args, **kwargs):
            asked[name] = asked.get(name, 0) + 1
            return original(*args, **kwargs)

        monkeypatch.setattr(world.client, name, ask)

    for name in ("quote", "buying_power", "balance", "place"):
        counting(name)
    return asked


def limit(**values):
    return TradingLimit.objects.create(**values)


def list_issue(symbol=SYMBOL, kind="stock"):
    return Instrument.objects.create(
        symbol=symbol,
        name="이름",
        initials="ㅇㄹ",
        market="kospi",
        kind=kind,
        base_price=1,
        upper_limit=1,
        lower_limit=1,
        seen_at=clock.now(),
    )


# --- the issue and the market -----------------------------------------------------------------------------


def test_an_issue_that_is_not_listed(world):
    list_issue("000660")
    assert world.refused()[0] == "unknown_symbol"
    list_issue()
    world.taken()


def test_a_restricted_issue(world):
    row = RestrictedIssue.objects.create(symbol=SYMBOL, reason="내부자 정보")
    code, words = world.refused()
    assert (code, "내부자 정보" in words) == ("restricted", True)
    row.side = Side.SELL
    row.save()
    world.taken()


def test_a_type_that_the_venue_does_not_take(world):
    code, words = world.refused(order_type=OrderType.MARKET, price=None, venue=Venue.NXT)
    assert (code, words) == ("order_type_not_taken", "NXT에는 시장가 주문이 없습니다.")


def at(monkeypatch, *moment):
    local = datetime(*moment).replace(tzinfo=clock.KST)  # noqa: DTZ001
    monkeypatch.setattr(clock, "now", lambda: local)
    AccountHealth.objects.update(last_reconciled_at=local)


@pytest.mark.parametrize(
    ("moment", "reason"),
    [((2026, 11, 20, 8, 29, 59), "08:30"), ((2026, 11, 21, 10), "주말"), ((2026, 12, 25, 10), "휴장일")],
)
def test_a_closed_session(world, settings, monkeypatch, moment, reason):
    settings.MARKET_HOURS = True
    at(monkeypatch, *moment)
    code, words = world.refused()
    assert (code, reason in words) == ("session_closed", True), words


def test_an_open_session_lets_through_from_its_first_second(world, settings, monkeypatch):
    settings.MARKET_HOURS = True
    at(monkeypatch, 2026, 11, 20, 8, 30)
    world.taken()
    assert world.refused(condition=Condition.IOC)[0] == "session_closed"


def test_practice_trades_at_night(world, monkeypatch):
    at(monkeypatch, 2026, 11, 22, 3)
    world.taken()


def test_a_price_off_the_tick(world):
    list_issue()
    code, words = world.refused(price=world.last.price + 1)
    assert (code, "호가단위" in words) == ("off_tick", True)
    world.taken()


def test_a_halted_issue(world, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(world.client, "quote", lambda symbol: replace(world.last, halted=True))
    assert world.refused()[0] == "halted"


def test_a_price_outside_the_days_limits(world):
    limit(distance_percent=100)
    upper = world.last.upper_limit
    code, words = world.refused(price=upper + 1000)
    assert (code, f"{upper:,}" in words) == ("outside_band", True)
    world.taken(price=upper)


def test_a_price_far_from_the_last(world):
    limit(distance_percent=1)
    step = 100
    inside = world.last.price - world.last.price // 100 // step * step
    code, words = world.refused(price=inside - step)
    assert (code, "1 %" in words) == ("too_far", True)
    world.taken(price=inside)


def test_a_price_that_cannot_be_had_refuses(world, monkeypatch):
    from brokers.adapters.base import Unreachable

    def silent(symbol):
        raise Unreachable("no answer")

    monkeypatch.setattr(world.client, "quote", silent)
    code, words = world.refused()
    assert (code, "no answer" in words) == ("price_unavailable", True)


# --- limits -----------------------------------------------------------------------------------------------


def test_the_quantity_of_one_order(world):
    limit(order_quantity=5)
    code, words = world.refused(quantity=6)
    assert (code, "5주까지" in words, "6주" in words) == ("order_quantity", True, True)
    world.taken(quantity=5)


def test_the_value_of_one_order(world):
    limit(order_value=3 * world.last.price)
    assert world.refused(quantity=4)[0] == "order_value"
    world.taken(quantity=3)


def test_a_market_order_is_worth_the_upper_limit(world):
    limit(order_value=2 * world.last.upper_limit)
    assert world.refused(quantity=3, order_type=OrderType.MARKET, price=None)[0] == "order_value"
    world.taken(quantity=2, order_type=OrderType.MARKET, price=None)


def low(world):
    """A price at which nothing is filled while the test looks."""
    return world.last.lower_limit


def test_the_days_quantity_counts_what_may_still_fill(world):
    limit(day_quantity=5)
    first = world.taken(quantity=3, price=low(world))
    assert world.refused(quantity=3, price=low(world))[0] == "day_quantity"
    world.taken(quantity=2, price=low(world))
    cancel_order(first, world.trader, "c")
    Order.objects.filter(pk=first.pk).update(cancelled_quantity=3, status="cancelled", updated_at=clock.now())
    world.taken(quantity=3, price=low(world))


def test_the_days_value(world):
    limit(day_value=5 * low(world))
    world.taken(quantity=4, price=low(world))
    code, words = world.refused(quantity=2, price=low(world))
    assert (code, f"{6 * low(world):,}원" in words) == ("day_value", True), words
    world.taken(price=low(world))


def test_a_users_day_counts_all_accounts(world, ls_account):
    limit(scope="user", user=world.trader, day_quantity=5)
    make_order(ls_account, world.trader, quantity=4)
    assert world.refused(quantity=2)[0] == "user_day_quantity"
    world.taken()


def test_another_accounts_orders_do_not_count(world, trader):
    limit(day_quantity=5)
    make_order(make_account(trader), trader, quantity=5)
    world.taken(quantity=5)


def test_the_strictest_limit_holds(world):
    limit(order_quantity=10)
    limit(scope="account", account=world.account, order_quantity=2)
    limit(scope="user", user=world.trader, order_quantity=4)
    code, words = world.refused(quantity=3)
    assert (code, words.startswith("계좌 한도")) == ("order_quantity", True)


def test_without_rows_the_defaults_hold(world):
    assert world.refused(quantity=100_001)[0] == "order_quantity"


# --- cash and holdings ------------------------------------------------------------------------------------


@pytest.fixture
def _no_limits(db):
    limit()


def affordable(world, price):
    return world.client.buying_power(SYMBOL, price, OrderType.LIMIT).quantity


@pytest.mark.usefixtures("_no_limits")
def test_a_buy_beyond_the_brokers_figure(world):
    price = low(world)
    most = affordable(world, price)
    code, words = world.refused(quantity=most + 1, price=price)
    assert (code, "주문가능금액" in words) == ("insufficient_cash", True)
    world.taken(quantity=most, price=price)


@pytest.mark.usefixtures("_no_limits")
def test_a_second_order_meets_what_the_first_one_bound(world):
    price = low(world)
    most = affordable(world, price)
    world.taken(quantity=most * 6 // 10, price=price)
    assert world.refused(quantity=most * 6 // 10, price=price)[0] == "insufficient_cash"


def test_the_broker_is_asked_for_cash_only_when_needed(world, count):
    for _ in range(3):
        world.taken(price=low(world))
    assert count == {"quote": 1, "buying_power": 1, "place": 3}


def test_cash_that_cannot_be_asked_for_refuses(world, monkeypatch):
    from brokers.adapters.base import RateLimited

    def busy(*_):
        raise RateLimited("slow down", code="EGW00201")

    monkeypatch.setattr(world.client, "buying_power", busy)
    assert world.refused()[0] == "cash_unavailable"


def held(world):
    return next((line for line in world.client.balance().holdings if line.sellable), None)


def test_a_sale_beyond_what_is_held(world, count):
    line = held(world)
    assert line is not None
    high = world.client.quote(line.symbol).upper_limit
    count.clear()
    sale = {"symbol": line.symbol, "side": Side.SELL, "price": high}
    code, words = world.refused(quantity=line.sellable + 1, **sale)
    assert (code, f"{line.sellable:,}주" in words) == ("insufficient_holdings", True)
    world.taken(quantity=line.sellable, **sale)
    assert count["balance"] == 1
    assert world.refused(quantity=1, **sale)[0] == "insufficient_holdings"
    assert count["balance"] == 2  # the kept figure never refuses


def test_a_refusal_by_the_broker_forgets_the_figures(world, count, monkeypatch):
    from brokers.adapters.base import Rejected

    world.taken(price=low(world))

    def refuse(request):
        raise Rejected("주문가능금액이 부족합니다", code="APBK0952")

    monkeypatch.setattr(world.client, "place", refuse)
    assert world.place(price=low(world)).note_code == "APBK0952"
    world.place(price=low(world))
    assert count["buying_power"] == 2


# --- modifies ---------------------------------------------------------------------------------------------


def modify(world, order, price):
    order.refresh_from_db()
    return modify_order(
        order, world.trader, f"m{price}", quantity=None, price=Decimal(price), order_type=OrderType.LIMIT
    )


def test_a_modify_passes_the_same_checks(world):
    limit(order_value=3 * (low(world) + 100))
    order = world.taken(quantity=3, price=low(world))
    with pytest.raises(LucyError) as refused:
        modify(world, order, low(world) + 200)
    assert refused.value.code == "order_value"
    assert modify(world, order, low(world) + 100).status != "rejected"


def test_a_modify_adds_only_its_difference_to_the_day(world):
    limit(day_value=3 * low(world) + 300)
    order = world.taken(quantity=3, price=low(world))
    assert modify(world, order, low(world) + 100).status != "rejected"


# --- the tally --------------------------------------------------------------------------------------------


def test_the_tally_follows_what_changes(account, trader):
    counted = tally.tally_of(account)
    order = make_order(account, trader, quantity=10, price=1_000)
    assert counted.read().total == tally.Bound(10, Decimal(10_000))
    changes = {"filled_quantity": 4, "filled_amount": Decimal(3_600), "cancelled_quantity": 6}
    Order.objects.filter(pk=order.pk).update(**changes, updated_at=clock.now())
    assert counted.read().total == tally.Bound(4, Decimal(3_600))
    make_order(account, trader, quantity=1, price=1_000, created_at=clock.day_start().replace(year=2020))
    assert counted.read().total.quantity == 4


def test_kept_facts_are_bounded():
    kept: dict[int, int] = {}
    for number in range(facts.MOST_KEPT + 10):
        facts._keep(kept, number, number)
    assert len(kept) == facts.MOST_KEPT
    assert 0 not in kept


def test_no_order_before_the_days_first_reconciliation(world):
    yesterday = clock.now() - timedelta(days=1)
    AccountHealth.objects.filter(account=world.account).update(last_reconciled_at=yesterday)
    assert world.refused()[0] == "not_reconciled"
    reconcile(world.account)
    world.taken()
