"""When nothing is under way any more: the moment at which two sets of books may be compared."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from brokers.models import (
    AccountHealth,
    BrokerAccount,
    ChangeStatus,
    Fill,
    Order,
    OrderChange,
    OrderStatus,
)
from lucy import clock

LOOK_AGAIN_SECONDS = 0.5
UNSETTLED = [OrderStatus.PENDING, OrderStatus.SENT, OrderStatus.UNKNOWN]
IN_FLIGHT = [ChangeStatus.SENT, ChangeStatus.UNKNOWN, ChangeStatus.ACCEPTED]


class NotQuietError(Exception):
    """Something stayed under way for longer than anything may."""


def under_way(accounts: Sequence[BrokerAccount]) -> list[str]:
    """Everything that still waits for an answer, in words."""
    mine = {"account__in": list(accounts)}
    orders = Order.objects.filter(**mine, status__in=UNSETTLED)
    changes = OrderChange.objects.filter(**mine, status__in=IN_FLIGHT)
    parked = Fill.objects.filter(**mine, order=None)
    doubtful = Order.objects.filter(**mine, in_doubt=True)
    return [
        *(f"order {row.client_order_id} is {row.status}" for row in orders),
        *(f"{row.kind} {row.client_request_id} is {row.status}" for row in changes),
        *(f"fill {row.fill_no} of {row.broker_order_no} has no order" for row in parked),
        *(f"order {row.client_order_id} is in doubt" for row in doubtful),
    ]


def wait_until_quiet(
    accounts: Sequence[BrokerAccount], seconds: float, watch: Callable[[], None] = lambda: None
) -> float:
    """Wait until nothing is under way and every account was reconciled after that; how long it took.

    `watch` is called at each look; raises `NotQuietError` with what remains.
    """
    began = time.monotonic()
    calm: _Calm | None = None
    remains: list[str] = []
    while time.monotonic() - began < seconds:
        watch()
        asked_at = clock.now()
        remains = under_way(accounts)
        if remains:
            calm = None
        elif calm is None:
            calm = _Calm(asked_at, accounts)
        elif calm.lasts():
            return time.monotonic() - began
        time.sleep(LOOK_AGAIN_SECONDS)
    raise NotQuietError("; ".join(remains[:20]) or "not every account was reconciled after the last event")


class _Calm:
    """From a moment on nothing was under way; it counts once each account was reconciled twice since.

    The first of the two may have read the broker's list before that moment, the second one cannot.
    """

    def __init__(self, since: datetime, accounts: Sequence[BrokerAccount]) -> None:
        self._since = since
        self._times: dict[object, set[datetime]] = {account.pk: set() for account in accounts}

    def lasts(self) -> bool:
        rows = AccountHealth.objects.filter(
            account_id__in=list(self._times), last_reconciled_at__gt=self._since
        )
        for row in rows:
            if row.last_reconciled_at is not None:
                self._times[row.account_id].add(row.last_reconciled_at)
        return all(len(times) > 1 for times in self._times.values())
