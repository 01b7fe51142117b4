"""What an own screen may ask of a stock: conditions with their fields, Korean words, and rules. Pure.

A condition answers for all stocks at once with a `Verdict`. Where a figure is not known (too few days, no
trade on the last day, no row in the other screen) neither the condition nor its opposite holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import TextChoices

from screener import indicators as of
from screener.indicators import Bools, Floats, Prices
from screener.screens import Kind

Values = Mapping[str, Any]


class Heading(TextChoices):
    PRICE = "price", "가격"
    AVERAGE = "average", "이동평균"
    BREAKOUT = "breakout", "돌파와 고저"
    VOLUME = "volume", "거래"
    SIGNAL = "signal", "보조지표"
    STOCK = "stock", "종목"
    OTHER = "other", "다른 화면"


class Shape(TextChoices):
    """How a field is typed."""

    DAYS = "days", "일"
    NUMBER = "number", "수"
    CHOICE = "choice", "고르기"
    SCREEN = "screen", "화면"  # a key of another screen
    COLUMN = "column", "열"  # `screen.column` of another screen's figures


@dataclass(frozen=True, slots=True)
class Field:
    key: str
    label: str
    shape: Shape
    initial: str
    least: float = 0
    most: float = 0
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of all stocks on one day; every array has a figure for each symbol."""

    symbols: tuple[str, ...]
    prices: Prices
    words: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)  # `market`, `kind`
    marks: Mapping[str, Bools] = field(default_factory=dict)  # `held`, `followed`, `day_trade`
    members: Mapping[str, Bools] = field(default_factory=dict)  # by screen: whom its last good result holds
    figures: Mapping[str, Floats] = field(default_factory=dict)  # by `screen.column`: its last good figures
    shares: Floats | None = None  # held in the accounts of whoever asks; None where that is not known


@dataclass(frozen=True, slots=True)
class Verdict:
    holds: Bools
    known: Bools
    figures: Floats | None = None  # what the table shows for it


@dataclass(frozen=True, slots=True)
class Condition:
    key: str
    label: str
    heading: Heading
    fields: tuple[Field, ...]
    say: Callable[[Values], str]
    judge: Callable[[Facts, Values], Verdict]
    shows: tuple[str, Kind] | None = None  # the table's column for its figures; {field} is filled in


AT_LEAST, AT_MOST = "least", "most"
_WORDS = {AT_LEAST: "이상", AT_MOST: "이하"}


def days(initial: int, label: str = "기간", key: str = "days", most: int = 250, least: int = 1) -> Field:
    return Field(key, label, Shape.DAYS, str(initial), least, most, unit="일")


def limit(initial: str, unit: str, least: float = -1e12, most: float = 1e12) -> Field:
    return Field("limit", "값", Shape.NUMBER, initial, least, most, unit=unit)


def op(initial: str = AT_LEAST) -> Field:
    return Field("op", "비교", Shape.CHOICE, initial, choices=((AT_LEAST, "이상"), (AT_MOST, "이하")))


def choice(key: str, label: str, *choices: tuple[str, str]) -> Field:
    return Field(key, label, Shape.CHOICE, choices[0][0], choices=choices)


def number(value: float) -> str:
    """12 or 12.5, with thousands."""
    return f"{value:,.10g}"


def compared(figures: Floats, values: Values, known: Bools) -> Verdict:
    """Against `limit` by `op`."""
    known = known & ~np.isnan(figures)
    with np.errstate(invalid="ignore"):
        holds = figures >= values["limit"] if values["op"] == AT_LEAST else figures <= values["limit"]
    return Verdict(holds & known, known, figures)


def _figure(
    key: str,
    label: str,
    heading: Heading,
    fields: tuple[Field, ...],
    figure: Callable[[Prices, Values], Floats],
    shows: tuple[str, Kind],
    words: str,
) -> Condition:
    """A condition that compares one figure of the prices; `words` with the fields, before `… 이상`."""
    unit = next(one.unit for one in fields if one.key == "limit")

    def say(values: Values) -> str:
        return f"{words.format(**values)} {number(values['limit'])}{unit} {_WORDS[values['op']]}"

    def judge(facts: Facts, values: Values) -> Verdict:
        return compared(figure(facts.prices, values), values, facts.prices.traded)

    return Condition(key, label, heading, fields, say, judge, shows)


