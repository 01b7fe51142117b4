"""The paper ledger: matching, refusals and books that add up whatever happens."""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.paper import grid
from brokers.paper.clock import PaperClock, Session
from brokers.paper.ledger import (
    Account,
    Condition,
    Event,
    EventKind,
    Holding,
    Ledger,
    OrderKind,
    PriceType,
    Reason,
    Refusal,
    Side,
)
from brokers.paper.market import Market, isin_of

SAMSUNG = "005930"
KAKAO = "035720"


def make_ledger(**clock_options):
    clock = PaperClock(**clock_options)
    ledger = Ledger(Market(1, clock), clock)
    account = Account("kis", "5000000001", "real", "hts1", "홍길동", "key", "secret", 100_000_000)
    account.holdings[KAKAO] = Holding(KAKAO, 100, Decimal(5_000_000))
    ledger.add_account(account)
    return ledger, account


@pytest.fixture
def books():
    ledger, account = make_ledger()
    events: list[Event] = []
    ledger.subscribe(events.append)
    yield ledger, account, events
    ledger.check()


def refusal(call, *args, **kwargs):
    with pytest.raises(Refusal) as caught:
        call(*args, **kwargs)
    return caught.value.reason


@pytest.mark.parametrize(
    ("base", "upper", "lower"), [(128_500, 167_000, 90_000), (78_200, 101_600, 54_800), (3_870, 5_030, 2_710)]
)
def test_price_limits_are_those_of_recorded_answers(base, upper, lower):
    assert (grid.upper_limit(base), grid.lower_limit(base)) == (upper, lower)


def test_ticks_of_shares_and_funds():
    assert [grid.tick_size(p) for p in (1999, 2000, 5000, 20_000, 50_000, 200_000, 500_000)] == [
        *(1, 5, 10, 50, 100, 500, 1000)
    ]
    assert [grid.tick_size(p, "ETF") for p in (1999, 2000, 57_835)] == [1, 5, 5]
    assert grid.step_down(2000) == 1999


def test_isin_check_digit():
    assert isin_of("005930") == "KR7005930003"
    assert isin_of("005935") == "KR7005931001"


def test_the_book_has_ten_levels_on_the_grid():
    market = Market(3)
    for code, issue in market.issues.items():
        book = market.book(code)
        assert len(book.asks) == len(book.bids) == 10
        assert book.asks[0].price > book.bids[0].price
        for level in book.asks + book.bids:
            assert grid.is_on_grid(level.price, issue.kind)


def test_the_same_seed_gives_the_same_market():
    one, other = Market(5), Market(5)
    for market in (one, other):
        for _ in range(50):
            market.step()
    assert [i.price for i in one.issues.values()] == [i.price for i in other.issues.values()]
    assert one.daily_candles(SAMSUNG)[:50] == other.daily_candles(SAMSUNG)[:50]
    assert one.daily_candles(SAMSUNG)[0].close == one.issue(SAMSUNG).base_price


def test_a_marketable_order_takes_several_levels(books):
    ledger, account, events = books
    best = replace(ledger.market.book(SAMSUNG).asks[0])
    quantity = best.quantity + 5
    order = ledger.place(account, SAMSUNG, Side.BUY, quantity, best.price + 500)
    assert [fill.price for fill in order.executions] == [best.price, best.price + 100]
    assert [event.kind for event in events] == [EventKind.ACCEPTED, EventKind.FILLED, EventKind.FILLED]
    assert account.holdings[SAMSUNG].bought_today == quantity
    assert account.deposit == 100_000_000
    assert account.settled_cash == 100_000_000 - account.bought_today - account.fees_today


def test_a_resting_order_fills_when_the_price_comes(books):
    ledger, account, _ = books
    order = ledger.place(account, SAMSUNG, Side.BUY, 10, 95_000)
    assert (order.open, account.reserved) == (10, 950_000 + 142)
    ledger.market.set_price(SAMSUNG, 95_000)
    assert (order.open, order.average_price, account.reserved) == (0, 95_000, 0)


def test_manual_matching_only_fills_by_hand(books):
    ledger, account, _ = books
    ledger.matching = False
    order = ledger.place(account, SAMSUNG, Side.BUY, 10, 96_200)
    assert order.open == 10
    ledger.fill(account, order.number, 3, 96_100)
    ledger.fill(account, order.number, 3, 96_100)
    assert (order.filled, order.open, len(order.executions)) == (6, 4, 2)
    assert refusal(ledger.fill, account, order.number, 5) is Reason.QUANTITY_ABOVE_OPEN


