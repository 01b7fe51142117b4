"""Conditions: said in Korean, judged for all stocks at once, unknown where there is nothing to judge."""

import numpy as np
import pytest

from lucy.errors import LucyError
from screener import own
from screener.conditions import CONDITIONS, Facts
from screener.indicators import Prices
from screener.own import Names
from screener.screens import Kind

NAN = float("nan")
SYMBOLS = ("A", "B", "C", "D")
NAMES = Names({"rank": "거래량 상위"}, {"judal.pbr": ("주달 PBR", Kind.RATIO)})


def prices(close, **more):
    close = np.array(close, dtype=np.float64)
    figures = {name: np.array(more.get(name, close), dtype=np.float64) for name in ("open", "high", "low")}
    volume = np.array(more.get("volume", np.where(np.isnan(close), NAN, 100.0)), dtype=np.float64)
    traded = np.array(more.get("traded", [True] * len(close)))
    return Prices(**figures, close=close, volume=volume, value=close * volume, traded=traded)


# A rises, B falls, C stands still, D is a new listing
RISES, FALLS, STILL, NEW = [10, 11, 12, 13], [13, 12, 11, 10], [10, 10, 10, 10], [NAN, NAN, NAN, 9]
FACTS = Facts(
    SYMBOLS,
    prices([RISES, FALLS, STILL, NEW]),
    words={"market": np.array(["kospi", "kosdaq", "kospi", "kospi"]), "kind": np.array(["stock"] * 4)},
    marks={"held": np.array([True, False, False, False])},
    members={"rank": np.array([False, True, False, True])},
    figures={"judal.pbr": np.array([0.8, 1.5, NAN, 1.0])},
    shares=np.array([10.0, 0.0, 0.0, 3.0]),
)


def term(condition, *, negated=False, **values):
    return {
        "condition": condition,
        "values": {key: str(value) for key, value in values.items()},
        "negated": negated,
    }


def rule(*terms, joint="all"):
    return own.read({"joint": "all", "groups": [{"joint": joint, "terms": list(terms)}]}, NAMES)


def found(*terms, joint="all", facts=FACTS):
    holds = own.evaluate(rule(*terms, joint=joint), facts, NAMES).holds
    return "".join(symbol for symbol, so in zip(facts.symbols, holds, strict=True) if so)


@pytest.mark.parametrize(
    ("wanted", "symbols"),
    [
        (term("close", limit="10", op="most"), "BCD"),
        (term("change", days=3, limit=0, op="most"), "BC"),
        (term("change", days=3, limit=30, op="least"), "A"),
        (term("streak", days=3, way="up"), "A"),
        (term("streak", days=3, way="down"), "B"),
        (term("side_of_average", days=3, side="above"), "A"),
        (term("side_of_average", days=3, side="below"), "B"),
        (term("averages_in_order", short=1, middle=2, long=3, way="up"), "A"),
        (term("averages_in_order", short=1, middle=2, long=3, way="down"), "B"),
        (term("disparity", days=2, limit="104", op="least"), "A"),
        (term("breakout", days=3, way="up"), "A"),
        (term("breakout", days=3, way="down"), "B"),
        (term("from_high", days=250, limit=-20, op="most"), "B"),
        (term("from_low", days=250, limit=30, op="least"), "A"),
        (term("gap", limit=0, op="least"), "AC"),
        (term("volume_ratio", days=2, limit=1, op="least"), "ABC"),
        (term("value_rank", limit=1, op="most"), "A"),
        (term("rsi", days=2, limit=70, op="least"), "A"),
        (term("stochastic", days=3, limit=0, op="most"), "B"),
        (term("atr", days=3, limit=8, op="least"), "B"),
        (term("bollinger", days=3, widths=1, side="above"), "A"),
        (term("bollinger", days=3, widths=1, side="below"), "B"),
        (term("market", market="kosdaq"), "B"),
        (term("mark", mark="held"), "A"),
        (term("holding", limit=4), "A"),
        (term("holding", negated=True), "BC"),
        (term("in_screen", screen="rank"), "BD"),
        (term("column", column="judal.pbr", limit=1, op="most"), "AD"),
    ],
    ids=lambda value: value["condition"] if isinstance(value, dict) else value,
)
def test_each_condition_finds_its_stocks(wanted, symbols):
    assert found(wanted) == symbols


def test_a_golden_cross_within_some_days():
    crossing = prices([[10, 9, 8, 12], [10, 9, 12, 13], [8, 9, 10, 11]])
    facts = Facts(("A", "B", "C"), crossing)
    golden = term("averages_crossed", short=1, long=2, within=1, way="up")
    assert found(golden, facts=facts) == "A"
    assert found({**golden, "values": {**golden["values"], "within": "2"}}, facts=facts) == "AB"


