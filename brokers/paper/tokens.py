"""Access tokens and socket keys of both brokers; they outlive a restart of the paper broker."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Grant:
    """A token or approval key of an app key; ``kind`` says which ("kis", "kis approval", "ls")."""

    kind: str
    app_key: str
    token: str
    issued_at: datetime
    expires_at: datetime


@dataclass
class Tokens:
    """Grants by their text, and the latest one of each app key."""

    grants: dict[str, Grant] = field(default_factory=dict)
    changes: int = 0

    def add(self, grant: Grant) -> Grant:
        self.grants[grant.token] = grant
        self.changes += 1
        return grant

    def find(self, kind: str, token: str) -> Grant | None:
        """The grant, expired or not."""
        grant = self.grants.get(token)
        return grant if grant is not None and grant.kind == kind else None

    def latest(self, kind: str, app_key: str) -> Grant | None:
        mine = [grant for grant in self.grants.values() if (grant.kind, grant.app_key) == (kind, app_key)]
        return max(mine, key=lambda grant: grant.issued_at, default=None)

    def revoke(self, token: str) -> bool:
        self.changes += 1
        return self.grants.pop(token, None) is not None

    def expire(self, now: datetime, app_key: str | None = None) -> int:
        """Let tokens end now, those of one app key or all; how many."""
        ended = [
            grant
            for grant in self.grants.values()
            if grant.expires_at > now and app_key in (None, grant.app_key)
        ]
        for grant in ended:
            grant.expires_at = now
        self.changes += 1
        return len(ended)

    def forget_old(self, now: datetime) -> None:
        """Drop what ended more than a day ago: until then it is answered as expired, not as unknown."""
        self.grants = {
            token: grant for token, grant in self.grants.items() if (now - grant.expires_at).days < 1
        }

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": grant.kind,
                "app_key": grant.app_key,
                "token": grant.token,
                "issued_at": grant.issued_at.isoformat(),
                "expires_at": grant.expires_at.isoformat(),
            }
            for grant in self.grants.values()
        ]

    def load(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            times = {name: datetime.fromisoformat(row[name]) for name in ("issued_at", "expires_at")}
            self.add(Grant(kind=row["kind"], app_key=row["app_key"], token=row["token"], **times))
