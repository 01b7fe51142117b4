"""What a trade costs, at an account's own rates."""

from decimal import Decimal

import pytest

from brokers.costs import Rates, estimate
from brokers.terms import InstrumentKind, Side

D = Decimal


@pytest.mark.parametrize(
    ("side", "kind", "fee", "tax", "total"),
    [
        (Side.BUY, InstrumentKind.STOCK, 105, 0, 700_105),
        (Side.SELL, InstrumentKind.STOCK, 105, 1_400, 698_495),
        (Side.SELL, InstrumentKind.ETF, 105, 0, 699_895),
        (Side.SELL, "", 105, 1_400, 698_495),  # a code that the list does not have counts as a share
    ],
)
def test_ten_shares_at_70000(side, kind, fee, tax, total):
    cost = estimate(side, 10, D(70_000), Rates().of(kind))
    assert (cost.fee, cost.tax, cost.total) == (fee, tax, total)


def test_each_cost_is_cut_to_the_won_at_the_accounts_own_rate():
    cost = estimate(Side.SELL, 7, D(12_345), Rates(D("0.0140527"), D("0.15")))
    assert (cost.fee, cost.tax) == (12, 129)  # 86,415 x 0.0140527 % = 12.14…; x 0.15 % = 129.62…
