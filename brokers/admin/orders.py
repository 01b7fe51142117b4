"""Orders for operators: which are stuck or refused, what happened to one, and the last resort."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.rights import user_of
from brokers.admin.lists import AccountFilter, RecordsAdmin, ShownInline, period_by
from brokers.models import ChangeStatus, Fill, Order, OrderChange, OrderEvent, OrderStatus
from brokers.models.orders import WORKING
from brokers.services.changes import cancel_order
from lucy import clock
from lucy.errors import LucyError

ANSWERS_WITHIN = timedelta(seconds=30)
MOST_AT_ONCE = 200
MOST_REASON = 200


class QuestionFilter(admin.SimpleListFilter):
    title = "질문"
    parameter_name = "question"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("stuck", "확인 중에 머문 주문"),
            ("rejected", "오늘 거부된 주문"),
            ("working", "증권사에 살아 있는 주문"),
            ("doubt", "합계 확인이 필요한 주문"),
            ("odd", "수량이 맞지 않는 주문"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        match self.value():
            case "stuck":
                late = Q(status=OrderStatus.SENT, sent_at__lt=clock.now() - ANSWERS_WITHIN)
                return queryset.filter(Q(status=OrderStatus.UNKNOWN) | late)
            case "rejected":
                return queryset.filter(status=OrderStatus.REJECTED, created_at__gte=clock.day_start())
            case "working":
                return queryset.filter(status__in=WORKING)
            case "doubt":
                return queryset.filter(in_doubt=True)
            case "odd":
                ended = F("filled_quantity") + F("cancelled_quantity") + F("expired_quantity")
                return queryset.filter(quantity__lt=ended + F("rejected_quantity"))
        return queryset


class TrailInline(ShownInline):
    model = OrderEvent
    fields = ("seq", "at", "kind", "actor", "text")
    ordering = ("seq",)


class FillInline(ShownInline):
    model = Fill
    fields = ("executed_at", "broker_order_no", "fill_no", "quantity", "price", "source")
    ordering = ("executed_at", "pk")


class ChangeInline(ShownInline):
    model = OrderChange
    fields = ("created_at", "kind", "quantity", "price", "status", "broker_order_no", "note")
    ordering = ("pk",)


@admin.register(Order)
class OrderAdmin(RecordsAdmin):
    list_display = (
        "created_at",
        "account_name",
        "user_name",
        "side",
        "symbol",
        "name",
        "quantity",
        "price",
        "filled_quantity",
        "status",
        "broker_order_no",
        "note",
    )
    list_filter = (QuestionFilter, period_by("created_at"), AccountFilter, "status", "side", "origin")
    search_fields = ("symbol__exact", "broker_order_no__exact", "client_order_id__exact", "name__startswith")
    search_help_text = "종목코드, 종목명, 주문번호, 고객 주문 ID (고른 기간 안에서)"
    ordering = ("-created_at", "-pk")
    inlines = (TrailInline, FillInline, ChangeInline)
    actions = ("cancel_at_broker",)

    @admin.display(description="주문자")
    def user_name(self, order: Order) -> str:
        return str(order.user or order.get_origin_display())

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return user_of(request).has_perm("brokers.cancel_any_order")

    @admin.action(description="증권사에 취소 요청…", permissions=["cancel"])
    def cancel_at_broker(self, request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse | None:
        working = chosen.filter(status__in=WORKING).select_related("account")
        orders = list(working.order_by("pk")[:MOST_AT_ONCE])
        if not orders:
            self.message_user(request, "증권사에 살아 있는 주문이 없습니다.", messages.WARNING)
            return None
        reason = request.POST.get("reason", "").strip()[:MOST_REASON]
        if "confirmed" not in request.POST or not reason:
            return self._asked_first(request, orders)
        for order in orders:
            self._cancel(request, order, request.POST.get("request_id", "")[:64] or uuid4().hex, reason)
        return None

    def _asked_first(self, request: HttpRequest, orders: list[Order]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": "증권사에 취소 요청",
            "opts": self.opts,
            "orders": orders,
            "checkbox": ACTION_CHECKBOX_NAME,
            "request_id": uuid4().hex,  # sent twice, the page still asks once
            "missing": "confirmed" in request.POST,
            "most": MOST_REASON,
        }
        return TemplateResponse(request, "admin/brokers/order/confirm_cancel.html", context)

    def _cancel(self, request: HttpRequest, order: Order, request_id: str, reason: str) -> None:
        try:
            change = cancel_order(order, user_of(request), request_id, by_staff=True, reason=reason)
        except LucyError as error:
            self.message_user(request, f"{order}: {error.message}", messages.ERROR)
            return
        self.log_change(request, order, f"증권사에 취소를 요청함: {reason}")
        refused = change.status == ChangeStatus.REJECTED
        words = f"{order}: {change.get_status_display()} {change.note}".strip()
        self.message_user(request, words, messages.ERROR if refused else messages.SUCCESS)
