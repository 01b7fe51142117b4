"""Everything that changes about people: roles, passwords, API tokens."""

import logging
from datetime import UTC, datetime, timedelta

from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.lockout import forget_old_failures
from accounts.models import RevokedToken, User
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


def issue_tokens(user: User) -> RefreshToken:
    """A fresh refresh token; its `access_token` goes with it."""
    token = RefreshToken.for_user(user)
    token[GENERATION] = generation_of(user)
    return token


def renew_tokens(raw: str) -> RefreshToken:
    """Trade a refresh token for the next one; each works once, and raises `LucyError` (401) after that."""
    token, user = _opened(raw)
    _spend(token, user)
    return issue_tokens(user)


def revoke_token(raw: str) -> None:
    """Take one refresh token back; taking it back twice is no error."""
    token, user = _opened(raw, spent_too=True)
    try:
        _store_revoked(token, user)
    except IntegrityError:
        logger.info("Refresh token of %s was revoked already", user.pk)


def revoke_every_token(user: User) -> None:
    """From now on no token that the user got until now is good, access tokens included."""
    user.tokens_valid_from = clock.now()
    user.save(update_fields=["tokens_valid_from"])


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
    RevokedToken.objects.create(
        jti=token["jti"], user=user, expires_at=datetime.fromtimestamp(token["exp"], UTC)
    )


def _refused() -> LucyError:
    return LucyError("token_not_valid", "토큰이 만료되었거나 회수되었습니다. 다시 로그인하세요.", status=401)


def forget_the_past() -> dict[str, int]:
    """Drop what has served: revoked tokens that expired by now, old failures, old sign-in records."""
    now = timezone.now()
    tokens, _ = RevokedToken.objects.filter(expires_at__lte=now).delete()
    failures, _ = AccessFailureLog.objects.filter(attempt_time__lte=now - SIGN_INS_KEPT).delete()
    sign_ins, _ = AccessLog.objects.filter(attempt_time__lte=now - SIGN_INS_KEPT).delete()
    return {"tokens": tokens, "counts": forget_old_failures(), "failures": failures, "sign_ins": sign_ins}
