"""나의 조건 kept, shared and copied; and judged over what is stored: prices, other screens, 나의 주식."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import IntegrityError

from accounts.models import User
from brokers.models import Instrument, Tag, WatchedStock
from brokers.rights import accounts_of
from brokers.services import positions
from brokers.terms import Market
from lucy import clock
from lucy.errors import LucyError
from screener import indicators, own, screens
from screener.conditions import EOK, HOLDING, Facts, Shape
from screener.indicators import Floats
from screener.models import OwnScreen, SavedScreen
from screener.own import Names, Rule
from screener.rights import own_screens_of
from screener.screens import CODE, NAME, Column, Kind, Menu, Result, Row, Screen, ScreenForm
from screener.selectors import OWN
from screener.services.panel import KeptPanel
from screener.services.results import newest_good, sentence_of

DAYS = 252  # 52 weeks of trading, and the day before
MOST_OWN = 100
SOURCE = "Lucy 저장 자료"
_WHOLE = frozenset({Kind.NUMBER, Kind.COUNT})  # figures without decimals

_panel = KeptPanel(DAYS)


def names() -> Names:
    """The sources' screens of stocks and their figures, as conditions call them."""
    found = [screen for screen in screens.all_screens() if screen.has_stocks]
    return Names(
        {screen.key: screen.title for screen in found},
        {
            f"{screen.key}.{column.key}": (f"{screen.title} {column.label}", column.kind)
            for screen in found
            for column in screen.columns
            if column.kind.is_number
        },
    )


# --- kept ---------------------------------------------------------------------------------------------------


def save(
    user: User, name: str, raw: Any, *, shared: bool = False, found: OwnScreen | None = None
) -> OwnScreen:
    """A new one, or `found` changed. Raises `LucyError` for a wrong rule and for a name that is taken."""
    rule = own.read(raw, names())
    if not name.strip():
        raise LucyError("invalid", "이름을 넣으세요.", field="name")
    if found is None and own_screens_of(user).count() >= MOST_OWN:
        raise LucyError("too_many_screens", f"나의 조건은 {MOST_OWN}개까지 만들 수 있습니다.")
    row = found or OwnScreen(user=user)
    row.name, row.rule, row.shared = name.strip(), own.as_json(rule), shared
    row.changed_at = clock.now()
    try:
        row.save()
    except IntegrityError as taken:
        raise LucyError("name_taken", f"‘{row.name}’(이)라는 조건이 이미 있습니다.", status=409) from taken
    return row


def delete(row: OwnScreen) -> None:
    """With the searches that anyone scheduled on it: they could never run again."""
    SavedScreen.objects.filter(screen=key_of(row)).delete()
    row.delete()


def searches_on(row: OwnScreen) -> int:
    """How many saved searches, of anyone, run this one."""
    return SavedScreen.objects.filter(screen=key_of(row)).count()


def copy(user: User, row: OwnScreen) -> OwnScreen:
    """Another's shared one becomes the user's own, private, to be changed."""
    taken = set(own_screens_of(user).values_list("name", flat=True))
    name = next(one for one in _names_like(row.name) if one not in taken)
    return save(user, name, row.rule)


def _names_like(name: str) -> list[str]:
    return [name, *(f"{name[:54]} ({number})" for number in range(2, MOST_OWN + 3))]


def key_of(row: OwnScreen) -> str:
    return f"{OWN}{row.pk}"


# --- as a screen --------------------------------------------------------------------------------------------

_BASE = (
    CODE,
    NAME,
    Column("market", "시장", Kind.TEXT),
    Column("close", "종가", Kind.WON),
    Column("rate", "등락률", Kind.RATE),
    Column("value", "거래대금(억원)", Kind.EOK),
)


def screen_of(row: OwnScreen) -> Screen:
    """An own screen for the one table; a rule that can no more be read says so when it is asked."""
    known = names()
    try:
        rule = own.read(row.rule, known)
        columns = _columns(rule, known)
        about = own.sentence(rule, known)
    except LucyError as broken:
        refusal, columns, about = broken, (), f"고쳐야 하는 조건입니다. {broken.message}"

        def fetch(user: User, asked: Mapping[str, Any]) -> Result:
            raise refusal

    else:

        def fetch(user: User, asked: Mapping[str, Any]) -> Result:
            return run(user, rule)

    return Screen(
        key=key_of(row),
        title=row.name,
        about=about,
        columns=(*_BASE, *columns),
        form_class=ScreenForm,
        fetch=fetch,
        source=SOURCE,
        menu=Menu.OWN,
        fresh=timedelta(0),
    )


def _columns(rule: Rule, known: Names) -> tuple[Column, ...]:
    return tuple(
        Column(f"c{place}", label, kind, "조건")
        for place, (label, kind) in enumerate(own.columns_of(rule, known))
    )


def run(user: User, rule: Rule) -> Result:
    """Whom the rule finds now. Raises `LucyError` when what it needs was never stored."""
    known = names()
    gathered = gather(user, rule)
    found = own.evaluate(rule, gathered.facts, known)
    rows = [_row(gathered, found.figures, int(place)) for place in np.flatnonzero(found.holds)]
    return Result(rows, gathered.as_of, SOURCE, True, tuple(gathered.notes))


@dataclass(frozen=True, slots=True)
class Gathered:
    facts: Facts
    names: list[str]  # of the stocks
    as_of: datetime
    notes: list[str]


