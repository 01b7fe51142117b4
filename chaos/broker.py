"""The paper broker's control port: its market, its faults, and its books, which are the truth."""

from typing import Any

import requests

Facts = dict[str, Any]


class Broker:
    def __init__(self, control: str) -> None:
        self._control = control
        self._session = requests.Session()

    def get(self, path: str) -> Any:
        return self._read(self._session.get(f"{self._control}{path}", timeout=60))

    def post(self, path: str, **wanted: Any) -> Any:
        return self._read(self._session.post(f"{self._control}{path}", json=wanted, timeout=60))

    def books(self, number: str) -> Facts:
        """Orders, executions, cash and holdings of an account."""
        return dict(self.get(f"/accounts/{number}"))

    def clear_faults(self) -> list[Facts]:
        """End all faults; the rules with how often each was used."""
        rules: list[Facts] = self.get("/faults")
        self._read(self._session.delete(f"{self._control}/faults", timeout=60))
        return rules

    @staticmethod
    def _read(reply: requests.Response) -> Any:
        reply.raise_for_status()
        return reply.json()
