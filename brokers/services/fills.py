"""Every fill once: what a broker's notice, or its total of an order, adds to our books.

LS numbers its executions, so a repeat meets the unique key. KIS does not: there a notice that looks like
one already told, or that would pass the order's quantity, counts only as far as the broker's total of that
order bears it out. Shares known from a total alone stand in one row of their own (`FillSource.TOTAL`); a
true notice that comes later shrinks that row instead of adding to it.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from django.db import IntegrityError

from brokers.adapters.base import FillReport
from brokers.models import (
    BrokerAccount,
    Order,
)
from brokers.services.booking import add_to, count, make_fill, store_counts, tell
from brokers.services.journal import Journal, write_all
from brokers.services.numbers import find_order, order_key
from brokers.services.strangers import adopt_sender
from brokers.services.totals import settle_doubt
from lucy import mongo
from lucy.mongo import transactional


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
        stored = _store_plain(told) if len(set(told)) == len(told) else set()
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
            plain[account, report] = fill = make_fill(account, order, report)
            count(order, [fill])
            tell(order, fill, journal)
    if plain:
        mongo.insert(*plain.values())
        store_counts([orders[_link_of(*told_fill)] for told_fill in plain])
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
    return order_key(account, report.trade_date, report.order_no)


@transactional
def _store_one(account: BrokerAccount, report: FillReport) -> Outcome:
    journal = Journal(account)
    order = find_order(account, report.trade_date, report.order_no) or adopt_sender(account, report, journal)
    if order is None:
        mongo.insert(make_fill(account, None, report))
        journal.write()  # takes its turn, so that the order's reply either sees this fill or comes before it
        return Outcome.RECORDED
    if _is_doubtful(order, report):
        return Outcome.DOUBTFUL
    fill = make_fill(account, order, report)
    mongo.insert(fill)
    add_to(order, [fill], journal)
    journal.write()
    return Outcome.RECORDED


def _is_doubtful(order: Order, report: FillReport) -> bool:
    """Past the order's quantity, or perhaps one of the shares that its total has told before."""
    return order.from_total_quantity > 0 or order.filled_quantity + report.quantity > order.quantity
