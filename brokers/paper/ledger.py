"""The paper brokers' books: orders, matching, cash, holdings. Tests take what it says as the truth.

Not thread-safe: it lives in the paper broker's event loop. Won are int, costs Decimal, never float.
"""

from __future__ import annotations

from brokers.paper import checks
from brokers.paper.bookings import book_trade, reached, sales_tax, share_of
from brokers.paper.books import Books
from brokers.paper.clock import PaperClock, Session
from brokers.paper.market import Market, Trade
from brokers.paper.means import cash_needed, working_price
from brokers.paper.values import (
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


class Ledger(Books):
    """Takes requests, matches them with the market and keeps the books."""

    def __init__(self, market: Market, clock: PaperClock) -> None:
        super().__init__(market, clock)
        self._matching_now: Order | None = None  # its own trades must not fill it a second time
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
        limit = working_price(self.market, code, side, price, price_type)
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
        limit = working_price(self.market, parent.code, parent.side, price, price_type)
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
        elif cash_needed(self.market, account, code, quantity, limit) > account.orderable_cash:
            raise Refusal(Reason.NO_CASH, str(account.orderable_cash))

    def _check_raise(self, parent: Order, moved: int, limit: int | None) -> None:
        """A modify of a buy may need more cash than its part of the old order held."""
        if parent.side is Side.SELL:
            return
        account = parent.account
        kept = cash_needed(self.market, account, parent.code, parent.open - moved, parent.limit)
        needed = kept + cash_needed(self.market, account, parent.code, moved, limit)
        if needed - parent.reserved > account.orderable_cash:
            raise Refusal(Reason.NO_CASH, str(account.orderable_cash))

    # Deeds

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
            cash_needed(self.market, account, order.code, order.open, order.limit)
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
        if not self.matching or not order.triggered or not self.clock.is_trading(order.exchange):
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
        if not self.matching:
            return
        for order in list(self._resting[trade.code].values()):
            if order is self._matching_now or not self.clock.is_trading(order.exchange):
                continue
            self._trigger(order, trade.price)
            if order.open and order.triggered and reached(order, trade.price):
                self._execute(order, share_of(trade, order), order.limit or trade.price)

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
        fee, tax = account.fee_of(amount), sales_tax(order, self.market.issue(order.code), amount)
        holding = account.holdings.setdefault(order.code, Holding(order.code))
        order.filled += quantity
        order.filled_amount += amount
        self._release(order)
        realised = book_trade(account.today, holding, order.side, quantity, price, fee, tax)
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

    def _announce(
        self, kind: EventKind, order: Order, quantity: int, price: int, execution: Execution | None = None
    ) -> None:
        event = Event(kind, order.account, order, execution, quantity, price, self.clock.now(), order.trace)
        for tell in self._listeners:
            tell(event)