def test_a_modify_moves_to_a_new_number(books):
    ledger, account, _ = books
    old = ledger.place(account, SAMSUNG, Side.BUY, 10, 90_000)
    new = ledger.modify(account, old.number, None, 91_000)
    assert (new.number, new.parent, new.first, new.open) == (old.number + 1, old.number, old.number, 10)
    assert (old.open, old.moved) == (0, 10)
    assert refusal(ledger.cancel, account, old.number) is Reason.NOTHING_TO_CHANGE
    assert refusal(ledger.modify, account, new.number, None, 91_000) is Reason.PRICE_UNCHANGED
    ledger.modify(account, new.number, 4, 91_100)
    assert new.open == 6


def test_a_cancel_may_be_partial(books):
    ledger, account, _ = books
    order = ledger.place(account, KAKAO, Side.SELL, 10, 65_000)
    cancel = ledger.cancel(account, order.number, 4)
    assert (cancel.kind, cancel.number, cancel.open) == (OrderKind.CANCEL, order.number + 1, 0)
    assert (order.open, account.holdings[KAKAO].sellable) == (6, 94)
    assert refusal(ledger.cancel, account, order.number, 7) is Reason.QUANTITY_ABOVE_OPEN
    assert refusal(ledger.cancel, account, 999) is Reason.NO_SUCH_ORDER


@pytest.mark.parametrize(
    ("code", "side", "quantity", "price", "options", "reason"),
    [
        ("999999", Side.BUY, 1, 1000, {}, Reason.UNKNOWN_ISSUE),
        (SAMSUNG, Side.BUY, 1, 96_250, {}, Reason.OFF_TICK),
        (SAMSUNG, Side.BUY, 1, 126_000, {}, Reason.OUTSIDE_BAND),
        (SAMSUNG, Side.BUY, 0, 96_200, {}, Reason.QUANTITY),
        (SAMSUNG, Side.BUY, 1040, 96_200, {}, Reason.NO_CASH),
        (SAMSUNG, Side.BUY, 801, 0, {"price_type": PriceType.MARKET}, Reason.NO_CASH),
        (KAKAO, Side.SELL, 101, 58_900, {}, Reason.NO_HOLDING),
        (SAMSUNG, Side.BUY, 1, 0, {"price_type": PriceType.MARKET, "exchange": "NXT"}, Reason.PRICE_TYPE),
        ("069500", Side.BUY, 1, 57_835, {"exchange": "NXT"}, Reason.WRONG_EXCHANGE),
    ],
)
def test_refusals(books, code, side, quantity, price, options, reason):
    ledger, account, events = books
    assert refusal(ledger.place, account, code, side, quantity, price, **options) is reason
    assert events == []
    assert account.orders == {}


def test_a_halted_issue_is_refused(books):
    ledger, account, _ = books
    ledger.market.halt(SAMSUNG)
    assert refusal(ledger.place, account, SAMSUNG, Side.BUY, 1, 96_200) is Reason.HALTED


def test_ioc_and_fok(books):
    ledger, account, events = books
    best = replace(ledger.market.book(SAMSUNG).asks[0])
    ioc = ledger.place(account, SAMSUNG, Side.BUY, best.quantity + 9, best.price, condition=Condition.IOC)
    assert (ioc.filled, ioc.cancelled, events[-1].kind) == (best.quantity, 9, EventKind.KILLED)
    account.deposit += 100_000_000
    fok = ledger.place(account, KAKAO, Side.BUY, 1500, 58_900, condition=Condition.FOK)
    assert (fok.filled, fok.cancelled) == (0, 1500)


def test_a_stop_order_waits_for_its_price(books):
    ledger, account, _ = books
    order = ledger.place(account, SAMSUNG, Side.BUY, 5, 98_000, PriceType.STOP, stop_price=97_000)
    ledger.market.set_price(SAMSUNG, 96_900)
    assert order.filled == 0
    ledger.market.set_price(SAMSUNG, 97_000)
    assert order.filled == 5


def test_a_sale_is_taxed_and_realises_profit(books):
    ledger, account, _ = books
    ledger.place(account, KAKAO, Side.SELL, 30, 0, PriceType.MARKET)
    holding = account.holdings[KAKAO]
    amount = account.sold_today
    assert holding.cost == 3_500_000
    assert account.today.taxes == int(amount * Decimal("0.002"))
    assert holding.realised == amount - 1_500_000 - account.fees_today


def test_sessions_in_scheduled_mode():
    clock = PaperClock(scheduled=True)
    for moment, krx, nxt in (
        ("2026-11-20T07:59", Session.BEFORE, Session.BEFORE),
        ("2026-11-20T08:30", Session.OPENING_AUCTION, Session.CONTINUOUS),
        ("2026-11-20T15:25", Session.CLOSING_AUCTION, Session.PAUSE),
        ("2026-11-20T19:00", Session.CLOSED, Session.CONTINUOUS),
        ("2026-11-21T10:00", Session.HOLIDAY, Session.HOLIDAY),
    ):
        clock.set(datetime.fromisoformat(moment))
        assert (clock.session("KRX"), clock.session("NXT")) == (krx, nxt)


