"""Listed issues, as the brokers told them, and how far their stored prices reach."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from brokers.admin.lists import ReadOnlyAdmin
from brokers.models import Instrument, PriceHistory
from brokers.services import collect


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "name", "market", "kind", "base_price", "upper_limit", "lower_limit", "seen_at")
    list_filter = ("market", "kind")
    search_fields = ("symbol__startswith", "name__startswith", "initials__startswith")
    search_help_text = "종목코드, 종목명, 초성의 첫 글자들"
    ordering = ("symbol",)


@admin.register(PriceHistory)
class PriceHistoryAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "interval", "first_day", "last_day", "collected_at", "reread_at", "error")
    list_filter = ("interval", ("failed_at", admin.EmptyFieldListFilter))
    search_fields = ("symbol__startswith",)
    search_help_text = "종목코드의 첫 글자들"
    ordering = ("-collected_at",)
    change_list_template = "admin/brokers/pricehistory/change_list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"progress": collect.progress()} | (extra_context or {})
        return super().changelist_view(request, context)
