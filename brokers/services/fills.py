"""Every fill once: what a broker's notice, or its total of an order, adds to our books.

LS numbers its executions, so a repeat meets the unique key. KIS does not: there a notice that looks like
one already told, or that would pass the order's quantity, counts only as far as the broker's total of that
order bears it out. Shares known from a total alone stand in one row of their own (`FillSource.TOTAL`); a
true notice that comes later shrinks that row instead of adding to it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from django.db import IntegrityError

from brokers.adapters import client_for
from brokers.adapters.base import BrokerError, FillReport, OrderLine, OrderReport
from brokers.models import (
    BrokerAccount,
    DiscrepancyKind,
    EventKind,
    Fill,
    FillSource,
    Instrument,
    NoticeKind,
    Order,
    OrderChange,
    OrderNumber,
    OrderOrigin,
    OrderStatus,
)
from brokers.models.orders import ChangeStatus
from brokers.selectors import fill_snapshot, order_snapshot
from brokers.services import discrepancies
from brokers.services.effects import as_fields, fill_words, progress_of
from brokers.services.journal import Journal, write_all
from brokers.terms import OrderType, RequestKind
from lucy import clock, mongo
from lucy.clock import KST
from lucy.mongo import transactional

log = logging.getLogger(__name__)

FROM_TOTAL = "total"  # the fill number of the row that holds what only the total knows


class Outcome(Enum):
    RECORDED = auto()
    REPEATED = auto()
    DOUBTFUL = auto()


def record_fill(account: BrokerAccount, report: FillReport) -> bool:
    """Store an execution once, with its effect and its news; False when it added nothing."""
    (outcome,) = record_fills([(account, report)])
    if outcome is Outcome.DOUBTFUL:
        return settle_doubt(account, report)
    return outcome is Outcome.RECORDED


Told = tuple[BrokerAccount, FillReport]


def record_fills(told: Sequence[Told]) -> list[Outcome]:
    """Store executions in one transaction where they are plain news of known orders, else one by one.

    Never speaks to a broker: what is `DOUBTFUL` is the caller's to settle (`settle_doubt`).
    """
    try:
        stored = _store_plain(told)
    except IntegrityError:  # one of them is a repeat, and takes the others with it
        stored = set()
    return [Outcome.RECORDED if told_fill in stored else _record(*told_fill) for told_fill in told]


def _record(account: BrokerAccount, report: FillReport) -> Outcome:
    try:
        return _store_one(account, report)
    except IntegrityError:  # unique (account, trade_date, broker_order_no, fill_no)
        return Outcome.REPEATED if report.fill_no else Outcome.DOUBTFUL


@transactional
def _store_plain(told: Sequence[Told]) -> set[Told]:
    """Store the fills that belong to known orders and raise no doubt; says which those are."""
    orders = _orders_of(told)
    journals: dict[Any, Journal] = {}
    plain = {}
    for account, report in told:
        order = orders.get(_link_of(account, report))
        if order and not _is_doubtful(order, report):
            journal = journals.setdefault(account.pk, Journal(account))
            plain[account, report] = fill = _fill(account, order, report)
            _count(order, [fill])
            _tell(order, fill, journal)
    if plain:
        mongo.insert(*plain.values())
        _store_counts([orders[_link_of(*told_fill)] for told_fill in plain])
        write_all(list(journals.values()))
    return set(plain)


def _orders_of(told: Sequence[Told]) -> dict[Any, Order]:
    """The orders of known numbers, by key, as they are now."""
    accounts = {key: account for account, report in told if (key := _link_of(account, report))}
    if not accounts:
        return {}
    orders = {order.pk: order for order in mongo.find_all(Order, pk=accounts)}
    for key, order in orders.items():
        order.account = accounts[key]
    return orders


def _link_of(account: BrokerAccount, report: FillReport) -> Any:
    """The key of the order that a report's number stands for."""
    return _order_key(account, report.trade_date, report.order_no)


