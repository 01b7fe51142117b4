"""Rebalancing: within cash after costs, in whole lots, towards the target, never past it; then as blocks."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters import client_for
from brokers.blocks.models import Block, FundHolding, FundTarget
from brokers.blocks.rebalance import Line, rebalance
from brokers.blocks.services import rebalancing
from brokers.costs import Rates, estimate
from brokers.models import Instrument
from brokers.terms import Side
from lucy import clock
from lucy.errors import LucyError
from tests.blocks.desk import SYMBOL, make_fund, make_plan
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
            assert each.held - trade.quantity >= wanted
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


def test_targets_beyond_the_whole_are_refused():
    with pytest.raises(ValueError, match="more than the whole"):
        rebalance(Decimal(1), [line("A", 0, 6000, 1), line("B", 0, 6000, 1)])


@pytest.mark.django_db
def test_a_plan_is_rebalanced_by_blocks_once(paper, trader, account, ls_account):
    now = clock.now()
    for symbol, name in ((SYMBOL, "삼성전자"), (OTHER, "SK하이닉스")):
        Instrument.objects.create(
            symbol=symbol, name=name, initials="ㅅ", market="kospi", kind="stock", base_price=1,
            upper_limit=1, lower_limit=1, seen_at=now,
        )  # fmt: skip
    price = client_for(account).quote(OTHER).price
    fund = make_fund("A", trader, cash=price * 20)
    FundHolding.objects.create(fund=fund, symbol=SYMBOL, quantity=3)
    FundTarget.objects.create(fund=fund, symbol=OTHER, percent=50)
    plan = make_plan(trader, [(fund, account, 5000), (fund, ls_account, 5000)])
    found = rebalancing.propose(trader, plan, whole=True)
    wishes = {(each.wish.symbol, each.wish.side): each.wish.targets for each in found.blocks}
    assert wishes[SYMBOL, Side.SELL] == {1: 2, 2: 1}  # three shares over two legs
    assert not found.troubles
    made = rebalancing.place(trader, plan, "once")
    assert [block.pk for block in rebalancing.place(trader, plan, "once")] == [block.pk for block in made]
    assert {(block.symbol, block.side) for block in made} == set(wishes)
    eventually(lambda: not Block.objects.filter(status__in=["staged", "sending"]).exists())
    FundTarget.objects.create(fund=fund, symbol=SYMBOL, percent=60)
    with pytest.raises(LucyError, match="100 %"):
        rebalancing.propose(trader, plan)
