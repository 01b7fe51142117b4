"""JWT for scripts: checked against what its user took back; and the same for sockets."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken
from rest_framework_simplejwt.tokens import Token

from accounts.models import User


class RevocableJWTAuthentication(JWTAuthentication):
    """Access tokens die with their user's `tokens_valid_from` (password change, revoke everything)."""

    def get_user(self, validated_token: Token) -> User:
        user = super().get_user(validated_token)
        assert isinstance(user, User)
        issued_at = datetime.fromtimestamp(validated_token["iat"], UTC)
        if user.tokens_valid_from is not None and issued_at < user.tokens_valid_from.replace(microsecond=0):
            raise InvalidToken("Token was revoked.")
        return user


def user_of_token(raw: str) -> User | AnonymousUser:
    """The user an access token speaks for; nobody when it is not good."""
    checker = RevocableJWTAuthentication()
    try:
        return checker.get_user(checker.get_validated_token(raw.encode()))
    except (InvalidToken, AuthenticationFailed):
        return AnonymousUser()


Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


def _bearer(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and value.lower().startswith(b"bearer "):
            return str(value[7:].decode("latin-1")).strip()
    return ""


class SessionOrTokenMiddleware:
    """Signs a socket in by the page's session, or by `Authorization: Bearer <access token>`.

    Never by the address: query strings end in logs.
    """

    def __init__(self, inner: App) -> None:
        self.inner = inner
        self.by_session = AuthMiddlewareStack(inner)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        raw = _bearer(scope)
        if not raw:
            return await self.by_session(scope, receive, send)
        scope = scope | {"user": await database_sync_to_async(user_of_token)(raw)}
        return await self.inner(scope, receive, send)
