"""Holdings added up: the same count for both brokers, whoever tells the costs."""

from decimal import Decimal

from brokers.adapters.base import Balance, Cash, Holding
from brokers.costs import Rates
from brokers.portfolio import lines_of, together, totals_of

D = Decimal
RATES = Rates(D("0.015"), D("0.2"))
CASH = Cash(D(0), D(0), D(0), D(0))


def held(symbol, quantity, average, price, **changes):
    values = {
        "symbol": symbol,
        "name": symbol,
        "quantity": quantity,
        "sellable": quantity,
        "average_price": D(average),
        "cost": D(average) * quantity,
        "price": D(price),
        "value": D(price) * quantity,
        "profit": D(0),
        "profit_rate": D(0),
    }
    return Holding(**values | changes)


def lines(*holdings, account="가", kinds=None):
    return lines_of(Balance(CASH, holdings, D(0), None, D(0)), account, RATES, kinds or {})


def test_a_holding_is_counted_with_costs_and_weight():
    large, small = lines(held("000660", 1, 60_000, 50_000), held("005930", 10, 70_000, 75_000))
    assert (large.symbol, large.weight, small.weight) == ("005930", D("93.75"), D("6.25"))
    assert (large.per_share, large.profit) == (5_000, 50_000)
    assert (large.fee, large.tax) == (105 + 112, 1_500)  # 0.015 % of 700,000 and of 750,000; 0.2 % of 750,000
    assert (large.net, large.net_rate, large.is_estimate) == (48_283, D("6.89"), True)
    assert (small.profit, small.net) == (-10_000, -10_000 - 9 - 7 - 100)


def test_what_the_broker_tells_of_costs_goes_before_our_estimate():
    (line,) = lines(held("005930", 10, 70_000, 75_000, fee=D(1), tax=D(2)))
    assert (line.fee, line.tax, line.net, line.is_estimate) == (1, 2, 49_997, False)


def test_a_fund_is_sold_without_tax():
    assert lines(held("069500", 10, 40_000, 40_000), kinds={"069500": "etf"})[0].tax == 0


def test_what_cost_nothing_has_no_rate():
    assert lines(held("005930", 1, 0, 70_000))[0].net_rate is None


def test_accounts_together_make_one_line_an_issue():
    both = together(
        [
            *lines(held("005930", 10, 70_000, 75_000), held("000660", 1, 60_000, 50_000), account="가"),
            *lines(held("005930", 30, 80_000, 75_000, fee=D(3), tax=D(4)), account="나"),
        ]
    )
    assert [(line.symbol, line.quantity, line.held_in) for line in both] == [
        ("005930", 40, ("가", "나")),
        ("000660", 1, ("가",)),
    ]
    first = both[0]
    assert (first.average_price, first.cost, first.fee, first.is_estimate) == (77_500, 3_100_000, 220, True)
    totals = totals_of(both)
    assert (totals.cost, totals.value, totals.profit) == (3_160_000, 3_050_000, -110_000)
    assert totals.net == sum(line.net for line in both)
