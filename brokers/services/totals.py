"""What a broker's total of an order decides: doubtful notices, and shares that no notice told."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from brokers.adapters import client_for
from brokers.adapters.base import BrokerError, FillReport, OrderLine
from brokers.models import (
    BrokerAccount,
    Fill,
    FillSource,
    Order,
    OrderNumber,
)
from brokers.services.booking import look_of, make_fill, show_if_late, tell
from brokers.services.effects import as_fields, progress_of
from brokers.services.journal import Journal
from brokers.services.numbers import find_order
from lucy import clock, mongo
from lucy.mongo import transactional

log = logging.getLogger(__name__)

FROM_TOTAL = "total"  # the fill number of the row that holds what only the total knows


def settle_doubt(account: BrokerAccount, report: FillReport) -> bool:
    """A doubtful notice: let the broker's total of that number say how much of it is true."""
    mark_doubt(account, report.trade_date, report.order_no)
    try:
        line = client_for(account).order_line(report.order_no)
    except BrokerError as silence:
        log.warning("Doubtful fill of order %s waits for the reconciliation: %s", report.order_no, silence)
        return False
    if line is None or line.trade_date != report.trade_date:
        return False  # numbers begin anew each day: this one's total is another order's
    return settle_total(account, line, report)


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
        news.append(make_fill(account, order, report))
        mongo.insert(*news)
    growth = None if report is None else (0 if news else report.quantity)
    added = _level([(line, order)], news, journal, growth)
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
    number = report.fill_no or look_of(report)
    same = Fill.objects.filter(account=account, trade_date=line.trade_date, broker_order_no=line.order_no)
    told = sum(same.filter(source=FillSource.NOTICE).values_list("quantity", flat=True))
    return told + report.quantity <= line.filled_quantity and not same.filter(fill_no=number).exists()


def _level(
    pairs: Sequence[tuple[OrderLine, Order]],
    news: Sequence[Fill],
    journal: Journal,
    growth: int | None = None,
) -> set[str]:
    """Keep for each number one row with exactly what its total has beyond the notices, or none.

    `news` are stored already and told here; `growth` is by how many shares a row may grow at most. Says
    which numbers got shares.
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
        before = row.quantity if row else 0
        missing = beyond if growth is None else min(beyond, before + growth)
        if missing <= 0:
            if row:
                gone.append(row.pk)
                rows[order.pk].remove(row)
            continue
        amount = line.filled_amount - sum((fill.quantity * fill.price for fill in known), Decimal(0))
        price = _price_of(amount / beyond, line)
        if row is None:
            row = _total_row(journal.account, order, line, missing, price)
            fresh.append(row)
            rows[order.pk].append(row)
            told.append((row, missing))
        elif (row.quantity, row.price) != (missing, price):
            if missing > before:
                told.append((row, missing - before))
            changed.append((row, {"quantity": missing, "price": price, "recorded_at": journal.now}))
    if fresh:
        mongo.insert(*fresh)
    if changed:
        mongo.change(*changed)
    if gone:
        Fill.objects.filter(pk__in=gone).delete()
    _recount(orders, rows)
    for fill, shares in told:
        tell(orders[fill.order_id], fill, journal, shares)
    return {fill.broker_order_no for fill, _ in told}


def _price_of(rest: Decimal, line: OrderLine) -> Decimal:
    """Won a share of what only the total knows: what is left of its amount; else its average.

    LS tells an average in whole won, so up to a won for each share of the total is wrong with `rest`: many
    times a share's price where few of many shares are missing. No two fills of a day lie further apart than
    the day's limits, 70 and 130 % of the base price.
    """
    average = line.filled_amount / line.filled_quantity
    plausible = average * 7 / 13 <= rest <= average * 13 / 7
    return (rest if plausible else average).quantize(Decimal("0.0001"))


def _total_row(account: BrokerAccount, order: Order, line: OrderLine, quantity: int, price: Decimal) -> Fill:
    # Within its day, though it be over: a day's report looks for its fills there.
    now = min(clock.now(), clock.day_start(line.trade_date + timedelta(days=1)) - timedelta(milliseconds=1))
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
        recorded_at=clock.now(),
    )


def _recount(orders: Mapping[Any, Order], rows: Mapping[Any, Sequence[Fill]]) -> None:
    """Sum the orders' fills afresh."""
    counts = []
    for key, order in orders.items():
        quantity = sum(fill.quantity for fill in rows[key])
        show_if_late(order, quantity)
        sums = {
            "filled_amount": sum((fill.quantity * fill.price for fill in rows[key]), Decimal(0)),
            "from_total_quantity": sum(f.quantity for f in rows[key] if f.source == FillSource.TOTAL),
        }
        counts.append((order, as_fields(progress_of(order).filled_to(quantity)) | sums))
    mongo.change(*counts)
