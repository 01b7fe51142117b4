"""People: our own user model, where they are signed in, and how they want to be told."""

from functools import cached_property

from bson import ObjectId
from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac


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

    @property
    def every_permission(self) -> set[str]:
        """The person's own and the groups', also while the person is stopped."""
        return self._user_perm_cache | self._group_perm_cache

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


class BrowserSession(AbstractBaseSession):
    """A browser's session with whose it is, so that a person sees their own and may end them."""

    user_id: ObjectId | None
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", verbose_name="사용자"
    )
    address = models.CharField("주소", max_length=45, blank=True, default="")
    agent = models.CharField("브라우저", max_length=255, blank=True, default="")
    signed_in_at = models.DateTimeField("로그인", null=True)

    class Meta:
        verbose_name = "로그인한 브라우저"
        verbose_name_plural = "로그인한 브라우저"

    @property
    def handle(self) -> str:
        """What pages call it: the key itself opens the session."""
        return str(salted_hmac("accounts.session", self.session_key).hexdigest()[:24])


class TokenChain(models.Model):
    """What one script was given: a refresh token, and each one that it was traded for."""

    user_id: ObjectId
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name="사용자")
    jti = models.CharField("지금의 토큰", max_length=64, unique=True)
    address = models.CharField("주소", max_length=45, blank=True, default="")
    agent = models.CharField("프로그램", max_length=255, blank=True, default="")
    created_at = models.DateTimeField("발급")
    renewed_at = models.DateTimeField("갱신")
    expires_at = models.DateTimeField("만료", db_index=True)

    class Meta:
        verbose_name = "API 토큰"
        verbose_name_plural = "API 토큰"


class NoticePreference(models.Model):
    """How a user is told; who has no row gets everything, shown as toasts, without a sound.

    The lists hold kinds of `brokers.models.notices`. Quiet hours are of the day in Seoul.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+", verbose_name="사용자")
    unwanted = models.JSONField("받지 않음", default=list, blank=True)
    without_toast = models.JSONField("토스트 없음", default=list, blank=True)
    with_sound = models.JSONField("소리", default=list, blank=True)
    quiet_from = models.TimeField("조용한 시간 시작", null=True)
    quiet_until = models.TimeField("조용한 시간 끝", null=True)

    class Meta:
        verbose_name = "알림 설정"
        verbose_name_plural = "알림 설정"

    @classmethod
    def of(cls, user: User) -> "NoticePreference":
        return cls.objects.filter(user=user).first() or cls(user=user)

    @property
    def quiet(self) -> list[str] | None:
        """From and until as HH:MM; the end may lie after midnight."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return [f"{self.quiet_from:%H:%M}", f"{self.quiet_until:%H:%M}"]
