"""Sign-ins: who failed, who waits, who came; in place of axes' own pages, which count every row."""

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.lockout import pause_left, spoken
from accounts.rights import user_of
from brokers.admin.lists import ReadOnlyAdmin, period_by

for model in (AccessAttempt, AccessFailureLog, AccessLog):
    admin.site.unregister(model)


@admin.register(AccessAttempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Who waits now, and for how long."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "waits", "user_agent")
    search_fields = ("username__exact", "ip_address__exact")
    ordering = ("-attempt_time",)
    fields = ("username", "ip_address", "attempt_time", "failures_since_start", "user_agent", "path_info")
    actions = ("forgive",)

    @admin.display(description="남은 시간")
    def waits(self, attempt: Any) -> str:
        left = pause_left(attempt.username, attempt.ip_address)
        return spoken(left) if left else ""

    def has_forgive_permission(self, request: HttpRequest) -> bool:
        return user_of(request).has_perm("accounts.change_user")

    @admin.action(description="기다림 풀기", permissions=["forgive"])
    def forgive(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        count, _ = chosen.delete()
        self.message_user(request, f"{count}건을 풀었습니다.")


@admin.register(AccessFailureLog)
class FailureAdmin(ReadOnlyAdmin):
    list_display = ("attempt_time", "username", "ip_address", "path_info", "locked_out", "user_agent")
    list_filter = (period_by("pk"), "locked_out")
    search_fields = ("username__exact", "ip_address__exact")
    ordering = ("-pk",)


@admin.register(AccessLog)
class SignInAdmin(ReadOnlyAdmin):
    list_display = ("attempt_time", "username", "ip_address", "path_info", "logout_time", "user_agent")
    list_filter = (period_by("pk"),)
    search_fields = ("username__exact", "ip_address__exact")
    ordering = ("-pk",)
    exclude = ("session_hash",)
