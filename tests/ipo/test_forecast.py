"""The formula against an independent fit, and what it refuses to say."""

import math
from dataclasses import replace
from datetime import date, timedelta
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipo import forecast
from ipo.forecast import Deal, DependentInputs, NoPrediction, Prediction, TooFewRows, fit_arrays


def sample(n, seed=0, noise=0.5):
    """Inputs of the size that real offers have, and multiples that follow from them."""
    chance = np.random.default_rng(seed)
    x = np.column_stack(
        [
            chance.lognormal(5.5, 1.2, n),
            chance.uniform(20, 1500, n),
            np.where(chance.random(n) < 0.2, 0, chance.uniform(0, 80, n)),
        ]
    )
    y = 0.64 + x @ np.array([3e-5, 1.6e-3, 8.6e-3]) + chance.normal(0, noise, n)
    return x, np.clip(y, 0.6, 4.0)


def offer(row, name="가"):
    sales, competition, lock_up = map(float, row)
    return Deal(name, 10_000, sales, competition, lock_up)


def deals(n, seed=0):
    x, y = sample(n, seed)
    first = date(2024, 1, 2)
    return [
        replace(offer(x[i], name=f"회사{i}"), high=10_000 * float(y[i]), listed_on=first + timedelta(i))
        for i in range(n)
    ]


def independent(x, y):
    """The textbook's way: lstsq for the weights, and each row really left out."""
    design = np.column_stack([np.ones(len(y)), x])
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    own = []
    for i in range(len(y)):
        others = np.arange(len(y)) != i
        other = np.linalg.lstsq(design[others], y[others], rcond=None)[0]
        own.append(abs(y[i] - design[i] @ other))
    plain = [abs(y[i] - median(np.delete(y, i))) for i in range(len(y))]
    return design, weights, own, plain


@pytest.mark.parametrize("n", [15, 22, 101, 400])
def test_it_equals_an_independent_fit(n):
    x, y = sample(n, seed=n)
    found = fit_arrays(x, y)
    design, weights, own, plain = independent(x, y)
    assert [found.intercept, *found.coefficients] == pytest.approx(weights, rel=1e-9, abs=1e-9)
    assert found.loo_error == pytest.approx(np.mean(own), rel=1e-9)
    assert found.loo_rms == pytest.approx(np.sqrt(np.mean(np.square(own))), rel=1e-9)
    assert found.median_error == pytest.approx(np.mean(plain), rel=1e-9)
    residuals = y - design @ weights
    assert found.r2 == pytest.approx(1 - residuals @ residuals / ((y - y.mean()) ** 2).sum(), rel=1e-9)
    assert found.sigma == pytest.approx(math.sqrt(residuals @ residuals / (n - 4)), rel=1e-9)
    expected = np.linalg.inv(design.T @ design) * found.sigma**2
    assert np.array(found.covariance) == pytest.approx(expected, rel=1e-6)
    assert found.loo_rows == n


@given(st.integers(15, 60), st.integers(0, 10**6), st.floats(0.01, 3))
@settings(max_examples=40)
def test_any_rows_give_the_independent_weights(n, seed, noise):
    x, y = sample(n, seed, noise)
    found = fit_arrays(x, y)
    _, weights, own, plain = independent(x, y)
    assert [found.intercept, *found.coefficients] == pytest.approx(weights, rel=1e-9, abs=1e-9)
    assert found.loo_error == pytest.approx(np.mean(own), rel=1e-8)
    assert found.median_error == pytest.approx(np.mean(plain), rel=1e-9)


@given(st.lists(st.floats(0.6, 4.0), min_size=3, max_size=40))
def test_medians_of_the_others(values):
    found = forecast.medians_of_the_others(np.array(values))
    assert list(found) == pytest.approx([median(values[:i] + values[i + 1 :]) for i in range(len(values))])


@pytest.mark.parametrize(
    ("probability", "freedom", "expected"),
    [
        (0.95, 1, 6.313752),
        (0.95, 11, 1.795885),
        (0.95, 18, 1.734064),
        (0.975, 30, 2.042272),
        (0.95, 996, 1.646385),
    ],
)
def test_students_quantile_is_the_tables(probability, freedom, expected):
    assert forecast.student_quantile(probability, freedom) == pytest.approx(expected, abs=2e-6)


def test_the_interval_holds_nine_in_ten():
    x, y = sample(4000, seed=5, noise=0.25)
    found = fit_arrays(x[:60], y[:60])
    hits = 0
    for row, true in zip(x[60:], y[60:], strict=True):
        told = forecast.predict(found, offer(row))
        assert isinstance(told, Prediction)
        hits += told.low <= true <= told.high
    assert 0.86 < hits / 3940 < 0.95


