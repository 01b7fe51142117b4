"""JWT for scripts: checked against what its user took back; and the same for sockets."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from channels.auth import AuthMiddlewareStack, get_user
from channels.db import database_sync_to_async
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.auth.models import AnonymousUser
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.tokens import AccessToken, Token

from accounts.models import BrowserSession, User
from accounts.sessions import SessionStore
from lucy import clock, mongo

GENERATION = "generation"  # a claim; every token carries it, access tokens by way of their refresh token


def generation_of(user: User) -> str:
    """Which tokens of a user are good: those that carry this; a new password or a taking back changes it.

    The issuing time, kept to the second, could not tell the last old token from the first new one.
    """
    taken_back = int(user.tokens_valid_from.timestamp() * 1000) if user.tokens_valid_from else 0
    return f"{taken_back}.{user.get_session_auth_hash()[:16]}"


def is_current(token: Token, user: User) -> bool:
    """A token without the claim was made by our own tools; it is good until the first taking back."""
    claim = token.get(GENERATION)
    unrevoked = user.tokens_valid_from is None if claim is None else claim == generation_of(user)
    return user.is_active and unrevoked


def user_behind(token: Token) -> User | None:
    key = token.get("user_id")
    return mongo.find(User, pk=ObjectId(key)) if ObjectId.is_valid(key) else None


class RevocableJWTAuthentication(JWTAuthentication):
    """Access tokens die with their user's generation (password change, revoke everything)."""

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        user = user_behind(validated_token)
        if user is None or not is_current(validated_token, user):
            raise InvalidToken("토큰이 회수되었습니다.")
        return user


class TokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it; found by being defined."""

    target_class = "accounts.tokens.RevocableJWTAuthentication"


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


async def signed_in_still(scope: Scope) -> User | None:
    """Whom the token, or the session as it is stored now, still speaks for; asked anew each time."""
    if raw := _bearer(scope):
        user: Any = await database_sync_to_async(user_of_token)(raw)
    else:
        stored: Any = {"session": SessionStore(scope["session"].session_key)}  # the scope's own remembers
        user = await get_user(stored)
    return user if isinstance(user, User) else None


@database_sync_to_async
def seconds_left(scope: Scope) -> float:
    """How long what opened this socket lasts, if nobody ends it before."""
    raw, ends = _bearer(scope), None
    if raw:
        with suppress(TokenError):  # it is over already
            ends = datetime.fromtimestamp(AccessToken(raw.encode())["exp"], UTC)  # type: ignore[arg-type]
    else:
        rows = BrowserSession.objects.filter(session_key=scope["session"].session_key)
        ends = rows.values_list("expire_date", flat=True).first()
    return max(0.0, (ends - clock.now()).total_seconds()) if ends else 0.0


class SessionOrTokenMiddleware:
    """Signs a socket in by the page's session, or by `Authorization: Bearer <access token>`.

    A session is believed from our own origin only, since any page can make a browser send its cookie; the
    header no page can set, so scripts need no origin. Never by the address: query strings end in logs.
    """

    def __init__(self, inner: App) -> None:
        self.inner = inner
        own_origin: Any = AllowedHostsOriginValidator(AuthMiddlewareStack(inner))  # type: ignore[arg-type]
        self.by_session: App = own_origin

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        raw = _bearer(scope)
        if not raw:
            return await self.by_session(scope, receive, send)
        scope = scope | {"user": await database_sync_to_async(user_of_token)(raw)}
        return await self.inner(scope, receive, send)
