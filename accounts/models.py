"""People: our own user model, and the refresh tokens they took back."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Someone who signs in. What they may do comes from groups and from grants on broker accounts."""

    tokens_valid_from = models.DateTimeField(
        "토큰 유효 시작", null=True, blank=True, help_text="이 시각 전에 발급된 API 토큰은 모두 거절됩니다."
    )

    class Meta:
        verbose_name = "사용자"
        verbose_name_plural = "사용자"


class RevokedToken(models.Model):
    """A refresh token that must not be used again; the row goes when the token would have expired."""

    jti = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "회수된 토큰"
        verbose_name_plural = "회수된 토큰"

    def __str__(self) -> str:
        return self.jti