def test_what_is_unknown_fulfils_neither_a_condition_nor_its_opposite():
    assert (
        found(term("change", days=3, limit=0, op="most", negated=False), term("kind", kind="stock")) == "BC"
    )
    assert found(term("change", days=3, limit=0, op="most", negated=True)) == "A"  # D has no such figure
    assert found(term("column", column="judal.pbr", limit=1, op="most", negated=True)) == "B"


def test_a_stock_that_did_not_trade_today_matches_nothing():
    still = Facts(("A", "B"), prices([RISES, RISES], traded=[True, False]))
    assert found(term("streak", days=3, way="up"), facts=still) == "A"
    assert found(term("streak", days=3, way="down", negated=True), facts=still) == "A"


def test_a_screen_that_was_never_read_is_known_of_no_stock():
    empty = Facts(SYMBOLS, FACTS.prices)
    assert found(term("in_screen", screen="rank"), facts=empty) == ""
    assert found(term("in_screen", screen="rank", negated=True), facts=empty) == ""
    assert found(term("column", column="judal.pbr", limit=1, op="most"), facts=empty) == ""


def test_holdings_that_were_never_read_are_known_of_no_stock():
    unread = Facts(SYMBOLS, FACTS.prices)
    assert found(term("holding"), facts=unread) == ""
    assert found(term("holding", negated=True), facts=unread) == ""


def test_groups_are_joined_by_and_or_or():
    up, down, held = (
        term("streak", days=3, way="up"),
        term("streak", days=3, way="down"),
        term("mark", mark="held"),
    )
    assert found(up, down) == ""
    assert found(up, down, joint="any") == "AB"
    groups = [{"joint": "any", "terms": [up, down]}, {"joint": "all", "terms": [{**held, "negated": True}]}]
    both = own.read({"joint": "all", "groups": groups}, NAMES)
    assert list(own.evaluate(both, FACTS, NAMES).holds) == [False, True, False, False]
    assert own.sentence(both, NAMES) == (
        "(3일 이상 연속 상승 또는 3일 이상 연속 하락) 그리고 [나의 주식에 보유(으)로 있음] 아님"
    )


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (term("close", limit="1,000", op="least"), "종가 1,000원 이상"),
        (term("change", days=5, limit=-3.5, op="most"), "5일 등락률 -3.5% 이하"),
        (term("volume_ratio"), "거래량이 직전 20일 평균의 2배 이상"),
        (term("averages_crossed"), "최근 3일 안에 5일선이 20일선을 상향 돌파(골든크로스)"),
        (term("bollinger", side="below"), "종가가 볼린저밴드(20, 2) 하단 아래"),
        (term("column", column="judal.pbr", limit=1), "주달 PBR 1 이하"),
        (term("in_screen", screen="rank"), "‘거래량 상위’의 마지막 결과에 있음"),
    ],
)
def test_a_rule_is_said_in_korean(wanted, words):
    assert own.sentence(rule(wanted), NAMES) == words


def test_every_condition_says_its_first_values():
    for condition in CONDITIONS.values():
        values = {"screen": "rank", "column": "judal.pbr"}
        kept = {key: value for key, value in values.items() if key in {one.key for one in condition.fields}}
        assert own.sentence(rule(term(condition.key, **kept)), NAMES)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "형식이 맞지 않습니다"),
        ({"joint": "all", "groups": "x"}, "형식이 맞지 않습니다"),
        ({"joint": "all", "groups": []}, "하나 이상"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [{"condition": "eval"}]}]}, "형식이 맞지"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [term("streak")] * 31}]}, "30개까지"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [term("change", days="x")]}]}, "숫자를"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [term("change", days="1.5")]}]}, "정수를"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [term("change", days=0)]}]}, "1부터 250까지"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [term("change", limit="nan")]}]}, "까지"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [term("streak", way="x")]}]}, "고를 수 없는"),
        ({"joint": "all", "groups": [{"joint": "all", "terms": [term("in_screen", screen="x")]}]}, "화면을"),
        (
            {"joint": "all", "groups": [{"joint": "all", "terms": [term("averages_crossed", short=20)]}]},
            "단기는 장기보다",
        ),
    ],
)
def test_a_wrong_rule_says_what_is_wrong(raw, words):
    with pytest.raises(LucyError, match=words):
        own.read(raw, NAMES)


def test_a_rule_comes_back_from_json_as_it_was():
    wanted = rule(term("rsi", limit=25, negated=True), term("mark"))
    assert own.read(own.as_json(wanted), NAMES) == wanted


def test_figures_are_shown_for_what_was_compared():
    shown = own.evaluate(
        rule(term("change", days=3), term("streak"), term("rsi", days=2)), FACTS, NAMES
    ).figures
    assert [(one.label, one.kind) for one in shown] == [("3일 등락률", Kind.RATE), ("RSI(2)", Kind.RATIO)]
    np.testing.assert_allclose(shown[0].values[:2], [30, (10 / 13 - 1) * 100])
