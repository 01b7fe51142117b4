"""The access token of an app key, shared by all processes."""

from django.db import models

from lucy.secrets import EncryptedTextField


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
