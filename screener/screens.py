"""What a screen is: what it asks, its columns, and where its rows come from. Pure, without a database.

A source makes a `Screen` at import and registers it; `screener/sources/__init__.py` imports its modules, and
that is all that a new screen needs: its page (`/find/<key>/`), REST (`/api/v1/screens/<key>/`), CSV,
snapshots and schedule come from the frame.

    register(
        Screen(
            key="ls-volume",
            title="거래량 상위",
            about="LS t1452: 오늘 거래량이 많은 종목",
            columns=(CODE, NAME, Column("price", "현재가", Kind.WON), Column("volume", "거래량", Kind.COUNT)),
            form_class=VolumeForm,
            fetch=volume_ranking,
            source="LS증권",
            menu=Menu.LS,
            shared=True,
        )
    )

A row is a dict with one value for each column's key, or without it (or None) where nothing is known. A row
that stands for a stock has its code under `symbol` and its name under `name`; the frame then offers 관심,
매수, 매도 and 상세.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import TextChoices

from accounts.models import User

Value = str | int | float | Decimal | date | datetime | bool | None
Row = dict[str, Value]


class Kind(TextChoices):
    """How a column's values are written, sorted and filtered; beside it the Python types that it holds."""

    TEXT = "text", "글"  # str
    CODE = "code", "코드"  # str: a stock's code, or another code
    NAME = "name", "이름"  # str: what the row is about; links to the stock
    WON = "won", "원"  # Decimal or int, whole won
    CHANGE = "change", "증감(원)"  # Decimal or int: signed won; red above zero, blue below
    MILLION = "million", "백만원"  # Decimal or int, millions of won
    EOK = "eok", "억원"  # Decimal or int, hundreds of millions of won
    COUNT = "count", "수량"  # int: shares, rows
    FLOW = "flow", "순매수"  # int: signed shares or money; red above zero, blue below
    PERCENT = "percent", "%"  # Decimal or float: 12.5 is 12.5 %, unsigned
    RATE = "rate", "등락(%)"  # Decimal or float: 12.5 is +12.5 %; red above zero, blue below
    RATIO = "ratio", "배"  # Decimal or float: times, multiples, indices
    NUMBER = "number", "수"  # int: rank, order
    DATE = "date", "날짜"  # date
    TIME = "time", "시각"  # datetime, aware
    FLAG = "flag", "표시"  # bool

    @property
    def unit(self) -> str:
        """Of its figures, for programs; people read it in the column's label."""
        return _UNITS.get(self, "")

    @property
    def is_number(self) -> bool:
        return self not in _WORDS

    @property
    def is_signed(self) -> bool:
        return self in _SIGNED


_WORDS = frozenset({Kind.TEXT, Kind.CODE, Kind.NAME, Kind.DATE, Kind.TIME, Kind.FLAG})
_UNITS = {Kind.MILLION: "백만원", Kind.EOK: "억원"}
_SIGNED = frozenset({Kind.CHANGE, Kind.FLOW, Kind.RATE})


class Menu(TextChoices):
    """Under which heading of 종목찾기 a screen stands, in this order."""

    STOCKS = "stocks", "종목"
    JUDAL = "judal", "주달"
    KIS = "kis", "한국투자증권"
    LS = "ls", "LS증권"
    OWN = "own", "나의 조건"


