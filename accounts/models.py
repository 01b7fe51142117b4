"""People: our own user model, and the refresh tokens they took back."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import QuerySet


class User(AbstractUser):
    """Someone who signs in. What they may do comes from groups and from grants on broker accounts."""

    tokens_valid_from = models.DateTimeField(
        "토큰 유효 시작", null=True, blank=True, help_text="이 시각 전에 발급된 API 토큰은 모두 거절됩니다."
    )

    class Meta:
        verbose_name = "사용자"
        verbose_name_plural = "사용자"

    # Django asks for permissions with joins that MongoDB answers in 20 ms, but it looks here first: these are
    # the names of ModelBackend's own caches. Questions by key take 3 ms.
    @cached_property
    def _user_perm_cache(self) -> set[str]:
        own = User.user_permissions.through.objects.filter(user_id=self.pk)
        return self._named(
            Permission.objects.filter(pk__in=list(own.values_list("permission_id", flat=True)))
        )

    @cached_property
    def _group_perm_cache(self) -> set[str]:
        memberships = User.groups.through.objects.filter(user_id=self.pk).values_list("group_id", flat=True)
        given = Group.permissions.through.objects.filter(group_id__in=list(memberships))
        return self._named(
            Permission.objects.filter(pk__in=list(given.values_list("permission_id", flat=True)))
        )

    def _named(self, permissions: "QuerySet[Permission]") -> set[str]:
        chosen = Permission.objects.all() if self.is_superuser else permissions
        pairs = chosen.order_by().values_list("content_type_id", "codename")
        return {f"{ContentType.objects.get_for_id(kind).app_label}.{codename}" for kind, codename in pairs}


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
