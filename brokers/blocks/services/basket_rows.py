"""Basket files judged: every row with its own verdict, and the blocks they come to where none is wrong.

A weight of a buy is of the fund's free cash, of a sale of its free shares. Without a price the last one is
the limit. Rows of one issue, side and price become one block over the plan, whose legs say where each fund
executes.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from accounts.models import User
from brokers.blocks.allocation import Party, split
from brokers.blocks.basket_files import Cells, rows_of, symbol_of
from brokers.blocks.models import Fund, Leg, Plan
from brokers.blocks.preview import Wish, shares_for
from brokers.blocks.rights import require_ordering
from brokers.blocks.selectors import Position, legs_of, position_of
from brokers.blocks.services.checking import Trouble
from brokers.blocks.services.previewing import Preview, preview
from brokers.blocks.services.together import crossed, troubles_together
from brokers.blocks.terms import Rounding
from brokers.costs import Estimate, estimate
from brokers.models import BrokerAccount, Instrument
from brokers.services import facts
from brokers.services.facts import FactMissing
from brokers.terms import OrderType, Side
from brokers.ticks import tick_size
from lucy import mongo
from lucy.errors import LucyError

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

    number: int  # in the file; the headings are line 1
    cells: Cells
    fund: Fund | None = None
    side: Side | None = None
    quantity: int = 0
    price: Decimal | None = None
    name: str = ""  # of the issue
    cost: Estimate | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        return symbol_of(self.cells["symbol"])


@dataclass(slots=True)
class Judged:
    """A file as it would be ordered."""

    plan: Plan
    text: str
    rows: list[Row]
    blocks: list[Preview] = field(default_factory=list)
    together: list[Trouble] = field(default_factory=list)

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows if row.errors]

    @property
    def troubles(self) -> list[Trouble]:
        return [trouble for found in self.blocks for trouble in found.troubles] + self.together

    @property
    def is_good(self) -> bool:
        return not self.wrong and not self.troubles

    @property
    def crossed(self) -> list[str]:
        return crossed(self.blocks)

    def amount(self, side: Side) -> Decimal:
        return sum((row.cost.amount for row in self.rows if row.cost and row.side == side), Decimal(0))

    @property
    def bought(self) -> Decimal:
        """Won, before costs."""
        return self.amount(Side.BUY)

    @property
    def sold(self) -> Decimal:
        return self.amount(Side.SELL)

    @property
    def file_hash(self) -> str:
        return hash_of(self.text)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def judge(user: User, plan: Plan, text: str) -> Judged:
    """Every row with its own verdict, and the blocks they come to where none is wrong."""
    legs = legs_of(plan)
    require_ordering(user, plan, legs)
    rows = [Row(number, cells) for number, cells in rows_of(text)]
    account = plan.executing_account or legs[0].account
    assert account is not None  # noqa: S101  # `require_sound` of the plan
    _Judge(plan, legs, account).look_at(rows)
    found = Judged(plan, text, rows)
    if not found.wrong:
        found.blocks, found.together = previews(user, plan, [wish for wish, _ in wishes_of(plan, legs, rows)])
    return found


def previews(user: User, plan: Plan, wishes: Sequence[Wish]) -> tuple[list[Preview], list[Trouble]]:
    """Each block with its own troubles, and those of all together."""
    blocks = [preview(user, plan, wish, whole=True) for wish in wishes]
    if any(found.troubles for found in blocks):
        return blocks, []
    return blocks, troubles_together(user, blocks)


class _Judge:
    """What rows are looked at with, asked for once."""

    def __init__(self, plan: Plan, legs: list[Leg], account: BrokerAccount) -> None:
        self.plan = plan
        self.account = account
        self.funds = {leg.fund.code: leg.fund for leg in legs}
        self._issues: dict[str, Instrument] = {}
        self._positions: dict[str, Position] = {}
        self._seen: set[tuple[str, str, Side]] = set()

    def look_at(self, rows: Sequence[Row]) -> None:
        found = mongo.find_all(Instrument, symbol={row.symbol for row in rows})
        self._issues = {issue.symbol: issue for issue in found}
        for row in rows:
            try:
                self._look(row)
            except LucyError as odd:
                row.errors.append(odd.message)

    def _look(self, row: Row) -> None:
        issue = self._issues.get(row.symbol)
        row.name = issue.name if issue else ""
        row.fund = self.funds.get(row.cells["fund"])
        if row.fund is None:
            code = row.cells["fund"] or "(빈칸)"
            raise LucyError("fund", f"계획 {self.plan}에 없는 펀드코드입니다: {code}")
        row.side = SIDES.get(row.cells["side"].lower())
        if row.side is None:
            raise LucyError("side", f"구분은 매수나 매도입니다: {row.cells['side'] or '(빈칸)'}")
        if issue is None:
            raise LucyError("symbol", f"종목코드를 찾을 수 없습니다: {row.symbol or '(빈칸)'}")
        key = row.fund.code, row.symbol, row.side
        if key in self._seen:
            raise LucyError("twice", "같은 펀드·종목·구분이 위에 있습니다. 한 행으로 합치세요.")
        self._seen.add(key)
        kind = issue.kind
        row.price = self._price(row, kind)
        row.quantity = self._quantity(row, kind)
        if row.quantity < 1:
            none = "팔 수 있는 수량이" if row.side == Side.SELL else "그 비중의 현금으로 살 수 있는 수량이"
            raise LucyError("quantity", f"{none} 없습니다.")
        if row.quantity % self.plan.lot:
            raise LucyError("lot", f"배분단위 {self.plan.lot:,}주의 배수여야 합니다.")
        row.cost = estimate(row.side, row.quantity, row.price, self.account.rates.of(kind))

    def _price(self, row: Row, kind: str) -> Decimal:
        if row.cells["price"]:
            price = _number(row.cells["price"], "가격")
            if price <= 0 or price != int(price):
                raise LucyError("price", "가격은 1 이상의 정수입니다.")
            if rest := price % (step := tick_size(price, kind)):
                near = f"{price - rest:,}이나 {price - rest + step:,}"
                words = f"가격이 호가단위({step:,}원)에 맞지 않습니다. {near}(으)로 고치세요."
                raise LucyError("price", words)
            return price
        try:
            last = facts.quote_of(self.account, row.symbol).price
        except FactMissing as missing:
            raise LucyError(missing.code, missing.message) from missing
        if last <= 0:
            raise LucyError("price_unavailable", "현재가가 없습니다. 가격을 적으세요.")
        return last

    def _quantity(self, row: Row, kind: str) -> int:
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
        return self._part(row, percent, kind) // self.plan.lot * self.plan.lot

    def _part(self, row: Row, percent: Decimal, kind: str) -> int:
        assert row.fund is not None and row.side is not None and row.price is not None  # noqa: S101, PT018
        position = self._positions.get(row.fund.code) or position_of(row.fund)
        self._positions[row.fund.code] = position
        if row.side == Side.SELL:
            return int(position.shares.get(row.symbol, 0) * percent / 100)
        rates = self.account.rates.of(kind)
        return shares_for(position.cash * percent / 100, row.price, Side.BUY, rates)


def _number(text: str, what: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace("%", "").strip())
    except InvalidOperation as odd:
        raise LucyError("number", f"{what}을(를) 숫자로 적으세요: {text}") from odd
    if not number.is_finite() or abs(number) > 10**12:
        raise LucyError("number", f"{what}이(가) 너무 큽니다.")
    return number


def wishes_of(plan: Plan, legs: list[Leg], rows: Sequence[Row]) -> list[tuple[Wish, list[Row]]]:
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
