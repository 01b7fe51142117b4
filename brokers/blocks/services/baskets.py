"""Basket files: read and judged row by row; a file with an error sends nothing; a file sent twice sends once.

Columns: 펀드코드, 종목코드, 구분 (매수/매도), and 수량 or 비중(%). A weight of a buy is of the fund's
free cash, of a sale of its free shares. 가격 may be missing: then the last price is the limit. Rows of one
issue, side and price become one block over the plan, whose legs say where each fund executes.
"""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zipfile import BadZipFile

from django.db import IntegrityError
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from accounts.models import User
from brokers.blocks.allocation import Party, split
from brokers.blocks.models import Basket, BasketRow, Block, Fund, Leg, Plan
from brokers.blocks.preview import Wish, shares_for
from brokers.blocks.rights import require_ordering
from brokers.blocks.selectors import Position, legs_of, position_of
from brokers.blocks.services.previewing import Preview, preview
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import Rounding
from brokers.forms import kind_of
from brokers.models import BrokerAccount, Instrument
from brokers.services import facts
from brokers.services.facts import FactMissing
from brokers.terms import OrderType, Side
from brokers.ticks import is_on_tick
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional
from lucy.sheets import decode, require_small

MOST_ROWS: Final = 1_000
HEADINGS: Final = {
    "fund": ("펀드코드", "펀드", "fund"),
    "symbol": ("종목코드", "코드", "symbol", "code"),
    "side": ("구분", "매매구분", "side"),
    "quantity": ("수량", "수량(주)", "quantity"),
    "weight": ("비중", "비중(%)", "weight"),
    "price": ("가격", "지정가", "price"),
}
SIDES: Final = {
    "매수": Side.BUY,
    "buy": Side.BUY,
    "b": Side.BUY,
    "매도": Side.SELL,
    "sell": Side.SELL,
    "s": Side.SELL,
}


@dataclass(slots=True)
class Row:
    """One line of the file: what it says, what it comes to, what is wrong with it."""

    number: int  # the headings are line 1
    cells: dict[str, str]
    fund: Fund | None = None
    side: Side | None = None
    quantity: int = 0
    price: Decimal | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        return self.cells["symbol"].upper()


@dataclass(slots=True)
class Judged:
    """A file as it would be ordered."""

    plan: Plan
    text: str
    rows: list[Row]
    blocks: list[Preview] = field(default_factory=list)

    @property
    def bad(self) -> int:
        return sum(bool(row.errors) for row in self.rows)

    @property
    def troubles(self) -> int:
        return sum(len(found.troubles) for found in self.blocks)

    @property
    def file_hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def text_of(name: str, body: bytes) -> str:
    """The file's table as CSV text. Raises `LucyError` where it is none."""
    require_small(body)
    if name.lower().endswith(".xlsx"):
        return _from_excel(body)
    return decode(body, choose="CSV, 또는 xlsx를")


