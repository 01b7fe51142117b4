"""Baskets are ordered: a file with an error sends nothing; a file sent twice sends once, row by row.

A file that was checked is stored whole; then its blocks leave one after the other, in a thread of their
person, and the file's page follows them. What a dead process has left is continued by the job `block_sweep`
under the same ids.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError

from accounts.models import User
from brokers.blocks import lanes
from brokers.blocks.models import Basket, BasketRow, Plan
from brokers.blocks.selectors import legs_of
from brokers.blocks.services.basket_rows import Judged, Row, hash_of, previews, wishes_of
from brokers.blocks.services.checking import refused
from brokers.blocks.services.seals import seal, unseal
from brokers.blocks.services.staging import place_block
from brokers.terms import Side
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional

log = logging.getLogger(__name__)

LEFT_ALONE = timedelta(seconds=60)
NOTHING_SENT = "오류가 있는 파일은 보내지 않습니다. 보낸 주문은 없습니다."


@dataclass(frozen=True, slots=True)
class Line:
    """One row as somebody saw it: with its quantity and limit price."""

    number: int
    fund_code: str
    symbol: str
    side: Side
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was judged good, as somebody saw it."""

    plan_key: str
    file_name: str
    file_hash: str
    lines: list[Line]


def looked(judged: Judged, file_name: str) -> Looked:
    """Raises `LucyError` (`basket_refused`, 409) for a file with an error."""
    if not judged.is_good:
        raise LucyError("basket_refused", NOTHING_SENT, status=409)
    return Looked(str(judged.plan.pk), file_name[:200], judged.file_hash, [_line(row) for row in judged.rows])


def _line(row: Row) -> Line:
    assert row.side is not None and row.price is not None  # noqa: S101, PT018  # judged
    return Line(row.number, row.cells["fund"], row.symbol, row.side, row.quantity, row.price)


def sealed(user: User, what: Looked) -> str:
    lines = [
        [line.number, line.fund_code, line.symbol, line.side, line.quantity, str(line.price)]
        for line in what.lines
    ]
    told = {"hash": what.file_hash, "name": what.file_name, "plan": what.plan_key, "lines": lines}
    return seal(user, "basket", told)


def looked_at(user: User, text: str) -> Looked:
    """What was sealed for this user. Raises `LucyError` (`looked_too_long`, 409)."""
    what = unseal(user, "basket", text)
    lines = [
        Line(n, fund, symbol, Side(side), q, Decimal(p)) for n, fund, symbol, side, q, p in what["lines"]
    ]
    return Looked(what["plan"], what["name"], what["hash"], lines)


def earlier(user: User, plan: Plan, text: str) -> Basket | None:
    """The basket that this file of this person already is."""
    return Basket.objects.filter(user=user, plan=plan, file_hash=hash_of(text)).first()


def place(user: User, plan: Plan, what: Looked) -> tuple[Basket, bool]:
    """Order what was looked at; the same file again is the same basket, and orders only what it has not yet.

    Returns the basket and whether it is new. Raises `LucyError` (`block_refused`, 409, with every trouble)
    where a check says no by now: then nothing is sent. Rows that are refused after that keep the reason.
    """
    if there := Basket.objects.filter(user=user, plan=plan, file_hash=what.file_hash).first():
        start(there)
        return there, False
    legs = legs_of(plan)
    wishes = [wish for wish, _ in wishes_of(plan, legs, _rows(plan, what.lines))]
    blocks, together = previews(user, plan, wishes)
    if troubles := [trouble for found in blocks for trouble in found.troubles] + together:
        if there := Basket.objects.filter(user=user, plan=plan, file_hash=what.file_hash).first():
            return there, False  # the same file at the same moment: its blocks are what is too much
        raise refused(troubles, "점검에 걸려 아무것도 보내지 않았습니다.")
    try:
        basket = _store(user, plan, what)
    except IntegrityError:  # the same file at the same moment
        return Basket.objects.get(user=user, plan=plan, file_hash=what.file_hash), False
    start(basket)
    return basket, True


@transactional
def _store(user: User, plan: Plan, what: Looked) -> Basket:
    basket = Basket(
        user=user, plan=plan, file_name=what.file_name, file_hash=what.file_hash, created_at=clock.now()
    )
    mongo.insert(basket)
    mongo.insert(
        *(
            BasketRow(
                basket_id=basket.pk,
                number=line.number,
                fund_code=line.fund_code,
                symbol=line.symbol,
                side=line.side,
                quantity=line.quantity,
                price=line.price,
            )
            for line in what.lines
        )
    )
    return basket


# --- on their way -------------------------------------------------------------------------------------------


def start(basket: Basket) -> None:
    """Let the rows that have no block leave, one block after the other; returns at once."""
    if not is_of_today(basket):
        return
    lanes.lane_of(("basket", basket.user_id)).submit(_go, basket.pk)


def is_of_today(basket: Basket) -> bool:
    """What is left of another day does not leave at today's market."""
    return clock.trade_date_of(basket.created_at) == clock.trade_date()


def again(basket: Basket) -> None:
    """Once more the rows that were refused. Raises `LucyError` (`basket_of_another_day`, 409)."""
    if not is_of_today(basket):
        words = "다른 날의 파일이라 그때의 가격으로 보내지 않습니다. 새 파일로 올리세요."
        raise LucyError("basket_of_another_day", words, status=409)
    BasketRow.objects.filter(basket=basket, block=None).update(note="")
    start(basket)


def resume() -> int:
    """Continue the baskets of today whose process died on the way; says how many. Harmless while it lives."""
    now = clock.now()
    today = Basket.objects.filter(created_at__gte=now - timedelta(days=1), created_at__lt=now - LEFT_ALONE)
    of_today = {basket.pk: basket for basket in today if is_of_today(basket)}
    rows = BasketRow.objects.filter(basket_id__in=list(of_today), block=None, note="")
    left = set(rows.values_list("basket_id", flat=True))
    for key in left:
        start(of_today[key])
    return len(left)


def _go(key: Any) -> None:
    try:
        _place_rest(Basket.objects.select_related("plan", "user").get(pk=key))
    except Exception:
        log.exception("Basket %s stopped on its way; the sweep goes on with it.", key)
        raise


def _place_rest(basket: Basket) -> None:
    """Place the blocks of the rows that have none, under ids made of the basket: nothing is placed twice."""
    plan = basket.plan
    stored = BasketRow.objects.filter(basket=basket, block=None).order_by("number")
    lines = [
        Line(row.number, row.fund_code, row.symbol, Side(row.side), row.quantity, row.price) for row in stored
    ]
    for wish, group in wishes_of(plan, legs_of(plan), _rows(plan, lines)):
        rows = BasketRow.objects.filter(basket=basket, number__in=[row.number for row in group])
        name = f"basket-{basket.pk}-{group[0].number}"
        try:
            block = place_block(basket.user, name, plan, wish, confirmed=True)
        except LucyError as refusal:
            rows.filter(block=None).update(note=refusal.message[:300])  # another process was faster
        else:
            rows.update(block=block, note="")


def _rows(plan: Plan, lines: Sequence[Line]) -> list[Row]:
    funds = {leg.fund.code: leg.fund for leg in legs_of(plan)}
    return [
        Row(line.number, {"symbol": line.symbol}, funds[line.fund_code], line.side, line.quantity, line.price)
        for line in lines
    ]
