"""주달: two runs side by side, their stocks and their themes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import User
from screener import judal_runs
from screener.models import JudalList, JudalStock, JudalTheme
from screener.screens import CODE, NAME, Column, Kind, Menu, Result, Row, Screen, ScreenForm, Tabs, register
from screener.sources.judal import FRESH, SOURCE, THEME, theme_figures

HUNDREDTH = Decimal("0.01")


class CompareForm(ScreenForm):
    before = forms.ChoiceField(label="이전 수집", required=False)
    after = forms.ChoiceField(label="이후 수집", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        choices = [(run.name, judal_runs.written(run)) for run in judal_runs.good_runs()]
        for name, first in (("before", "바로 앞"), ("after", "최근")):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", first), *choices]


STATE = Column("state", "상태", Kind.TEXT)
ENTERED, LEFT, STAYED = "들어옴", "빠짐", ""


def compare_stocks(user: User, asked: Mapping[str, Any]) -> Result:
    runs = judal_runs.two_runs(asked["before"], asked["after"])
    before, after = (
        {stock.symbol: stock for stock in judal_runs.stocks_of(run)} for run in (runs.before, runs.after)
    )
    themes_before, themes_after = (
        judal_runs.names_by_symbol(judal_runs.themes_of(run)) for run in (runs.before, runs.after)
    )
    rows = [
        _compared_stock(before.get(symbol), after.get(symbol))
        | _compared_themes(themes_before.get(symbol, []), themes_after.get(symbol, []))
        for symbol in after | before
    ]
    return Result(sorted(rows, key=_by_change), runs.after.read_at, SOURCE, notes=_compared(runs))


def _compared_stock(before: JudalStock | None, after: JudalStock | None) -> Row:
    known = after or before
    if known is None:
        raise ValueError("a stock of neither run")
    row: Row = {"symbol": known.symbol, "name": known.name, "market_value": known.market_value}
    row["state"] = STAYED if before and after else ENTERED if after else LEFT
    for name, stock in (("before", before), ("after", after)):
        if stock is not None:
            row |= {f"price_{name}": stock.price, f"neglect_{name}": stock.neglect_52w}
    if before and after:
        row["moved"] = ((after.price - before.price) * 100 / before.price).quantize(HUNDREDTH)
        if before.neglect_52w is not None and after.neglect_52w is not None:
            row["neglect_moved"] = after.neglect_52w - before.neglect_52w
    return row


def _compared_themes(before: list[str], after: list[str]) -> Row:
    entered = [name for name in after if name not in before]
    left = [name for name in before if name not in after]
    return {
        "themes_entered": _few(entered),
        "themes_left": _few(left),
        "all_entered": ", ".join(entered),
        "all_left": ", ".join(left),
    }


def _few(names: list[str]) -> str:
    """The first, and how many more: a stock may be in twenty."""
    return f"{names[0]} 외 {len(names) - 1}" if len(names) > 1 else "".join(names)


def _by_change(row: Row) -> tuple[bool, Decimal]:
    """What entered and left first, then the greatest moves."""
    moved = row.get("moved")
    return row["state"] == STAYED, -abs(moved) if isinstance(moved, Decimal) else Decimal(0)


def _compared(runs: judal_runs.TwoRuns) -> tuple[str, ...]:
    return (f"{judal_runs.written(runs.before)} 수집과 {judal_runs.written(runs.after)} 수집을 견줍니다.",)


register(
    Screen(
        key="judal-compare",
        title="수집 비교: 종목",
        about="두 수집 사이에 들어오고 빠진 종목, 가격과 소외지수의 변화",
        columns=(
            NAME,
            CODE,
            STATE,
            Column("market_value", "시가총액(억원)", Kind.EOK),
            Column("price_before", "이전", Kind.WON, "현재가"),
            Column("price_after", "이후", Kind.WON, "현재가"),
            Column("moved", "변화", Kind.RATE, "현재가"),
            Column("neglect_before", "이전", Kind.NUMBER, "52주 소외지수"),
            Column("neglect_after", "이후", Kind.NUMBER, "52주 소외지수"),
            Column("neglect_moved", "변화", Kind.FLOW, "52주 소외지수"),
            Column("themes_entered", "들어옴", Kind.TEXT, "테마"),
            Column("themes_left", "빠짐", Kind.TEXT, "테마"),
            Column("all_entered", "들어온 테마 모두", Kind.TEXT, hidden=True),
            Column("all_left", "빠진 테마 모두", Kind.TEXT, hidden=True),
        ),
        form_class=CompareForm,
        fetch=compare_stocks,
        source=SOURCE,
        menu=Menu.JUDAL,
        tabs=Tabs.JUDAL,
        tab="종목 비교",
        shared=True,
        fresh=FRESH,
        scheduled=False,
    )
)


def compare_themes(user: User, asked: Mapping[str, Any]) -> Result:
    runs = judal_runs.two_runs(asked["before"], asked["after"])
    before, after = (
        {theme.number: theme for theme in judal_runs.themes_of(run)} for run in (runs.before, runs.after)
    )
    rows = [_compared_theme(before.get(number), after.get(number)) for number in after | before]
    return Result(rows, runs.after.read_at, SOURCE, notes=_compared(runs))


def _compared_theme(before: JudalTheme | None, after: JudalTheme | None) -> Row:
    known = after or before
    if known is None:
        raise ValueError("a theme of neither run")
    row: Row = {"number": known.number, "theme": known.name}
    row["state"] = STAYED if before and after else ENTERED if after else LEFT
    for name, theme in (("before", before), ("after", after)):
        if theme is not None:
            figures = theme_figures(theme)
            row[f"stocks_{name}"] = len(theme.members)
            row[f"rate_{name}"] = figures.get("change_rate")
            row[f"neglect_{name}"] = figures.get("neglect_52w")
            row[f"rising_{name}"] = theme.places.get(JudalList.RISING.value)
    return row


register(
    Screen(
        key="judal-theme-compare",
        title="수집 비교: 테마",
        about="두 수집 사이에 생기고 없어진 테마, 종목수와 순위의 변화",
        columns=(
            THEME,
            STATE,
            Column("stocks_before", "이전", Kind.COUNT, "종목수"),
            Column("stocks_after", "이후", Kind.COUNT, "종목수"),
            Column("rate_before", "이전", Kind.RATE, "전일비"),
            Column("rate_after", "이후", Kind.RATE, "전일비"),
            Column("rising_before", "이전", Kind.NUMBER, "상승중 순위"),
            Column("rising_after", "이후", Kind.NUMBER, "상승중 순위"),
            Column("neglect_before", "이전", Kind.NUMBER, "52주 소외지수"),
            Column("neglect_after", "이후", Kind.NUMBER, "52주 소외지수"),
            Column("number", "번호", Kind.NUMBER, hidden=True),
        ),
        form_class=CompareForm,
        fetch=compare_themes,
        source=SOURCE,
        menu=Menu.JUDAL,
        tabs=Tabs.JUDAL,
        tab="테마 비교",
        shared=True,
        fresh=FRESH,
        identity=("number",),
        scheduled=False,
    )
)