def _state(
    key: str,
    label: str,
    heading: Heading,
    fields: tuple[Field, ...],
    state: Callable[[Prices, Values], tuple[Bools, Bools]],
    say: Callable[[Values], str],
) -> Condition:
    """A condition that is so or not: (holds, known) of the prices."""

    def judge(facts: Facts, values: Values) -> Verdict:
        holds, known = state(facts.prices, values)
        known = known & facts.prices.traded
        return Verdict(holds & known, known)

    return Condition(key, label, heading, fields, say, judge)


def _side_of_average(prices: Prices, values: Values) -> tuple[Bools, Bools]:
    line = of.average(prices.close, values["days"])
    close = of.last(prices.close)
    holds = close > line if values["side"] == "above" else close < line
    return holds, ~np.isnan(line)


def _averages_crossed(prices: Prices, values: Values) -> tuple[Bools, Bools]:
    within = range(values["within"] + 1)
    short = [of.average(prices.close, values["short"], back) for back in within]
    long = [of.average(prices.close, values["long"], back) for back in within]
    return of.crossed(short, long, up=values["way"] == "up")


def _averages_in_order(prices: Prices, values: Values) -> tuple[Bools, Bools]:
    lines = [of.average(prices.close, values[key]) for key in ("short", "middle", "long")]
    if values["way"] == "down":
        lines.reverse()
    known = of.all_known(lines)
    return (lines[0] > lines[1]) & (lines[1] > lines[2]), known


def _broke_out(prices: Prices, values: Values) -> tuple[Bools, Bools]:
    known = ~np.isnan(of.last(prices.close, values["days"]))
    if values["way"] == "up":
        return of.above_high(prices.high, prices.close, values["days"]), known
    return of.below_low(prices.low, prices.close, values["days"]), known


def _outside_band(prices: Prices, values: Values) -> tuple[Bools, Bools]:
    lower, upper = of.bollinger(prices.close, values["days"], values["widths"])
    close = of.last(prices.close)
    return (close > upper if values["side"] == "above" else close < lower), ~np.isnan(upper)


def _macd_crossed(prices: Prices, values: Values) -> tuple[Bools, Bools]:
    before, now = of.macd_over_signal(prices.close, 12, 26, 9)
    zero = np.zeros_like(now)
    return of.crossed([now, before], [zero, zero], up=values["way"] == "up")


def _streak(prices: Prices, values: Values) -> tuple[Bools, Bools]:
    length = of.streak(prices.close)
    way = 1 if values["way"] == "up" else -1
    return way * length >= values["days"], ~np.isnan(length)


EOK = 100_000_000
_WAY = (("up", "상향"), ("down", "하향"))
_H = Heading

