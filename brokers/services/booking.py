"""What a stored fill does to its order, and what is told of it."""

from collections.abc import Sequence
from decimal import Decimal

from brokers.adapters.base import FillReport
from brokers.models import (
    BrokerAccount,
    DiscrepancyKind,
    EventKind,
    Fill,
    NoticeKind,
    Order,
    OrderStatus,
)
from brokers.selectors import fill_snapshot, order_snapshot
from brokers.services import discrepancies
from brokers.services.effects import as_fields, fill_words, progress_of
from brokers.services.journal import Journal
from lucy import clock, mongo
from lucy.clock import KST


def make_fill(account: BrokerAccount, order: Order | None, report: FillReport) -> Fill:
    return Fill(
        account=account,
        order=order,
        trade_date=report.trade_date,
        broker_order_no=report.order_no,
        fill_no=report.fill_no or look_of(report),
        symbol=report.symbol,
        side=report.side,
        quantity=report.quantity,
        price=report.price,
        executed_at=report.executed_at,
        recorded_at=clock.now(),
    )


def look_of(report: FillReport) -> str:
    """What a notice without a number is known by: two that look alike are doubtful."""
    return f"{report.executed_at.astimezone(KST):%H%M%S}-{report.quantity}-{report.price.normalize():f}"


def add_to(order: Order, fills: Sequence[Fill], journal: Journal) -> None:
    """Count fills that belong to `order` and tell them."""
    count(order, fills)
    store_counts([order])
    for fill in fills:
        tell(order, fill, journal)


def count(order: Order, fills: Sequence[Fill]) -> None:
    """Add fills to the order at hand; `store_counts` writes it."""
    quantity = order.filled_quantity + sum(fill.quantity for fill in fills)
    show_if_late(order, quantity)
    order.filled_amount += sum((fill.quantity * Decimal(fill.price) for fill in fills), Decimal(0))
    for name, value in as_fields(progress_of(order).filled_to(quantity)).items():
        setattr(order, name, value)


def show_if_late(order: Order, quantity: int) -> None:
    """A fill of an order that had ended counts, and staff are shown it."""
    if order.status in {OrderStatus.CANCELLED, OrderStatus.EXPIRED} and quantity > order.filled_quantity:
        ours = f"{order.get_status_display()}, 체결 {order.filled_quantity:,}주"
        theirs = f"체결 {quantity:,}주"
        discrepancies.repaired(
            order.account, DiscrepancyKind.LATE_FILL, order=order, ours=ours, theirs=theirs
        )


def store_counts(orders: Sequence[Order]) -> None:
    counted = {order.pk: order for order in orders}
    mongo.change(
        *(
            (order, as_fields(progress_of(order)) | {"filled_amount": order.filled_amount})
            for order in counted.values()
        )
    )


def tell(order: Order, fill: Fill, journal: Journal, shares: int = 0) -> None:
    """Note the fill in the trail and tell it; `shares`: how many of a row that grew are news."""
    words = fill_words(order, shares or fill.quantity, fill.price)
    journal.event(order, EventKind.FILLED, journal.account.get_broker_display(), words)
    journal.notice(
        NoticeKind.FILL, order, words, {"order": order_snapshot(order), "fill": fill_snapshot(fill)}
    )


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
    add_to(order, waiting, journal)
    return True
