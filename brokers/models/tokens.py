"""The access token of an app key, shared by all processes."""

import hashlib
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import models
from django.db.models import Q

from brokers.adapters.base import AuthFailed
from brokers.adapters.limits import Token, renewed
from lucy import clock
from lucy.secrets import EncryptedTextField

ISSUING_TAKES_AT_MOST = timedelta(seconds=20)
LOOK_AGAIN_SECONDS = 0.05


def key_hash(app_key: str) -> str:
    """What names an app key where the key itself must not stand."""
    return hashlib.sha256(app_key.encode()).hexdigest()


class BrokerToken(models.Model):
    """One row per app key (by its hash); `issuing_until` is the lock of whoever is fetching the next one."""

    key_hash = models.CharField(max_length=64, unique=True)
    value = EncryptedTextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)
    issuing_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "접근 토큰"
        verbose_name_plural = "접근 토큰"

    @property
    def token(self) -> Token | None:
        return Token(self.value, self.expires_at) if self.value and self.expires_at else None


class SharedTokenStore:
    """A `TokenStore` in the database; a lock row keeps two processes from issuing at once."""

    def __init__(self, app_key: str) -> None:
        self._key_hash = key_hash(app_key)

    def get(self) -> Token | None:
        row = BrokerToken.objects.filter(key_hash=self._key_hash).first()
        return row.token if row else None

    def renew(self, issue: Callable[[], Token], refused: str | None) -> Token:
        """Raises what `issue` raises, and `AuthFailed` when another process never finishes its own."""
        row = self._locked()
        try:
            token = renewed(row.token, issue, refused)
            if token != row.token:
                self._rows().update(value=token.value, expires_at=token.expires_at, issued_at=clock.now())
            return token
        finally:
            self._rows().update(issuing_until=None)

    def _locked(self) -> BrokerToken:
        BrokerToken.objects.get_or_create(key_hash=self._key_hash)
        give_up = clock.now() + 2 * ISSUING_TAKES_AT_MOST
        while clock.now() < give_up:
            free = Q(issuing_until=None) | Q(issuing_until__lt=clock.now())
            if self._rows().filter(free).update(issuing_until=clock.now() + ISSUING_TAKES_AT_MOST):
                return self._rows().get()
            time.sleep(LOOK_AGAIN_SECONDS)
        raise AuthFailed("Another process has been fetching the token for too long.")

    def _rows(self) -> models.QuerySet[BrokerToken]:
        return BrokerToken.objects.filter(key_hash=self._key_hash)
