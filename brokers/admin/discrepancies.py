"""Differences from the brokers' books, for whoever has to explain them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.rights import user_of
from brokers.admin.lists import AccountFilter, RecordsAdmin, period_by
from brokers.models import Discrepancy, DiscrepancyKind
from brokers.services import discrepancies

EXPLAINED = "담당자가 확인함"


class OpenFilter(admin.SimpleListFilter):
    title = "질문"
    parameter_name = "question"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "확인이 필요한 차이")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        return queryset.filter(resolution="") if self.value() == "open" else queryset


@admin.register(Discrepancy)
class DiscrepancyAdmin(RecordsAdmin):
    list_display = (
        "found_at",
        "account_name",
        "kind",
        "subject",
        "ours",
        "theirs",
        "resolution",
        "resolved_at",
        "resolved_by",
    )
    list_filter = (OpenFilter, period_by("found_at"), AccountFilter, "kind", "resolution")
    ordering = ("-found_at", "-pk")
    actions = ("explain",)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return user_of(request).has_perm("brokers.resolve_discrepancy")

    @admin.action(description="확인함 (잔고 차이는 증권사 값을 새 기준으로)", permissions=["resolve"])
    def explain(self, request: HttpRequest, chosen: QuerySet[Discrepancy]) -> None:
        by_hand = chosen.filter(resolution="").exclude(kind=DiscrepancyKind.UNCLEAR)
        for row in by_hand.select_related("account"):
            discrepancies.accept(row, user_of(request), EXPLAINED)
        self.message_user(
            request, "확인한 것으로 적었습니다. 후보가 여럿인 주문은 '대사 차이' 페이지에서 고르세요."
        )
