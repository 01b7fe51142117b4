"""Rows for tests: each `make_…` gives one that is complete, `changes` say what the test is about."""

import itertools
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model

from accounts.models import User
from brokers.models import AccountGrant, AccountHealth, BrokerAccount, Order
from brokers.paper import demo
from brokers.terms import Broker, OrderType, Server, Side
from lucy import clock

PASSWORD = "only-for-practice"
_numbers = itertools.count(1)


def make_user(username: str = "", *, groups: tuple[str, ...] = (), **changes: Any) -> User:
    """A user who signs in with `PASSWORD`."""
    user = User.objects.create_user(username or f"user{next(_numbers)}", password=PASSWORD, **changes)
    for name in groups:
        user.groups.add(Group.objects.get_or_create(name=name)[0])
    return user


def make_account(*traders: User, watchers: tuple[User, ...] = (), **changes: Any) -> BrokerAccount:
    """An account at KIS, unless `broker` says otherwise, that `traders` trade and `watchers` see.

    It was compared with its broker today, so it may trade.
    """
    number = next(_numbers)
    kis = changes.get("broker", Broker.KIS) == Broker.KIS
    values = {
        "broker": Broker.KIS,
        "server": Server.REAL,
        "number": f"{50_000_000 + number}01" if kis else f"200{number:08d}",
        "name": f"계좌 {number}",
        "hts_id": f"hts{number}",
        "app_key": f"key-{number}",
        "app_secret": f"secret-{number}",
    }
    account = BrokerAccount.objects.create(**values | changes)
    AccountHealth.objects.create(account=account, last_reconciled_at=clock.now())
    for user in traders:
        grant(account, user, can_trade=True)
    for user in watchers:
        grant(account, user, can_trade=False)
    return account


def make_demo_account(broker: str, *traders: User, server: str = Server.REAL) -> BrokerAccount:
    """One of the accounts that the paper broker has from the start."""
    known = next(row for row in demo.demo_accounts() if (row.broker, row.server) == (broker, server))
    return make_account(
        *traders,
        broker=known.broker,
        server=known.server,
        number=known.number,
        hts_id=known.hts_id,
        app_key=known.app_key,
        app_secret=known.app_secret,
    )


def grant(account: BrokerAccount, user: User, *, can_trade: bool) -> AccountGrant:
    return AccountGrant.objects.create(account=account, user=user, can_trade=can_trade)


def make_order(account: BrokerAccount, user: User | None = None, **changes: Any) -> Order:
    """A limit order of 10 Samsung shares, saved and not sent, unless `changes` say otherwise."""
    now = clock.now()
    values = {
        "account": account,
        "user": user,
        "client_order_id": f"order-{next(_numbers)}",
        "symbol": "005930",
        "name": "삼성전자",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "quantity": 10,
        "price": 70_000,
        "trade_date": clock.trade_date(),
        "created_at": now,
        "updated_at": now,
    }
    return Order.objects.create(**values | changes)


def stored(row: Model) -> dict[str, Any]:
    """The document of a row, as MongoDB holds it."""
    backend: Any = connection
    found: dict[str, Any] = backend.database[row._meta.db_table].find_one({"_id": row.pk})
    return found