def test_no_number_leaves_the_listing_days_limits():
    found = fit_arrays(*sample(40))
    much = forecast.predict(found, Deal("가", 10_000, 100, 9_000, 90))
    assert isinstance(much, Prediction)
    assert (much.multiple, much.price, much.high_price) == (4.0, 40_000, 40_000)
    assert much.clipped
    assert much.beyond == ("기관경쟁률", "의무보유확약")
    earlier = forecast.predict(found, Deal("가", 10_000, 100, 9_000, 90, listed_on=date(2023, 6, 23)))
    assert isinstance(earlier, Prediction)
    assert earlier.multiple == 2.6


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"competition": None}, ("기관경쟁률",)),
        ({"sales": None, "lock_up": None}, ("매출액", "의무보유확약")),
        ({"offer_price": None}, ("확정공모가",)),
        ({"lock_up": float("nan")}, ("의무보유확약",)),
    ],
)
def test_what_is_missing_is_named(changes, missing):
    found = fit_arrays(*sample(40))
    told = forecast.predict(found, replace(Deal("가", 10_000, 100, 900, 5), **changes))
    assert isinstance(told, NoPrediction)
    assert told.missing == missing
    assert all(one in told.why for one in missing)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("신한스팩17호", ""),
        ("대우증권그린코리아SPAC(유가)", ""),
        ("하나금융25호기업인수목적", ""),
        ("신한글로벌액티브리츠", ""),
        ("케이비발해인프라투융자회사", ""),
        ("어느 외국기업", "950220"),
    ],
)
def test_spacs_reits_funds_and_receipts_are_kept_apart(name, code):
    found = fit_arrays(*sample(40))
    assert isinstance(forecast.predict(found, Deal(name, 2_000, 1, 900, 0, code=code)), NoPrediction)
    good, out = forecast.usable([Deal(name, 2_000, 1, 900, 0, high=4_000, code=code)])
    assert not good
    assert out[0].why


def test_rows_that_teach_something_else_are_left_out():
    whole = Deal("가", 10_000, 100, 900, 5, high=20_000, listed_on=date(2026, 1, 5))
    rows = {
        "": whole,
        "상장일 최고가 없음": replace(whole, high=None),
        "매출액, 기관경쟁률 없음": replace(whole, sales=None, competition=None),
        "2023-06-26 전": replace(whole, listed_on=date(2023, 6, 23)),
        "4.90배": replace(whole, high=49_000),
        "0.50배": replace(whole, high=5_000),
    }
    good, out = forecast.usable(rows.values())
    assert good == [whole]
    for wanted, found in zip(list(rows)[1:], out, strict=True):
        assert wanted in found.why
    assert forecast.usable([replace(whole, sales=None)], "without_sales")[0]


def test_too_few_rows_are_refused():
    with pytest.raises(TooFewRows, match="14건"):
        forecast.fit(deals(14))
    with pytest.raises(TooFewRows, match="0건"):
        forecast.fit([])


def test_inputs_that_do_not_vary_are_named():
    x, y = sample(30)
    x[:, 2] = 0.1
    with pytest.raises(DependentInputs, match="의무보유확약"):
        fit_arrays(x, y)
    x[:, 2] = 3 * x[:, 1] + 7
    with pytest.raises(DependentInputs, match="그대로 계산되는"):
        fit_arrays(x, y)


def test_a_row_that_alone_decides_a_weight_is_not_left_out():
    x, y = sample(30)
    x[:, 2] = 0.0
    x[7, 2] = 50.0
    found = fit_arrays(x, y)
    assert found.loo_rows == 29
    assert "1건" in found.notes[0]
    assert math.isfinite(found.loo_error)


def test_equal_multiples_have_no_spread_to_explain():
    x, _ = sample(30)
    found = fit_arrays(x, np.full(30, 2.0))
    assert found.r2 == 0.0
    assert found.intercept == pytest.approx(2.0)


def test_the_formula_in_words():
    words = forecast.in_words(fit_arrays(*sample(40)))
    assert words.startswith("예상 배수 = ")
    for part in ("매출액(억원) ×", "기관경쟁률(배) ×", "의무보유확약(%) ×", "60%~400%"):
        assert part in words


# --- another formula ----------------------------------------------------------------------------------------


def curved(n, seed=3):
    """Multiples that really follow the logarithm of competition."""
    chance = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        competition = float(np.exp(chance.uniform(1, 7.5)))
        multiple = float(np.clip(0.7 + 0.3 * np.log1p(competition) + chance.normal(0, 0.05), 0.6, 4))
        day = date(2024, 1, 2) + timedelta(i // 2)
        rows.append(
            Deal(
                f"회사{i}",
                10_000,
                float(chance.lognormal(5, 1)),
                competition,
                5.0 * (i % 7),
                10_000 * multiple,
                day,
            )
        )
    return rows


def test_another_formula_is_used_only_if_it_wins_out_of_time():
    assert forecast.choose(forecast.trials(curved(80))) == "logarithm"
    assert forecast.choose(forecast.trials(deals(80))) == "original"


def test_few_or_undated_rows_leave_the_original():
    assert forecast.trials(curved(20)) == []
    assert forecast.trials([replace(row, listed_on=None) for row in curved(80)]) == []
    assert forecast.choose([]) == "original"


def test_a_trial_never_looks_ahead():
    """What lists later does not change the forecast of what listed before."""
    rows = curved(40)
    known = list(range(40))
    shuffled = [*rows[:30], *(replace(row, high=10_000.0) for row in rows[30:])]
    before, after = (forecast.misses_of(one, known, "original") for one in (rows, shuffled))
    assert {i: before[i] for i in range(15, 30)} == {i: after[i] for i in range(15, 30)}
