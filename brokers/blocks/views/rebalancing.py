"""리밸런싱: what brings a plan's funds to their targets, seen first; then how its blocks fare."""

from typing import Any
from uuid import UUID, uuid4

from bson import ObjectId
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from brokers.blocks.models import Plan
from brokers.blocks.rights import plans_of
from brokers.blocks.services import rebalancing
from brokers.blocks.services.plans import require_in_force
from brokers.blocks.services.rebalancing import key_of, looked_at
from brokers.blocks.wave import Wave
from brokers.selectors import with_related
from brokers.views.access import SignedInRequest, signed_in
from lucy import clock
from lucy.errors import LucyError


def plan_to_order(request: SignedInRequest, key: str) -> Plan:
    """Raises `Http404`, and `LucyError` (`plan_replaced`, 409) for a plan that was changed meanwhile."""
    if not ObjectId.is_valid(key):
        raise Http404
    plans = plans_of(request.user, to_order=True).select_related("executing_account")
    plan: Plan = get_object_or_404(plans, pk=key)
    require_in_force(plan)
    return plan


@require_http_methods(["GET", "POST"])
@signed_in
def rebalance(request: SignedInRequest) -> HttpResponse:
    """`?plan=`: the proposal; POST places the blocks of the one that was looked at."""
    plans = plans_of(request.user, to_order=True).filter(replaced_at=None).order_by("code")[:300]
    context: dict[str, Any] = {"plans": list(plans)}
    key = request.POST.get("plan") or request.GET.get("plan", "")
    if not key:
        return render(request, "blocks/rebalance.html", context)
    try:
        plan = plan_to_order(request, key)
    except LucyError as refusal:
        return render(request, "blocks/rebalance.html", context | {"refusal": refusal}, status=refusal.status)
    status = 200
    if request.method == "POST":
        placed = _placed(request, plan)
        if isinstance(placed, HttpResponse):
            return placed
        context["refusal"], status = placed, 409
    try:
        found = rebalancing.propose(request.user, plan, whole=True)
        context |= {"round": found, "at": clock.now(), "look": found.sealed(request.user, str(uuid4()))}
    except LucyError as refusal:
        context.setdefault("refusal", refusal)
        status = max(status, refusal.status)
    return render(request, "blocks/rebalance.html", context | {"plan": plan}, status=status)


def _placed(request: SignedInRequest, plan: Plan) -> HttpResponse | LucyError:
    """The round's page, or why nothing was sent."""
    if "read" not in request.POST:
        return LucyError("unread", "수량과 금액을 확인하고 표시하세요. 보낸 것은 없습니다.", status=409)
    try:
        looked = looked_at(request.user, request.POST.get("look", ""))
        chosen = set(request.POST.getlist("leaves"))
        wishes = [wish for wish in looked.wishes if key_of(wish) in chosen]
        if looked.plan_key != str(plan.pk) or not wishes:
            return LucyError(
                "nothing_chosen", "보낼 블록을 하나 이상 고르세요. 보낸 것은 없습니다.", status=409
            )
        made = rebalancing.place(request.user, plan, looked.name, wishes)
        messages.success(request, f"블록 {len(made)}건을 만들었습니다. 체결은 이 화면에 들어옵니다.")
    except LucyError as refusal:
        if refusal.code != "partly_placed":
            return refusal
        messages.error(request, refusal.message)
    return redirect("blocks:rebalance-round", name=looked.name)


@require_GET
@signed_in
def one_round(request: SignedInRequest, name: UUID) -> HttpResponse:
    """How the blocks of one round fare; with htmx the part that follows them."""
    blocks = list(rebalancing.blocks_named(request.user, str(name)))
    if not blocks:
        raise Http404
    with_related(blocks, "plan")
    context = {"wave": Wave(blocks), "plan": blocks[0].plan, "name": name}
    wanted = "blocks/parts/wave.html" if request.htmx else "blocks/rebalance_round.html"
    return render(request, wanted, context | {"address": request.path})
