"""주달: stocks by theme lists and figures, the themes, one theme's stocks."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import User
from brokers.terms import Market
from lucy.errors import LucyError
from screener import judal_runs
from screener.models import JudalList, JudalRun, JudalStock, JudalTheme
from screener.screens import CODE, NAME, Column, Kind, Menu, Result, Row, Screen, ScreenForm, Tabs, register

SOURCE = "주달"
LISTS = (JudalList.RISING, JudalList.FALLING, JudalList.EXPECTED, JudalList.NEGLECTED)
FRESH = timedelta(minutes=1)
THEME_FIGURES = (
    *("change_rate", "three_days", "from_low_52w", "from_high_52w", "neglect_52w", "from_low_3y"),
    *("from_high_3y", "neglect_3y", "expected", "score"),
)

# --- stocks ---

YEAR, VALUE, MOVED, VOLUME, THREE = "52주", "가치", "등락", "거래량지수", "3년"
STOCK_COLUMNS = (
    NAME,
    CODE,
    Column("market", "시장", Kind.TEXT, hidden=True),
    Column("market_value", "시가총액(억원)", Kind.EOK),
    Column("from_low_52w", "52최저차이", Kind.RATE, YEAR),
    Column("price", "현재가", Kind.WON, YEAR),
    Column("from_high_52w", "52최고차이", Kind.RATE, YEAR),
    Column("neglect_52w", "소외지수", Kind.NUMBER, YEAR),
    Column("pbr", "PBR", Kind.RATIO, VALUE),
    Column("per", "PER", Kind.RATIO, VALUE),
    Column("eps", "EPS", Kind.WON, VALUE),
    Column("change_rate", "전일비", Kind.RATE, MOVED),
    Column("three_days", "3일합산", Kind.RATE, MOVED),
    Column("volume_today", "당일", Kind.PERCENT, VOLUME),
    Column("volume_week", "최근7일", Kind.PERCENT, VOLUME),
    Column("change", "전일대비", Kind.CHANGE, hidden=True),
    Column("high_52w", "52주 최고", Kind.WON, hidden=True),
    Column("low_52w", "52주 최저", Kind.WON, hidden=True),
    Column("from_low_3y", "최저차이", Kind.RATE, THREE, hidden=True),
    Column("from_high_3y", "최고차이", Kind.RATE, THREE, hidden=True),
    Column("neglect_3y", "소외지수", Kind.NUMBER, THREE, hidden=True),
    Column("price_index_3y", "주가지수", Kind.NUMBER, THREE, hidden=True),
    Column("expected", "기대수익률", Kind.RATE, hidden=True),
    Column("buffett", "버핏초이스", Kind.NUMBER, hidden=True),
    Column("themes", "테마", Kind.TEXT, hidden=True),
)
STOCK_FIGURES = tuple(
    column.key for column in STOCK_COLUMNS if column.key not in {"symbol", "name", "market", "themes"}
)


def _stock_row(stock: JudalStock, themes: Iterable[str]) -> Row:
    row: Row = {name: getattr(stock, name) for name in STOCK_FIGURES}
    return row | {
        "symbol": stock.symbol,
        "name": stock.name,
        "market": Market(stock.market).label,
        "themes": ", ".join(themes),
    }


def _result(run: JudalRun, rows: list[Row]) -> Result:
    return Result(rows, run.read_at, SOURCE, notes=judal_runs.news_since(run))


class SearchForm(ScreenForm):
    lists = forms.MultipleChoiceField(
        label=f"테마 (목록마다 앞 {judal_runs.FIRST_THEMES}개)",
        required=False,
        choices=[(one.value, one.label) for one in LISTS],
        widget=forms.CheckboxSelectMultiple,
    )
    market = forms.ChoiceField(label="시장", required=False, choices=[("", "전체"), *Market.choices])
    value_from = forms.IntegerField(
        label="시가총액 이상(억원)", required=False, initial=5_000, min_value=0, max_value=10**8
    )
    price_from = forms.IntegerField(
        label="현재가 이상(원)", required=False, initial=1_000, min_value=0, max_value=10**8
    )
    price_to = forms.IntegerField(
        label="현재가 이하(원)", required=False, initial=250_000, min_value=0, max_value=10**8
    )

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        least, most = asked.get("price_from"), asked.get("price_to")
        if least and most and least > most:
            self.add_error("price_to", "현재가 범위의 끝이 처음보다 작습니다.")
        return asked


def search(user: User, asked: Mapping[str, Any]) -> Result:
    run = judal_runs.latest_run()
    themes = judal_runs.themes_of(run)
    conditions = {
        name: asked[key]
        for name, key in (
            ("market", "market"),
            ("market_value__gte", "value_from"),
            ("price__gte", "price_from"),
            ("price__lte", "price_to"),
        )
        if asked[key]
    }
    if asked["lists"]:
        conditions["symbol__in"] = sorted(judal_runs.symbols_in(themes, asked["lists"]))
    names = judal_runs.names_by_symbol(themes)
    found = judal_runs.stocks_of(run, **conditions)
    return _result(run, [_stock_row(stock, names[stock.symbol]) for stock in found])


def whole_run() -> Result:
    """Every stock of the latest run."""
    run = judal_runs.latest_run()
    names = judal_runs.names_by_symbol(judal_runs.themes_of(run))
    return _result(run, [_stock_row(stock, names[stock.symbol]) for stock in judal_runs.stocks_of(run)])


register(
    Screen(
        key="judal",
        title="주달검색",
        about="주달의 테마와 지표로 종목 찾기: 매일 장 마감 뒤에 읽은 것",
        columns=STOCK_COLUMNS,
        form_class=SearchForm,
        fetch=search,
        source=SOURCE,
        menu=Menu.JUDAL,
        tabs=Tabs.JUDAL,
        tab="검색",
        shared=True,
        fresh=FRESH,
        whole=whole_run,
    )
)


# --- themes ---


def themes(user: User, asked: Mapping[str, Any]) -> Result:
    run = judal_runs.latest_run()
    return _result(run, [_theme_row(theme) for theme in judal_runs.themes_of(run)])


def _theme_row(theme: JudalTheme) -> Row:
    row: Row = {
        "number": theme.number,
        "theme": theme.name,
        "stocks": len(theme.members),
        "rising": theme.places.get(JudalList.RISING.value),
        "hot": theme.places.get(JudalList.HOT.value),
    }
    return row | theme_figures(theme)


def theme_figures(theme: JudalTheme) -> Row:
    return {name: Decimal(theme.figures[name]) for name in THEME_FIGURES if name in theme.figures}


THEME = Column("theme", "테마명", Kind.NAME, link="/find/judal-theme/?theme={number}")

register(
    Screen(
        key="judal-themes",
        title="주달 테마",
        about="테마마다 종목수와 등락: 이름을 누르면 그 테마의 종목이 나옵니다",
        columns=(
            THEME,
            Column("stocks", "종목수", Kind.COUNT),
            Column("change_rate", "전일비", Kind.RATE, MOVED),
            Column("three_days", "3일합산", Kind.RATE, MOVED),
            Column("from_low_52w", "상승률", Kind.RATE, YEAR),
            Column("from_high_52w", "하락률", Kind.RATE, YEAR),
            Column("neglect_52w", "소외지수", Kind.NUMBER, YEAR),
            Column("from_low_3y", "상승률", Kind.RATE, THREE),
            Column("from_high_3y", "하락률", Kind.RATE, THREE),
            Column("neglect_3y", "소외지수", Kind.NUMBER, THREE),
            Column("expected", "기대수익률", Kind.RATE),
            Column("score", "유저점수", Kind.NUMBER),
            Column("rising", "상승중 순위", Kind.NUMBER, hidden=True),
            Column("hot", "핫한 순위", Kind.NUMBER, hidden=True),
            Column("number", "번호", Kind.NUMBER, hidden=True),
        ),
        form_class=ScreenForm,
        fetch=themes,
        source=SOURCE,
        menu=Menu.JUDAL,
        tabs=Tabs.JUDAL,
        tab="테마",
        shared=True,
        fresh=FRESH,
        identity=("number",),
    )
)


class ThemeForm(ScreenForm):
    theme = forms.ChoiceField(label="테마", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        found = judal_runs.themes_of(judal_runs.latest_run())
        field = self.fields["theme"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(str(theme.number), theme.name) for theme in found]


def theme_stocks(user: User, asked: Mapping[str, Any]) -> Result:
    run = judal_runs.latest_run()
    found = judal_runs.themes_of(run)
    theme = next((one for one in found if asked["theme"] in ("", str(one.number))), None)
    if theme is None:  # gone since the form was made
        raise LucyError("no_such_theme", "그 테마는 최근 수집에 없습니다. 다른 테마를 고르세요.", status=404)
    names = judal_runs.names_by_symbol(found)
    reasons = dict(theme.members)
    stocks = judal_runs.stocks_of(run, symbol__in=list(reasons))
    rows = [_stock_row(one, names[one.symbol]) | {"reason": reasons[one.symbol]} for one in stocks]
    return _result(run, rows)


register(
    Screen(
        key="judal-theme",
        title="테마 종목",
        about="한 테마에 든 종목과 그 까닭",
        columns=(*STOCK_COLUMNS, Column("reason", "편입사유", Kind.TEXT, hidden=True)),
        form_class=ThemeForm,
        fetch=theme_stocks,
        source=SOURCE,
        menu=Menu.JUDAL,
        tabs=Tabs.JUDAL,
        tab="테마 종목",
        shared=True,
        fresh=FRESH,
    )
)
