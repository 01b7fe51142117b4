"""The operators' console for public offerings: what was read, how well, and the history that staff keep."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from brokers.admin.lists import ReadOnlyAdmin, period_by
from ipo.models import (
    Forecast,
    ForecastModel,
    Offering,
    OfferingChange,
    OfferingHistory,
    OfferingMark,
    RawPage,
    ScrapeRun,
    ScrapeSettings,
)
from ipo.selectors import source_health
from ipo.tasks import site38_reparse, site38_work

MOST_SHOWN = 200  # offers, pages: a reason repeats itself


@admin.register(Offering)
class OfferingAdmin(ReadOnlyAdmin):
    list_display = (
        "no",
        "name",
        "market",
        "subscription_start",
        "subscription_end",
        "listing_on",
        "offer_price",
        "institution_ratio",
        "lockup_percent",
        "underwriter_names",
        "detail_at",
        "missing_since",
    )
    list_filter = ("is_spac", "is_reit", "is_foreign", "progress")
    search_fields = ("name", "code__startswith", "underwriter_names")
    search_help_text = "종목명, 종목코드, 주간사"
    ordering = ("-no",)


@admin.register(OfferingChange)
class OfferingChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "offering_id", "field", "before", "after")
    list_filter = ("field",)
    ordering = ("-at",)


@admin.register(OfferingMark)
class OfferingMarkAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "offering")
    list_filter = (period_by("pk"),)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "offering").defer("offering__sections")


@admin.register(ForecastModel)
class ForecastModelAdmin(ReadOnlyAdmin):
    """Formulas as they were made; which one is in use is chosen on 공모주-예측."""

    list_display = (
        "version",
        "formula",
        "in_use",
        "n",
        "r2",
        "loo_error",
        "median_error",
        "made_at",
        "author",
    )
    list_filter = ("formula", "in_use")
    ordering = ("-version",)


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin):
    """What was said before each listing, and by which formula."""

    list_display = ("at", "offering", "model", "offer_price", "price", "low_price", "high_price", "clipped")
    list_filter = (period_by("at"), "clipped")
    ordering = ("-at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Joined within a period; without the rows behind each formula and the offers' sections."""
        rows = super().get_queryset(request).select_related("offering", "model")
        return rows.defer("model__rows", "model__left_out", "model__trials", "offering__sections")


class OfferingHistoryForm(forms.ModelForm[OfferingHistory]):
    def clean(self) -> dict[str, Any]:
        """The key is made, not typed: say in words when it is taken."""
        told = super().clean() or self.cleaned_data
        key = OfferingHistory.key_of(told.get("code", ""), told.get("company", ""))
        if OfferingHistory.objects.filter(key=key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("같은 종목코드(없으면 회사명)의 기록이 이미 있습니다.")
        return told


@admin.register(OfferingHistory)
class OfferingHistoryAdmin(admin.ModelAdmin[OfferingHistory]):
    form = OfferingHistoryForm
    list_display = (
        "company",
        "code",
        "listing_on",
        "offer_price",
        "sales_eok",
        "net_income_eok",
        "institution_ratio",
        "lockup_percent",
        "first_day_high",
        "shown_multiple",
        "note",
    )
    search_fields = ("company", "code__startswith")
    ordering = ("-listing_on",)

    @admin.display(description="배수")
    def shown_multiple(self, row: OfferingHistory) -> str:
        return "" if row.multiple is None else f"{row.multiple:.2f}"


@admin.register(ScrapeSettings)
class ScrapeSettingsAdmin(admin.ModelAdmin[ScrapeSettings]):
    list_display = ("source", "enabled", "list_pages", "pause_seconds", "keep_raw_days", "stale_hours")
    readonly_fields = ("source",)
    actions = ("read_now", "read_kept_pages_again")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="지금 수집", permissions=["change"])
    def read_now(self, request: HttpRequest, chosen: QuerySet[ScrapeSettings]) -> None:
        site38_work.apply_async(headers={"asked_by": request.user.get_username()})
        self.message_user(request, "수집을 시켰습니다. 결과는 수집 기록에 남습니다.", messages.SUCCESS)

    @admin.action(description="보관된 원본 다시 읽기", permissions=["change"])
    def read_kept_pages_again(self, request: HttpRequest, chosen: QuerySet[ScrapeSettings]) -> None:
        site38_reparse.apply_async(headers={"asked_by": request.user.get_username()})
        self.message_user(
            request, "원본을 다시 읽게 했습니다. 결과는 수집 기록에 남습니다.", messages.SUCCESS
        )


@admin.register(ScrapeRun)
class ScrapeRunAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "source",
        "status",
        "trigger",
        "pages",
        "rows",
        "saved",
        "refusals",
        "seconds",
        "error",
    )
    list_filter = ("status", "source")
    ordering = ("-started_at",)
    change_list_template = "admin/ipo/scraperun/change_list.html"

    @admin.display(description="거절")
    def refusals(self, row: ScrapeRun) -> int:
        return len(row.refused)

    def get_urls(self) -> list[URLPattern]:
        shown = self.admin_site.admin_view(self.health)
        return [path("health/", shown, name="ipo_scraperun_health"), *super().get_urls()]

    def health(self, request: HttpRequest) -> HttpResponse:
        """Source health: the last good copy, its age, rows read, rows refused and why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        health = source_health()
        context = self.admin_site.each_context(request) | {
            "title": "수집 상태",
            "health": health,
            "refused": health.last_run.refused[:MOST_SHOWN] if health.last_run else [],
            "oddities": health.last_run.oddities[:MOST_SHOWN] if health.last_run else [],
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "admin/ipo/scraperun/health.html", context)


@admin.register(RawPage)
class RawPageAdmin(ReadOnlyAdmin):
    list_display = ("fetched_at", "kind", "no", "url", "size")
    list_filter = ("kind",)
    exclude = ("packed",)
    ordering = ("-fetched_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("packed")
