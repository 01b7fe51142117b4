"""LS's access tokens: one living token per app key, good until 07:00 the next Korean morning."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from brokers.paper.clock import KST

DYING_HOUR = time(7, 0)


def next_dying_hour(now: datetime) -> datetime:
    """The next 07:00 in Korea, when every token given before it dies."""
    korean = now.astimezone(KST)
    today = datetime.combine(korean.date(), DYING_HOUR, KST)
    return today if korean < today else today + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """A token somebody holds."""

    token: str
    app_key: str
    expires_at: datetime


class Tokens:
    """The tokens of one gateway; real and paper keys share it, as they share the real host."""

    def __init__(self) -> None:
        self._signing_key = secrets.token_bytes(64)
        self._by_key: dict[str, Grant] = {}
        self._by_token: dict[str, Grant] = {}

    def issue(self, app_key: str, now: datetime) -> Grant:
        """A new token for the key; the one it had is dead from here on."""
        self.forget(app_key)
        expires_at = next_dying_hour(now)
        grant = Grant(self._sign(app_key, now, expires_at), app_key, expires_at)
        self._by_key[app_key] = self._by_token[grant.token] = grant
        return grant

    def forget(self, app_key: str) -> None:
        """End the key's token, if it has one."""
        if grant := self._by_key.pop(app_key, None):
            del self._by_token[grant.token]

    def owner(self, token: str, now: datetime) -> str | None:
        """The app key a living token belongs to."""
        grant = self._by_token.get(token)
        return grant.app_key if grant and now < grant.expires_at else None

    def _sign(self, app_key: str, now: datetime, expires_at: datetime) -> str:
        claims = {
            "sub": "token",
            "aud": str(uuid.uuid4()),
            "nbf": int(now.timestamp()),
            "grant_type": "Client",
            "iss": "unogw",
            "exp": int(expires_at.timestamp()),
            "iat": int(now.timestamp()),
            "jti": app_key,
        }
        signed = f"{_part({'typ': 'JWT', 'alg': 'HS512'})}.{_part(claims)}"
        return f"{signed}.{_base64(hmac.new(self._signing_key, signed.encode(), hashlib.sha512).digest())}"


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
