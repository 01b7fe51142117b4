"""People who place, modify and cancel orders, and ask again with the same id when they hear nothing."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

import requests

from brokers.ticks import tick_size
from chaos.broker import Broker, Facts
from chaos.people import Person
from chaos.plan import Plan, Wish

PATIENCE_SECONDS = 4.0  # of a client for one answer
IMPATIENCE_SECONDS = 0.05
ASK_AGAIN_SECONDS = 0.3
GIVE_UP_ATTEMPTS = 200
REMEMBERED = 6  # orders of one trader that may still be changed


class Door(Protocol):
    """A way into Lucy for one person; the answer's status and body, or `None` when none came in time."""

    def place(self, wanted: Facts, seconds: float) -> tuple[int, Facts] | None: ...
    def change(self, order: str, kind: str, wanted: Facts, seconds: float) -> tuple[int, Facts] | None: ...


class RestDoor:
    def __init__(self, site: str, token: str) -> None:
        self._site = site
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def place(self, wanted: Facts, seconds: float) -> tuple[int, Facts] | None:
        return self._post("/api/v1/orders/", wanted, seconds)

    def change(self, order: str, kind: str, wanted: Facts, seconds: float) -> tuple[int, Facts] | None:
        return self._post(f"/api/v1/orders/{order}/{kind}/", wanted, seconds)

    def _post(self, path: str, wanted: Facts, seconds: float) -> tuple[int, Facts] | None:
        try:
            reply = self._session.post(f"{self._site}{path}", json=wanted, timeout=seconds)
            return reply.status_code, reply.json()
        except (requests.RequestException, ValueError):
            return None


@dataclass(slots=True)
class Told:
    """What the traders heard."""

    answered: list[str] = field(default_factory=list)  # client order ids that Lucy confirmed
    counts: Counter[str] = field(default_factory=Counter)
    begun: int = 0


class Traders:
    """Work through a plan's wishes in a few threads; each person's wishes stay in their order."""

    def __init__(
        self, plan: Plan, people: Sequence[Person], doors: Sequence[Door], broker: Broker, threads: int = 5
    ) -> None:
        self.told = Told()
        self.failed: list[BaseException] = []
        self._doors = doors
        self._people = people
        self._broker = broker
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self._recent: list[deque[tuple[str, str]]] = [deque(maxlen=REMEMBERED) for _ in people]
        shares: list[list[Wish]] = [[] for _ in range(threads)]
        for wish in plan.wishes:
            shares[wish.trader % threads].append(wish)
        self._threads = [
            threading.Thread(target=self._work, args=(share,), name=f"trader-{index}")
            for index, share in enumerate(shares)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def are_done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _work(self, wishes: Sequence[Wish]) -> None:
        try:
            for wish in wishes:
                if self._enough.is_set():
                    return
                with self._lock:
                    self.told.begun += 1
                self._fulfil(wish)
        except Exception as error:  # noqa: BLE001  told by the main thread, which ends the run
            self.failed.append(error)
        finally:
            self._left()

    def _left(self) -> None:
        from django.db import connections

        connections.close_all()

    def _fulfil(self, wish: Wish) -> None:
        price = self._price(wish.code, wish.ticks)
        if wish.elsewhere:
            self._place_elsewhere(wish, price)
            return
        self._place(wish, price)
        if wish.change:
            self._change(wish)

    def _price(self, code: str, ticks: int) -> int:
        issue = self._broker.get(f"/issues/{code}")
        price = int(issue["price"])
        tick = tick_size(Decimal(price), issue["kind"])
        wanted = price + ticks * tick
        wanted -= wanted % tick_size(Decimal(wanted), issue["kind"])
        return min(max(wanted, int(issue["lower_limit"])), int(issue["upper_limit"]))

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
            self._count(f"order not taken: {_reason(status, answer)}")

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
        heard = answer["status"] if status in (200, 201) else f"refused: {_reason(status, answer)}"
        self._count(f"{wish.change} {heard}")

    def _until_answered(self, ask: Callable[[], tuple[int, Facts] | None]) -> tuple[int, Facts]:
        """Ask until there is an answer that is final: no silence, no 5xx, no "too many"."""
        for _ in range(GIVE_UP_ATTEMPTS):
            answer = ask()
            if answer is not None and answer[0] < 500 and answer[0] != 429:
                return answer
            self._count("asked again with the same id")
            if self._enough.wait(ASK_AGAIN_SECONDS):
                break
        return 0, {}

    def _count(self, what: str) -> None:
        with self._lock:
            self.told.counts[what] += 1


def _reason(status: int, answer: Facts) -> str:
    return str(answer.get("error", {}).get("code", status))
