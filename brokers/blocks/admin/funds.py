"""Funds, who orders for them, what they may not trade, and the house's approval rule; changes are told."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from brokers.admin.rules import RuleAdmin
from brokers.blocks.models import BlockRule, Fund, FundGrant, FundHolding, FundTarget, IssueRule


class GrantInline(admin.TabularInline[FundGrant, Fund]):
    model = FundGrant
    extra = 0
    autocomplete_fields = ("user",)


class HoldingInline(admin.TabularInline[FundHolding, Fund]):
    model = FundHolding
    extra = 0


class TargetInline(admin.TabularInline[FundTarget, Fund]):
    model = FundTarget
    extra = 0


@admin.register(Fund)
class FundAdmin(RuleAdmin):
    """Cash and holdings are those of `기준시각`; what blocks did since is added by Lucy."""

    list_display = ("code", "name", "cash", "as_of", "order_value", "day_value", "four_eyes", "is_active")
    list_filter = ("is_active", "four_eyes")
    search_fields = ("code__startswith", "name__startswith")
    ordering = ("code",)
    inlines = (GrantInline, HoldingInline, TargetInline)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A fund that is not used any more is switched off: its history stays."""
        return False


@admin.register(IssueRule)
class IssueRuleAdmin(RuleAdmin):
    list_display = ("symbol", "fund", "side", "stance", "reason")
    list_filter = ("stance", "side")
    search_fields = ("symbol__exact", "reason")
    autocomplete_fields = ("fund",)
    ordering = ("symbol",)


@admin.register(BlockRule)
class BlockRuleAdmin(RuleAdmin):
    """One row for the house."""

    list_display = ("__str__", "approval_value", "approval_minutes")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not BlockRule.objects.exists()
