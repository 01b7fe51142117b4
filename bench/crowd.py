"""A year of ten accounts' orders, fills and notices, written straight into MongoDB; and who looks at them."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Decimal128, ObjectId
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pymongo import IndexModel, WriteConcern

from accounts.models import User
from accounts.roles import BACK_OFFICE
from accounts.services import issue_tokens
from brokers import paging
from brokers.models import AccountBook, AccountGrant, BrokerAccount, Fill, Notice, Order
from lucy import clock
from lucy.mongo import connection

ACCOUNTS = 10
DAYS = 250
SYMBOLS = [f"{number:06d}" for number in range(5930, 5930 + 200)]
BATCH = 5_000
OPEN_SHARE = 0.1  # of today's
STATUSES = (("filled", 96), ("cancelled", 2), ("rejected", 1), ("expired", 1))

Visit = tuple[str, Client, str]


class Crowd:
    def __init__(self) -> None:
        self.database = connection.database
        self.random = random.Random(1)
        self.trader = User.objects.create_user("bench-trader")
        self.staff = User.objects.create_user("bench-staff", is_staff=True)
        self.staff.groups.add(Group.objects.get(name=BACK_OFFICE))
        self.accounts = [self._account(number) for number in range(ACCOUNTS)]
        self.size = 0
        self.now = clock.now()
        self.numbers = itertools.count(1)
        self.statuses = [name for name, weight in STATUSES for _ in range(weight)]

    def _account(self, number: int) -> BrokerAccount:
        account = BrokerAccount.objects.create(
            broker="kis" if number % 2 else "ls",
            number=f"9000000{number:04d}",
            name=f"계좌 {number}",
            app_key=f"crowd-{number}",
            app_secret="none",  # noqa: S106
        )
        AccountGrant.objects.create(account=account, user=self.trader, can_trade=True)
        return account

    # --- filling ------------------------------------------------------------------------------------------

    def grow_to(self, size: int) -> None:
        """Orders spread evenly over a year, the newest of today, some of them still open."""
        step = timedelta(days=DAYS) / size
        with self._without_indexes(Order, Fill, Notice):
            while self.size < size:
                some = range(self.size, min(self.size + BATCH, size))
                orders = [self._order(self.now - (size - 1 - number) * step) for number in some]
                self._insert(Order, orders)
                self._insert(Fill, [fill for order in orders for fill in self._fills(order)])
                self._insert(Notice, [self._notice(order) for order in orders])
                self.size = some.stop
        for account in self.accounts:
            AccountBook.objects.filter(account=account).update(notice_seq=size)

    @contextmanager
    def _without_indexes(self, *models: Any) -> Iterator[None]:
        """Indexes are built ten times as fast at the end as row by row."""
        kept = {model: list(self._rows(model).list_indexes()) for model in models}
        for model in models:
            self._rows(model).drop_indexes()
        yield
        for model, indexes in kept.items():
            made = [_index(told) for told in indexes if told["name"] != "_id_"]
            self._rows(model).create_indexes(made)

    def _rows(self, model: Any) -> Any:
        return self.database[model._meta.db_table].with_options(write_concern=WriteConcern(w=1, j=False))

    def _insert(self, model: Any, documents: list[dict[str, Any]]) -> None:
        self._rows(model).insert_many(documents, ordered=False)

    def _order(self, created: datetime) -> dict[str, Any]:
        at = _stored(created)
        account = self.random.choice(self.accounts)
        is_open = self.now - created < timedelta(days=1) and self.random.random() < OPEN_SHARE
        status = "accepted" if is_open else self.random.choice(self.statuses)
        filled = 10 if status == "filled" else 0
        return {
            "_id": ObjectId(),
            "account_id": account.pk,
            "user_id": self.trader.pk,
            "client_order_id": f"crowd-{next(self.numbers)}",
            "origin": "lucy",
            "symbol": self.random.choice(SYMBOLS),
            "name": "종목",
            "side": self.random.choice(("buy", "sell")),
            "order_type": "limit",
            "condition": "day",
            "venue": "krx",
            "quantity": 10,
            "price": Decimal128("70000"),
            "status": status,
            "filled_quantity": filled,
            "filled_amount": Decimal128(str(filled * 70_000)),
            "cancelled_quantity": 10 if status == "cancelled" else 0,
            "expired_quantity": 10 if status == "expired" else 0,
            "rejected_quantity": 10 if status == "rejected" else 0,
            "trade_date": _midnight(at),
            "broker_order_no": str(next(self.numbers)),
            "branch": "",
            "note": "",
            "note_code": "",
            "from_total_quantity": 0,
            "in_doubt": False,
            "created_at": at,
            "sent_at": at,
            "updated_at": at,
        }

    def _fills(self, order: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Two to each order, whatever its status says: the lists only count rows."""
        for part in range(2):
            yield {
                "_id": ObjectId(),
                "account_id": order["account_id"],
                "order_id": order["_id"],
                "trade_date": order["trade_date"],
                "broker_order_no": order["broker_order_no"],
                "fill_no": str(part),
                "symbol": order["symbol"],
                "side": order["side"],
                "quantity": 5,
                "price": Decimal128("70000"),
                "executed_at": order["created_at"] + timedelta(seconds=part),
                "source": "notice",
                "recorded_at": order["created_at"],
            }

    def _notice(self, order: dict[str, Any]) -> dict[str, Any]:
        return {
            "_id": ObjectId(),
            "account_id": order["account_id"],
            "seq": next(self.numbers),
            "kind": "fill",
            "order_id": order["_id"],
            "text": "매수체결 · 종목 10주",
            "data": {},
            "created_at": order["created_at"],
        }

    def documents_read(self, visit: Callable[[], Any]) -> int:
        """By MongoDB's own count, whatever else the machine does."""
        self.database["system.profile"].drop()
        self.database.command("profile", 2)
        visit()
        self.database.command("profile", 0)
        return sum(told.get("docsExamined", 0) for told in self.database["system.profile"].find())

    # --- looking ------------------------------------------------------------------------------------------

    def visits(self) -> list[Visit]:
        """Name, browser and address of each page and list; deep ones begin in the middle of the year."""
        trader, staff = _browser(self.trader), _browser(self.staff)
        year = f"first={self._day(DAYS)}&last={self._day(0)}"
        deep = paging.written(self.now - timedelta(days=DAYS // 2), ObjectId())
        symbol, account = SYMBOLS[7], self.accounts[0].pk
        order = Order.objects.filter(account=account).order_by("-created_at").first()
        assert order is not None
        lists = {
            "orders": ("brokers:orders", [f"state={state}" for state in ("open", "rejected", "filled")]),
            "fills": ("brokers:fills", ["side=buy"]),
        }
        told = [
            ("the desk", trader, reverse("brokers:desk")),
            ("an account", trader, reverse("brokers:account", args=[account])),
            ("an order", trader, reverse("brokers:order", args=[order.pk])),
            ("a day's report", trader, reverse("brokers:report")),
            ("a stock", trader, reverse("brokers:stock", args=[symbol])),
            ("notices", trader, reverse("brokers:notices")),
            ("notices, deep", trader, f"{reverse('brokers:notices')}?after={deep}"),
            ("notices by kind", trader, f"{reverse('brokers:notices')}?kind=warning"),
            ("the bell", trader, reverse("brokers:latest-notices")),
            ("holdings", trader, reverse("brokers:holdings")),
        ]
        for name, (route, filters) in lists.items():
            address = reverse(route)
            told += [
                (f"{name} of today", trader, address),
                (f"{name} of a year", trader, f"{address}?{year}"),
                (f"{name} of a year, deep", trader, f"{address}?{year}&after={deep}"),
                (f"{name} of a stock", trader, f"{address}?{year}&symbol={symbol}"),
                (
                    f"{name} of a year and a stock, deep",
                    trader,
                    f"{address}?{year}&symbol={symbol}&after={deep}",
                ),
                (f"{name} of an account", trader, f"{address}?{year}&account={account}"),
                (f"{name}, back office", staff, f"{address}?{year}"),
                *((f"{name} of a year, {one}", trader, f"{address}?{year}&{one}") for one in filters),
                *(
                    (f"{name}, {one}, deep", trader, f"{address}?{year}&{one}&after={deep}")
                    for one in filters
                ),
            ]
        return told + self._api(_script(self.trader), deep) + self._admin(staff)

    def _api(self, browser: Client, deep: str) -> list[Visit]:
        told = []
        for name in ("orders", "fills", "notices"):
            address = f"/api/v1/{name}/"
            told += [(address, browser, address), (f"{address}, deep", browser, f"{address}?cursor={deep}")]
        return [*told, ("/api/v1/orders/ of a stock", browser, f"/api/v1/orders/?symbol={SYMBOLS[7]}")]

    def _admin(self, browser: Client) -> list[Visit]:
        names = ("order", "fill", "notice")
        lists = [(f"admin's {name} list", f"/admin/brokers/{name}/") for name in names]
        questions = ("stuck", "rejected", "working", "doubt")
        asked = [(f"admin's {one} orders", f"/admin/brokers/order/?question={one}") for one in questions]
        return [(name, browser, address) for name, address in lists + asked]

    def _day(self, ago: int) -> str:
        return (clock.trade_date() - timedelta(days=ago)).isoformat()


def _index(told: dict[str, Any]) -> IndexModel:
    options = {name: value for name, value in told.items() if name not in ("key", "v", "ns")}
    return IndexModel(list(told["key"].items()), **options)


def _browser(user: User) -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def _script(user: User) -> Client:
    token = issue_tokens(user).access_token
    return Client(headers={"host": "localhost", "authorization": f"Bearer {token}"})


def _stored(at: datetime) -> datetime:
    """As Django keeps a time: UTC without a zone, to the millisecond."""
    at = at.astimezone(UTC).replace(tzinfo=None)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