def _from_excel(body: bytes) -> str:
    try:
        sheet = load_workbook(io.BytesIO(body), read_only=True, data_only=True).active
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as odd:
        raise LucyError("unreadable", "Excel 파일을 열 수 없습니다. xlsx로 저장해 다시 고르세요.") from odd
    text = io.StringIO()
    lines = csv.writer(text)
    for index, cells in enumerate(sheet.iter_rows(values_only=True) if sheet else ()):
        if index > MOST_ROWS + 1:
            break
        lines.writerow(["" if cell is None else _cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: Any) -> str:
    """A number without the point that Excel gives it: 100.0 is 100."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def judge(user: User, plan: Plan, text: str) -> Judged:
    """Every row with its own verdict, and the blocks they come to where none is wrong."""
    legs = legs_of(plan)
    require_ordering(user, plan, legs)
    rows = _rows(text)
    account = plan.executing_account or legs[0].account
    assert account is not None  # noqa: S101  # `require_sound` of the plan
    _Judge(plan, legs, account).look_at(rows)
    found = Judged(plan, text, rows)
    if not found.bad:
        found.blocks = [preview(user, plan, wish, whole=True) for wish, _ in _wishes(plan, legs, rows)]
    return found


def _rows(text: str) -> list[Row]:
    table = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    if len(table) < 2:
        raise LucyError("empty", "첫 줄에 열 이름, 다음 줄부터 주문을 적은 파일을 고르세요.")
    if len(table) > MOST_ROWS + 1:
        raise LucyError("too_large", f"{MOST_ROWS:,}행까지 읽습니다.")
    places = _places(table[0])
    return [
        Row(number, {name: _at(cells, place) for name, place in places.items()})
        for number, cells in enumerate(table[1:], start=2)
    ]


def _places(titles: Sequence[str]) -> dict[str, int | None]:
    told = [title.strip().lower().replace(" ", "") for title in titles]
    places = {
        name: next((told.index(each) for each in names if each in told), None)
        for name, names in HEADINGS.items()
    }
    missing = [HEADINGS[name][0] for name in ("fund", "symbol", "side") if places[name] is None]
    if places["quantity"] is None and places["weight"] is None:
        missing.append("수량 또는 비중")
    if missing:
        raise LucyError("headings", f"열이 없습니다: {', '.join(missing)}")
    return places


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


class _Judge:
    """What rows are looked at with, asked for once."""

    def __init__(self, plan: Plan, legs: list[Leg], account: BrokerAccount) -> None:
        self.plan = plan
        self.account = account
        self.funds = {leg.fund.code: leg.fund for leg in legs}
        self._positions: dict[str, Position] = {}
        self._seen: set[tuple[str, str, Side]] = set()

    def look_at(self, rows: Iterable[Row]) -> None:
        for row in rows:
            try:
                self._look(row)
            except LucyError as odd:
                row.errors.append(odd.message)

    def _look(self, row: Row) -> None:
        row.fund = self.funds.get(row.cells["fund"])
        if row.fund is None:
            raise LucyError("fund", f"계획 {self.plan}에 없는 펀드입니다: {row.cells['fund'] or '(빈칸)'}")
        row.side = SIDES.get(row.cells["side"].lower())
        if row.side is None:
            raise LucyError("side", "구분은 매수나 매도입니다.")
        if not Instrument.objects.filter(symbol=row.symbol).exists():
            raise LucyError("symbol", f"종목코드를 찾을 수 없습니다: {row.symbol or '(빈칸)'}")
        key = row.fund.code, row.symbol, row.side
        if key in self._seen:
            raise LucyError("twice", "같은 펀드·종목·구분이 위에 있습니다. 한 행으로 합치세요.")
        self._seen.add(key)
        row.price = self._price(row)
        row.quantity = self._quantity(row)
        if row.quantity < 1:
            raise LucyError("quantity", "나눌 수 있는 수량이 없습니다.")
        if row.quantity % self.plan.lot:
            raise LucyError("lot", f"배분단위 {self.plan.lot:,}주의 배수여야 합니다.")

    def _price(self, row: Row) -> Decimal:
        if row.cells["price"]:
            price = _number(row.cells["price"], "가격")
            if price <= 0 or price != int(price) or not is_on_tick(price, kind_of(row.symbol)):
                raise LucyError("price", "가격이 호가단위에 맞지 않습니다.")
            return price
        try:
            return facts.quote_of(self.account, row.symbol).price
        except FactMissing as missing:
            raise LucyError(missing.code, missing.message) from missing

    def _quantity(self, row: Row) -> int:
        quantity, weight = row.cells["quantity"], row.cells["weight"]
        if bool(quantity) == bool(weight):
            raise LucyError("quantity", "수량과 비중 가운데 하나만 적으세요.")
        if quantity:
            number = _number(quantity, "수량")
            if number != int(number) or number <= 0:
                raise LucyError("quantity", "수량은 1 이상의 정수입니다.")
            return int(number)
        percent = _number(weight, "비중")
        if not 0 < percent <= 100:
            raise LucyError("weight", "비중은 0보다 크고 100 이하입니다.")
        return self._part(row, percent) // self.plan.lot * self.plan.lot

    def _part(self, row: Row, percent: Decimal) -> int:
        assert row.fund is not None and row.side is not None and row.price is not None  # noqa: S101, PT018
        position = self._positions.get(row.fund.code) or position_of(row.fund)
        self._positions[row.fund.code] = position
        if row.side == Side.SELL:
            return int(position.shares.get(row.symbol, 0) * percent / 100)
        rates = self.account.rates.of(kind_of(row.symbol))
        return shares_for(position.cash * percent / 100, row.price, Side.BUY, rates)


def _number(text: str, what: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace("%", "").strip())
    except InvalidOperation as odd:
        raise LucyError("number", f"{what}을(를) 숫자로 적으세요: {text}") from odd
    if not number.is_finite() or abs(number) > 10**12:
        raise LucyError("number", f"{what}이(가) 너무 큽니다.")
    return number


def _wishes(plan: Plan, legs: list[Leg], rows: Sequence[Row]) -> list[tuple[Wish, list[Row]]]:
    """One wish an issue, side and price, with its rows; a fund on several legs shares out by weight."""
    groups: dict[tuple[str, Side, Decimal], list[Row]] = defaultdict(list)
    for row in rows:
        assert row.side is not None and row.price is not None  # noqa: S101, PT018  # judged
        groups[row.symbol, row.side, row.price].append(row)
    found = []
    for (symbol, side, price), group in groups.items():
        targets: dict[int, int] = {}
        for row in group:
            own = [leg for leg in legs if row.fund is not None and leg.fund_id == row.fund.pk]
            parts = split(Rounding.QUOTA, [Party(leg.weight) for leg in own], row.quantity, plan.lot)
            targets |= {leg.position: part for leg, part in zip(own, parts, strict=True) if part}
        found.append((Wish(symbol, side, OrderType.LIMIT, price, targets=targets), group))
    return found


# --- ordering -----------------------------------------------------------------------------------------------


def place(user: User, plan: Plan, file_name: str, text: str) -> tuple[Basket, bool]:
    """Order what the file says; the same file again is the same basket, and orders only what it has not yet.

    Returns the basket and whether it is new. Raises `LucyError` (`basket_refused`) for a file with an error.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    if earlier := Basket.objects.filter(user=user, plan=plan, file_hash=digest).first():
        return _continued(user, plan, earlier), False
    judged = judge(user, plan, text)
    if judged.bad or judged.troubles:
        raise LucyError(
            "basket_refused", "오류가 있는 파일은 보내지 않습니다. 미리 보기에서 고치세요.", status=409
        )
    try:
        basket = _store(user, plan, file_name, judged)
    except IntegrityError:  # the same file at the same moment
        basket = Basket.objects.get(user=user, plan=plan, file_hash=digest)
        return _continued(user, plan, basket), False
    return _continued(user, plan, basket), True


@transactional
def _store(user: User, plan: Plan, file_name: str, judged: Judged) -> Basket:
    basket = Basket(
        user=user, plan=plan, file_name=file_name[:200], file_hash=judged.file_hash, created_at=clock.now()
    )
    mongo.insert(basket)
    mongo.insert(
        *(
            BasketRow(
                basket_id=basket.pk,
                number=row.number,
                fund_code=row.cells["fund"],
                symbol=row.symbol,
                side=row.side or "",
                quantity=row.quantity,
                price=row.price or 0,
            )
            for row in judged.rows
        )
    )
    return basket


def _continued(user: User, plan: Plan, basket: Basket) -> Basket:
    """Place the blocks of the rows that have none, under ids made of the basket: nothing is placed twice."""
    legs = legs_of(plan)
    funds = {leg.fund.code: leg.fund for leg in legs}
    left = [
        Row(row.number, {"symbol": row.symbol}, funds[row.fund_code], Side(row.side), row.quantity, row.price)
        for row in BasketRow.objects.filter(basket=basket, block=None).order_by("number")
    ]
    for wish, group in _wishes(plan, legs, left):
        name = f"basket-{basket.pk}-{group[0].number}"
        block = place_block(user, name, plan, wish, confirmed=True)
        _link(basket, group, block)
    return basket


def _link(basket: Basket, group: Sequence[Row], block: Block) -> None:
    BasketRow.objects.filter(basket=basket, number__in=[row.number for row in group]).update(block=block)
