"""Funds, who orders for them, what they may not trade, and the house's approval rule; changes are told."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest

from accounts.rights import user_of
from brokers.admin.rules import RuleAdmin
from brokers.blocks.models import BlockRule, Fund, FundGrant, FundHolding, FundTarget, IssueRule
from brokers.blocks.services.funds import require_past, require_settled
from brokers.services.limits import note_change, stored_values, values_of
from lucy.errors import LucyError


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


class FundForm(forms.ModelForm[Fund]):
    """The books' moment may not leave open blocks behind, here as on the fund's page."""

    def clean_as_of(self) -> datetime:
        as_of: datetime = self.cleaned_data["as_of"]
        stored = Fund.objects.filter(pk=self.instance.pk).first()
        try:
            require_past(as_of)
            if stored is not None:
                require_settled(stored, as_of)
        except LucyError as refusal:
            raise ValidationError(refusal.message) from refusal
        return as_of


@admin.register(Fund)
class FundAdmin(RuleAdmin):
    """Cash and holdings are those of `기준시각`; what blocks did since is added by Lucy."""

    form = FundForm
    list_display = ("code", "name", "cash", "as_of", "order_value", "day_value", "four_eyes", "is_active")
    list_filter = ("is_active", "four_eyes")
    search_fields = ("code__startswith", "name__startswith")
    ordering = ("code",)
    inlines = (GrantInline, HoldingInline, TargetInline)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The rows below the fund are told in the history as the fund itself is."""
        by = user_of(request).get_username()
        rows: list[Model] = formset.save(commit=False)
        for row in formset.deleted_objects:
            note_change(by, row, stored_values(row), {})
            row.delete()
        for row in rows:
            before = stored_values(row)
            row.save()
            note_change(by, row, before, values_of(row))
        formset.save_m2m()

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
