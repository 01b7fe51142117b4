"""What users watch and at which prices they are called: for questions of users, changed by themselves."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from brokers.admin.lists import ReadOnlyAdmin, RecordsChangeList
from brokers.models import WatchedStock


@admin.register(WatchedStock)
class WatchedStockAdmin(ReadOnlyAdmin):
    list_display = (
        "user_name",
        "name",
        "symbol",
        "tag_names",
        "buy_below",
        "sell_above",
        "crossing",
        "crossed_at",
    )
    list_filter = ("crossing", "held", "followed", "day_trade")
    search_fields = ("symbol__startswith", "name__startswith")
    search_help_text = "종목코드, 종목명의 첫 글자들"
    ordering = ("-added_at",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordsChangeList]:
        return RecordsChangeList

    @admin.display(description="사용자")
    def user_name(self, row: WatchedStock) -> str:
        return str(row.user)

    @admin.display(description="태그")
    def tag_names(self, row: WatchedStock) -> str:
        return ", ".join(str(tag.label) for tag in row.tags)
