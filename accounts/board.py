"""What 사용자 정보 shows: the person's accounts with state and limits, browsers, and scripts."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone

from accounts.callers import device_of
from accounts.models import BrowserSession, TokenChain, User
from brokers.rights import tradable_accounts_of
from brokers.selectors import Health, health_of
from brokers.services.limits import Limits, limits_over

MOST_SHOWN: Final = 50

# Limits as a trader reads them: the kind, its name, the unit.
LIMITS: Final = (
    ("order_quantity", "1회 수량", "주"),
    ("order_value", "1회 금액", "원"),
    ("day_quantity", "하루 수량", "주"),
    ("day_value", "하루 금액", "원"),
    ("user_day_quantity", "하루 수량 (내 모든 계좌)", "주"),
    ("user_day_value", "하루 금액 (내 모든 계좌)", "원"),
    ("distance_percent", "현재가와의 차이", "%"),
)


@dataclass(frozen=True, slots=True)
class ShownLimit:
    name: str
    most: Decimal
    unit: str
    owner: str


@dataclass(frozen=True, slots=True)
class MyAccount:
    health: Health
    may_trade: bool
    limits: list[ShownLimit]


@dataclass(frozen=True, slots=True)
class MyBrowser:
    handle: str
    device: str
    address: str
    signed_in_at: datetime | None
    expires_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class MyScript:
    pk: object
    program: str
    address: str
    created_at: datetime
    renewed_at: datetime
    expires_at: datetime


def my_accounts(user: User) -> list[MyAccount]:
    tradable = set(tradable_accounts_of(user).values_list("pk", flat=True))
    return [
        MyAccount(one, one.account.pk in tradable, _shown(limits_over(one.account, user)))
        for one in health_of(user)
    ]


def _shown(limits: Limits) -> list[ShownLimit]:
    return [
        ShownLimit(name, limits[kind].most, unit, limits[kind].owner)
        for kind, name, unit in LIMITS
        if kind in limits
    ]


def my_browsers(user: User, current: str | None) -> list[MyBrowser]:
    """Where the user is signed in; the session that asks first."""
    rows = BrowserSession.objects.filter(user=user, expire_date__gt=timezone.now())
    shown = [
        MyBrowser(
            handle=row.handle,
            device=device_of(row.agent),
            address=row.address,
            signed_in_at=row.signed_in_at,
            expires_at=row.expire_date,
            is_this=row.session_key == current,
        )
        for row in rows.order_by("-signed_in_at")[:MOST_SHOWN]
    ]
    return sorted(shown, key=lambda one: not one.is_this)


def my_scripts(user: User) -> list[MyScript]:
    rows = TokenChain.objects.filter(user=user, expires_at__gt=timezone.now())
    return [
        MyScript(
            pk=row.pk,
            program=device_of(row.agent),
            address=row.address,
            created_at=row.created_at,
            renewed_at=row.renewed_at,
            expires_at=row.expires_at,
        )
        for row in rows.order_by("-renewed_at")[:MOST_SHOWN]
    ]
