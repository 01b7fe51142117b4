"""The kill switch: what is stopped now, and the trail of every stop and release."""

from typing import Any

from bson import ObjectId
from django.conf import settings
from django.db import models

from brokers.models.accounts import BrokerAccount


class Scope(models.TextChoices):
    SYSTEM = "system", "전체"
    ACCOUNT = "account", "계좌"
    USER = "user", "사용자"


def scope_key(scope: str, target_id: Any = None) -> str:
    """What names a scope in an index: `system`, `account:<id>`, `user:<id>`."""
    return scope if scope == Scope.SYSTEM else f"{scope}:{target_id}"


def keys_over(account_id: Any, user_id: Any) -> list[str]:
    """Every scope that an order of this user on this account is in."""
    return [
        scope_key(Scope.SYSTEM),
        scope_key(Scope.ACCOUNT, account_id),
        scope_key(Scope.USER, user_id),
    ]


class ScopedModel(models.Model):
    """A row about the whole system, one account or one user; `key` says which, and is unique."""

    account_id: ObjectId | None
    user_id: ObjectId | None
    scope = models.CharField("범위", max_length=8, choices=Scope.choices, default=Scope.SYSTEM)
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="계좌"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="사용자",
    )
    key = models.CharField(max_length=40, unique=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = self.own_key()
        super().save(*args, **kwargs)

    def own_key(self) -> str:
        return scope_key(self.scope, self.account_id if self.scope == Scope.ACCOUNT else self.user_id)

    @property
    def target_name(self) -> str:
        """The scope in words: 전체, 계좌 …, 사용자 …"""
        if self.scope == Scope.ACCOUNT:
            return f"계좌 {self.account}"
        return f"사용자 {self.user}" if self.scope == Scope.USER else "전체"


class TradingStop(ScopedModel):
    """While this row exists, no order of its scope leaves; cancels do."""

    reason = models.CharField("사유", max_length=200)
    by = models.CharField("누가", max_length=150)
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "주문 중단"
        verbose_name_plural = "주문 중단"
        permissions = [("operate_kill_switch", "주문 중단과 해제")]

    def __str__(self) -> str:
        return f"{self.target_name} 주문 중단"


class StopDeed(models.TextChoices):
    STOPPED = "stopped", "중단"
    RELEASED = "released", "해제"
    CANCELLED = "cancelled", "일괄 취소"


class StopEvent(models.Model):
    """Who stopped or released what, and why; append-only. Names are kept as they were."""

    deed = models.CharField("한 일", max_length=10, choices=StopDeed.choices)
    key = models.CharField("대상 키", max_length=40, db_index=True)
    target = models.CharField("대상", max_length=200)
    by = models.CharField("누가", max_length=150)
    reason = models.CharField("사유", max_length=200, blank=True, default="")
    text = models.TextField("결과", blank=True, default="")
    at = models.DateTimeField("시각", db_index=True)

    class Meta:
        verbose_name = "주문 중단 이력"
        verbose_name_plural = "주문 중단 이력"

    def __str__(self) -> str:
        return f"{self.target} {self.get_deed_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The trail is append-only.")
        super().save(*args, **kwargs)
