"""The paper brokers' books: orders, matching, cash, holdings. Tests take what it says as the truth.

Not thread-safe: it lives in the paper broker's event loop. Won are int, costs Decimal, never float.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from brokers.paper import checks
from brokers.paper.audit import audit
from brokers.paper.clock import PaperClock, Session
from brokers.paper.market import Market, Trade
from brokers.paper.values import (
    CENT,
    PRICED,
    Account,
    Balance,
    Condition,
    DayFigures,
    Event,
    EventKind,
    Execution,
    Holding,
    Order,
    OrderKind,
    PriceType,
    Reason,
    Refusal,
    Side,
)

__all__ = [
    "Account",
    "Balance",
    "Condition",
    "DayFigures",
    "Event",
    "EventKind",
    "Execution",
    "Holding",
    "Ledger",
    "Order",
    "OrderKind",
    "PriceType",
    "Reason",
    "Refusal",
    "Side",
]

Listener = Callable[[Event], None]
SETTLEMENT_DAYS = 2  # D+2


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


class Ledger:
    """Takes requests, matches them with the market and keeps the books."""

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
        self._matching_now: Order | None = None  # its own trades must not fill it a second time
        self._resting: dict[str, dict[tuple[str, int], Order]] = defaultdict(dict)
        self._listeners: list[Listener] = []
        market.on_trade(self._cross)

    # Requests

    def place(
        self,
        account: Account,
        code: str,
        side: Side,
        quantity: int,
        price: int,
        price_type: PriceType = PriceType.LIMIT,
        condition: Condition = Condition.NONE,
        exchange: str = "KRX",
        *,
        stop_price: int = 0,
        channel: str = "api",
    ) -> Order:
        """Take a new order and match it, or raise Refusal."""
        self.roll()
        checks.check_session(self.clock, price_type, exchange)
        issue = checks.check_issue(self.market, code)
        checks.check_venue(issue, price_type, exchange)
        checks.check_prices(self.market, issue, price_type, price, stop_price)
        checks.check_quantity(quantity)
        limit = self._limit(code, side, price, price_type)
        self._check_means(account, code, side, quantity, limit)
        order = self._new_order(
            account, code, side, quantity, price, price_type, condition, exchange, limit=limit
        )
        order.stop_price, order.triggered = stop_price, price_type is not PriceType.STOP
        order.channel = channel
        self._open(order)
        self._announce(EventKind.ACCEPTED, order, order.quantity, order.price)
        self._match(order)
        return order

    def modify(
        self,
        account: Account,
        number: int,
        quantity: int | None,
        price: int,
        price_type: PriceType = PriceType.LIMIT,
        condition: Condition = Condition.NONE,
        *,
        exchange: str | None = None,
        stop_price: int = 0,
        keep_rest: bool = True,
    ) -> Order:
        """Move ``quantity`` (None: all that is open) of an order to a new number with a new price.

        ``keep_rest``: what is not moved stays under the old number (KIS, 일부정정); otherwise it is
        cancelled (LS, whose quantity is the target).
        """
        self.roll()
        parent = self._changeable(account, number, exchange)
        checks.check_session(self.clock, price_type, parent.exchange)
        issue = checks.check_issue(self.market, parent.code)
        checks.check_venue(issue, price_type, parent.exchange)
        checks.check_prices(self.market, issue, price_type, price, stop_price)
        moved = self._part(parent, quantity)
        if moved == parent.open and (price, price_type) == (parent.price, parent.price_type):
            raise Refusal(Reason.PRICE_UNCHANGED, str(price))
        limit = self._limit(parent.code, parent.side, price, price_type)
        self._check_raise(parent, moved, limit)
        order = self._new_order(
            account,
            parent.code,
            parent.side,
            moved,
            price,
            price_type,
            condition,
            parent.exchange,
            parent=parent,
            limit=limit,
        )
        order.stop_price, order.triggered = stop_price, price_type is not PriceType.STOP
        parent.moved += moved
        if not keep_rest:
            parent.cancelled += parent.open
        self._release(parent)
        self._open(order)
        self._announce(EventKind.MODIFIED, order, moved, price)
        self._match(order)
        return order

    def cancel(
        self, account: Account, number: int, quantity: int | None = None, *, exchange: str | None = None
    ) -> Order:
        """Cancel ``quantity`` (None: all that is open); the cancel is an order with its own number."""
        self.roll()
        parent = self._changeable(account, number, exchange)
        if self.clock.session() is Session.HOLIDAY:
            raise Refusal(Reason.NOT_BUSINESS_DAY)
        taken = self._part(parent, quantity)
        order = self._new_order(
            account,
            parent.code,
            parent.side,
            taken,
            0,
            parent.price_type,
            Condition.NONE,
            parent.exchange,
            parent=parent,
            kind=OrderKind.CANCEL,
        )
        parent.cancelled += taken
        self._release(parent)
        self._announce(EventKind.CANCELLED, order, taken, 0)
        return order

    # By hand, for tests and the control port

    def fill(
        self, account: Account, number: int, quantity: int | None = None, price: int | None = None
    ) -> Execution:
        """Fill an order whatever the market does; by default all of it at its own price."""
        order = self._changeable(account, number, None)
        part = self._part(order, quantity)
        paid = price or order.limit or self.market.issue(order.code).price
        return self._execute(order, part, paid)

    def reject(self, account: Account, number: int) -> Order:
        """The exchange refuses an order the broker had taken."""
        order = self._changeable(account, number, None)
        part = order.open
        order.rejected += part
        self._release(order)
        self._announce(EventKind.REJECTED, order, part, order.price)
        return order

    def reset(self) -> None:
        """Forget all accounts and orders."""
        self.accounts.by_key.clear()
        self.accounts.by_number.clear()
        self.order_numbers.clear()
        self.execution_numbers.clear()
        self._resting.clear()
        self.matching = True
        self.changes += 1

    # Inquiries

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
        used = price or self.market.upper_limit(code)
        cash = max(account.orderable_cash, 0)
        quantity = int(cash / (used * (1 + account.fee_rate)))
        while quantity and quantity * used + account.fee_of(quantity * used) > cash:
            quantity -= 1
        return quantity, used

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
            self._close_day(account, day)
        self._resting.clear()
        self.today = day
        self._restart_numbers()
        self.market.begin_day()
        self.changes += 1

    def _close_day(self, account: Account, day: date) -> None:
        for order in self.orders_of_day(account, self.today):
            order.expired += order.open
            order.reserved = 0
        account.reserved = 0
        account.previous_total = account.settled_cash + sum(
            holding.quantity * self.market.issue(code).price for code, holding in account.holdings.items()
        )
        account.past[self.today] = account.today
        settles = self.clock.business_day_after(self.today, SETTLEMENT_DAYS)
        account.unsettled.append((settles, account.today.net))
        account.today = self._reopened(account, day)
        account.deposit += sum(net for due, net in account.unsettled if due <= day)
        account.unsettled = [(due, net) for due, net in account.unsettled if due > day]
        for holding in account.holdings.values():
            holding.bought_before, holding.sold_before = holding.bought_today, holding.sold_today
            holding.bought_today = holding.sold_today = holding.on_order = 0
            holding.realised = Decimal(0)
        account.holdings = {
            code: holding
            for code, holding in account.holdings.items()
            if holding.quantity or self._still_settling(holding, day)
        }

    def _reopened(self, account: Account, day: date) -> DayFigures:
        """The figures of ``day``: a test may turn the clock back to a day that was closed already."""
        figures = account.past.pop(day, DayFigures())
        if figures.net:
            due = self.clock.business_day_after(day, SETTLEMENT_DAYS)
            account.unsettled.append((due, -figures.net))
        return figures

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

    def _still_settling(self, holding: Holding, day: date) -> bool:
        """A sold-out issue stays in the balance until its sale settles (kis.md §2.5)."""
        traded = holding.last_traded
        return traded is not None and self.clock.business_day_after(traded, SETTLEMENT_DAYS) > day

    @staticmethod
    def orders_of_day(account: Account, day: date) -> list[Order]:
        return [order for (placed, _), order in account.orders.items() if placed == day]

    def rest_again(self, account: Account) -> None:
        """Put the open orders of a restored account back to work."""
        for order in self.orders_of_day(account, self.today):
            if order.open:
                self._resting[order.code][account.broker, order.number] = order

    # Checks that need the books

    def _changeable(self, account: Account, number: int, exchange: str | None) -> Order:
        order = self.order(account, number)
        if exchange is not None and exchange != order.exchange:
            raise Refusal(Reason.WRONG_EXCHANGE, f"{order.exchange},{exchange}")
        if not order.open:
            raise Refusal(Reason.NOTHING_TO_CHANGE, str(number))
        return order

    @staticmethod
    def _part(order: Order, quantity: int | None) -> int:
        if quantity is None:
            return order.open
        checks.check_quantity(quantity)
        if quantity > order.open:
            raise Refusal(Reason.QUANTITY_ABOVE_OPEN, str(order.open))
        return quantity

    def _check_means(self, account: Account, code: str, side: Side, quantity: int, limit: int | None) -> None:
        if side is Side.SELL:
            if quantity > self.sellable(account, code):
                raise Refusal(Reason.NO_HOLDING, str(self.sellable(account, code)))
        elif self._needed(account, code, quantity, limit) > account.orderable_cash:
            raise Refusal(Reason.NO_CASH, str(account.orderable_cash))

    def _check_raise(self, parent: Order, moved: int, limit: int | None) -> None:
        """A modify of a buy may need more cash than its part of the old order held."""
        if parent.side is Side.SELL:
            return
        account = parent.account
        kept = self._needed(account, parent.code, parent.open - moved, parent.limit)
        needed = kept + self._needed(account, parent.code, moved, limit)
        if needed - parent.reserved > account.orderable_cash:
            raise Refusal(Reason.NO_CASH, str(account.orderable_cash))

    def _needed(self, account: Account, code: str, quantity: int, limit: int | None) -> int:
        """Won a purchase may cost; an order at any price is counted at the upper limit."""
        amount = quantity * (limit or self.market.upper_limit(code))
        return amount + account.fee_of(amount)

    def _limit(self, code: str, side: Side, price: int, price_type: PriceType) -> int | None:
        """The working price of a type; None takes any price."""
        if price_type in PRICED:
            return price
        if price_type is PriceType.MARKET:
            return None
        issue, book = self.market.issue(code), self.market.book(code)
        ask, bid = book.asks[0].price or issue.price, book.bids[0].price or issue.price
        return {
            PriceType.BEST: ask if side is Side.BUY else bid,
            PriceType.FIRST: bid if side is Side.BUY else ask,
            PriceType.MID: (ask + bid) // 2,
            PriceType.PRE_OPEN: issue.base_price,
            PriceType.AFTER_CLOSE: issue.price,
        }[price_type]

    # Books

    def _new_order(
        self,
        account: Account,
        code: str,
        side: Side,
        quantity: int,
        price: int,
        price_type: PriceType,
        condition: Condition,
        exchange: str,
        *,
        parent: Order | None = None,
        kind: OrderKind | None = None,
        limit: int | None = None,
    ) -> Order:
        self.order_numbers[account.broker] += 1
        self.traces += 1
        number = self.order_numbers[account.broker]
        order = Order(
            number=number,
            account=account,
            code=code,
            side=side,
            quantity=quantity,
            price=price,
            price_type=price_type,
            condition=condition,
            exchange=exchange,
            kind=kind or (OrderKind.MODIFY if parent else OrderKind.NEW),
            parent=parent.number if parent else None,
            first=parent.first if parent else number,
            placed_at=self.clock.now(),
            trade_date=self.today,
            trace=f"{self.today:%m%d}{self.traces:08d}",
            limit=limit,
        )
        account.orders[self.today, number] = order
        self.changes += 1
        return order

    def _open(self, order: Order) -> None:
        """Let an order rest and hold what it needs."""
        self._resting[order.code][order.account.broker, order.number] = order
        self._hold(order)

    def _hold(self, order: Order) -> None:
        """Bring the cash or shares held for an order in line with what is open of it."""
        account = order.account
        held = (
            self._needed(account, order.code, order.open, order.limit)
            if order.side is Side.BUY
            else order.open
        )
        if order.side is Side.BUY:
            account.reserved += held - order.reserved
        else:
            account.holdings[order.code].on_order += held - order.reserved
        order.reserved = held

    def _release(self, order: Order) -> None:
        """Hold less after a change, and stop resting when nothing is open."""
        self._hold(order)
        if not order.open:
            self._resting[order.code].pop((order.account.broker, order.number), None)

    def _match(self, order: Order) -> None:
        """Trade with the book at once as far as the price reaches; then IOC and FOK end."""
        if not self.matching or not order.triggered or self.clock.session() is not Session.CONTINUOUS:
            return
        buying = order.side is Side.BUY
        enough = self.market.available(order.code, buying=buying, limit=order.limit) >= order.open
        if order.condition is not Condition.FOK or enough:
            self._matching_now = order
            done = self.market.take(order.code, buying=buying, limit=order.limit, quantity=order.open)
            self._matching_now = None
            for price, quantity in done:
                self._execute(order, quantity, price)
        if order.condition is not Condition.NONE and order.open:
            self._kill(order)

    def _kill(self, order: Order) -> None:
        left = order.open
        order.cancelled += left
        self._release(order)
        self._announce(EventKind.KILLED, order, left, order.price)

    def _cross(self, trade: Trade) -> None:
        """A trade in the market fills the orders whose price it reaches."""
        if not self.matching or self.clock.session() is not Session.CONTINUOUS:
            return
        for order in list(self._resting[trade.code].values()):
            if order is self._matching_now:
                continue
            self._trigger(order, trade.price)
            if order.open and order.triggered and _reached(order, trade.price):
                self._execute(order, _share_of(trade, order), order.limit or trade.price)

    @staticmethod
    def _trigger(order: Order, price: int) -> None:
        """A stop order begins to work when the market reaches its condition price."""
        if not order.triggered:
            order.triggered = (
                price >= order.stop_price if order.side is Side.BUY else price <= order.stop_price
            )

    def _execute(self, order: Order, quantity: int, price: int) -> Execution:
        account = order.account
        amount = quantity * price
        fee, tax = account.fee_of(amount), self._tax(order, amount)
        holding = account.holdings.setdefault(order.code, Holding(order.code))
        order.filled += quantity
        order.filled_amount += amount
        self._release(order)
        realised = _book_trade(account.today, holding, order.side, quantity, price, fee, tax)
        holding.last_traded = self.today
        self.execution_numbers[account.broker] += 1
        execution = Execution(
            number=self.execution_numbers[account.broker],
            order_number=order.number,
            code=order.code,
            side=order.side,
            quantity=quantity,
            price=price,
            at=self.clock.now(),
            trade_date=self.today,
            fee=fee,
            tax=tax,
            realised=realised,
        )
        order.executions.append(execution)
        account.executions.append(execution)
        self.changes += 1
        self._announce(EventKind.FILLED, order, quantity, price, execution)
        return execution

    def _tax(self, order: Order, amount: int) -> int:
        """Sales tax, fractions dropped; funds are free of it."""
        if order.side is Side.BUY or self.market.issue(order.code).kind != "stock":
            return 0
        return int(amount * order.account.tax_rate)

    def _announce(
        self, kind: EventKind, order: Order, quantity: int, price: int, execution: Execution | None = None
    ) -> None:
        event = Event(kind, order.account, order, execution, quantity, price, self.clock.now(), order.trace)
        for tell in self._listeners:
            tell(event)


def _reached(order: Order, price: int) -> bool:
    if order.limit is None:
        return True
    return price <= order.limit if order.side is Side.BUY else price >= order.limit


def _share_of(trade: Trade, order: Order) -> int:
    """At the order's own price only as much as was traded there; a price beyond it fills the whole order."""
    if trade.swept or trade.price != order.limit:
        return order.open
    return min(order.open, trade.quantity)


def _book_trade(
    day: DayFigures, holding: Holding, side: Side, quantity: int, price: int, fee: int, tax: int
) -> Decimal:
    """Move shares and money; the realised profit of a sale, after its costs."""
    amount = quantity * price
    day.fees += fee
    day.taxes += tax
    if side is Side.BUY:
        day.bought += amount
        holding.quantity += quantity
        holding.cost += amount
        holding.bought_today += quantity
        return Decimal(0)
    cost = holding.cost
    if quantity < holding.quantity:
        cost = (holding.cost * quantity / holding.quantity).quantize(CENT)
    realised = amount - cost - fee - tax
    day.sold += amount
    day.realised += realised
    holding.quantity -= quantity
    holding.cost -= cost
    holding.sold_today += quantity
    holding.realised += realised
    return realised
