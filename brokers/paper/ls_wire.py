"""LS's blocks: what a request may hold, and how each value stands in an answer.

`ls_blocks.json` spells every field as `name:wire:length`. The wire column is what the real gateway was seen
to send: `n` JSON integer, `nf` JSON number with decimals, `s` string, `s.K` string with K decimals, `s.KpW`
the same padded with zeros to W characters, `spW` integer padded to W, `s#` plain number in a string
(WebSocket).
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

DECIMAL_WIRE = re.compile(r"s(?:\.(?P<decimals>\d))?(?:p(?P<width>\d+))?$")


class GatewayError(Exception):
    """The gateway refuses before any business is done: HTTP 500 with `rsp_cd` and `rsp_msg`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def cut(text: str, length: int) -> str:
    """The first `length` bytes of the text as LS counts them (a Korean letter is two).

    A letter that the cut splits arrives broken, as it does from the real server.
    """
    encoded = text.encode("cp949", errors="replace")
    return text if len(encoded) <= length else encoded[:length].decode("cp949", errors="replace")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a block, with the form its values take."""

    name: str
    wire: str
    length: str

    @property
    def is_number(self) -> bool:
        return self.wire in ("n", "nf")

    def writer(self) -> Callable[[Any], Any]:
        """Turn one of our values into what stands in the JSON."""
        if self.wire == "n":
            return int
        if self.wire == "nf":
            return float
        if self.wire == "s#":
            return str
        if self.wire == "s":
            return _text_writer(int(self.length) if self.length.isdigit() else 0)
        return _decimal_writer(self.wire)

    def blank(self) -> Any:
        """What stands there when there is nothing to say."""
        return "" if self.wire == "s" else self.writer()(0)


def _text_writer(length: int) -> Callable[[Any], str]:
    return lambda value: cut(str(value), length) if length else str(value)


def _decimal_writer(wire: str) -> Callable[[Any], str]:
    shape = DECIMAL_WIRE.match(wire)
    if shape is None:
        raise ValueError(f"unknown wire type {wire!r}")
    decimals, width = int(shape["decimals"] or 0), int(shape["width"] or 0)
    form = f"0{width}.{decimals}f" if width else f".{decimals}f"
    return lambda value: format(Decimal(value), form)


class Block:
    """One block of a TR: a set of fields in the portal's order."""

    def __init__(self, name: str, fields: str) -> None:
        self.name = name
        self.fields = [Field(*spelled.split(":")) for spelled in fields.split()]
        self.writers = {field.name: field.writer() for field in self.fields}
        self.blank = {field.name: field.blank() for field in self.fields}

    def fill(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every field of the block; what the values leave out stays blank. An unknown name is our mistake."""
        writers = self.writers
        filled = self.blank.copy()
        for name, value in values.items():
            filled[name] = writers[name](value)
        return filled

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A request's fields: numbers as numbers, texts without their padding; absent ones blank."""
        return {field.name: _read(field, given.get(field.name)) for field in self.fields}


def _read(field: Field, given: Any) -> Any:
    if field.is_number:
        return _read_number(given, whole="." not in field.length)
    return "" if given is None else str(given).strip()


def _read_number(given: Any, *, whole: bool) -> int | Decimal:
    """A number field; a whole one takes 10.0 for 10 and refuses 10.5."""
    if given is None:
        return 0
    is_number = isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
    if not is_number or (whole and given != int(given)):
        raise GatewayError("IGW40011", "숫자형 항목에 숫자가 아닌 값이 입력되었습니다.")
    return int(given) if given == int(given) else Decimal(str(given))


@dataclass(frozen=True, slots=True)
class Transaction:
    """A TR's path, pace and blocks. `rate` is requests per second for one app key."""

    code: str
    path: str
    rate: int
    rows: frozenset[str]
    request: Block | None
    answer: Mapping[str, Block]

    def fill(self, block: str, values: Any) -> Any:
        """A block ready for the answer, by its full name; row blocks take a list."""
        shape = self.answer[block]
        return [shape.fill(row) for row in values] if block in self.rows else shape.fill(values)


def _transaction(code: str, spelled: Mapping[str, Any]) -> Transaction:
    requests = [Block(name, fields) for name, fields in spelled.get("in", {}).items()]
    return Transaction(
        code=code,
        path=spelled.get("path", ""),
        rate=spelled.get("rate", 0),
        rows=frozenset(spelled.get("rows", ())),
        request=requests[0] if requests else None,
        answer={name: Block(name, fields) for name, fields in spelled["out"].items()},
    )


@cache
def transactions() -> Mapping[str, Transaction]:
    """Every TR and feed whose fields we know, by its code."""
    known = json.loads(Path(__file__).with_name("ls_blocks.json").read_text(encoding="utf-8"))
    return {code: _transaction(code, spelled) for code, spelled in known.items()}