def test_hours_refuse_orders():
    ledger, account = make_ledger(scheduled=True)
    for moment, price_type, reason in (
        ("2026-11-21T10:00", PriceType.LIMIT, Reason.NOT_BUSINESS_DAY),
        ("2026-11-23T08:00", PriceType.LIMIT, Reason.BEFORE_OPEN),
        ("2026-11-23T15:35", PriceType.LIMIT, Reason.SESSION_CLOSED),
        ("2026-11-23T10:00", PriceType.AFTER_CLOSE, Reason.BEFORE_OPEN),
    ):
        ledger.clock.set(datetime.fromisoformat(moment))
        assert refusal(ledger.place, account, SAMSUNG, Side.BUY, 1, 96_200, price_type) is reason


def test_a_new_day_settles_and_expires():
    ledger, account = make_ledger(scheduled=True)
    ledger.clock.set(datetime(2026, 11, 20, 10, 0))  # noqa: DTZ001
    bought = ledger.place(account, SAMSUNG, Side.BUY, 10, 96_200)
    resting = ledger.place(account, SAMSUNG, Side.BUY, 10, 90_000)
    cost = 962_000 + 144
    assert ledger.balance(account).d2_cash == 100_000_000 - cost
    assert ledger.balance(account).d1_cash == 100_000_000
    ledger.clock.advance(timedelta(days=3))
    figures = ledger.balance(account)
    assert (figures.deposit, figures.d1_cash, figures.d2_cash) == (
        *(100_000_000, 100_000_000 - cost, 100_000_000 - cost),
    )
    assert (resting.open, resting.expired, account.reserved, bought.filled) == (0, 10, 0, 10)
    assert figures.yesterday.bought == 962_000
    ledger.clock.advance(timedelta(days=1))
    assert ledger.balance(account).deposit == 100_000_000 - cost
    assert ledger.place(account, SAMSUNG, Side.BUY, 1, 90_000).number == 1
    ledger.check()


def test_nxt_trades_when_krx_is_closed():
    ledger, account = make_ledger(scheduled=True)
    ledger.clock.set(datetime(2026, 11, 20, 8, 10))  # noqa: DTZ001
    order = ledger.place(account, SAMSUNG, Side.BUY, 1, 96_200, exchange="NXT")
    assert order.filled == 1
    ledger.clock.set(datetime(2026, 11, 20, 8, 40))  # noqa: DTZ001
    waiting = ledger.place(account, SAMSUNG, Side.BUY, 1, 96_200)
    assert waiting.filled == 0
    ledger.clock.set(datetime(2026, 11, 20, 9, 0))  # noqa: DTZ001
    ledger.market.set_price(SAMSUNG, 96_200)
    assert waiting.filled == 1


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "market", "modify", "cancel", "price", "step", "fill", "day", "ioc"]),
        st.integers(1, 60),
        st.integers(-30, 30),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(OPERATIONS)
def test_the_books_add_up_whatever_happens(operations):
    ledger, account = make_ledger()
    ledger.clock.set(datetime(2026, 11, 20, 10, 0))  # noqa: DTZ001
    for deed, quantity, offset in operations:
        with contextlib.suppress(Refusal):
            act(ledger, account, deed, quantity, offset)
        ledger.check()


def act(ledger, account, deed, quantity, offset):
    market = ledger.market
    price = market.issue(KAKAO).price + 100 * offset
    newest = max((number for _, number in account.orders), default=1)
    if deed in ("buy", "sell", "ioc"):
        side = Side.SELL if deed == "sell" else Side.BUY
        condition = Condition.IOC if deed == "ioc" else Condition.NONE
        ledger.place(
            account, KAKAO, side, quantity * 20 if offset > 20 else quantity, price, condition=condition
        )
    elif deed == "market":
        side = Side.BUY if offset > 0 else Side.SELL
        ledger.place(account, KAKAO, side, quantity, 0, PriceType.MARKET)
    elif deed == "modify":
        number = max(newest - quantity % 4, 1)
        ledger.modify(account, number, quantity if offset > 0 else None, price, keep_rest=offset % 2 == 0)
    elif deed == "cancel":
        ledger.cancel(account, max(newest - quantity % 4, 1), quantity if offset > 0 else None)
    elif deed == "fill":
        ledger.fill(account, max(newest - quantity % 4, 1), quantity)
    elif deed == "price":
        low, high = market.lower_limit(KAKAO), market.upper_limit(KAKAO)
        market.set_price(KAKAO, min(max(price, low), high))
    elif deed == "step":
        market.step(len(market.issues))
    else:
        ledger.clock.advance(timedelta(days=1))
        ledger.roll()