@transactional
def _store_one(account: BrokerAccount, report: FillReport) -> Outcome:
    journal = Journal(account)
    order = find_order(account, report.trade_date, report.order_no) or _stranger(account, report, journal)
    if order is None:
        mongo.insert(_fill(account, None, report))
        journal.write()  # takes its turn, so that the order's reply either sees this fill or comes before it
        return Outcome.RECORDED
    if _is_doubtful(order, report):
        return Outcome.DOUBTFUL
    fill = _fill(account, order, report)
    mongo.insert(fill)
    _add_to(order, [fill], journal)
    journal.write()
    return Outcome.RECORDED


def _is_doubtful(order: Order, report: FillReport) -> bool:
    """Past the order's quantity, or perhaps one of the shares that its total has told before."""
    return order.from_total_quantity > 0 or order.filled_quantity + report.quantity > order.quantity


def _fill(account: BrokerAccount, order: Order | None, report: FillReport) -> Fill:
    return Fill(
        account=account,
        order=order,
        trade_date=report.trade_date,
        broker_order_no=report.order_no,
        fill_no=report.fill_no or _look(report),
        symbol=report.symbol,
        side=report.side,
        quantity=report.quantity,
        price=report.price,
        executed_at=report.executed_at,
        recorded_at=clock.now(),
    )


def _look(report: FillReport) -> str:
    """What a notice without a number is known by: two that look alike are doubtful."""
    return f"{report.executed_at.astimezone(KST):%H%M%S}-{report.quantity}-{report.price.normalize():f}"


def _add_to(order: Order, fills: Sequence[Fill], journal: Journal) -> None:
    """Count fills that belong to `order` and tell them."""
    _count(order, fills)
    _store_counts([order])
    for fill in fills:
        _tell(order, fill, journal)


def _count(order: Order, fills: Sequence[Fill]) -> None:
    """Add fills to the order at hand; `_store_counts` writes it."""
    quantity = order.filled_quantity + sum(fill.quantity for fill in fills)
    _show_if_late(order, quantity)
    order.filled_amount += sum((fill.quantity * Decimal(fill.price) for fill in fills), Decimal(0))
    for name, value in as_fields(progress_of(order).filled_to(quantity)).items():
        setattr(order, name, value)


def _show_if_late(order: Order, quantity: int) -> None:
    """A fill of an order that had ended counts, and staff are shown it."""
    if order.status in {OrderStatus.CANCELLED, OrderStatus.EXPIRED} and quantity > order.filled_quantity:
        ours = f"{order.get_status_display()}, 체결 {order.filled_quantity:,}주"
        theirs = f"체결 {quantity:,}주"
        discrepancies.repaired(
            order.account, DiscrepancyKind.LATE_FILL, order=order, ours=ours, theirs=theirs
        )


def _store_counts(orders: Sequence[Order]) -> None:
    counted = {order.pk: order for order in orders}
    mongo.change(
        *(
            (order, as_fields(progress_of(order)) | {"filled_amount": order.filled_amount})
            for order in counted.values()
        )
    )


def _tell(order: Order, fill: Fill, journal: Journal, shares: int = 0) -> None:
    """`shares`: how many of a row that grew are news."""
    words = fill_words(order, shares or fill.quantity, fill.price)
    journal.event(order, EventKind.FILLED, journal.account.get_broker_display(), words)
    journal.notice(
        NoticeKind.FILL, order, words, {"order": order_snapshot(order), "fill": fill_snapshot(fill)}
    )


# --- which order a number belongs to ----------------------------------------------------------------------


# (account, trade date, number) -> order: such a link is never changed, so it need not be read twice.
_links: dict[tuple[Any, date, str], Any] = {}
MOST_LINKS = 100_000


