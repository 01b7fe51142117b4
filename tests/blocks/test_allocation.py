"""The five properties of the quota method, and won that sum exactly, over random plans and fill sequences."""

import random
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.blocks.allocation import (
    CHECKPOINT_EVERY,
    Party,
    Quota,
    divide_won,
    ideal_shares,
    largest_remainder,
    quota_of,
    rounded_down,
    split,
)
from brokers.blocks.terms import Rounding
from brokers.costs import Rates, estimate
from brokers.terms import Side

weights = st.integers(1, 60)
free = st.lists(weights.map(Party), min_size=1, max_size=12)
capped = st.lists(st.builds(Party, weights, st.none() | st.integers(0, 40)), min_size=1, max_size=10)
plans = free | capped


def within(parties, lots):
    caps = [party.cap for party in parties]
    return lots if None in caps else min(lots, sum(caps))


@given(plans, st.integers(0, 250))
def test_at_every_moment_parts_sum_and_each_has_floor_or_ceiling_and_nothing_is_taken_back(parties, lots):
    method = Quota(parties)
    before = [0] * len(parties)
    for now in range(lots + 1):
        given_now = method.lots(now)
        assert sum(given_now) == within(parties, now)
        for share, ideal, party in zip(given_now, ideal_shares(parties, now), parties, strict=True):
            assert floor(ideal) <= share <= ceil(ideal)
            assert party.cap is None or share <= party.cap
        assert all(new >= old for new, old in zip(given_now, before, strict=True))
        before = given_now


@given(plans, st.integers(0, 250))
def test_equal_parties_differ_by_at_most_one(parties, lots):
    alike: dict = {}
    for party, share in zip(parties, Quota(parties).lots(lots), strict=True):
        alike.setdefault(party, []).append(share)
    assert all(max(shares) - min(shares) <= 1 for shares in alike.values())


@given(plans, st.lists(st.integers(1, 400), max_size=30), st.sampled_from([1, 5, 10, 100]))
def test_fills_of_any_size_grow_in_whole_lots_but_for_the_one_being_filled(parties, fills, lot):
    method = Quota(parties)
    filled, before = 0, [0] * len(parties)
    for fill in fills:
        filled += fill
        now = method.shares(filled, lot)
        assert sum(now) == filled
        assert all(new >= old for new, old in zip(now, before, strict=True))
        if method.most is None or filled <= method.most * lot:
            assert sum(share % lot != 0 for share in now) <= 1
        before = now


@given(plans, st.integers(0, 3_000), st.sampled_from([1, 10]), st.sampled_from(Rounding))
def test_every_rule_keeps_lots_caps_and_the_quota(parties, shares, lot, rounding):
    parts = split(rounding, parties, shares, lot)
    inside = [Party(p.weight, None if p.cap is None else p.cap // lot) for p in parties]
    for part, ideal, party in zip(parts, ideal_shares(inside, shares // lot), parties, strict=True):
        assert part % lot == 0
        assert floor(ideal) <= part // lot <= ceil(ideal)
        assert party.cap is None or part <= party.cap
    if rounding != Rounding.DOWN:
        assert sum(parts) == within(inside, shares // lot) * lot


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=50), st.integers(0, 10**6))
def test_the_timetable_repeats_after_its_period(values, lots):
    parties = tuple(Party(value) for value in values)
    given_now = quota_of(parties).lots(lots)
    assert sum(given_now) == lots
    for share, ideal in zip(given_now, ideal_shares(parties, lots), strict=True):
        assert floor(ideal) <= share <= ceil(ideal)


def test_the_largest_remainder_takes_back_what_the_quota_method_does_not():
    """The Alabama paradox: of 11 lots instead of 10, the third party would lose one."""
    paradox = [Party(6), Party(6), Party(2)]
    assert largest_remainder(paradox, 10) == [4, 4, 2]
    assert largest_remainder(paradox, 11) == [5, 5, 1]
    series = [Quota(paradox).lots(lots) for lots in range(200)]
    assert all(new >= old for a, b in pairwise(series) for new, old in zip(b, a, strict=True))


def test_what_is_rounded_down_is_left_over():
    assert rounded_down([Party(1), Party(1), Party(1)], 10) == [3, 3, 3]


def test_a_question_that_goes_back_gets_the_same_answer():
    many = Quota([Party(999_983, 50_000), Party(777_767), Party(3)])
    late = CHECKPOINT_EVERY * 2 + 17
    first = [many.lots(lots) for lots in (5, CHECKPOINT_EVERY, late)]
    assert [many.lots(lots) for lots in (5, CHECKPOINT_EVERY, late)] == first
    assert [Quota(many.parties).lots(lots) for lots in (5, CHECKPOINT_EVERY, late)] == first


@pytest.mark.parametrize(("weight", "cap"), [(0, None), (-1, None), (1, -1)])
def test_a_party_without_sense_is_refused(weight, cap):
    with pytest.raises(ValueError, match=r"cap|weight"):
        Party(weight, cap)


def test_amounts_fees_and_taxes_sum_exactly_over_ten_thousand_cases():
    dice = random.Random(7)
    for _ in range(10_000):
        parties = tuple(Party(dice.randint(1, 9)) for _ in range(dice.randint(1, 10)))
        side = dice.choice(list(Side))
        fills = [(dice.randint(1, 900), dice.randrange(1_000, 900_000, 5)) for _ in range(dice.randint(1, 4))]
        filled = sum(quantity for quantity, _ in fills)
        shares = quota_of(parties).shares(filled)
        costs = [estimate(side, quantity, Decimal(price), Rates()) for quantity, price in fills]
        amount, fee, tax = (int(sum(getattr(c, part) for c in costs)) for part in ("amount", "fee", "tax"))
        amounts = divide_won(amount, shares)
        assert sum(shares) == filled
        assert sum(amounts) == amount
        assert sum(divide_won(fee, amounts)) == fee
        assert sum(divide_won(tax, amounts)) == tax
        assert all(
            abs(part - amount * share / filled) < 1 for part, share in zip(amounts, shares, strict=True)
        )
