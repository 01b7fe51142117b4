"""Rebalancing: within cash after costs, in whole lots, towards the target, never past it; then as blocks."""

from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters import client_for
from brokers.blocks.models import Block, FundHolding, FundTarget, IssueRule, Plan
from brokers.blocks.rebalance import Line, rebalance
from brokers.blocks.services import rebalancing
from brokers.blocks.services.previewing import preview
from brokers.blocks.services.together import crossed, troubles_together
from brokers.costs import Rates, estimate
from brokers.models import Instrument
from brokers.terms import OrderType, Side
from lucy import clock
from lucy.errors import LucyError
from tests.accounts.callers import browser_of
from tests.blocks.desk import SYMBOL, make_fund, make_plan, wish
from tests.factories import make_user
from tests.services import eventually

OTHER = "000660"


def line(symbol, held, target, price):
    return Line(symbol, held, target, Decimal(price), Rates())


@st.composite
def funds(draw):
    count = draw(st.integers(1, 6))
    parts = draw(st.lists(st.integers(0, 10_000 // count), min_size=count, max_size=count))
    return [
        line(f"S{index}", draw(st.integers(0, 5_000)), part, draw(st.integers(500, 900_000)))
        for index, part in enumerate(parts)
    ]


@given(funds(), st.integers(0, 10**10), st.sampled_from([1, 10, 100]))
def test_it_stays_within_cash_keeps_lots_and_never_passes_the_target(lines, cash, lot):
    found = rebalance(Decimal(cash), lines, lot)
    by_symbol = {each.symbol: each for each in lines}
    spent = Decimal(0)
    for trade in found.trades:
        each, wanted = by_symbol[trade.symbol], found.wanted[trade.symbol]
        assert trade.quantity > 0
        assert trade.quantity % lot == 0
        if trade.side == Side.BUY:
            assert each.held + trade.quantity <= wanted
            spent += estimate(Side.BUY, trade.quantity, each.price, each.rates).total
        else:
            assert (each.held - trade.quantity) * each.price * 10_000 >= found.net * each.target
    assert spent == found.spent
    assert spent <= cash
    assert all(found.wanted[each.symbol] * each.price <= found.net * each.target / 10_000 for each in lines)


def test_an_example_worked_out_by_hand():
    """10 million won: 6 in cash, 40 shares at 100,000; wanted half and half of two issues at 100,000."""
    lines = [line("A", 40, 5000, 100_000), line("B", 0, 5000, 100_000)]
    found = rebalance(Decimal(6_000_000), lines)
    assert [(trade.symbol, trade.side, trade.quantity) for trade in found.trades] == [
        ("A", Side.BUY, 10),
        ("B", Side.BUY, 49),  # the sixtieth share would pass the cash by the commission
    ]
    assert found.spent <= 6_000_000


def test_what_is_on_order_counts_as_done():
    """Half and half of 10 million: 50 of A are coming, B's 50 are leaving; a second look orders nothing."""
    lines = [
        Line("A", 0, 5000, Decimal(100_000), Rates(), coming=50),
        Line("B", 50, 5000, Decimal(100_000), Rates(), leaving=0),
    ]
    assert not rebalance(Decimal(0), lines).trades
    sold = [Line("A", 50, 5000, Decimal(100_000), Rates(), leaving=50)]
    assert rebalance(Decimal(0), sold).net == 10_000_000
    assert not rebalance(Decimal(0), sold).trades
    more = Line("A", 10, 0, Decimal(100_000), Rates(), coming=50)
    assert rebalance(Decimal(0), [more]).trades[0].quantity == 10  # only what is there can be sold


def test_targets_beyond_the_whole_are_refused():
    with pytest.raises(ValueError, match="more than the whole"):
        rebalance(Decimal(1), [line("A", 0, 6000, 1), line("B", 0, 6000, 1)])


@pytest.fixture
def issues(db):
    for symbol, name in ((SYMBOL, "삼성전자"), (OTHER, "SK하이닉스")):
        Instrument.objects.create(
            symbol=symbol, name=name, initials="ㅅ", market="kospi", kind="stock", base_price=1,
            upper_limit=1, lower_limit=1, seen_at=clock.now(),
        )  # fmt: skip


def test_a_plan_is_rebalanced_by_blocks_once(paper, trader, account, ls_account, issues):
    price = client_for(account).quote(OTHER).price
    fund = make_fund("A", trader, cash=price * 20)
    FundHolding.objects.create(fund=fund, symbol=SYMBOL, quantity=3)
    FundTarget.objects.create(fund=fund, symbol=OTHER, percent=50)
    plan = make_plan(trader, [(fund, account, 5000), (fund, ls_account, 5000)])
    found = rebalancing.propose(trader, plan, whole=True)
    (fund_round,) = found.funds
    off_before, off_after = fund_round.off
    assert off_after < off_before
    assert fund_round.cash_after == fund_round.free - fund_round.spent + fund_round.earned
    wishes = {(each.wish.symbol, each.wish.side): each.wish.targets for each in found.blocks}
    assert wishes[SYMBOL, Side.SELL] == {1: 2, 2: 1}  # three shares over two legs
    assert found.sendable == found.blocks
    assert not found.together
    looked = rebalancing.looked_at(trader, found.sealed(trader, "once"))
    assert looked.wishes == [each.wish for each in found.blocks]
    first = rebalancing.place(trader, plan, "once", looked.wishes[:1])  # whoever placed died here
    made = rebalancing.place(trader, plan, "once", looked.wishes)
    again = rebalancing.place(trader, plan, "once", looked.wishes)
    assert [block.pk for block in again] == [block.pk for block in made]
    assert made[0].pk == first[0].pk
    assert {(block.symbol, block.side) for block in made} == set(wishes)
    eventually(lambda: not Block.objects.filter(status__in=["staged", "sending"]).exists())
    on_the_way = rebalancing.propose(trader, plan)  # what is on order counts: nothing is ordered twice
    assert not on_the_way.blocks
    assert on_the_way.funds[0].pending
    FundTarget.objects.create(fund=fund, symbol=SYMBOL, percent=60)
    with pytest.raises(LucyError, match="100 %"):
        rebalancing.propose(trader, plan)


def test_the_page_places_what_was_looked_at_and_only_that(paper, trader, account, ls_account, issues):
    price = client_for(account).quote(OTHER).price
    fund = make_fund("A", trader, cash=price * 20)
    FundHolding.objects.create(fund=fund, symbol=SYMBOL, quantity=3)
    FundTarget.objects.create(fund=fund, symbol=OTHER, percent=50)
    plan = make_plan(trader, [(fund, account, 10_000)])
    browser, address = browser_of(trader), reverse("blocks:rebalance")
    page = browser.get(address, {"plan": plan.pk})
    sent = {"plan": plan.pk, "look": page.context["look"], "leaves": [f"{SYMBOL}-sell"], "read": "on"}
    for odd in (  # type: ignore[var-annotated]
        {"leaves": []},
        {"look": "made up"},
        {"plan": make_plan(trader, [(fund, account, 10_000)], "P2").pk},
    ):
        assert browser.post(address, sent | odd).status_code == 409
    assert (
        browser.post(address, {name: value for name, value in sent.items() if name != "read"}).status_code
        == 409
    )
    assert not Block.objects.exists()
    done = browser.post(address, sent)
    assert browser.post(address, sent).url == done.url  # type: ignore[attr-defined]  # a double click
    block = Block.objects.get()
    assert (block.symbol, block.ordered_quantity) == (SYMBOL, 3)
    shown = browser.get(done.url).content.decode()  # type: ignore[attr-defined]
    assert "data-wave" in shown
    assert browser_of(make_user()).get(done.url).status_code == 404  # type: ignore[attr-defined]
    part = browser.get(done.url, headers={"HX-Request": "true"}).content.decode()  # type: ignore[attr-defined]
    assert part.lstrip().startswith('<div id="round"')


def test_a_fund_without_shares_of_a_block_has_no_say_in_it(paper, trader, account, ls_account, issues):
    price = client_for(account).quote(SYMBOL).price
    barred, other = make_fund("A", trader, is_active=False), make_fund("B", trader)
    for stance in ("forbidden", "warned"):
        IssueRule.objects.create(
            fund=barred, symbol=SYMBOL, side="" if stance == "warned" else "buy", stance=stance, reason="금지"
        )
    plan = make_plan(trader, [(barred, account, 5000), (other, ls_account, 5000)])
    alone = preview(trader, plan, wish(price, targets={2: 5}))
    assert (alone.troubles, alone.reasons) == ([], [])
    both = preview(trader, plan, wish(price, targets={1: 5, 2: 5}))
    assert {trouble.code for trouble in both.troubles} == {"fund_closed", "fund_restricted"}
    assert both.reasons
    sale = preview(trader, plan, wish(price, side=Side.SELL, targets={2: 1}))
    assert crossed([alone, sale]) == ["삼성전자"]
    assert not crossed([alone, both])


def test_a_round_sent_twice_at_once_is_told_to_both_as_sent(paper, trader, account, issues, monkeypatch):
    price = client_for(account).quote(OTHER).price
    plan = make_plan(trader, [(make_fund("A", trader, day_value=price * 15), account, 10_000)])
    wishes = [wish(price, 10, symbol=OTHER)]
    look, first = rebalancing.preview, []  # type: ignore[attr-defined]

    def late(*args, **more):
        monkeypatch.setattr(rebalancing, "preview", look)
        first.extend(rebalancing.place(trader, plan, "one", wishes))
        return look(*args, **more)

    monkeypatch.setattr(rebalancing, "preview", late)
    assert rebalancing.place(trader, plan, "one", wishes) == first
    assert Block.objects.count() == 1


def test_a_plan_that_is_none_or_was_replaced_is_told_as_such(trader, account):
    fund = make_fund("A", trader)
    old = make_plan(trader, [(fund, account, 10_000)])
    Plan.objects.filter(pk=old.pk).update(replaced_at=clock.now())
    browser = browser_of(trader)
    answers = [browser.get(reverse("blocks:rebalance"), {"plan": key}) for key in ("none", str(old.pk))]
    assert [answer.status_code for answer in answers] == [404, 409]
    assert "새 버전" in answers[1].content.decode()


def test_an_overdrawn_fund_may_sell_several_issues(paper, trader, account, issues):
    fund = make_fund("A", trader, cash=-1_000_000)
    for symbol in (SYMBOL, OTHER):
        FundHolding.objects.create(fund=fund, symbol=symbol, quantity=10)
    plan = make_plan(trader, [(fund, account, 10_000)])
    sales = [
        wish(client_for(account).quote(symbol).price, 1, symbol=symbol, side=Side.SELL)
        for symbol in (SYMBOL, OTHER)
    ]
    told = troubles_together(trader, [preview(trader, plan, each) for each in sales])
    assert [trouble.code for trouble in told if trouble.fund] == []


def test_blocks_that_are_too_much_together_all_stay(paper, trader, account, ls_account, issues):
    """Each alone is within the fund's day and the account's cash; both are not."""
    price = client_for(account).quote(OTHER).price
    fund = make_fund("A", trader, cash=10**10, day_value=price * 15)
    plan = make_plan(trader, [(fund, account, 10_000)])
    wishes = [
        wish(price, symbol=OTHER, quantity=10),
        wish(client_for(account).quote(SYMBOL).price, quantity=int(price) * 10 // 70_000),
    ]
    found = [preview(trader, plan, each, whole=True) for each in wishes]
    assert not [trouble for each in found for trouble in each.troubles]
    told = troubles_together(trader, found)
    assert "fund_day_value" in {trouble.code for trouble in told}
    with pytest.raises(LucyError, match="아무것도 보내지 않았습니다"):
        rebalancing.place(trader, plan, "both", wishes)
    assert not Block.objects.exists()
    cash = client_for(account).buying_power(OTHER, price, OrderType.LIMIT)
    many = [
        wish(price, symbol=OTHER, quantity=cash.quantity * 2 // 3),
        wish(price - 1000, symbol=OTHER, quantity=cash.quantity * 2 // 3),
    ]
    fund.day_value = None
    fund.save()
    told = troubles_together(trader, [preview(trader, plan, each) for each in many])
    assert [trouble.code for trouble in told if trouble.account] == ["insufficient_cash"]
