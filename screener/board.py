"""The one table as its template reads it: headings, cells, what a row offers to this user."""

from dataclasses import dataclass, field, replace

from accounts.models import User
from brokers.models import WatchedStock
from brokers.rights import tradable_accounts_of
from screener.screens import Column, Row, Screen
from screener.tables import PART, Band, Cell, Limit, View, arrange, bands, cell, shown_columns

NOTHING = "찾은 것이 없습니다."
MARKS = {"": "", "entered": "＋진입", "left": "－이탈", "changed": "바뀜"}


@dataclass(frozen=True, slots=True)
class Line:
    row: Row
    cells: list[Cell]
    mark: str = ""  # entered, left, changed: in a comparison

    @property
    def mark_word(self) -> str:
        return MARKS[self.mark]

    @property
    def symbol(self) -> str:
        return str(self.row.get("symbol") or "")

    @property
    def name(self) -> str:
        return str(self.row.get("name") or self.symbol)


@dataclass(frozen=True, slots=True)
class Table:
    screen: Screen
    view: View
    columns: list[Column]
    bands: list[Band]
    lines: list[Line]
    total: int  # rows of the result
    passed: int  # of these, what the filters leave
    after: int | None  # where the next part begins
    followed: set[str]
    may_trade: bool
    address: str  # of this table's own parts: GET `?from=`, POST a view
    first: bool = True  # the part with the headings
    words: list[str] = field(default_factory=list)  # the filters, for a reader
    nothing: str = NOTHING  # when there is no row at all
    advice: str = ""  # and what to do then

    @property
    def width(self) -> int:
        return len(self.columns) + 1

    @property
    def has_bands(self) -> bool:
        return any(band.tint for band in self.bands)

    @property
    def limits(self) -> list[tuple[Column, Limit]]:
        """Every column with what its values must keep."""
        return [(column, self.view.limits.get(column.key, Limit())) for column in self.screen.columns]

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        return [(column, column in self.columns) for column in self.screen.columns]


@dataclass(frozen=True, slots=True)
class Marked:
    """A row with what a comparison says of it."""

    row: Row
    mark: str = ""
    before: Row | None = None


def table(screen: Screen, rows: list[Row], view: View, user: User, address: str, start: int = 0) -> Table:
    """A part of the result's rows from `start`."""
    plain = [Marked(row) for row in rows]
    return replace(
        differences(screen, plain, view, user, address, start), nothing=NOTHING, advice=screen.empty
    )


def differences(
    screen: Screen, marked: list[Marked], view: View, user: User, address: str, start: int = 0
) -> Table:
    """A part of what a comparison found."""
    by_row = {id(one.row): one for one in marked}
    found = arrange(screen, (one.row for one in marked), view)
    part = found[start : start + PART]
    columns = shown_columns(screen, view)
    groups = bands(columns)
    tints = {column.key: band.tint for band in groups for column in band.columns}
    return Table(
        screen=screen,
        view=view,
        columns=columns,
        bands=groups,
        lines=[_line(by_row[id(row)], columns, tints) for row in part],
        total=len(marked),
        passed=len(found),
        after=start + PART if len(found) > start + PART else None,
        followed=_followed(user, part),
        may_trade=tradable_accounts_of(user).exists(),
        address=address,
        first=start == 0,
        words=words_of(screen, view),
        nothing="달라진 것이 없습니다.",
        advice="두 결과가 같습니다.",
    )


def _line(marked: Marked, columns: list[Column], tints: dict[str, int]) -> Line:
    cells = [cell(column, marked.row, marked.before, tints[column.key]) for column in columns]
    return Line(marked.row, cells, marked.mark)


def _followed(user: User, rows: list[Row]) -> set[str]:
    symbols = [str(row["symbol"]) for row in rows if row.get("symbol")]
    found = WatchedStock.objects.filter(user=user, symbol__in=symbols, followed=True)
    return set(found.values_list("symbol", flat=True)) if symbols else set()


def words_of(screen: Screen, view: View) -> list[str]:
    """`현재가 1,000 이상`: each filter in words."""
    found = [f"‘{view.text}’"] if view.text else []
    for key, limit in view.limits.items():
        if column := screen.column(key):
            found.append(f"{column.full_label} {_limit_words(limit)}")
    return found


def _limit_words(limit: Limit) -> str:
    parts = [f"‘{limit.has}’ 포함"] if limit.has else []
    if limit.least is not None:
        parts.append(f"{limit.least:,f} 이상")
    if limit.most is not None:
        parts.append(f"{limit.most:,f} 이하")
    return " ".join(parts)