def find_order(account: BrokerAccount, trade_date: date, number: str) -> Order | None:
    """The order that the broker's number stands for, if we know it."""
    key = _order_key(account, trade_date, number)
    order = mongo.find(Order, pk=key) if key else None
    if order:
        order.account = account
    return order


def _order_key(account: BrokerAccount, trade_date: date, number: str) -> Any:
    known = _links.get((account.pk, trade_date, number))
    if known:
        return known
    link = mongo.find(OrderNumber, account_id=account.pk, trade_date=trade_date, number=number)
    if link is None:
        return None
    if len(_links) >= MOST_LINKS:
        _links.clear()
    _links[account.pk, trade_date, number] = link.order_id
    return link.order_id


def link_number(order: Order, number: str, kind: RequestKind) -> bool:
    """From now on news under this number is the order's; False when it is another order's already."""
    trade_date = order.trade_date
    if trade_date is None:
        raise ValueError(f"Order {order.pk} has a number but was never sent.")
    known = mongo.find(OrderNumber, account_id=order.account_id, trade_date=trade_date, number=number)
    if known is None:
        mongo.insert(
            OrderNumber(
                account_id=order.account_id,
                trade_date=trade_date,
                number=number,
                order_id=order.pk,
                kind=kind,
            )
        )
    return known is None or known.order_id == order.pk


def is_later(number: str, than: str) -> bool:
    """Whether `number` was given after `than`: brokers count their numbers up through the day."""
    return int(number or 0) > int(than or 0)


def claim_parked(order: Order, number: str, journal: Journal) -> bool:
    """Count the fills that came before their order had this number; True when there were any."""
    waiting = mongo.find_all(
        Fill,
        account_id=[order.account_id],
        trade_date=[order.trade_date],
        broker_order_no=[number],
        order_id=[None],
    )
    if not waiting:
        return False
    mongo.change(*((fill, {"order_id": order.pk}) for fill in waiting))
    order.refresh_from_db()
    _add_to(order, waiting, journal)
    return True


def may_be_ours(account: BrokerAccount, report: FillReport | OrderReport) -> bool:
    """Whether a number we do not know may be the answer we are still waiting for.

    An order is `sent` before its request leaves, so news of it cannot come sooner.
    """
    waiting = Order.objects.filter(
        account=account,
        status__in=[OrderStatus.SENT, OrderStatus.UNKNOWN],
        symbol=report.symbol,
        side=report.side,
    )
    changes = OrderChange.objects.filter(
        account=account, status__in=[ChangeStatus.SENT, ChangeStatus.UNKNOWN], order__symbol=report.symbol
    )
    return waiting.exists() or changes.exists()


@dataclass(frozen=True, slots=True)
class Stranger:
    """An order placed elsewhere (HTS, phone), as far as its news tells."""

    trade_date: date
    order_no: str
    symbol: str
    side: str
    order_type: OrderType
    quantity: int
    price: Decimal | None
    branch: str = ""


def _stranger(account: BrokerAccount, report: FillReport, journal: Journal) -> Order | None:
    if report.original_no and (order := find_order(account, report.trade_date, report.original_no)):
        link_number(order, report.order_no, RequestKind.MODIFY)
        claim_parked(order, report.order_no, journal)
        return order
    if may_be_ours(account, report):
        return None
    order_type = OrderType.LIMIT if report.order_price else OrderType.MARKET
    stranger = Stranger(
        report.trade_date,
        report.order_no,
        report.symbol,
        report.side,
        order_type,
        max(report.order_quantity, report.quantity),
        report.order_price or None,
    )
    return adopt(account, stranger, journal)


def adopt(account: BrokerAccount, stranger: Stranger, journal: Journal) -> Order:
    """Take an order placed elsewhere into the books, with the fills that came before it.

    Nobody here may have sent it.
    """
    return adopt_all(account, [stranger], journal)[0]


