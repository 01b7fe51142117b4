"""Listed issues, as the brokers told them."""

from django.contrib import admin

from brokers.admin.lists import ReadOnlyAdmin
from brokers.models import Instrument


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "name", "market", "kind", "base_price", "upper_limit", "lower_limit", "seen_at")
    list_filter = ("market", "kind")
    search_fields = ("symbol__startswith", "name__startswith", "initials__startswith")
    search_help_text = "종목코드, 종목명, 초성의 첫 글자들"
    ordering = ("symbol",)
