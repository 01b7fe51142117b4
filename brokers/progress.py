"""How far an order has come: pure arithmetic on its quantities, and the status that follows from them.

Quantities obey at every moment: quantity = filled + open + cancelled + expired + rejected, none below zero.
"""

from dataclasses import dataclass, replace

from brokers.models.orders import ENDED, OrderStatus

S = OrderStatus


@dataclass(frozen=True, slots=True)
class Progress:
    """An order's quantities in shares, and its status."""

    quantity: int
    filled: int
    cancelled: int
    expired: int
    rejected: int
    status: OrderStatus

    @property
    def open(self) -> int:
        return self.quantity - self.filled - self.cancelled - self.expired - self.rejected

    def filled_to(self, total: int) -> "Progress":
        """All executions known so far sum to `total` shares.

        A late fill takes its shares back from what was thought cancelled, expired or rejected; more than was
        ordered (an order changed elsewhere) raises the quantity, so that no share is ever left out.
        """
        cancelled, expired, rejected = self.cancelled, self.expired, self.rejected
        quantity = max(self.quantity, total)
        excess = total + cancelled + expired + rejected - quantity
        taken = min(max(excess, 0), cancelled)
        cancelled, excess = cancelled - taken, excess - taken
        taken = min(max(excess, 0), expired)
        expired, excess = expired - taken, excess - taken
        rejected -= max(excess, 0)
        return replace(
            self, quantity=quantity, filled=total, cancelled=cancelled, expired=expired, rejected=rejected
        )._settled()

    def cancel(self, shares: int) -> "Progress":
        """The broker confirms that `shares` no longer work (never more than are open)."""
        return replace(self, cancelled=self.cancelled + min(shares, self.open))._settled(S.CANCELLED)

    def expire(self) -> "Progress":
        return replace(self, expired=self.expired + self.open)._settled(S.EXPIRED)

    def reject(self) -> "Progress":
        return replace(self, rejected=self.rejected + self.open)._settled(S.REJECTED)

    def _settled(self, ending: OrderStatus | None = None) -> "Progress":
        return replace(self, status=self._status(ending))

    def _status(self, ending: OrderStatus | None) -> OrderStatus:
        if self.filled >= self.quantity:
            return S.FILLED
        if self.status in ENDED and self.status != S.FILLED and self.open == 0:
            return self.status  # a late fill counts; the ending stays what it was
        if ending is not None and self.open == 0:
            # Part of it is done: what ended is the rest, and a partly filled order was not refused.
            return S.CANCELLED if ending == S.REJECTED and self.filled else ending
        if self.open == 0:  # the last fill came after the news that the rest had ended
            return self._ended_as()
        if self.filled:
            return S.PARTIALLY_FILLED
        return S.ACCEPTED if self.status in {S.SENT, S.UNKNOWN, S.PARTIALLY_FILLED} else self.status

    def _ended_as(self) -> OrderStatus:
        """What became of the shares that were not filled."""
        if self.expired and not self.cancelled:
            return S.EXPIRED
        return S.CANCELLED if self.cancelled or self.filled else S.REJECTED