def adopt_all(account: BrokerAccount, strangers: Sequence[Stranger], journal: Journal) -> list[Order]:
    """`adopt` many in a few round trips."""
    found = Instrument.objects.filter(symbol__in={stranger.symbol for stranger in strangers})
    names = dict(found.values_list("symbol", "name"))
    orders = [_adopted(account, stranger, names.get(stranger.symbol, ""), journal) for stranger in strangers]
    mongo.insert(*orders)
    mongo.insert(*(_first_number(order, stranger) for order, stranger in zip(orders, strangers, strict=True)))
    for order in orders:
        words = f"주문번호 {order.broker_order_no}"
        journal.event(order, EventKind.ADOPTED, account.get_broker_display(), words)
    parked = mongo.find_all(
        Fill,
        account_id=[account.pk],
        broker_order_no=[order.broker_order_no for order in orders],
        order_id=[None],
    )
    early = {fill.broker_order_no for fill in parked}
    for order in orders:
        if order.broker_order_no in early:
            claim_parked(order, order.broker_order_no, journal)
    return orders


def _adopted(account: BrokerAccount, stranger: Stranger, name: str, journal: Journal) -> Order:
    return Order(
        account=account,
        user=None,
        client_order_id=f"{account.pk}-{stranger.trade_date:%Y%m%d}-{stranger.order_no}",
        origin=OrderOrigin.ELSEWHERE,
        symbol=stranger.symbol,
        name=name,
        side=stranger.side,
        order_type=stranger.order_type,
        quantity=stranger.quantity,
        price=stranger.price,
        status=OrderStatus.ACCEPTED,
        trade_date=stranger.trade_date,
        broker_order_no=stranger.order_no,
        branch=stranger.branch,
        created_at=journal.now,
        sent_at=None,
        updated_at=journal.now,
    )


def _first_number(order: Order, stranger: Stranger) -> OrderNumber:
    return OrderNumber(
        account_id=order.account_id,
        trade_date=stranger.trade_date,
        number=stranger.order_no,
        order_id=order.pk,
        kind=RequestKind.NEW,
    )


# --- what the broker's total decides ----------------------------------------------------------------------


def settle_doubt(account: BrokerAccount, report: FillReport) -> bool:
    """A doubtful notice: let the broker's total of that number say how much of it is true."""
    mark_doubt(account, report.trade_date, report.order_no)
    try:
        line = client_for(account).order_line(report.order_no)
    except BrokerError as silence:
        log.warning("Doubtful fill of order %s waits for the reconciliation: %s", report.order_no, silence)
        return False
    return line is not None and settle_total(account, line, report)


def mark_doubt(account: BrokerAccount, trade_date: date, number: str) -> None:
    """The next reconciliation must look at this order's total, whatever happens until then."""
    for link in OrderNumber.objects.filter(account=account, trade_date=trade_date, number=number):
        Order.objects.filter(pk=link.order_id).update(in_doubt=True)


@transactional
def settle_total(account: BrokerAccount, line: OrderLine, report: FillReport | None = None) -> bool:
    """Bring the fills of one number up to the broker's total; True when something was added.

    A `report` that is told for the first time and that the total bears out is stored as itself, and beyond
    its shares nothing is added: the total may count executions whose notices are still on their way.
    """
    order = find_order(account, line.trade_date, line.order_no)
    if order is None:
        return False
    journal = Journal(account)
    news: list[Fill] = []
    if report is not None and _borne_out(account, report, line):
        news.append(_fill(account, order, report))
        mongo.insert(*news)
    most = None if report is None else order.from_total_quantity + (0 if news else report.quantity)
    added = _level([(line, order)], news, journal, most)
    journal.write()
    return bool(added)


@transactional
def settle_totals(account: BrokerAccount, lines: Sequence[OrderLine], keys: Mapping[str, Any]) -> set[str]:
    """`settle_total` for many numbers at once (`keys`: number -> order); the numbers that got shares."""
    orders = {order.pk: order for order in mongo.find_all(Order, pk={keys[line.order_no] for line in lines})}
    for order in orders.values():
        order.account = account
    journal = Journal(account)
    added = _level([(line, orders[keys[line.order_no]]) for line in lines], [], journal)
    journal.write()
    return added


