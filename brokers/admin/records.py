"""Fills, the trail, notices, modifies and cancels: what happened, to read."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from brokers.admin.lists import AccountFilter, ReadOnlyAdmin, RecordsAdmin, RecordsChangeList, period_by
from brokers.models import Fill, Notice, OrderChange, OrderEvent, UserNotice


@admin.register(Fill)
class FillAdmin(RecordsAdmin):
    list_display = (
        "executed_at",
        "account_name",
        "side",
        "symbol",
        "quantity",
        "price",
        "broker_order_no",
        "fill_no",
        "source",
    )
    list_filter = (period_by("executed_at"), AccountFilter, "side", "source")
    search_fields = ("symbol__exact", "broker_order_no__exact")
    search_help_text = "종목코드, 주문번호 (고른 기간 안에서)"
    ordering = ("-executed_at", "-pk")


@admin.register(OrderEvent)
class OrderEventAdmin(RecordsAdmin):
    """Append-only: the hash chain shows any change that bypassed this."""

    list_display = ("at", "account_name", "seq", "kind", "order_name", "actor", "text")
    list_filter = (period_by("pk"), AccountFilter, "kind")
    search_fields = ("actor__exact",)
    search_help_text = "누가 (고른 기간 안에서)"
    ordering = ("-pk",)


@admin.register(OrderChange)
class OrderChangeAdmin(RecordsAdmin):
    list_display = (
        "created_at",
        "account_name",
        "kind",
        "order_name",
        "quantity",
        "price",
        "status",
        "broker_order_no",
        "note",
    )
    list_filter = (period_by("pk"), AccountFilter, "status", "kind")
    search_fields = ("broker_order_no__exact", "original_no__exact", "client_request_id__exact")
    search_help_text = "주문번호, 원주문번호, 고객 요청 ID (고른 기간 안에서)"
    ordering = ("-pk",)


@admin.register(Notice)
class NoticeAdmin(RecordsAdmin):
    list_display = ("created_at", "account_name", "seq", "kind", "text")
    list_filter = (period_by("created_at"), AccountFilter, "kind")
    ordering = ("-created_at", "-pk")


@admin.register(UserNotice)
class UserNoticeAdmin(ReadOnlyAdmin):
    """What users were told that belongs to no account."""

    list_display = ("created_at", "user_name", "seq", "kind", "text")
    list_filter = (period_by("created_at"), "kind")
    ordering = ("-created_at", "-pk")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordsChangeList

    @admin.display(description="사용자")
    def user_name(self, row: UserNotice) -> str:
        return str(row.user)
