"""Two results of one screen, side by side: what came in, what went out, what changed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from screener.screens import Row, Screen


@dataclass(frozen=True, slots=True)
class Changed:
    now: Row
    before: Row
    columns: tuple[str, ...]  # keys whose values differ


@dataclass(frozen=True, slots=True)
class Comparison:
    entered: list[Row]
    left: list[Row]
    changed: list[Changed]
    same: int


def compare(screen: Screen, before: Iterable[Row], now: Iterable[Row]) -> Comparison:
    """Rows are matched by the screen's `identity`; of rows named alike the last one counts."""
    old = {screen.identify(row): row for row in before}
    new = {screen.identify(row): row for row in now}
    entered = [row for name, row in new.items() if name not in old]
    left = [row for name, row in old.items() if name not in new]
    both = [(old[name], row) for name, row in new.items() if name in old]
    changed = [Changed(row, was, keys) for was, row in both if (keys := _moved(screen, was, row))]
    return Comparison(entered, left, changed, len(both) - len(changed))


def _moved(screen: Screen, before: Row, now: Row) -> tuple[str, ...]:
    return tuple(column.key for column in screen.columns if before.get(column.key) != now.get(column.key))
