"""LS's access tokens: one living token per app key, good until 07:00 the next Korean morning (ls.md 1.4)."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from datetime import datetime, time, timedelta
from typing import Any

from brokers.paper.clock import KST
from brokers.paper.tokens import Grant, Tokens

KIND = "ls"
DYING_HOUR = time(7, 0)
# Nobody but LS can check a signature, so the key need not outlive the process
SIGNING_KEY = secrets.token_bytes(64)


def next_dying_hour(now: datetime) -> datetime:
    """The next 07:00 in Korea, when every token given before it dies."""
    korean = now.astimezone(KST)
    today = datetime.combine(korean.date(), DYING_HOUR, KST)
    return today if korean < today else today + timedelta(days=1)


def issue(tokens: Tokens, app_key: str, now: datetime) -> Grant:
    """A new token for the key; the one it had is dead from here on."""
    if before := tokens.latest(KIND, app_key):
        tokens.revoke(before.token)
    expires_at = next_dying_hour(now)
    return tokens.add(Grant(KIND, app_key, _sign(app_key, now, expires_at), now, expires_at))


def owner(tokens: Tokens, token: str, now: datetime) -> str | None:
    """The app key a living token belongs to."""
    grant = tokens.find(KIND, token)
    return grant.app_key if grant and now < grant.expires_at else None


def _sign(app_key: str, now: datetime, expires_at: datetime) -> str:
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
    return f"{signed}.{_base64(hmac.new(SIGNING_KEY, signed.encode(), hashlib.sha512).digest())}"


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
