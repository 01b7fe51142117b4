"""Users: who they are, which role, which accounts; only administrators make staff."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from accounts.rights import decides_on_roles, user_of
from accounts.roles import STAFF_ROLES
from accounts.services import end_sessions, revoke_every_token, settle_staff_flag
from brokers.admin.accounts import GrantInline

_NAMED = ("content_type__app_label", "codename")


class NewPasswordByStaffForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # no generic at run time
    """Whoever knew the old password keeps no session and no token of it."""

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        revoke_every_token(user)
        end_sessions(user)
        return user


class GrantOfUserInline(GrantInline):
    verbose_name_plural = "계좌 권한"


@admin.register(User)
class LucyUserAdmin(UserAdmin[User]):
    change_password_form = NewPasswordByStaffForm
    list_display = ("username", "last_name", "first_name", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("username__startswith", "email__startswith", "last_name", "first_name")
    readonly_fields = ("is_staff", "last_login", "date_joined", "tokens_valid_from")
    inlines = (GrantOfUserInline,)
    actions = ("revoke_tokens",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("사람", {"fields": ("last_name", "first_name", "email")}),
        ("권한", {"fields": ("is_active", "is_staff", "groups")}),
        ("기록", {"fields": ("last_login", "date_joined", "tokens_valid_from")}),
    )
    _for_superusers = (
        "그 밖의 권한",
        {"fields": ("is_superuser", "user_permissions"), "classes": ("collapse",)},
    )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return (*fieldsets, self._for_superusers) if obj and user_of(request).is_superuser else fieldsets

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups" and not decides_on_roles(request):
            kwargs["queryset"] = Group.objects.filter(pk__in=_groups_below(user_of(request)))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or decides_on_roles(request) or _is_below(obj, user_of(request)))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # orders and the trail name people; who leaves is made inactive

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        settle_staff_flag(form.instance)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    @admin.action(description="API 토큰 모두 회수", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for user in chosen:
            revoke_every_token(user)
            self.log_change(request, user, "API 토큰을 모두 회수함")
            self.message_user(request, f"{user}: API 토큰을 모두 회수했습니다.", messages.SUCCESS)


def _is_below(user: User, editor: User) -> bool:
    """Whether the editor may be trusted with this person's password: nothing is won by it."""
    staff = user.is_superuser or user.is_staff or user.groups.filter(name__in=STAFF_ROLES).exists()
    return not staff and user.every_permission <= editor.every_permission


def _groups_below(editor: User) -> list[Any]:
    """The groups that give nobody more than the editor has."""
    return [
        group.pk
        for group in Group.objects.exclude(name__in=STAFF_ROLES)
        if {f"{app}.{name}" for app, name in group.permissions.values_list(*_NAMED)}
        <= editor.every_permission
    ]