_PRICE_CONDITIONS = (
    _figure("close", "현재가", _H.PRICE, (limit("10000", "원", 0), op()),
            lambda p, v: of.last(p.close), ("종가", Kind.WON), "종가"),
    _figure("change", "등락률", _H.PRICE, (days(5), limit("3", "%"), op()),
            lambda p, v: of.change(p.close, v["days"]), ("{days}일 등락률", Kind.RATE), "{days}일 등락률"),
    _figure("gap", "시가 갭", _H.PRICE, (limit("3", "%"), op()),
            lambda p, v: of.gap(p.open, p.close), ("갭", Kind.RATE), "시가 갭(전일 종가 대비)"),
    _figure("body", "캔들 몸통 (양봉·음봉)", _H.PRICE, (limit("0", "%"), op()),
            lambda p, v: of.body(p.open, p.close), ("시가대비", Kind.RATE), "시가 대비 종가"),
    _figure("day_range", "당일 변동폭", _H.PRICE, (limit("5", "%", 0), op()),
            lambda p, v: of.day_range(p.high, p.low, p.close), ("변동폭", Kind.PERCENT),
            "당일 변동폭(고가-저가)"),
    _state("streak", "연속 상승·하락", _H.PRICE,
           (days(3, most=60), choice("way", "방향", ("up", "상승"), ("down", "하락"))), _streak,
           lambda v: f"{v['days']}일 이상 연속 {'상승' if v['way'] == 'up' else '하락'}"),
    _state("side_of_average", "이동평균 위·아래", _H.AVERAGE,
           (days(20, least=2), choice("side", "위치", ("above", "위"), ("below", "아래"))), _side_of_average,
           lambda v: f"종가가 {v['days']}일 이동평균 {'위' if v['side'] == 'above' else '아래'}"),
    _state("averages_crossed", "골든크로스·데드크로스", _H.AVERAGE,
           (days(5, "단기", "short", 120), days(20, "장기", "long", 240, 2), days(3, "최근", "within", 20),
            choice("way", "방향", ("up", "골든크로스"), ("down", "데드크로스"))), _averages_crossed,
           lambda v: f"최근 {v['within']}일 안에 {v['short']}일선이 {v['long']}일선을 "
                     f"{'상향 돌파(골든크로스)' if v['way'] == 'up' else '하향 돌파(데드크로스)'}"),
    _state("averages_in_order", "정배열·역배열", _H.AVERAGE,
           (days(5, "단기", "short"), days(20, "중기", "middle"), days(60, "장기", "long"),
            choice("way", "배열", ("up", "정배열"), ("down", "역배열"))), _averages_in_order,
           lambda v: f"{v['short']}·{v['middle']}·{v['long']}일선 "
                     f"{'정배열' if v['way'] == 'up' else '역배열'}"),
    _figure("disparity", "이격도", _H.AVERAGE, (days(20, least=2), limit("105", "%", 0), op()),
            lambda p, v: of.disparity(p.close, v["days"]), ("{days}일 이격도", Kind.PERCENT),
            "{days}일 이격도"),
    _state("breakout", "신고가 돌파·신저가 이탈", _H.BREAKOUT,
           (days(20), choice("way", "방향", ("up", "고가 돌파"), ("down", "저가 이탈"))), _broke_out,
           lambda v: f"종가가 직전 {v['days']}일 " + ("최고가 돌파" if v["way"] == "up" else "최저가 이탈")),
    _figure("from_high", "최고가 대비 (52주)", _H.BREAKOUT, (days(250), limit("-10", "%", -100, 0), op()),
            lambda p, v: of.from_high(p.high, p.close, v["days"]), ("{days}일 고가대비", Kind.RATE),
            "{days}일 최고가 대비"),
    _figure("from_low", "최저가 대비 (52주)", _H.BREAKOUT, (days(250), limit("20", "%", 0), op(AT_MOST)),
            lambda p, v: of.from_low(p.low, p.close, v["days"]), ("{days}일 저가대비", Kind.RATE),
            "{days}일 최저가 대비"),
    _figure("volume_ratio", "거래량 급증", _H.VOLUME, (days(20), limit("2", "배", 0), op()),
            lambda p, v: of.volume_ratio(p.volume, v["days"]), ("거래량 비율", Kind.RATIO),
            "거래량이 직전 {days}일 평균의"),
    _figure("value", "거래대금", _H.VOLUME, (days(5), limit("100", "억원", 0), op()),
            lambda p, v: of.average(p.value, v["days"]) / EOK, ("{days}일 거래대금(억원)", Kind.EOK),
            "{days}일 평균 거래대금"),
    _figure("value_rank", "거래대금 순위", _H.VOLUME, (limit("100", "위", 1), op(AT_MOST)),
            lambda p, v: of.rank_down(np.where(p.traded, of.last(p.value), np.nan)),
            ("대금 순위", Kind.NUMBER), "거래대금 순위"),
    _figure("rsi", "RSI", _H.SIGNAL, (days(14, most=60, least=2), limit("30", "", 0, 100), op(AT_MOST)),
            lambda p, v: of.rsi(p.close, v["days"]), ("RSI({days})", Kind.RATIO), "RSI({days})가"),
    _figure("stochastic", "스토캐스틱 %K", _H.SIGNAL,
            (days(14, most=60, least=2), limit("20", "", 0, 100), op(AT_MOST)),
            lambda p, v: of.stochastic(p.high, p.low, p.close, v["days"]), ("%K({days})", Kind.RATIO),
            "스토캐스틱 %K({days})가"),
    _figure("atr", "ATR (변동성)", _H.SIGNAL, (days(14, most=60), limit("3", "%", 0), op()),
            lambda p, v: of.true_range(p.high, p.low, p.close, v["days"]), ("ATR({days})", Kind.PERCENT),
            "ATR({days})이 종가의"),
    _state("bollinger", "볼린저밴드 이탈", _H.SIGNAL,
           (days(20, least=2, most=120), Field("widths", "폭", Shape.NUMBER, "2", 0.1, 5, unit="σ"),
            choice("side", "위치", ("above", "상단 위"), ("below", "하단 아래"))), _outside_band,
           lambda v: f"종가가 볼린저밴드({v['days']}, {number(v['widths'])}) "
                     f"{'상단 위' if v['side'] == 'above' else '하단 아래'}"),
    _state("macd", "MACD 신호선 돌파", _H.SIGNAL,
           (choice("way", "방향", *_WAY),), _macd_crossed,
           lambda v: f"오늘 MACD(12,26)가 신호선(9)을 {'상향' if v['way'] == 'up' else '하향'} 돌파"),
)  # fmt: skip


