"""What the parts of a reconciliation share: its result, requests without an answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from brokers.adapters.base import OrderLine
from brokers.models import (
    BrokerAccount,
    Order,
    OrderStatus,
)
from brokers.models import DiscrepancyKind as Kind
from brokers.services import discrepancies
from brokers.services.reconcile import patience
from lucy import clock

AT_ONCE = 100  # lines of one transaction


@dataclass(slots=True)
class Reconciliation:
    """What one comparison found and did."""

    lines: int = 0
    answered: int = 0  # orders whose lost reply was found
    adopted: int = 0  # orders placed elsewhere
    filled: int = 0  # orders that got fills from totals
    ended: int = 0  # orders found cancelled, refused
    given_up: int = 0  # requests the broker never got
    unlisted: int = 0  # orders that work in our books and stand in no line: then the list proves no absence
    unclear: list[str] = field(default_factory=list)  # orders with several candidates: a person decides
    contested: list[str] = field(default_factory=list)  # whose candidate may be an order's still in flight

    @property
    def changes(self) -> int:
        return self.answered + self.adopted + self.filled + self.ended + self.given_up


def repaired(order: Order, kind: Kind, ours: str, theirs: str) -> None:
    discrepancies.repaired(order.account, kind, order=order, ours=ours, theirs=theirs)


def unanswered(account: BrokerAccount, day: date) -> Iterable[Order]:
    gone = Q(status=OrderStatus.SENT, sent_at__lt=clock.now() - patience.ANSWER_TAKES_AT_MOST)
    return Order.objects.select_related("account").filter(
        Q(status=OrderStatus.UNKNOWN) | gone, account=account, trade_date=day, broker_order_no=""
    )


def batches(lines: list[OrderLine]) -> Iterable[list[OrderLine]]:
    """As many as one transaction takes at once: it must stay short, for all others of the account wait."""
    return (lines[start : start + AT_ONCE] for start in range(0, len(lines), AT_ONCE))
