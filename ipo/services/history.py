"""The history of listings from a file and into one: judged row by row, stored as the user chose."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.dateparse import parse_date

from ipo.forecast import limits_on
from ipo.models import OfferingHistory
from lucy.errors import LucyError
from lucy.mongo import transactional
from lucy.sheets import FORMULA_BEGINS, MOST_BYTES, harmless

MOST_ROWS: Final = 5_000
MOST_FIGURE: Final = 10**14

# Field, our heading, and the names that other files give it (the original's collection, 38's lists).
COLUMNS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("company", "회사명", ("종목명", "기업명", "company", "name")),
    ("code", "종목코드", ("코드", "stkcode", "code")),
    ("listing_on", "상장일", ("신규상장일", "listingdate", "listing_on")),
    ("offer_price", "확정공모가", ("공모가", "finalofferingprice", "offer_price")),
    ("sales_eok", "매출액(억원)", ("매출액", "revenue", "sales")),
    ("net_income_eok", "순이익(억원)", ("순이익", "netincome", "net_income")),
    (
        "institution_ratio",
        "기관경쟁률",
        ("institutionalsubscriptionratio", "institutional_competition", "competition"),
    ),
    ("lockup_percent", "의무보유확약(%)", ("의무보유확약", "확약", "lockupagreement", "lock_up")),
    (
        "first_day_high",
        "최고체결가",
        (
            *("상장일최고가", "상장일고가", "첫날최고가", "첫날고가", "당일고가", "최고가", "고가"),
            *("maxvalue", "first_day_high", "high"),
        ),
    ),
    ("note", "비고", ("notes", "note")),
)
NEEDED: Final = ("company", "offer_price")
FIELDS: Final = tuple(name for name, _heading, _aliases in COLUMNS)
HEADINGS: Final = {name: heading for name, heading, _aliases in COLUMNS}
NOTHING: Final = frozenset({"", "-", "–", "N/A", "n/a", "null", "None", "nan", "NaN"})


@dataclass(slots=True)
class Line:
    """One row of a file: what it says, what is wrong with it, what storing it would do."""

    number: int  # in the file, the headings are line 1
    values: dict[str, Any]
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    existing: OfferingHistory | None = None
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)  # heading -> before, after

    @property
    def deed(self) -> str:
        if self.errors:
            return "error"
        if self.existing is None:
            return "new"
        return "change" if self.changes else "same"


@dataclass(frozen=True, slots=True)
class Preview:
    lines: list[Line]
    unused: list[str]  # headings that mean nothing to us

    def count(self, deed: str) -> int:
        return sum(line.deed == deed for line in self.lines)

    @property
    def counts(self) -> dict[str, int]:
        return {deed: self.count(deed) for deed in ("new", "change", "same", "error")}

    @property
    def bad(self) -> int:
        return self.count("error")

    @property
    def to_store(self) -> int:
        return self.count("new") + self.count("change")


# --- reading ------------------------------------------------------------------------------------------------


def read_file(text: str) -> Preview:
    """Every row with its own verdict; LucyError only where no row can be read at all."""
    if len(text.encode()) > MOST_BYTES * 2:
        raise LucyError("too_large", "파일이 너무 큽니다.")
    if "\0" in text:
        raise LucyError("unreadable", "CSV 파일이 아닙니다.")
    try:
        table = [row for row in _rows(text) if any(cell.strip() for cell in row[1])]
    except csv.Error as odd:
        raise LucyError("unreadable", f"CSV로 읽을 수 없습니다: {odd}") from odd
    if not table:
        raise LucyError("empty", "파일이 비어 있습니다.")
    if len(table) - 1 > MOST_ROWS:
        raise LucyError("too_many_rows", f"한 번에 {MOST_ROWS:,}행까지 가져옵니다.")
    headings = table[0][1]
    places, unused = _columns(headings)
    lines = [_line(number, row, places, headings) for number, row in table[1:]]
    judge = Judge()
    for line in lines:
        judge.look_at(line)
    return Preview(lines, unused)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    for row in reader:
        yield reader.line_num, row


def _columns(headings: list[str]) -> tuple[dict[str, int], list[str]]:
    meanings = {_plain(alias): name for name, own, more in COLUMNS for alias in (name, own, *more)}
    places: dict[str, int] = {}
    unused = []
    for place, heading in enumerate(headings):
        name = meanings.get(_plain(heading))
        if name is None:
            unused.append(heading.strip() or f"{place + 1}번째 열")
        elif name in places:
            raise LucyError("twice", f"'{HEADINGS[name]}' 열이 두 번 있습니다.")
        else:
            places[name] = place
    if missing := [HEADINGS[name] for name in NEEDED if name not in places]:
        raise LucyError("columns", f"첫 줄에 {', '.join(missing)} 열이 없습니다.")
    return places, unused


def _plain(heading: str) -> str:
    return re.sub(r"[\s()%]|억원|백만원", "", heading).lower()


def _line(number: int, row: list[str], places: dict[str, int], headings: list[str]) -> Line:
    line = Line(number, {})
    if len(row) != len(headings):
        line.errors.append(f"칸이 {len(row)}개입니다. 첫 줄은 {len(headings)}개입니다.")
    for name, place in places.items():
        cell = row[place].strip() if place < len(row) else ""
        try:
            line.values[name] = _value(name, cell, in_millions="백만" in headings[place])
        except ValueError as odd:
            line.values[name] = cell
            line.errors.append(f"{HEADINGS[name]}: {odd}")
    line.errors += [
        f"{HEADINGS[name]}이(가) 비어 있습니다." for name in NEEDED if line.values[name] in (None, "")
    ]
    return line


def _value(name: str, cell: str, *, in_millions: bool = False) -> Any:
    if cell.startswith("'") and cell[1:2] in FORMULA_BEGINS:
        cell = cell[1:]
    if name in {"company", "note"}:
        return " ".join(cell.split())
    if cell in NOTHING:
        return "" if name == "code" else None
    if name == "code":
        return _code(cell)
    if name == "listing_on":
        return _day(cell)
    return _number(name, cell, 100 if in_millions else 1)


def _code(cell: str) -> str:
    code = cell.upper().removeprefix("A") if len(cell) == 7 else cell.upper()
    if code.isdigit():
        code = code.zfill(6)  # a spreadsheet drops leading noughts
    return code


def _day(cell: str) -> date:
    try:
        day = parse_date(re.sub(r"\s*[./]\s*", "-", cell).rstrip("-"))
    except ValueError:
        day = None
    if day is None or not 1990 <= day.year <= 2100:
        raise ValueError(f"'{cell[:20]}'을(를) 연-월-일로 읽을 수 없습니다.")
    return day


def _number(name: str, cell: str, divisor: int = 1) -> Decimal:
    text = re.sub(r"\s|,|원$|억원?$|%$|:1$|배$", "", cell.replace(" ", "").replace("−", "-"))
    try:
        value = Decimal(text)
    except InvalidOperation as odd:
        raise ValueError(f"'{cell[:20]}'은(는) 숫자가 아닙니다.") from odd
    if not value.is_finite() or abs(value) >= MOST_FIGURE:
        raise ValueError(f"'{cell[:20]}'은(는) 숫자가 아닙니다.")
    places = 0 if name in {"offer_price", "first_day_high"} else 2
    value /= divisor  # 백만원 to 억원
    rounded = round(value, places)
    if places == 0 and rounded != value:
        raise ValueError("원 단위로, 소수점 없이 적으세요.")
    return Decimal(rounded)


class Judge:
    """What the model forbids, what the file says twice, what is stored already, what looks odd."""

    def __init__(self) -> None:
        self.known: dict[str, OfferingHistory] = {}
        for row in OfferingHistory.objects.all():
            self.known[row.key] = row
            self.known.setdefault(OfferingHistory.key_of("", row.company), row)
        self.seen: dict[str, int] = {}

    def look_at(self, line: Line) -> None:
        if line.errors:
            return
        row = as_row(line.values)
        by_name = OfferingHistory.key_of("", row.company)
        if wrong := _forbidden(row):
            line.errors += wrong
        elif earlier := self.seen.get(row.key) or self.seen.get(by_name):
            line.errors.append(f"{earlier}행과 같은 종목입니다.")
        else:
            self.seen |= {row.key: line.number, by_name: line.number}
            line.existing = self.known.get(row.key) or self._without_code(by_name, row)
            line.changes = _changes(line)
            line.warnings += list(odd_values(row))

    def _without_code(self, by_name: str, row: OfferingHistory) -> OfferingHistory | None:
        """The same firm where either the file or the history does not tell its code."""
        found = self.known.get(by_name)
        return found if found is not None and not (row.code and found.code) else None


def as_row(values: dict[str, Any]) -> OfferingHistory:
    row = OfferingHistory(**{name: value for name, value in values.items() if value is not None})
    row.key = OfferingHistory.key_of(row.code, row.company)
    return row


def _forbidden(row: OfferingHistory) -> list[str]:
    try:
        row.clean_fields(exclude=["id"])
    except ValidationError as wrong:
        found = wrong.message_dict.items()
        return [f"{HEADINGS.get(name, name)}: {text}" for name, texts in found for text in texts]
    return []


def _changes(line: Line) -> dict[str, tuple[str, str]]:
    if line.existing is None:
        return {}
    return {
        HEADINGS[name]: (_words(getattr(line.existing, name)), _words(value))
        for name, value in line.values.items()
        if value not in (None, "") and value != getattr(line.existing, name)
    }


def _words(value: Any) -> str:
    return "–" if value in (None, "") else f"{value:,}" if isinstance(value, Decimal) else str(value)


def odd_values(row: OfferingHistory) -> Iterator[str]:
    """What is possible and yet most often a typing error."""
    if row.multiple is not None:
        low, high = limits_on(row.listing_on)
        if not low - 0.005 <= float(row.multiple) <= high + 0.005:
            yield f"최고체결가가 공모가의 {row.multiple:.2f}배: 상장일 가격제한폭 밖입니다."
    if row.lockup_percent is not None and row.lockup_percent > 100:
        yield "의무보유확약이 100%를 넘습니다."
    if row.institution_ratio is None and row.lockup_percent == 0:
        yield "기관경쟁률이 없는 확약 0%는 '아직 모름'일 수 있습니다."


# --- storing ------------------------------------------------------------------------------------------------


def store_lines(lines: Iterable[Line]) -> int:
    """Store the rows without an error, all or none; empty cells leave what is known alone."""
    try:
        return _store([line for line in lines if line.deed in {"new", "change"}])
    except IntegrityError as twice:
        raise LucyError(
            "changed_meanwhile", "그사이 기록이 바뀌었습니다. 파일을 다시 올리세요.", status=409
        ) from twice


@transactional
def _store(lines: list[Line]) -> int:
    fresh = []
    for line in lines:
        if line.existing is None:
            fresh.append(as_row(line.values))
            continue
        for name, value in line.values.items():
            if value not in (None, ""):
                setattr(line.existing, name, value)
        line.existing.save()
    OfferingHistory.objects.bulk_create(fresh)
    return len(lines)


def import_file(text: str, *, only_good: bool) -> tuple[Preview, int]:
    """Nothing of a file with an error is stored, unless the user chose the good rows."""
    preview = read_file(text)
    if preview.bad and not only_good:
        raise LucyError(
            "rows_with_errors",
            f"오류가 있는 행이 {preview.bad}개라 아무것도 가져오지 않았습니다.",
            status=409,
        )
    return preview, store_lines(preview.lines)


# --- writing ------------------------------------------------------------------------------------------------


def write_file(rows: Iterable[OfferingHistory]) -> str:
    """CSV that `read_file` reads back and a spreadsheet opens without running anything."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([HEADINGS[name] for name in FIELDS])
    for row in rows:
        lines.writerow([_cell(getattr(row, name)) for name in FIELDS])
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return harmless(value) if isinstance(value, str) else str(value)
