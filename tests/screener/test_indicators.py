"""Each figure against numbers worked out by hand."""

import numpy as np
import pytest

from brokers.prices import Panel
from screener import indicators as of

NAN = float("nan")


def rows(*lines):
    return np.array(lines, dtype=np.float64)


def near(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9)


CLOSE = rows([10, 11, 12, 11, 13], [NAN, NAN, 20, 30, 15])


def test_averages_need_all_their_days():
    near(of.average(CLOSE, 3), [12, 65 / 3])  # (12+11+13)/3, (20+30+15)/3
    near(of.average(CLOSE, 2, back=1), [11.5, 25])
    near(of.average(CLOSE, 4), [11.75, NAN])
    near(of.average(CLOSE, 6), [NAN, NAN])


def test_change_over_days():
    near(of.change(CLOSE, 1), [2 / 11 * 100, -50])
    near(of.change(CLOSE, 3), [2 / 11 * 100, NAN])  # 13 against 11


def test_volume_is_compared_with_the_days_before():
    near(of.volume_ratio(rows([100, 300, 800], [0, 0, 5]), 2), [4, NAN])  # 800 / 200; nothing to compare with


def test_disparity():
    near(of.disparity(rows([90, 100, 110]), 3), [110])


def test_breakouts_look_at_the_days_before():
    high, low = rows([10, 12, 13], [10, 12, 15]), rows([8, 9, 7], [8, 9, 10])
    close = rows([9, 11, 12.5], [9, 11, 12])
    assert list(of.above_high(high, close, 2)) == [True, False]  # above 12; 12 is not above 12
    assert list(of.below_low(low, rows([9, 11, 7.5], [9, 11, 8]), 2)) == [True, False]
    assert list(of.above_high(high, close, 3)) == [False, False]  # too few days


def test_distance_from_high_and_low_counts_a_new_listings_days():
    high, low = rows([100, 200, 150], [NAN, NAN, 80]), rows([50, 60, 40], [NAN, NAN, 50])
    close = rows([90, 190, 100], [NAN, NAN, 60])
    near(of.from_high(high, close, 3), [-50, -25])
    near(of.from_low(low, close, 3), [150, 20])
    near(of.from_high(high, close, 1), [(100 / 150 - 1) * 100, -25])
    assert np.isnan(of.from_high(rows([NAN, NAN]), rows([NAN, NAN]), 2)).all()


def test_todays_candle():
    open_, high, low, close = rows([10, 110]), rows([12, 130]), rows([9, 105]), rows([100, 121])
    near(of.gap(open_, close), [10])  # opened at 110 after 100
    near(of.body(open_, close), [10])  # 110 to 121
    near(of.day_range(high, low, close), [25])  # 130 - 105 of 100


def test_streaks_count_back_from_today():
    close = rows([5, 4, 5, 6, 7], [9, 8, 7, 6, 5], [1, 2, 3, 3, 3], [NAN, NAN, 1, 2, 3])
    assert list(of.streak(close)) == [3, -4, 0, 2]
    assert np.isnan(of.streak(rows([NAN, 1])))[0]


def test_rsi_by_wilder():
    # n = 2, steps +2 -1 +1 +3: up (2+0)/2=1, then (1+1)/2=1, (1+3)/2=2; down (0+1)/2=.5, .25, .125
    near(of.rsi(rows([10, 12, 11, 12, 15]), 2), [100 * 2 / 2.125])
    near(of.rsi(rows([NAN, 12, 11, 12, 15]), 2), [100 * (0.5 + 3) / 2 / ((0.5 + 3) / 2 + 0.25)])
    near(of.rsi(rows([5, 5, 5, 5]), 2), [50])
    near(of.rsi(rows([1, 2, 3, 4]), 2), [100])
    near(of.rsi(rows([NAN, NAN, 3, 4]), 2), [NAN])


def test_ema_begins_with_the_first_close():
    near(of.ema(rows([10, 13, 16], [NAN, 10, 13]), 2).T, [[10, 12, 14 + 2 / 3], [NAN, 10, 12]])


def test_macd_against_its_signal():
    # averages of 1 and 3 days: the line is 0, then 13 - 11.5 = 1.5; its signal of 3 days is half of that
    close = rows([10, 13])
    near(of.macd_over_signal(close, 1, 3, 1), [[NAN], [NAN]])  # fewer than 3 + 1 days
    close = rows([10, 10, 10, 10, 10, 13])
    near(of.macd_over_signal(close, 1, 3, 3), [[0], [0.75]])


def test_bollinger_uses_the_deviation_of_the_whole():
    lower, upper = of.bollinger(rows([1, 3], [NAN, 3]), 2, 2)  # mean 2, deviation 1
    near(lower, [0, NAN])
    near(upper, [4, NAN])


def test_stochastic():
    near(of.stochastic(rows([10, 20]), rows([5, 8]), rows([9, 17]), 2), [80])  # (17-5) / (20-5)


def test_true_range():
    # day 2: high 12, low 9, before 10: 3; day 3: high 15, low 14, before 11: 15-11=4; mean 3.5 of close 14
    near(of.true_range(rows([10, 12, 15]), rows([9, 9, 14]), rows([10, 11, 14]), 2), [25])


def test_ranks_share_the_better_place():
    near(of.rank_down(np.array([5, 9, NAN, 5, 1])), [2, 1, NAN, 2, 4])


def test_crossings_within_some_days():
    today, before, earlier = rows([2, 3, 1])[0], rows([1, 3, 2])[0], rows([0, 0, 0])[0]
    level = rows([1.5, 1.5, 1.5])[0]
    holds, known = of.crossed([today, before], [level, level], up=True)
    assert list(holds) == [True, False, False]
    assert known.all()
    holds, _ = of.crossed([today, before, earlier], [level] * 3, up=True)
    assert list(holds) == [True, True, True]  # the second crossed the day before, the third too
    assert list(of.crossed([today, before], [level, level], up=False)[0]) == [False, False, True]


def panel(**figures):
    close = rows([1, 2, 3], [4, NAN, 6], [7, 8, NAN])
    table = {name: figures.get(name, close) for name in ("open", "high", "low", "close", "volume", "value")}
    days = np.array(["2026-11-18", "2026-11-19", "2026-11-20"], "datetime64[D]")
    return Panel(("A", "B", "C"), days, **table)


def test_a_day_without_trade_shifts_no_window():
    found = of.own_days(panel(), ("C", "B", "X", "A"))
    near(found.close, rows([NAN, 7, 8], [NAN, 4, 6], [NAN, NAN, NAN], [1, 2, 3]))
    assert list(found.traded) == [False, True, False, True]


def test_the_stored_panel_is_left_as_it_was():
    stored = panel()
    of.own_days(stored, ("B", "C"))
    near(stored.close[1], [4, NAN, 6])


@pytest.mark.parametrize("symbols", [("A",), ()])
def test_a_history_that_has_not_begun(symbols):
    found = of.own_days(of.empty_panel(), symbols)
    assert found.close.shape == (len(symbols), 0)
    assert not found.traded.any()
    assert np.isnan(of.change(found.close, 1)).all()
    assert np.isnan(of.from_high(found.high, found.close, 5)).all()