class Tabs(TextChoices):
    """Pages of several screens: one entry of the menu, and a tab for each, in the order of registration."""

    JUDAL = "judal", "주달검색"
    KIS_WATCH = "kis-watch", "KIS-관심종목"
    KIS_CONDITIONS = "kis-conditions", "KIS-조건식"
    KIS_RANKS = "kis-ranks", "KIS-상위종목"
    LS_RANKS = "ls-ranks", "LS-상위종목"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; neighbours with the same `group` are tinted together under that heading.

    `key` is also its name in REST: lower case letters, digits, underscore. `hidden`: shown only when the user
    chooses it. `link`: an own address with the row's keys in braces (`/find/x/?theme={theme}`).
    """

    key: str
    label: str
    kind: Kind
    group: str = ""
    hidden: bool = False
    link: str = ""

    @property
    def full_label(self) -> str:
        """With its group, where no heading stands above."""
        return f"{self.group} {self.label}".strip()


CODE = Column("symbol", "종목코드", Kind.CODE)
NAME = Column("name", "종목명", Kind.NAME)


@dataclass(frozen=True, slots=True)
class Result:
    """What a source answered.

    `as_of`: aware; when the source says that its figures were true, else when it was read. `complete`: False
    when some pages or parts were not read: such rows are never stored as the last good result, never
    compared, and marked as partial wherever they are shown. `notes`: Korean sentences for the reader (what is
    missing, what a figure means).
    """

    rows: list[Row]
    as_of: datetime
    source: str
    complete: bool = True
    notes: tuple[str, ...] = ()


class ScreenForm(forms.Form):
    """What a screen may be asked; subclasses add fields.

    Fields need an initial value or `required=False`, because a page that was opened without a query asks with
    the initial values. `self.user` may be used for choices that are the user's own (groups, conditions); a
    `LucyError` raised while they are fetched is shown as the source's silence.
    """

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)


Fetch = Callable[[User, Mapping[str, Any]], Result]


@dataclass(frozen=True, slots=True)
class Screen:
    """One way to find stocks.

    `key`: lower case, with dashes; part of addresses. `fetch(user, cleaned_data)` asks the source and raises
    a `LucyError` when it is silent or refuses; the frame then shows the last good result with its age.
    `shared`: the rows are the same for every user, so that one user's last good result is everyone's. Leave
    it False for whatever depends on the user's accounts. `fresh`: how long a result is shown again without
    asking. `identity`: the columns that name a row when two results are compared. `scheduled`: False for what
    has no meaning without someone in front of it. `empty`: what to do when nothing was found. `whole()`: all
    rows of a source that Lucy stores, whatever a form asks: own screens look into them; into other sources'
    last good results. `tabs`: of which page it is a tab, and `tab` how it is called there.
    """

    key: str
    title: str
    about: str
    columns: tuple[Column, ...]
    form_class: type[ScreenForm]
    fetch: Fetch
    source: str
    menu: Menu = Menu.STOCKS
    shared: bool = False
    fresh: timedelta = timedelta(seconds=20)
    identity: tuple[str, ...] = ("symbol",)
    scheduled: bool = True
    empty: str = "조건을 넓혀 다시 조회하세요."
    whole: Callable[[], Result] | None = None
    tabs: Tabs | None = None
    tab: str = ""
    _by_key: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key = {column.key: column for column in self.columns}
        if len(by_key) != len(self.columns):
            raise ValueError(f"{self.key}: a column stands twice")
        if not set(self.identity) <= by_key.keys():
            raise ValueError(f"{self.key}: identity {self.identity} is not among the columns")
        object.__setattr__(self, "_by_key", by_key)

    def column(self, key: str) -> Column | None:
        return self._by_key.get(key)

    @property
    def has_stocks(self) -> bool:
        return "symbol" in self._by_key

    def identify(self, row: Row) -> tuple[str, ...]:
        return tuple(str(row.get(key) or "") for key in self.identity)


_screens: dict[str, Screen] = {}


def register(screen: Screen) -> Screen:
    """Add a screen at import; its key is taken once."""
    if screen.key in _screens:
        raise ValueError(f"two screens are called {screen.key}")
    _screens[screen.key] = screen
    return screen


def all_screens() -> tuple[Screen, ...]:
    """In the order of the menu, within a heading in the order of registration."""
    order = list(Menu)
    return tuple(sorted(_screens.values(), key=lambda screen: order.index(screen.menu)))


def get(key: str) -> Screen | None:
    return _screens.get(key)
