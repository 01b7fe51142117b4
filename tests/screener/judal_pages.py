"""Judal on this machine: pages made by hand in both shapes that are known, with figures that agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "https://www.judal.co.kr"
OLD, NEW = "old", "new"
ROW_STYLE = '<tr style="border-color:#bcd0c7 !important">'
STOCK_HEADINGS = (
    *("종목명", "현재가격", "전일비", "3일합산", "52주 최고최저", "52주 변동률", "52주 소외지수"),
    *("3년 최고최저", "3년 변동률", "3년 소외지수", "3년 주가지수", "기대수익률", "PBR", "PER", "EPS"),
    *("시가총액", "당일 거래량지수", "최근7일 거래량지수", "버핏초이스", "관련테마", "업데이트"),
)
THEME_HEADINGS = (
    *("테마명", "전일비", "3일합산", "52주 상승률", "52주 하락률", "52주 소외지수", "3년 상승률"),
    *("3년 하락률", "3년 소외지수", "기대수익률", "유저점수", "테마차트(90일)", "테마토크", "업데이트"),
)


@dataclass(frozen=True, slots=True)
class Stock:
    """What a row tells; percentages follow from the prices."""

    symbol: str
    name: str
    market: str = "KOSPI"
    price: int = 10_000
    change: int = 100
    high: int = 12_500
    low: int = 8_000
    value: str = "9조 8176억원"
    per: str = "12.50"
    eps: str = "800"
    buffett: str = ""
    themes: tuple[str, ...] = ("제약",)

    def cells(self) -> list[str]:
        """What stands under each heading but the first."""
        low_3y = self.low // 2
        return [
            f"{self.price:,}<br>{self.change:,}",
            _percent(self.change, self.price - self.change),
            "-2.27%",
            f"{self.high:,}<br>{self.low:,}",
            f"{_percent(self.price - self.high, self.high)}<br>{_percent(self.price - self.low, self.low)}",
            str(_index(self.price, self.low, self.high)),
            f"{self.high:,}<br>{low_3y:,}",
            f"{_percent(self.price - self.high, self.high)}<br>{_percent(self.price - low_3y, low_3y)}",
            str(_index(self.price, low_3y, self.high)),
            "57",
            _percent(self.high - self.price, self.price),
            "1.25",
            self.per,
            self.eps,
            self.value,
            "7.06%",
            "-54.7%",
            self.buffett,
            " ".join(
                f'<a class="btn btn-sm btn-outline-success" '
                f'href="{HOST}/?view=stockList&amp;themeIdx={900 + place}">{name}</a>'
                for place, name in enumerate(self.themes)
            ),
            "3분 전",
        ]


def _percent(part: int, whole: int) -> str:
    return f"{Decimal(part) * 100 / whole:.2f}%"


def _index(price: int, low: int, high: int) -> int:
    return round((price - low) * 100 / (high - low))


@dataclass(frozen=True, slots=True)
class Theme:
    number: int
    name: str
    stocks: tuple[Stock, ...]
    change_rate: str = "0.79%"


SAMSUNG = Stock(
    *("005930", "삼성전자", "KOSPI", 96_200, -300, 112_400, 52_900, "569조 4,691억원"),
    themes=("반도체", "MSCI Korea"),
)
SMCNC = Stock(
    *("048550", "SM C&amp;C", "KOSDAQ", 1_512, 12, 2_340, 1_201, "1,234억원", "", "-39"), themes=("여행",)
)
YUHAN = Stock("000100", "유한양행", "KOSPI", 122_400, 2_200, 149_800, 52_543, buffett="3위")
SAMCHUNDANG = Stock(
    *("000250", "삼천당제약", "KOSDAQ", 130_900, 2_400, 230_000, 61_000, "3조 917억원", "", "-239")
)
PREFERRED = Stock(
    *("00680K", "미래에셋증권2우B", "KOSPI", 4_950, 0, 5_800, 3_400, "3조원"), themes=("우선주/배당",)
)


def themes() -> list[Theme]:
    return [
        Theme(225, "제약", (YUHAN, SAMCHUNDANG), "1.51%"),
        Theme(53, "여행", (SMCNC,), "-0.42%"),
        Theme(901, "원자재(구리)", (SAMCHUNDANG,), "0.10%"),
        Theme(902, "우선주/배당", (PREFERRED,), "-1.20%"),
        Theme(903, "반도체", (SAMSUNG, YUHAN), "3.30%"),
    ]


def page(title: str, body: str) -> str:
    head = f'<head>\n<meta charset="utf-8">\n<title>{title} : 주달</title>\n</head>'
    return f"<!DOCTYPE html>\n<html lang='ko'>\n{head}\n<body>\n{body}\n</body>\n</html>\n"


def menu_page(found: list[Theme], shape: str = NEW) -> str:
    screens = {"": "전체 테마", "changeRateDesc": "상승중인 테마", "neglectRateDesc": "많이 소외된 테마"}
    css = (
        ' class="list-group-item list-group-item-action list-group-item-sub px-4 py-0"'
        if shape == OLD
        else ""
    )
    links = [
        f'<a href="{HOST}/?view=themeList{f"&amp;type={kind}" if kind else ""}"{css}>{name}</a>'
        for kind, name in screens.items()
    ]
    links.append(
        f'<a href="{HOST}/?view=stockList&amp;type=PBRAsc&amp;market=&amp;themeIdx="{css}>PBR 낮은 종목</a>'
    )
    for theme in found:
        address = f"{HOST}/?view=stockList&amp;themeIdx={theme.number}"
        count = len(theme.stocks)
        if shape == OLD:
            links.append(f'<a href="{address}"{css}><span>{theme.name}({count})</span></a>')
        else:
            item = f'<a href="{address}">{theme.name}<span>({count})</span></a>'
            links.append(f'<li data-cat="bio" data-score="44" data-order="1" class="hide">{item}</li>')
    if shape == NEW:  # a theme appears more than once, also without its count
        links.append(f'<a href="{HOST}/?view=stockList&amp;themeIdx={found[0].number}">{found[0].name}</a>')
        links.append(f'<a href="{HOST}/?view=themeTalk&amp;themeIdx={found[0].number}">테마토크</a>')
    return page("주달", "\n".join(links))


def stock_page(theme: Theme, shape: str = NEW, headings: tuple[str, ...] = STOCK_HEADINGS) -> str:
    rows = "\n".join(_stock_row(stock, shape) for stock in theme.stocks)
    talk = f'<button data-bs-toggle="modal" title="{theme.name} 테마토크">테마토크</button>'
    body = f"<h1>{theme.name} 테마주</h1>\n<p>{theme.name} 테마 전일비 1.51% 업데이트 3분 전</p>\n{talk}\n"
    return page(f"{theme.name} 테마주", body + _table(headings, rows, shape))


def _stock_row(stock: Stock, shape: str) -> str:
    naver = "https://stock.naver.com/domestic/stock/{}/price"
    address = (naver if shape == NEW else "https://finance.naver.com/item/main.nhn?code={}").format(
        stock.symbol
    )
    who = (
        f'<th scope="row"> <a class="btn btn-sm btn-outline-secondary" href="{address}" target="_blank">'
        f"<b style='font-size:.95em'>{stock.name}</b><br/>"
        f'<span style="color:#555;font-size:0.8em;">{stock.market} {stock.symbol}</span></a>\n'
        f'<button type="button" data-bs-toggle="tooltip" title="{stock.name} 편입사유">i</button></th>'
    )
    cells = "\n".join(f"<td>{cell}</td>" for cell in stock.cells())
    return f"{ROW_STYLE}\n{who}\n{cells}\n</tr>"


def theme_list_page(found: list[Theme], title: str = "전체 테마") -> str:
    rows = "\n".join(_theme_row(theme) for theme in found)
    return page(title, f"<h1>{title}</h1>\n" + _table(THEME_HEADINGS, rows, NEW))


def _theme_row(theme: Theme) -> str:
    name = (
        f'<th scope="row"><a href="{HOST}/?view=stockList&amp;themeIdx={theme.number}">{theme.name}</a> '
        '<span class="visually-hidden">Information</span></th>'
    )
    cells = (
        *(
            theme.change_rate,
            "-1.37%",
            "59.37%",
            "-44.20%",
            "20",
            "222.20%",
            "-54.24%",
            "27",
            "79.21%",
            "241",
        ),
        *('<img alt="" src="/chart.png">', "<button>테마토크</button>", "3분 전"),
    )
    return f"{ROW_STYLE}{name}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _table(headings: tuple[str, ...], rows: str, shape: str) -> str:
    side = "text-start" if shape == NEW else "text-left"
    head = "\n".join(f'<th class="table-success {side}" scope="col">{heading}</th>' for heading in headings)
    css = "table table-sm table-bordered"
    return (
        f'<table class="{css}">\n<thead>\n<tr>\n{head}\n</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>'
    )


@dataclass
class LocalJudal:
    """What the local site serves; tests change it while it runs."""

    themes: list[Theme] = field(default_factory=themes)
    shape: str = NEW
    special: dict[str, Callable[[], tuple[int, Any]]] = field(
        default_factory=dict
    )  # by what the path ends in
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def page(self, path: str) -> tuple[int, bytes]:
        for ending, answer in self.special.items():
            if path.endswith(ending):
                status, body = answer()
                return status, body.encode() if isinstance(body, str) else body
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        return 200, self._page(query).encode()

    def _page(self, query: Mapping[str, str]) -> str:
        if query.get("view") == "themeList":
            return theme_list_page(self._ordered(query.get("type", "")))
        if query.get("view") == "stockList":
            number = int(query["themeIdx"])
            return stock_page(next(theme for theme in self.themes if theme.number == number), self.shape)
        return menu_page(self.themes, self.shape)

    def _ordered(self, kind: str) -> list[Theme]:
        ordered = sorted(self.themes, key=lambda theme: float(theme.change_rate.strip("%")))
        return ordered[::-1] if kind.endswith("Desc") else ordered if kind else self.themes
