"""Failed sign-ins: counted, logged, and answered with a pause that doubles with each further one.

The page, the admin and the token address all pass through `authenticate()`, so all of them wait here. One
pair of user name and address waits; a stranger elsewhere does not shut the real user out.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from math import ceil
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.db import IntegrityError
from django.db.models import F, Max, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

LONGEST_PAUSE = timedelta(hours=1)
REMEMBERED = timedelta(hours=24)  # failures of yesterday no longer lengthen a pause

logger = logging.getLogger(__name__)


def pause_after(failures: int) -> timedelta:
    """How long the next try waits: nothing at first, then 1, 2, 4 … times the configured pause."""
    beyond = failures - int(settings.AXES_FAILURE_LIMIT)
    if beyond < 0:
        return timedelta(0)
    first: timedelta = settings.AXES_COOLOFF_TIME
    doubled: timedelta = first * (1 << min(beyond, 16))
    return min(doubled, LONGEST_PAUSE)


def pause_left(username: str, ip_address: str | None) -> timedelta:
    """How long this user name has to wait at this address; zero when it may try."""
    known = attempts_of(username, ip_address).aggregate(
        count=Sum("failures_since_start"), last=Max("attempt_time")
    )
    if not known["count"]:
        return timedelta(0)
    ends: datetime = known["last"] + pause_after(known["count"])
    return max(ends - timezone.now(), timedelta(0))


def pause_message(left: timedelta) -> str:
    return f"로그인에 여러 번 실패했습니다. {spoken(left)} 뒤에 다시 시도하세요."


def spoken(span: timedelta) -> str:
    """A span in Korean, rounded up to what a reader waits for."""
    seconds = ceil(span.total_seconds())
    if seconds < 60:
        return f"{seconds}초"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}분 {rest}초" if rest else f"{minutes}분"


def attempts_of(username: str, ip_address: str | None) -> QuerySet[Any]:
    rows: QuerySet[Any] = AccessAttempt.objects.filter(username=username, ip_address=ip_address)
    return rows.filter(attempt_time__gt=timezone.now() - REMEMBERED)


def forgive(request: HttpRequest, username: str) -> None:
    """A right password ends the count of this user name at this address."""
    AccessAttempt.objects.filter(username=username, ip_address=address_of(request)).delete()


def address_of(request: HttpRequest) -> str | None:
    """Whence a request comes: of `X-Forwarded-For` only what our own proxies wrote, which is its end."""
    if settings.PROXIES:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        with suppress(ValueError):  # no address: the proxy says nothing of use
            return str(ip_address(told[-min(settings.PROXIES, len(told))].strip()))
    return request.META.get("REMOTE_ADDR") or None


class GrowingPause(AxesDatabaseHandler):  # type: ignore[misc]
    """What axes asks before and after each try at a password.

    Its own handler waits the same time for ever and repeats everything that was typed in one growing row.
    """

    def is_locked(self, request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> bool:
        username = str((credentials or {}).get("username") or "")
        return bool(pause_left(username, address_of(request)))

    def user_login_failed(
        self, sender: Any, credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any
    ) -> None:
        if request is None:
            return
        username = str(credentials.get("username") or "")[:255]
        waits = bool(pause_left(username, address_of(request)))
        logger.warning(
            "Sign-in failed for %r from %s (refused unread: %s)", username, address_of(request), waits
        )
        trace = _trace(request, username)
        if not waits:  # a try that was refused unread does not lengthen the pause
            _count(trace)
        AccessFailureLog.objects.create(**trace, locked_out=waits)

    def clean_expired_user_attempts(
        self, request: HttpRequest | None = None, credentials: Mapping[str, Any] | None = None
    ) -> int:
        return 0  # a task does that


def _trace(request: HttpRequest, username: str) -> dict[str, Any]:
    meta = request.META
    return {
        "username": username,
        "ip_address": address_of(request),
        "user_agent": str(meta.get("HTTP_USER_AGENT", ""))[:255],
        "http_accept": str(meta.get("HTTP_ACCEPT", ""))[:1025],
        "path_info": request.path[:255],
    }


def _count(trace: dict[str, Any]) -> None:
    """Add one failure; of many at once each counts, because MongoDB adds by itself."""
    key = {name: trace[name] for name in ("username", "ip_address", "user_agent")}
    now = timezone.now()
    if _add_one(key, now):
        return
    try:
        AccessAttempt.objects.create(**trace, get_data="", post_data="", failures_since_start=1)
    except IntegrityError:  # another one made the row first
        _add_one(key, now)


def _add_one(key: dict[str, Any], now: datetime) -> bool:
    """Count on; a row that was forgotten begins at one again."""
    rows = AccessAttempt.objects.filter(**key)
    remembered = now - REMEMBERED
    counted = rows.filter(attempt_time__gt=remembered).update(
        failures_since_start=F("failures_since_start") + 1, attempt_time=now
    )
    return bool(
        counted or rows.filter(attempt_time__lte=remembered).update(failures_since_start=1, attempt_time=now)
    )


def forget_old_failures() -> int:
    """Drop counts that no longer lengthen a pause."""
    old = Q(attempt_time__lte=timezone.now() - REMEMBERED)
    dropped, _ = AccessAttempt.objects.filter(old).delete()
    return int(dropped)