def gather(user: User, rule: Rule) -> Gathered:
    """The facts that a rule needs, of all listed issues."""
    listed = list(Instrument.objects.order_by("symbol").values_list("symbol", "name", "market", "kind"))
    if not listed:
        raise LucyError("no_instruments", "종목 목록을 아직 받지 못했습니다.", status=503)
    symbols = tuple(row[0] for row in listed)
    panel = _panel.current()
    if rule.needs_prices and not panel.days.size:
        raise LucyError(
            "no_history", "가격 이력이 아직 없습니다. 일봉 수집이 끝나면 쓸 수 있습니다.", status=503
        )
    notes, as_of = [], clock.now()
    if panel.days.size:
        day = panel.days[-1].astype(object)
        as_of = clock.day_start(day) + timedelta(hours=20)
        notes.append(f"{day:%Y-%m-%d} 일봉까지로 판정했습니다.")
    members, figures = _others(user, rule, symbols, notes)
    facts = Facts(
        symbols=symbols,
        prices=indicators.own_days(panel, symbols),
        words={
            "market": np.array([row[2] for row in listed]),
            "kind": np.array([row[3] for row in listed]),
        },
        marks=_marks(user, symbols),
        members=members,
        figures=figures,
        shares=_shares(user, symbols, notes) if _asks_for(rule, HOLDING) else None,
    )
    return Gathered(facts, [row[1] for row in listed], min(as_of, clock.now()), notes)


def _marks(user: User, symbols: tuple[str, ...]) -> dict[str, indicators.Bools]:
    place = {symbol: row for row, symbol in enumerate(symbols)}
    marks = {tag.value: np.zeros(len(symbols), np.bool_) for tag in Tag}
    for row in WatchedStock.objects.filter(user=user):
        if row.symbol in place:
            for tag in row.tags:
                marks[tag.value][place[row.symbol]] = True
    return marks


def _asks_for(rule: Rule, condition: str) -> bool:
    return any(term.condition == condition for term in rule.terms)


def _shares(user: User, symbols: tuple[str, ...], notes: list[str]) -> Floats | None:
    """What the accounts hold that this user may see, whoever wrote the rule."""
    accounts = list(accounts_of(user))
    known = [shares for shares in map(positions.last_known, accounts) if shares is not None]
    unread = [str(account) for account in accounts if account not in {one.account for one in known}]
    if unread:
        notes.append(f"잔고를 읽은 적이 없는 계좌는 빼고 판정했습니다: {', '.join(unread)}.")
    if not known:
        notes.append("잔고를 아는 계좌가 없어 보유 조건은 아무 종목에도 맞지 않습니다.")
        return None
    read = [f"{one.account} {one.opened_at.astimezone(clock.KST):%m-%d %H:%M}" for one in known]
    notes.append(f"보유: {', '.join(read)}에 읽은 잔고와 그 뒤의 체결로 판정했습니다.")
    return np.array([float(sum(one.held.get(symbol, 0) for one in known)) for symbol in symbols])


def _others(
    user: User, rule: Rule, symbols: tuple[str, ...], notes: list[str]
) -> tuple[dict[str, indicators.Bools], dict[str, Floats]]:
    """The rows of the screens that the rule looks into."""
    members: dict[str, indicators.Bools] = {}
    figures: dict[str, Floats] = {}
    for key, columns in _looked_into(rule).items():
        screen = screens.get(key)
        seen = _seen(user, screen) if screen else None
        if screen is None or seen is None:
            title = screen.title if screen else key
            notes.append(f"‘{title}’ 화면은 아직 조회한 적이 없어 그 조건은 아무 종목에도 맞지 않습니다.")
            continue
        words = f" ({seen.asked})" if seen.asked else ""
        at = seen.at.astimezone(clock.KST)
        notes.append(f"‘{screen.title}’{words}: {at:%m-%d %H:%M}에 읽은 결과로 판정했습니다.")
        by_symbol = {str(row.get("symbol")): row for row in seen.rows}
        members[key] = np.array([symbol in by_symbol for symbol in symbols])
        for column in columns:
            figures[f"{key}.{column}"] = np.array(
                [_float(by_symbol.get(symbol, {}).get(column)) for symbol in symbols]
            )
    return members, figures


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a rule sees of a screen: its rows, when they were read, and what was asked, in words."""

    rows: list[Row]
    at: datetime
    asked: str = ""


def _seen(user: User, screen: Screen) -> _Seen | None:
    if screen.whole is not None:
        try:
            whole = screen.whole()
        except LucyError:  # nothing was ever stored
            return None
        return _Seen(whole.rows, whole.as_of)
    stored = newest_good(user, screen)
    if stored is None:
        return None
    return _Seen(stored.result().rows, stored.read_at, sentence_of(screen, user, stored.asked))


def _looked_into(rule: Rule) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for term in rule.terms:
        for one in term.kind.fields:
            if one.shape in {Shape.SCREEN, Shape.COLUMN}:
                screen, _, column = term.values[one.key].partition(".")
                found.setdefault(screen, set()).update({column} if column else ())
    return found


def _float(value: Any) -> float:
    return float("nan") if value is None or isinstance(value, str) else float(value)


def _row(gathered: Gathered, figures: list[own.Figures], place: int) -> Row:
    facts = gathered.facts
    row: Row = {
        "symbol": facts.symbols[place],
        "name": gathered.names[place],
        "market": Market(facts.words["market"][place]).label,
        "close": _figure(indicators.last(facts.prices.close)[place]),
        "rate": _figure(indicators.change(facts.prices.close, 1)[place], 2),
        "value": _figure(indicators.last(facts.prices.value)[place] / EOK, 1),
    }
    for number, one in enumerate(figures):
        row[f"c{number}"] = _figure(one.values[place], 0 if one.kind in _WHOLE else 2)
    return row


def _figure(value: float, digits: int = 0) -> float | int | None:
    if np.isnan(value):
        return None
    return round(float(value), digits) if digits else round(float(value))
