"""A fund's free money and shares, read by what changed: the same as adding everything up anew."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from brokers.adapters import client_for
from brokers.blocks import booked
from brokers.blocks.booked import booked_since
from brokers.blocks.models import AllocationShare, Block, BlockRule
from brokers.blocks.selectors import position_of, positions_of
from brokers.blocks.services import allocating, approvals
from brokers.blocks.services.staging import place_block
from brokers.services.reconcile import reconcile
from lucy import clock, mongo
from tests.blocks.desk import SYMBOL, fill, make_fund, make_plan, orders_of, wish
from tests.blocks.test_report import make_block
from tests.services import eventually

pytestmark = pytest.mark.django_db

SUMS = ("filled", "open", "amount", "fee", "tax", "bound")


def anew(fund):
    """The same by MongoDB's own sums."""
    rows = AllocationShare.objects.filter(fund=fund, created_at__gte=fund.as_of)
    sums = rows.values_list("side", "symbol", "trade_date").annotate(*(Sum(name) for name in SUMS))
    return {row[:3]: row[3:] for row in sums}


def kept(fund):
    return {tuple(place): tuple(sums) for place, sums in booked_since([fund])[fund.pk].items()}


def test_each_step_of_a_block_is_in_the_book(paper, account, ls_account, trader):
    legs = [(make_fund(code, trader), one, 5000) for code, one in (("A", account), ("B", ls_account))]
    low = client_for(account).quote(SYMBOL).lower_limit
    funds = [fund for fund, *_ in legs]
    plan = make_plan(trader, legs)

    def same():
        return all(kept(fund) == anew(fund) for fund in funds)

    assert same()
    block = place_block(trader, "b1", plan, wish(low, 100))
    assert same()
    assert position_of(funds[0]).bound > 50 * low - 1
    eventually(lambda: Block.objects.get(pk=block.pk).status == "working")
    for order in orders_of(block):
        fill(paper, order, 3)
        reconcile(order.account)
    allocating.refresh(block.pk)
    assert same()
    assert [position_of(fund).shares[SYMBOL] for fund in funds] == [3, 3]
    BlockRule.objects.create(approval_value=1)
    asked = place_block(trader, "b2", plan, wish(low, 10))
    assert same()
    before = position_of(funds[0]).cash
    approvals.withdraw(asked, trader)
    assert same()
    assert position_of(funds[0]).cash > before + 5 * low - 1


def test_only_what_changed_is_read_and_another_moment_begins_anew(trader, account, monkeypatch):
    fund, other = make_fund("A", trader), make_fund("B", trader)
    plan = make_plan(trader, [(fund, account, 5000), (other, account, 5000)])
    early, late = make_block(plan, trader, [3, 1]), make_block(plan, trader, [5, 2])
    assert positions_of([fund, other])[fund.pk].shares[SYMBOL] == 8
    monkeypatch.setattr(booked, "OVERLAP", timedelta(0))
    share = AllocationShare.objects.get(block=early, fund=fund)
    mongo.collection(AllocationShare).update_one({"_id": share.pk}, {"$set": {"filled": 999}})  # untold
    AllocationShare.objects.filter(block=late, fund=fund).update(filled=6, updated_at=clock.now())
    assert position_of(fund).shares[SYMBOL] == 9
    monkeypatch.undo()
    fund.as_of = late.created_at
    fund.save()
    assert position_of(fund).shares[SYMBOL] == 6
    assert position_of(other).cash == other.cash - Decimal(3 * 1_001)


def test_earlier_days_are_only_summed_and_a_late_change_of_them_is_seen(trader, account):
    yesterday = clock.day_start() - timedelta(hours=12)
    fund = make_fund("A", trader, as_of=yesterday - timedelta(days=1))
    plan = make_plan(trader, [(fund, account, 10_000)])
    old, new = make_block(plan, trader, [7]), make_block(plan, trader, [5], side="sell")
    AllocationShare.objects.filter(block=old).update(
        created_at=yesterday, updated_at=yesterday, trade_date=yesterday.astimezone(clock.KST).date()
    )
    assert kept(fund) == anew(fund)
    assert position_of(fund).today == 5_000
    for block, filled in ((old, 8), (new, 6), (old, 9)):
        AllocationShare.objects.filter(block=block).update(filled=filled, updated_at=clock.now())
        assert kept(fund) == anew(fund)
    assert position_of(fund).shares[SYMBOL] == 9 - 6
