"""People at work in a few threads: they ask until they are answered, and remember what they heard."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests

from brokers.ticks import tick_size
from chaos.broker import Broker, Facts

PATIENCE_SECONDS = 4.0  # of a client for one answer
IMPATIENCE_SECONDS = 0.05
ASK_AGAIN_SECONDS = 0.3
GIVE_UP_ATTEMPTS = 200

Answer = tuple[int, Facts]  # status and body


class RestDoor:
    """The REST API for one person."""

    def __init__(self, site: str, token: str) -> None:
        self._site = site
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def ask(self, path: str, wanted: Facts | None, seconds: float) -> Answer | None:
        """Send `wanted`, or read where there is nothing to send; `None` when no answer came in time."""
        method = "GET" if wanted is None else "POST"
        try:
            reply = self._session.request(method, f"{self._site}{path}", json=wanted, timeout=seconds)
            return reply.status_code, reply.json()
        except (requests.RequestException, ValueError):
            return None

    def place(self, wanted: Facts, seconds: float) -> Answer | None:
        return self.ask("/api/v1/orders/", wanted, seconds)

    def change(self, order: str, kind: str, wanted: Facts, seconds: float) -> Answer | None:
        return self.ask(f"/api/v1/orders/{order}/{kind}/", wanted, seconds)


@dataclass(slots=True)
class Told:
    """What the people heard."""

    answered: list[str] = field(default_factory=list)  # client ids that Lucy confirmed
    counts: Counter[str] = field(default_factory=Counter)
    begun: int = 0


class Crowd:
    """Works through wishes, a thread for each share of them."""

    def __init__(self, broker: Broker, shares: Sequence[Sequence[Any]]) -> None:
        self.told = Told()
        self.failed: list[BaseException] = []
        self._broker = broker
        self._lock = threading.Lock()
        self._enough = threading.Event()
        name = type(self).__name__.lower()
        self._threads = [
            threading.Thread(target=self._work, args=(share,), name=f"{name}-{index}")
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

    def _work(self, wishes: Sequence[Any]) -> None:
        try:
            for wish in wishes:
                if self._enough.is_set():
                    return
                with self._lock:
                    self.told.begun += 1
                self._fulfil(wish)
            self._go_home(wishes)
        except Exception as error:  # noqa: BLE001  told by the main thread, which ends the run
            self.failed.append(error)
        finally:
            self._left()

    def _fulfil(self, wish: Any) -> None:
        raise NotImplementedError

    def _go_home(self, wishes: Sequence[Any]) -> None:
        """After the last wish."""

    def _left(self) -> None:
        from django.db import connections

        connections.close_all()

    def _price(self, code: str, ticks: int) -> int:
        """So many ticks away from the last price, within the day's limits."""
        issue = self._broker.get(f"/issues/{code}")
        price = int(issue["price"])
        tick = tick_size(Decimal(price), issue["kind"])
        wanted = price + ticks * tick
        wanted -= wanted % tick_size(Decimal(wanted), issue["kind"])
        return min(max(wanted, int(issue["lower_limit"])), int(issue["upper_limit"]))

    def _until_answered(self, ask: Callable[[], Answer | None]) -> Answer:
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


def reason_of(status: int, answer: Facts) -> str:
    """The code of a refusal."""
    return str(answer.get("error", {}).get("code", status))
