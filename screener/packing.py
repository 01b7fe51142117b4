"""Rows of a result as bytes and back, column by column: small in the database, types unchanged."""

import json
import zlib
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from screener.screens import Row, Value

LARGEST_BYTES = 64 * 1024 * 1024  # unpacked; no screen comes near

_WRITE: dict[type, tuple[str, Callable[[Any], Any]]] = {
    str: ("str", str),
    bool: ("bool", bool),
    int: ("int", int),
    float: ("float", float),
    Decimal: ("decimal", str),
    date: ("date", date.isoformat),
    datetime: ("datetime", datetime.isoformat),
}
_READ: dict[str, Callable[[Any], Value]] = {
    "str": str,
    "bool": bool,
    "int": int,
    "float": float,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}


def pack(rows: list[Row]) -> bytes:
    """Raises `TypeError` for a value of a type that no column holds."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    columns = {key: _column([row.get(key) for row in rows]) for key in keys}
    text = json.dumps({"count": len(rows), "columns": columns}, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode(), 6)


def _column(values: list[Value]) -> dict[str, Any]:
    """All of one type: written plainly; mixed: each value with its type."""
    types = {type(value) for value in values if value is not None}
    if odd := types - _WRITE.keys():
        raise TypeError(f"no column holds {odd}")
    if len(types) > 1:
        return {"type": "mixed", "values": [_tagged(value) for value in values]}
    name, write = _WRITE[types.pop()] if types else ("str", str)
    return {"type": name, "values": [None if value is None else write(value) for value in values]}


def _tagged(value: Value) -> list[Any] | None:
    if value is None:
        return None
    name, write = _WRITE[type(value)]
    return [name, write(value)]


def unpack(packed: bytes) -> list[Row]:
    """Values that were None come back as None."""
    told = json.loads(zlib.decompressobj().decompress(packed, LARGEST_BYTES))
    rows: list[Row] = [{} for _ in range(told["count"])]
    for key, column in told["columns"].items():
        for row, value in zip(rows, _values(column), strict=True):
            row[key] = value
    return rows


def _values(column: dict[str, Any]) -> list[Value]:
    if column["type"] == "mixed":
        return [None if value is None else _READ[value[0]](value[1]) for value in column["values"]]
    read = _READ[column["type"]]
    return [None if value is None else read(value) for value in column["values"]]
