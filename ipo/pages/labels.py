"""Label cells and the value cells beside them, within one table: in one page 매출액 stands seven times."""

from collections.abc import Callable
from typing import TypeVar

from lucy.html import Node, PageChanged, label, reading, text

V = TypeVar("V")


class Labels:
    """A table's values by label; a label that is missing, or there twice with two values, raises."""

    def __init__(self, node: Node) -> None:
        self._cells: dict[str, list[Node]] = {}
        for cell in node.iter("td", "th"):
            beside = cell.getnext()
            if beside is not None and cell.find(".//table") is None:
                self._cells.setdefault(label(text(cell)), []).append(beside)

    def __contains__(self, name: str) -> bool:
        return name in self._cells

    def text(self, name: str) -> str:
        found = {text(cell) for cell in self._cells.get(name, [])}
        if len(found) != 1:
            raise PageChanged(f"{len(found)} cells beside {name}")
        return found.pop()

    def cell(self, name: str) -> Node:
        self.text(name)
        return self._cells[name][0]

    def read(self, name: str, value: Callable[[str], V]) -> V:
        words = self.text(name)
        with reading(name):
            return value(words)