# --- of the stock, and of other screens ---------------------------------------------------------------------


def _word_is(name: str) -> Callable[[Facts, Values], Verdict]:
    def judge(facts: Facts, values: Values) -> Verdict:
        known = facts.words[name] != ""
        return Verdict((facts.words[name] == values[name]) & known, known)

    return judge


def _marked(facts: Facts, values: Values) -> Verdict:
    return Verdict(facts.marks[values["mark"]], np.ones(len(facts.symbols), np.bool_))


def _held(facts: Facts, values: Values) -> Verdict:
    """Holdings that were never read are known of no stock."""
    shares = np.full(len(facts.symbols), np.nan) if facts.shares is None else facts.shares
    return compared(shares, values, np.ones(len(facts.symbols), np.bool_))


def _in_screen(facts: Facts, values: Values) -> Verdict:
    """A screen that was never read is known of no stock."""
    members = facts.members.get(values["screen"])
    if members is None:
        nothing = np.zeros(len(facts.symbols), np.bool_)
        return Verdict(nothing, nothing)
    return Verdict(members, np.ones(len(facts.symbols), np.bool_))


def _column_compared(facts: Facts, values: Values) -> Verdict:
    figures = facts.figures.get(values["column"])
    if figures is None:
        figures = np.full(len(facts.symbols), np.nan)
    return compared(figures, values, np.ones(len(facts.symbols), np.bool_))


HOLDING = "holding"  # needs the accounts' holdings
_MARKS = {"held": "보유", "followed": "관심", "day_trade": "단타"}
_MARKETS = (("kospi", "코스피"), ("kosdaq", "코스닥"))
_KINDS = (("stock", "주식"), ("etf", "ETF"), ("etn", "ETN"))

_OTHER_CONDITIONS = (
    Condition("market", "시장", _H.STOCK, (choice("market", "시장", *_MARKETS),),
              lambda v: f"{dict(_MARKETS)[v['market']]} 종목", _word_is("market")),
    Condition("kind", "종목 구분", _H.STOCK, (choice("kind", "구분", *_KINDS),),
              lambda v: f"종목 구분이 {dict(_KINDS)[v['kind']]}", _word_is("kind")),
    Condition("mark", "나의 주식 태그", _H.STOCK, (choice("mark", "태그", *_MARKS.items()),),
              lambda v: f"나의 주식에 {_MARKS[v['mark']]}(으)로 있음", _marked),
    Condition(HOLDING, "내 계좌의 보유수량", _H.STOCK, (limit("1", "주", 0), op()),
              lambda v: f"내 계좌의 보유수량 {number(v['limit'])}주 {_WORDS[v['op']]}", _held,
              ("보유(주)", Kind.COUNT)),
    Condition("in_screen", "다른 화면에 있음", _H.OTHER, (Field("screen", "화면", Shape.SCREEN, ""),),
              lambda v: f"‘{v['screen_label']}’의 마지막 결과에 있음", _in_screen),
    Condition("column", "다른 화면의 값 (주달·순위)", _H.OTHER,
              (Field("column", "값", Shape.COLUMN, ""), limit("1", ""), op(AT_MOST)),
              lambda v: f"{v['column_label']} {number(v['limit'])} {_WORDS[v['op']]}",
              _column_compared, ("{column_label}", Kind.RATIO)),
)  # fmt: skip

CONDITIONS = {one.key: one for one in (*_PRICE_CONDITIONS, *_OTHER_CONDITIONS)}
