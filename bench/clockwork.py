"""How long MongoDB took: every command of this process, as pymongo tells it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import monitoring


@dataclass(slots=True)
class Spent:
    milliseconds: float = 0.0
    commands: int = 0


class Clockwork(monitoring.CommandListener):
    """To be made before the first connection: pymongo's listeners are given to clients at their birth."""

    def __init__(self) -> None:
        self._spent = Spent()
        monitoring.register(self)

    @contextmanager
    def counting(self) -> Iterator[Spent]:
        self._spent = spent = Spent()
        yield spent

    def started(self, event: Any) -> None:
        self._spent.commands += 1

    def succeeded(self, event: Any) -> None:
        self._spent.milliseconds += event.duration_micros / 1000

    def failed(self, event: Any) -> None:
        self.succeeded(event)
