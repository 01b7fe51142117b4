"""Everything that changes about people: roles, passwords, API tokens."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.callers import NOBODY, Caller
from accounts.lockout import forget_old_failures
from accounts.models import BrowserSession, NoticePreference, RevokedToken, TokenChain, User
from accounts.roles import STAFF_ROLES
from accounts.tokens import GENERATION, generation_of, is_current, user_behind
from lucy import clock
from lucy.errors import LucyError

SIGN_INS_KEPT = timedelta(days=365)

logger = logging.getLogger(__name__)


def give_role(user: User, role: str) -> None:
    """Put a user in a group; the staff groups open the admin."""
    user.groups.add(Group.objects.get(name=role))
    settle_staff_flag(user)


def settle_staff_flag(user: User) -> None:
    """Whoever is in a staff group, and no one else but superusers, may open the admin."""
    user.is_staff = user.is_superuser or user.groups.filter(name__in=STAFF_ROLES).exists()
    user.save(update_fields=["is_staff"])


def issue_tokens(user: User, caller: Caller = NOBODY) -> RefreshToken:
    """A fresh refresh token; its `access_token` goes with it."""
    token = _fresh_token(user)
    now = clock.now()
    TokenChain.objects.create(
        user=user,
        jti=token["jti"],
        address=caller.address,
        agent=caller.agent,
        created_at=now,
        renewed_at=now,
        expires_at=_expiry(token),
    )
    return token


def renew_tokens(raw: str) -> RefreshToken:
    """Trade a refresh token for the next one; each works once, and raises `LucyError` (401) after that."""
    spent, user = _opened(raw)
    _spend(spent, user)
    token = _fresh_token(user)
    TokenChain.objects.filter(jti=spent["jti"]).update(
        jti=token["jti"], renewed_at=clock.now(), expires_at=_expiry(token)
    )
    return token


def _fresh_token(user: User) -> RefreshToken:
    token = RefreshToken.for_user(user)
    token[GENERATION] = generation_of(user)
    return token


def _expiry(token: RefreshToken) -> datetime:
    return datetime.fromtimestamp(token["exp"], UTC)


def revoke_token(raw: str) -> None:
    """Take one refresh token back; taking it back twice is no error."""
    token, user = _opened(raw, spent_too=True)
    try:
        _store_revoked(token, user)
    except IntegrityError:
        logger.info("Refresh token of %s was revoked already", user.pk)
    TokenChain.objects.filter(jti=token["jti"]).delete()


def revoke_chain(chain: TokenChain) -> None:
    """Take back what one script was given; its last access token works until it expires (15 minutes)."""
    RevokedToken.objects.get_or_create(
        jti=chain.jti, defaults={"user_id": chain.user_id, "expires_at": chain.expires_at}
    )
    chain.delete()


def revoke_every_token(user: User) -> None:
    """From now on no token that the user got until now is good, access tokens included."""
    user.tokens_valid_from = clock.now()
    user.save(update_fields=["tokens_valid_from"])
    TokenChain.objects.filter(user=user).delete()


def end_sessions(user: User, *, but: str | None = None) -> int:
    """Sign a user out of every browser, but of the session with the key `but`; returns how many."""
    rows = BrowserSession.objects.filter(user=user)
    ended, _ = (rows.exclude(pk=but) if but else rows).delete()  # each tells its sockets (signals)
    return ended


def end_session(session: BrowserSession) -> None:
    session.delete()


def keep_preference(user: User, values: Mapping[str, Any]) -> None:
    """How the user wants to be told from now on."""
    NoticePreference.objects.update_or_create(user=user, defaults=values)


def _opened(raw: str, *, spent_too: bool = False) -> tuple[RefreshToken, User]:
    try:
        token = RefreshToken(raw)  # type: ignore[arg-type]  # the stubs know only tokens made from tokens
    except TokenError as error:
        raise _refused() from error
    user = user_behind(token)
    if user is None or not is_current(token, user):
        raise _refused()
    if not spent_too and RevokedToken.objects.filter(jti=token["jti"]).exists():
        raise _refused()
    return token, user


def _spend(token: RefreshToken, user: User) -> None:
    try:
        _store_revoked(token, user)
    except IntegrityError as error:  # another request traded it in first
        raise _refused() from error


def _store_revoked(token: RefreshToken, user: User) -> None:
    RevokedToken.objects.create(jti=token["jti"], user=user, expires_at=_expiry(token))


def _refused() -> LucyError:
    return LucyError("token_not_valid", "토큰이 만료되었거나 회수되었습니다. 다시 로그인하세요.", status=401)


def forget_the_past() -> dict[str, int]:
    """Drop what has served: expired tokens and sessions, old failures, old sign-in records."""
    now = timezone.now()
    tokens, _ = RevokedToken.objects.filter(expires_at__lte=now).delete()
    TokenChain.objects.filter(expires_at__lte=now).delete()
    sessions, _ = BrowserSession.objects.filter(expire_date__lte=now).delete()
    failures, _ = AccessFailureLog.objects.filter(attempt_time__lte=now - SIGN_INS_KEPT).delete()
    sign_ins, _ = AccessLog.objects.filter(attempt_time__lte=now - SIGN_INS_KEPT).delete()
    counts = forget_old_failures()
    return {
        "tokens": tokens,
        "sessions": sessions,
        "counts": counts,
        "failures": failures,
        "sign_ins": sign_ins,
    }
