"""The operators' console for 종목찾기: how Judal was read, and how it shall be."""

from django.contrib import admin
from django.http import HttpRequest

from brokers.admin.lists import ReadOnlyAdmin
from screener.models import JudalRun, JudalSettings


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
