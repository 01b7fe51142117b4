"""The operators' console for 종목찾기: how Judal was read and shall be, and what users keep."""

from django.contrib import admin
from django.http import HttpRequest

from brokers.admin.lists import ReadOnlyAdmin
from screener.models import JudalRun, JudalSettings, OwnScreen, SavedScreen


@admin.register(JudalRun)
class JudalRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "status", "themes", "stocks", "pages", "ended_at", "trigger")
    list_filter = ("status",)
    ordering = ("-started_at",)


@admin.register(JudalSettings)
class JudalSettingsAdmin(admin.ModelAdmin[JudalSettings]):
    list_display = ("__str__", "enabled", "pause_seconds", "keep_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One row, made by the first run."""
        return not JudalSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: JudalSettings | None = None) -> bool:
        return False


@admin.register(SavedScreen)
class SavedScreenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "screen", "schedule", "good_at", "failures", "error")
    list_filter = ("schedule",)
    ordering = ("name",)


@admin.register(OwnScreen)
class OwnScreenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "shared", "changed_at")
    list_filter = ("shared",)
    ordering = ("name",)
