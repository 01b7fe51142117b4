"""Many fills a second on purpose: what the benchmark measures delivery with."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from brokers.paper.ledger import Account, Ledger, Order, PriceType, Side

# KIS numbers no fill: equal ones of one order in one second look like a repeat, which is another measurement.
SHARES_OF_FILLS = tuple(range(1, 51))


@dataclass
class Blast:
    """Places one long order an account after another and fills them bit by bit at a steady rate."""

    ledger: Ledger
    accounts: list[Account]
    rate: float  # fills a second
    seconds: float
    orders: dict[str, Order] = field(default_factory=dict)
    fills: list[dict[str, Any]] = field(default_factory=list)

    async def run(self, code: str) -> dict[str, Any]:
        """The fills with ``sent_at`` in seconds of the epoch, as ``time.time()`` gives it."""
        turns, began = cycle(self.accounts), time.monotonic()
        automatic, self.ledger.matching = self.ledger.matching, False
        try:
            for count in range(int(self.rate * self.seconds)):
                await asyncio.sleep(max(0.0, began + count / self.rate - time.monotonic()))
                self._fill(next(turns), code)
        finally:
            self.ledger.matching = automatic
        taken = time.monotonic() - began
        return {"count": len(self.fills), "seconds": round(taken, 3), "fills": self.fills}

    def _fill(self, account: Account, code: str) -> None:
        order = self.orders.get(account.number)
        if order is None or not order.open:
            order = self.orders[account.number] = self._order(account, code)
        sent_at = time.time()
        shares = SHARES_OF_FILLS[len(order.executions)]
        execution = self.ledger.fill(account, order.number, shares)
        self.fills.append(
            {
                "account": account.number,
                "order": order.number,
                "execution": execution.number,
                "quantity": execution.quantity,
                "price": execution.price,
                "sent_at": sent_at,
            }
        )

    def _order(self, account: Account, code: str) -> Order:
        """A purchase the account can surely pay: its cash is topped up for the benchmark."""
        price = self.ledger.market.lower_limit(code)
        quantity = sum(SHARES_OF_FILLS)
        account.deposit += quantity * (price + price // 100)
        return self.ledger.place(account, code, Side.BUY, quantity, price, PriceType.LIMIT)
