"""What the paper ledger keeps: accounts, orders, numbers, the trade date; and what can be asked of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from brokers.paper.audit import audit
from brokers.paper.clock import PaperClock
from brokers.paper.market import Market
from brokers.paper.means import buyable
from brokers.paper.trade_day import close_day
from brokers.paper.values import Account, Balance, DayFigures, Event, Order, Reason, Refusal

Listener = Callable[[Event], None]


@dataclass
class Accounts:
    """All accounts, found by app key or by number."""

    by_key: dict[str, Account] = field(default_factory=dict)
    by_number: dict[str, Account] = field(default_factory=dict)

    def add(self, account: Account) -> None:
        self.by_key[account.app_key] = account
        self.by_number[account.number] = account

    def __iter__(self) -> Iterator[Account]:
        return iter(self.by_number.values())


class Books:
    """The ledger without its deeds."""

    def __init__(self, market: Market, clock: PaperClock) -> None:
        self.market = market
        self.clock = clock
        self.accounts = Accounts()
        self.matching = True  # False: only ``fill`` fills
        self.changes = 0  # counts changes, for the snapshot
        self.today = clock.trade_date()
        self.order_numbers: dict[str, int] = defaultdict(int)
        self.execution_numbers: dict[str, int] = defaultdict(int)
        self.traces = 0
        self._resting: dict[str, dict[tuple[str, int], Order]] = defaultdict(dict)
        self._listeners: list[Listener] = []

    def add_account(self, account: Account) -> Account:
        account.previous_total = account.previous_total or account.deposit + sum(
            holding.quantity * self.market.issue(holding.code).base_price
            for holding in account.holdings.values()
        )
        self.accounts.add(account)
        self.changes += 1
        return account

    def order(self, account: Account, number: int, day: date | None = None) -> Order:
        """An order by its number, today's unless ``day`` is given; or Refusal."""
        found = account.orders.get((day or self.today, number))
        if found is None:
            raise Refusal(Reason.NO_SUCH_ORDER, str(number))
        return found

    def orders_of(self, account: Account, from_date: date, to_date: date) -> list[Order]:
        """Orders of those days, the oldest first."""
        self.roll()
        return [order for (day, _), order in account.orders.items() if from_date <= day <= to_date]

    def open_orders(self, account: Account) -> list[Order]:
        return [order for order in self.orders_of(account, self.today, self.today) if order.open]

    def balance(self, account: Account) -> Balance:
        """The account's figures at current prices."""
        self.roll()
        tomorrow = self.clock.business_day_after(self.today, 1)
        yesterday = next(self.clock.business_days_back(self.today))
        return Balance(
            deposit=account.deposit,
            d1_cash=account.deposit + sum(net for day, net in account.unsettled if day <= tomorrow),
            d2_cash=account.settled_cash,
            orderable=account.orderable_cash,
            reserved=account.reserved,
            today=account.today,
            yesterday=account.past.get(yesterday, DayFigures()),
            stock_value=sum(
                holding.quantity * self.market.issue(code).price for code, holding in account.holdings.items()
            ),
            stock_cost=sum((holding.cost for holding in account.holdings.values()), Decimal(0)),
            previous_total=account.previous_total,
        )

    def buyable(self, account: Account, code: str, price: int | None) -> tuple[int, int]:
        """(shares, price used) the cash buys; None asks at the upper limit, as a market order would."""
        return buyable(self.market, account, code, price)

    def sellable(self, account: Account, code: str) -> int:
        holding = account.holdings.get(code)
        return holding.sellable if holding else 0

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` with every event, in the order in which they happen."""
        self._listeners.append(listener)

    def check(self) -> None:
        """Raise AssertionError if the books do not add up."""
        audit(self.accounts, self._resting)

    # The day

    def roll(self) -> None:
        """Begin a new trade date if there is one: open orders expire, old trades settle, numbers restart."""
        day = self.clock.trade_date()
        if day == self.today:
            return
        for account in self.accounts:
            for order in self.orders_of_day(account, self.today):
                order.expired += order.open
                order.reserved = 0
            close_day(account, self.today, day, self.market, self.clock)
        self._resting.clear()
        self.today = day
        self._restart_numbers()
        self.market.begin_day()
        self.changes += 1

    def _restart_numbers(self) -> None:
        """Order and execution numbers begin at 1 on each trade date."""
        self.order_numbers.clear()
        self.execution_numbers.clear()
        for account in self.accounts:
            for order in self.orders_of_day(account, self.today):
                self.order_numbers[account.broker] = max(self.order_numbers[account.broker], order.number)
                for execution in order.executions:
                    latest = self.execution_numbers[account.broker]
                    self.execution_numbers[account.broker] = max(latest, execution.number)

    @staticmethod
    def orders_of_day(account: Account, day: date) -> list[Order]:
        return [order for (placed, _), order in account.orders.items() if placed == day]

    def rest_again(self, account: Account) -> None:
        """Put the open orders of a restored account back to work."""
        for order in self.orders_of_day(account, self.today):
            if order.open:
                self._resting[order.code][account.broker, order.number] = order

    def reset(self) -> None:
        """Forget all accounts and orders."""
        self.accounts.by_key.clear()
        self.accounts.by_number.clear()
        self.order_numbers.clear()
        self.execution_numbers.clear()
        self._resting.clear()
        self.matching = True
        self.changes += 1
