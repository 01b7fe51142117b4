"""Orders placed elsewhere (HTS, phone), taken into the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from brokers.adapters.base import FillReport
from brokers.models import (
    BrokerAccount,
    EventKind,
    Fill,
    Instrument,
    Order,
    OrderNumber,
    OrderOrigin,
    OrderStatus,
)
from brokers.services.booking import claim_parked
from brokers.services.journal import Journal
from brokers.services.numbers import find_order, link_number, may_be_ours
from brokers.terms import Condition, OrderType, RequestKind, Venue
from lucy import mongo


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
    condition: Condition = Condition.DAY
    venue: Venue = Venue.KRX
    ordered_at: datetime | None = None  # None: just now


def adopt_sender(account: BrokerAccount, report: FillReport, journal: Journal) -> Order | None:
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
        condition=stranger.condition,
        venue=stranger.venue,
        quantity=stranger.quantity,
        price=stranger.price,
        status=OrderStatus.ACCEPTED,
        trade_date=stranger.trade_date,
        broker_order_no=stranger.order_no,
        branch=stranger.branch,
        created_at=stranger.ordered_at or journal.now,
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
