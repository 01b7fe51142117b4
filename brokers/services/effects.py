"""An order's new quantities and status, stored; and its news in words."""

from decimal import Decimal
from typing import Any

from brokers.models import Order, OrderStatus
from brokers.progress import Progress
from brokers.selectors import order_snapshot
from lucy import clock, mongo


def progress_of(order: Order) -> Progress:
    return Progress(
        quantity=order.quantity,
        filled=order.filled_quantity,
        cancelled=order.cancelled_quantity,
        expired=order.expired_quantity,
        rejected=order.rejected_quantity,
        status=OrderStatus(order.status),
    )


def store(order: Order, after: Progress, **changes: Any) -> None:
    """Write an order's progress; the caller's transaction makes sure that nobody else moved it meanwhile."""
    mongo.change((order, as_fields(after) | changes))


def as_fields(after: Progress) -> dict[str, Any]:
    """The columns of an order that hold its progress."""
    return {
        "quantity": after.quantity,
        "filled_quantity": after.filled,
        "cancelled_quantity": after.cancelled,
        "expired_quantity": after.expired,
        "rejected_quantity": after.rejected,
        "status": after.status,
        "updated_at": clock.now(),
    }


def order_notice(order: Order, event: str, reason: str = "") -> tuple[str, dict[str, Any]]:
    """Words and data of a notice about an order."""
    what = f"{order.get_side_display()} {order.name or order.symbol} {order.quantity:,}주"
    return f"{event} · {what}" + (f" · {reason}" if reason else ""), {"order": order_snapshot(order)}


def fill_words(order: Order, quantity: int, price: Decimal) -> str:
    won = f"{price:,.4f}".rstrip("0").rstrip(".")
    return f"{order.get_side_display()}체결 · {order.name or order.symbol} {quantity:,}주 @ {won}원"
