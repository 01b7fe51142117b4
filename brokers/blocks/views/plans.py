"""배분계획: the list, one version, and writing one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from brokers.blocks.forms import LegForms, PlanForm
from brokers.blocks.models import Plan
from brokers.blocks.models.plans import PARTS_OF_WHOLE
from brokers.blocks.rights import funds_of, may_order, plans_of
from brokers.blocks.selectors import legs_of, newest_plans
from brokers.blocks.services.plans import save_plan
from brokers.blocks.terms import Basis, Mode
from brokers.rights import accounts_of
from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError

BLANK_ROWS = 3


@require_GET
@signed_in
def plans(request: SignedInRequest) -> HttpResponse:
    context = {
        "plans": newest_plans(request.user),
        "may_write": funds_of(request.user).exists() and accounts_of(request.user).exists(),
    }
    return render(request, "blocks/plans.html", context)


@require_GET
@signed_in
def plan(request: SignedInRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(plans_of(request.user).select_related("executing_account", "made_by"), pk=pk)
    legs = legs_of(found)
    context = {
        "plan": found,
        "legs": legs,
        "versions": plans_of(request.user).filter(code=found.code).order_by("-version")[:20],
        "may_order": found.replaced_at is None and may_order(request.user, found),
        "whole": PARTS_OF_WHOLE,
        "total": sum(leg.weight for leg in legs),
    }
    return render(request, "blocks/plan.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: SignedInRequest, pk: str = "") -> HttpResponse:
    """A new plan, or an old one as a start: one that has ordered gets a new version."""
    before = get_object_or_404(plans_of(request.user), pk=pk) if pk else None
    data = request.POST if request.method == "POST" else None
    form = PlanForm(data, user=request.user, initial=_values(before) if before else None)
    legs = LegForms(
        data,
        prefix="leg",
        form_kwargs={"user": request.user},
        initial=_rows(before) if data is None else None,
    )
    if data is None and before is None:
        legs.extra = BLANK_ROWS
    context: dict[str, Any] = {"form": form, "legs": legs, "before": before}
    if request.method == "POST":
        saved = _saved(request, form, legs)
        if isinstance(saved, Plan):
            messages.success(request, f"{saved}을(를) 저장했습니다.")
            return redirect("blocks:plan", pk=saved.pk)
        context["wrong"] = saved
    return render(request, "blocks/plan_edit.html", context, status=422 if request.method == "POST" else 200)


def _saved(request: SignedInRequest, form: PlanForm, legs: Any) -> Plan | str:
    """The stored plan, or what is wrong with the whole of it."""
    if not (form.is_valid() and legs.is_valid()):
        return "표시된 곳을 고치세요."
    mode, basis = Mode(form.cleaned_data["mode"]), Basis(form.cleaned_data["basis"])
    try:
        rows = [leg.draft(mode, basis) for leg in legs if not leg.is_blank]
        return save_plan(request.user, form.draft(rows))
    except LucyError as refusal:
        if (field := refusal.details.get("field")) in form.fields:
            form.add_error(field, refusal.message)
            return "표시된 곳을 고치세요."
        return refusal.message
    except ValidationError as odd:
        return str(odd.message)


def _values(plan: Plan) -> dict[str, Any]:
    names = ("code", "name", "mode", "basis", "rounding", "lot", "on_trouble")
    return {name: getattr(plan, name) for name in names} | {"executing_account": plan.executing_account_id}


def _rows(plan: Plan | None) -> list[dict[str, Any]]:
    if plan is None:
        return []
    return [
        {
            "fund": leg.fund_id,
            "account": leg.account_id,
            "part": leg.percent if plan.basis == Basis.WEIGHT else leg.weight,
            "cap": leg.cap,
        }
        for leg in legs_of(plan)
    ]
