"""Rules that staff keep: limits, restricted issues, closed days; each change is told in the history."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.rights import user_of
from brokers.admin.lists import ReadOnlyAdmin, period_by
from brokers.models import (
    BrokerAccount,
    DaySource,
    EventDay,
    RestrictedIssue,
    RuleChange,
    Scope,
    TradingLimit,
)
from brokers.services.limits import note_change, stored_values, values_of
from lucy import clock


class RuleAdmin(admin.ModelAdmin[Any]):
    """A rule's form, and the line in the history for whatever it changes."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        before = stored_values(obj)
        super().save_model(request, obj, form, change)
        note_change(user_of(request).get_username(), obj, before, values_of(obj))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        before = stored_values(obj)
        note_change(user_of(request).get_username(), obj, before, {})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)


class ScopeForm(forms.ModelForm[Any]):
    """A scope with the target that fits it, once per target."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        scope = data.get("scope")
        for name in (Scope.ACCOUNT.value, Scope.USER.value):
            if scope == name and not data.get(name):
                self.add_error(name, "범위에 맞는 대상을 고르세요.")
            elif scope != name and data.get(name):
                self.add_error(name, "이 범위에는 비워 두세요.")
        if not self.errors and self._is_taken(data):
            self.add_error("scope", "이 대상의 행이 이미 있습니다.")
        return data

    def _is_taken(self, data: dict[str, Any]) -> bool:
        for name, value in data.items():
            setattr(self.instance, name, value)
        same = type(self.instance)._default_manager.filter(key=self.instance.own_key())
        return bool(same.exclude(pk=self.instance.pk).exists())


class ScopedAdmin(admin.ModelAdmin[Any]):
    autocomplete_fields = ("user",)
    list_filter = ("scope",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("account", "user")
        return rows.defer("account__app_key", "account__app_secret")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            kwargs["queryset"] = BrokerAccount.objects.defer("app_key", "app_secret").order_by(
                "broker", "name"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="대상")
    def target(self, row: Any) -> str:
        return str(row.target_name)


@admin.register(TradingLimit)
class TradingLimitAdmin(RuleAdmin, ScopedAdmin):
    """Of all rows that apply to an order, the strictest holds."""

    form = ScopeForm
    list_display = (
        "target",
        "order_quantity",
        "order_value",
        "day_quantity",
        "day_value",
        "distance_percent",
    )
    ordering = ("scope", "key")


@admin.register(RestrictedIssue)
class RestrictedIssueAdmin(RuleAdmin):
    list_display = ("symbol", "side", "reason")
    list_filter = ("side",)
    search_fields = ("symbol__exact", "reason")
    ordering = ("symbol",)


@admin.register(EventDay)
class EventDayAdmin(RuleAdmin):
    """Public holidays as told, days added by staff, and what staff decided about either."""

    list_display = (
        "locdate",
        "date_name",
        "is_holiday",
        "source",
        "closed",
        "hours",
        "decided_by",
        "decided_at",
    )
    list_filter = ("source", "closed", "is_holiday")
    search_fields = ("date_name__startswith",)
    ordering = ("-locdate",)
    fields = ("locdate", "date_name", "date_kind", "is_holiday", "closed", "hours")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What data.go.kr told stays as told; staff decide beside it."""
        told = obj is not None and obj.source == DaySource.GODATA
        return ("locdate", "date_name", "date_kind", "is_holiday") if told else ()

    def save_model(self, request: HttpRequest, obj: EventDay, form: Any, change: bool) -> None:  # type: ignore[override]
        obj.decided_by, obj.decided_at = user_of(request).get_username(), clock.now()
        super().save_model(request, obj, form, change)


@admin.register(RuleChange)
class RuleChangeAdmin(ReadOnlyAdmin):
    """Append-only: who changed which rule, from what to what."""

    list_display = ("at", "by", "rule", "target", "deed", "text")
    list_filter = (period_by("at"), "rule", "deed")
    search_fields = ("by__exact", "target__startswith")
    ordering = ("-at", "-pk")
