"""A process that places one order and is killed (SIGKILL, by itself) at the step it was told.

`python -m tests.brokers.dying STEP ACCOUNT USER CLIENT_ORDER_ID PRICE`, with the test's database in the
environment. It says `sending` once the order's bytes are about to leave.
"""

import os
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import django


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str) -> None:
    """Die instead of calling `owner.name`."""

    def dead(*_: Any, **__: Any) -> None:
        die()

    setattr(owner, name, dead)


def after(owner: Any, name: str, calls: int = 1) -> None:
    """Die when `owner.name` has returned for that many times."""
    original: Callable[..., Any] = getattr(owner, name)
    left = calls

    def dead(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        answer = original(*args, **kwargs)
        left -= 1
        if not left:
            die()
        return answer

    setattr(owner, name, dead)


def prepare(step: str) -> None:
    from brokers.adapters.transport import Transport
    from brokers.services import journal, orders

    match step:
        case "before save":
            before(orders, "_save")
        case "after save":
            after(orders, "_save")
        case "before send":
            before(Transport, "order")
        case "after send":
            tell_before(Transport, "order")  # the test kills it while it waits for the reply
        case "after reply":
            after(Transport, "order")
        case "before commit":
            # saved, marked as sent, accepted: the third transaction is written, and never committed
            after(journal.Journal, "write", calls=3)
        case _:
            raise ValueError(step)


def tell_before(owner: Any, name: str) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def telling(*args: Any, **kwargs: Any) -> Any:
        sys.stdout.write("sending\n")
        sys.stdout.flush()
        return original(*args, **kwargs)

    setattr(owner, name, telling)


def main(step: str, account: str, user: str, client_order_id: str, price: str) -> None:
    django.setup()
    from accounts.models import User
    from brokers.adapters.base import OrderRequest
    from brokers.models import BrokerAccount
    from brokers.services.orders import place_order
    from brokers.terms import Side

    prepare(step)
    request = OrderRequest("005930", Side.BUY, 10, Decimal(price))
    place_order(BrokerAccount.objects.get(pk=account), User.objects.get(pk=user), client_order_id, request)


if __name__ == "__main__":
    main(*sys.argv[1:])
