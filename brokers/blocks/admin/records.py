"""Plans, blocks and allocations as they happened: to read."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.rights import user_of
from brokers.admin.lists import ReadOnlyAdmin, ShownInline, period_by
from brokers.blocks.models import Approval, Basket, Block, BlockChild, BlockEvent, Leg, Plan
from brokers.blocks.rights import blocks_of, plans_of
from brokers.selectors import with_related


class NamedChangeList(ChangeList):
    """Names what the page's rows point to in one question each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        with_related(rows, *(name for name in ("plan", "user", "block") if hasattr(self.model, name)))
        self.result_list = rows


class NamedAdmin(ReadOnlyAdmin):
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedChangeList


class LegInline(ShownInline):
    model = Leg
    fields = ("position", "fund", "account", "weight", "cap")
    ordering = ("position",)


class ChildInline(ShownInline):
    model = BlockChild
    fields = ("position", "fund", "account", "quantity", "state", "client_order_id", "note")
    ordering = ("position",)


class EventInline(ShownInline):
    model = BlockEvent
    fields = ("seq", "at", "kind", "actor", "text")
    ordering = ("seq",)


@admin.register(Plan)
class PlanAdmin(NamedAdmin):
    list_display = ("code", "version", "name", "mode", "basis", "rounding", "frozen_at", "replaced_at")
    list_filter = ("mode", "basis")
    search_fields = ("code__startswith", "name__startswith")
    ordering = ("-created_at", "-pk")
    inlines = (LegInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return plans_of(user_of(request))


@admin.register(Block)
class BlockAdmin(NamedAdmin):
    list_display = (
        *("created_at", "plan_name", "user_name", "side", "symbol", "ordered_quantity", "price"),
        *("filled_quantity", "open_quantity", "troubled", "status", "halted"),
    )
    list_filter = (period_by("created_at"), "status", "side")
    search_fields = ("symbol__exact", "client_block_id__exact")
    ordering = ("-created_at", "-pk")
    inlines = (ChildInline, EventInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Block]:
        return blocks_of(user_of(request))

    @admin.display(description="배분계획")
    def plan_name(self, block: Block) -> str:
        return str(block.plan)

    @admin.display(description="요청자")
    def user_name(self, block: Block) -> str:
        return str(block.user)


@admin.register(Approval)
class ApprovalAdmin(NamedAdmin):
    list_display = ("asked_at", "block_name", "state", "expires_at", "decided_at", "note")
    list_filter = (period_by("asked_at"), "state")
    ordering = ("-asked_at", "-pk")

    @admin.display(description="블록")
    def block_name(self, approval: Approval) -> str:
        return str(approval.block)


@admin.register(Basket)
class BasketAdmin(NamedAdmin):
    list_display = ("created_at", "file_name", "user_name", "file_hash")
    list_filter = (period_by("created_at"),)
    ordering = ("-created_at", "-pk")

    @admin.display(description="올린 사람")
    def user_name(self, basket: Basket) -> str:
        return str(basket.user)
