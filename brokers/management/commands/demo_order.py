import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from brokers.adapters.base import OrderRequest
from brokers.models import BrokerAccount, Order, OrderEvent
from brokers.models.orders import ENDED
from brokers.rights import tradable_accounts_of
from brokers.services import desk
from brokers.services.orders import place_order
from brokers.terms import Broker, OrderType, Side

LOOK_EVERY_SECONDS = 0.02


class Command(BaseCommand):
    help = "Buy through KIS and sell through LS as a practice user, and print each step with its time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="trader")
        parser.add_argument("--symbol", default="005930")
        parser.add_argument("--quantity", type=int, default=1)
        parser.add_argument("--wait", type=float, default=15.0, help="seconds to wait for the fills")

    def handle(self, *, user: str, symbol: str, quantity: int, wait: float, **_: Any) -> None:
        if settings.BROKERS != "practice":
            raise CommandError("This places orders without asking; it runs in practice mode only.")
        trader = User.objects.filter(username=user).first()
        if trader is None:
            raise CommandError(f"There is no user {user!r}; `make run` makes the demo users.")
        for broker, side in ((Broker.KIS, Side.BUY), (Broker.LS, Side.SELL)):
            account = tradable_accounts_of(trader).filter(broker=broker).first()
            if account is None:
                raise CommandError(f"{user} may trade no {broker.label} account.")
            self._trade(trader, account, side, symbol, quantity, wait)

    def _trade(
        self, trader: User, account: BrokerAccount, side: Side, symbol: str, quantity: int, wait: float
    ) -> None:
        began = time.perf_counter()
        book = desk.order_book(account, symbol)
        price = (book.asks if side == Side.BUY else book.bids)[0].price
        self.stdout.write(f"{account}: {side.label} {symbol} {quantity}주 @ {price:,}원")
        request = OrderRequest(symbol, side, quantity, price, OrderType.LIMIT)
        order = place_order(account, trader, f"demo-{uuid4()}", request, confirmed=True)
        for event in self._events(order, wait):
            seconds = time.perf_counter() - began
            self.stdout.write(
                f"  {seconds:7.3f} s  {event.get_kind_display():<8} {event.text}  ({event.actor})"
            )
        if order.status not in ENDED:
            raise CommandError(f"No fill within {wait:.0f} s: is the gateway running (make run)? {order}")

    def _events(self, order: Order, wait: float) -> Iterator[OrderEvent]:
        """The order's trail as it grows, until the order has ended or the time is over."""
        seen, give_up = 0, time.monotonic() + wait
        while time.monotonic() < give_up:
            order.refresh_from_db()
            for event in OrderEvent.objects.filter(order=order, seq__gt=seen).order_by("seq"):
                seen = event.seq
                yield event
            if order.status in ENDED:
                return
            time.sleep(LOOK_EVERY_SECONDS)
