"""People who place, modify and cancel orders, and ask again with the same id when they hear nothing."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import requests

from chaos.broker import Broker, Facts
from chaos.crowd import IMPATIENCE_SECONDS, PATIENCE_SECONDS, Answer, Crowd, reason_of
from chaos.people import Person
from chaos.plan import Plan, Wish

REMEMBERED = 6  # orders of one trader that may still be changed


class Door(Protocol):
    """A way into Lucy for one person; the answer's status and body, or `None` when none came in time."""

    def place(self, wanted: Facts, seconds: float) -> Answer | None: ...
    def change(self, order: str, kind: str, wanted: Facts, seconds: float) -> Answer | None: ...


class Traders(Crowd):
    """Work through a plan's wishes; each person's wishes stay in their order."""

    def __init__(
        self, plan: Plan, people: Sequence[Person], doors: Sequence[Door], broker: Broker, threads: int = 5
    ) -> None:
        shares: list[list[Wish]] = [[] for _ in range(threads)]
        for wish in plan.wishes:
            shares[wish.trader % threads].append(wish)
        super().__init__(broker, shares)
        self._doors = doors
        self._people = people
        self._recent: list[deque[tuple[str, str]]] = [deque(maxlen=REMEMBERED) for _ in people]

    def _fulfil(self, wish: Wish) -> None:
        price = self._price(wish.code, wish.ticks)
        if wish.elsewhere:
            self._place_elsewhere(wish, price)
            return
        self._place(wish, price)
        if wish.change:
            self._change(wish)

    def _place_elsewhere(self, wish: Wish, price: int) -> None:
        number = self._people[wish.trader].account.number
        terms = {"code": wish.code, "side": wish.side, "quantity": wish.quantity, "price": price}
        try:
            self._broker.post(f"/accounts/{number}/orders", **terms)
        except requests.HTTPError:
            self._count("elsewhere, refused")
        else:
            self._count("elsewhere")

    def _place(self, wish: Wish, price: int) -> None:
        wanted = {
            "account": str(self._people[wish.trader].account.pk),
            "client_order_id": wish.client_order_id,
            "symbol": wish.code,
            "side": wish.side,
            "order_type": "market" if wish.market else "limit",
            "quantity": wish.quantity,
            "price": None if wish.market else str(price),
            "confirm_repeat": True,
        }
        door = self._doors[wish.trader]
        if wish.impatient:  # hangs up at once, and asks a second time
            door.place(wanted, IMPATIENCE_SECONDS)
        status, answer = self._until_answered(lambda: door.place(wanted, PATIENCE_SECONDS))
        if status in (200, 201):
            self.told.answered.append(wish.client_order_id)
            self._recent[wish.trader].append((answer["id"], wish.code))
            self._count(f"order {answer['status']}")
        else:
            self._count(f"order not taken: {reason_of(status, answer)}")

    def _change(self, wish: Wish) -> None:
        recent = self._recent[wish.trader]
        if not recent:
            return
        order, code = recent[wish.quantity % len(recent)]
        wanted: dict[str, Any] = {"client_request_id": f"{wish.client_order_id}-{wish.change[:6]}"}
        kind = "modify" if wish.change == "modify" else "cancel"
        if kind == "modify":
            wanted |= {"order_type": "limit", "price": str(self._price(code, wish.change_ticks))}
        elif wish.change == "cancel part":
            wanted["quantity"] = 1
        door = self._doors[wish.trader]
        status, answer = self._until_answered(lambda: door.change(order, kind, wanted, PATIENCE_SECONDS))
        heard = answer["status"] if status in (200, 201) else f"refused: {reason_of(status, answer)}"
        self._count(f"{wish.change} {heard}")