def _borne_out(account: BrokerAccount, report: FillReport, line: OrderLine) -> bool:
    number = report.fill_no or _look(report)
    same = Fill.objects.filter(account=account, trade_date=line.trade_date, broker_order_no=line.order_no)
    told = sum(same.filter(source=FillSource.NOTICE).values_list("quantity", flat=True))
    return told + report.quantity <= line.filled_quantity and not same.filter(fill_no=number).exists()


def _level(
    pairs: Sequence[tuple[OrderLine, Order]],
    news: Sequence[Fill],
    journal: Journal,
    most: int | None = None,
) -> set[str]:
    """Keep for each number one row with exactly what its total has beyond the notices, or none.

    `news` are stored already and told here; `most` is as far as a row may grow. Says which numbers got
    shares.
    """
    orders = {order.pk: order for _, order in pairs}
    rows: dict[Any, list[Fill]] = {key: [] for key in orders}
    for fill in mongo.find_all(Fill, order_id=list(orders)):
        rows[fill.order_id].append(fill)
    told = [(fill, fill.quantity) for fill in news]
    fresh, changed, gone = [], [], []
    for line, order in pairs:
        mine = [fill for fill in rows[order.pk] if fill.broker_order_no == line.order_no]
        row = next((fill for fill in mine if fill.fill_no == FROM_TOTAL), None)
        known = [fill for fill in mine if fill is not row]
        beyond = line.filled_quantity - sum(fill.quantity for fill in known)
        missing = beyond if most is None else min(beyond, most)
        if missing <= 0:
            if row:
                gone.append(row.pk)
                rows[order.pk].remove(row)
            continue
        amount = line.filled_amount - sum((fill.quantity * fill.price for fill in known), Decimal(0))
        price = (amount / beyond).quantize(Decimal("0.0001"))
        if row is None:
            row = _total_row(journal.account, order, line, missing, price)
            fresh.append(row)
            rows[order.pk].append(row)
            told.append((row, missing))
        elif (row.quantity, row.price) != (missing, price):
            if missing > row.quantity:
                told.append((row, missing - row.quantity))
            changed.append((row, {"quantity": missing, "price": price, "recorded_at": journal.now}))
    if fresh:
        mongo.insert(*fresh)
    if changed:
        mongo.change(*changed)
    if gone:
        Fill.objects.filter(pk__in=gone).delete()
    _recount(orders, rows)
    for fill, shares in told:
        _tell(orders[fill.order_id], fill, journal, shares)
    return {fill.broker_order_no for fill, _ in told}


def _total_row(account: BrokerAccount, order: Order, line: OrderLine, quantity: int, price: Decimal) -> Fill:
    now = clock.now()
    return Fill(
        account=account,
        order=order,
        trade_date=line.trade_date,
        broker_order_no=line.order_no,
        fill_no=FROM_TOTAL,
        symbol=line.symbol,
        side=line.side,
        quantity=quantity,
        price=price,
        executed_at=now,
        source=FillSource.TOTAL,
        recorded_at=now,
    )


def _recount(orders: Mapping[Any, Order], rows: Mapping[Any, Sequence[Fill]]) -> None:
    """Sum the orders' fills afresh."""
    counts = []
    for key, order in orders.items():
        quantity = sum(fill.quantity for fill in rows[key])
        _show_if_late(order, quantity)
        sums = {
            "filled_amount": sum((fill.quantity * fill.price for fill in rows[key]), Decimal(0)),
            "from_total_quantity": sum(f.quantity for f in rows[key] if f.source == FillSource.TOTAL),
        }
        counts.append((order, as_fields(progress_of(order).filled_to(quantity)) | sums))
    mongo.change(*counts)
