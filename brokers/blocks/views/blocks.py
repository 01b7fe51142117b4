"""Block orders: the list, writing one with its preview beside it, and following one."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brokers.blocks.forms import BlockForm, ChangeForm, ModifyForm, PlaceForm
from brokers.blocks.models import Block
from brokers.blocks.rights import APPROVE, blocks_of, may_order, plans_of
from brokers.blocks.selectors import (
    approval_of,
    approvals_waiting,
    block_of,
    children_of,
    shares_of,
    trail_of,
)
from brokers.blocks.services import allocating, changes
from brokers.blocks.services.account_parts import account_parts
from brokers.blocks.services.previewing import Preview, preview, worked_out
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import AT_BROKERS, CANCELLABLE, ENDED, BlockStatus
from brokers.forms import kind_of
from brokers.models import Instrument
from brokers.terms import OrderType, Side
from brokers.ticks import FUND_STEPS, STOCK_STEPS, steps_of
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.paging import newest_first
from lucy.errors import LucyError

STATES: dict[str, tuple[str, list[BlockStatus]]] = {
    "open": ("진행 중", [BlockStatus.AWAITING, BlockStatus.STAGED, *AT_BROKERS]),
    "awaiting": ("승인 대기", [BlockStatus.AWAITING]),
    "final": ("배분 확정", [BlockStatus.FINAL]),
    "ended": ("거절·만료·철회", [status for status in ENDED if status != BlockStatus.FINAL]),
}
CARRIED = ("client_block_id", "plan", "symbol", "side", "order_type", "quantity", "amount", "price")


@require_GET
@signed_in
def blocks(request: SignedInRequest) -> HttpResponse:
    """Newest first. Open ones are brought up to date by news and the sweep, so the list only reads."""
    rows = blocks_of(request.user)
    state = request.GET.get("state", "")
    if state in STATES:
        rows = rows.filter(status__in=STATES[state][1])
    if symbol := request.GET.get("symbol", "").strip().upper():
        rows = rows.filter(symbol=symbol)
    part = newest_first(rows, "created_at", request.GET.get("after", ""), "plan", "user")
    context = {
        "part": part,
        "state": state,
        "states": [(key, words) for key, (words, _) in STATES.items()],
        "may_order": plans_of(request.user, to_order=True).exists(),
        "waiting": len(approvals_waiting(request.user)) if request.user.has_perm(APPROVE) else 0,
    }
    wanted = "blocks/parts/block_rows.html" if "after" in request.GET else "blocks/blocks.html"
    return render(request, wanted, context)


@require_GET
@signed_in
def new(request: SignedInRequest) -> HttpResponse:
    """A fresh form, or with the query's values: back from the confirmation."""
    initial = {name: request.GET[name] for name in CARRIED if request.GET.get(name)}
    first = {"client_block_id": uuid4(), "side": "buy", "order_type": OrderType.LIMIT}
    form = BlockForm(user=request.user, initial=first | initial)
    named = Instrument.objects.filter(symbol=str(form["symbol"].value() or "")).first()
    context = {
        "form": form,
        "instrument": named,
        "kind": named.kind if named else "stock",
        "steps": {"stock": STOCK_STEPS, "etf": FUND_STEPS, "etn": FUND_STEPS},
        "may_order": plans_of(request.user, to_order=True).exists(),
    }
    return render(request, "blocks/new.html", context)


@require_POST
@signed_in
def live_preview(request: SignedInRequest) -> HttpResponse:
    """While it is being written: what the plan makes of it, without asking the brokers about every leg."""
    form = BlockForm(request.POST, user=request.user)
    context: dict[str, Any] = {}
    if form.is_valid():
        try:
            context["found"] = preview(request.user, form.cleaned_data["plan"], form.wish())
        except LucyError as refusal:
            context["refusal"] = refusal
    return render(request, "blocks/parts/preview.html", context)


@require_POST
@signed_in
def preview_accounts(request: SignedInRequest) -> HttpResponse:
    """The part of it that the brokers are asked for; it comes when they have answered."""
    form = BlockForm(request.POST, user=request.user)
    context: dict[str, Any] = {"live": True}
    if form.is_valid():
        try:
            found = worked_out(request.user, form.cleaned_data["plan"], form.wish())
            waited = bool(request.POST.get("waited"))
            context |= {"found": found, "parts": account_parts(request.user, found, waited=waited)}
        except LucyError as refusal:
            context["refusal"] = refusal
    return render(request, "blocks/parts/accounts.html", context)


@require_POST
@signed_in
def review(request: SignedInRequest) -> HttpResponse:
    """Every check of every child, then the question whether it shall leave."""
    form = BlockForm(request.POST, user=request.user)
    if not form.is_valid():
        return render(request, "blocks/parts/form.html", _form_context(form), status=422)
    try:
        found = preview(request.user, form.cleaned_data["plan"], form.wish(), whole=True)
    except LucyError as refusal:
        return _form_again(request, form, refusal)
    return render(request, "blocks/parts/review.html", _review_context(request, form, found))


@require_POST
@signed_in
def place(request: SignedInRequest) -> HttpResponse:
    form = PlaceForm(request.POST, user=request.user)
    carried = BlockForm(request.POST, user=request.user)
    if not carried.is_valid():
        return render(request, "blocks/parts/form.html", _form_context(carried), status=422)
    refusal = None
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = place_block(
                request.user,
                str(data["client_block_id"]),
                data["plan"],
                form.wish(),
                confirmed=data["confirmed"],
            )
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("blocks:block", args=[made.pk])})
        except LucyError as no:
            refusal = no
    try:
        found = preview(request.user, carried.cleaned_data["plan"], carried.wish())
    except LucyError as no:
        return _form_again(request, carried, refusal or no)
    context = _review_context(request, carried, found) | {"refusal": refusal, "confirmation": form}
    return render(request, "blocks/parts/review.html", context, status=422)


def _form_again(request: SignedInRequest, form: BlockForm, refusal: LucyError) -> HttpResponse:
    return render(request, "blocks/parts/form.html", _form_context(form) | {"refusal": refusal}, status=422)


def _form_context(form: BlockForm) -> dict[str, Any]:
    symbol = str(form["symbol"].value() or "")
    return {
        "form": form,
        "instrument": Instrument.objects.filter(symbol=symbol).first(),
        "kind": kind_of(symbol),
        "steps": {"stock": STOCK_STEPS, "etf": FUND_STEPS, "etn": FUND_STEPS},
        "may_order": True,
    }


def _review_context(request: SignedInRequest, form: BlockForm, found: Preview) -> dict[str, Any]:
    carried = [(name, request.POST.get(name, "")) for name in CARRIED]
    data = form.cleaned_data
    return {
        "found": found,
        "parts": account_parts(request.user, found),
        "data": data,
        "carried": carried,
        "query": urlencode([pair for pair in carried if pair[0] != "client_block_id"]),
        "side_label": Side(data["side"]).label,
    }


# --- one block ----------------------------------------------------------------------------------------------


def own_block(request: SignedInRequest, pk: str) -> Block:
    found = block_of(request.user, pk)
    if found is None:
        raise Http404
    return found


def _as_of_now(request: SignedInRequest, pk: str) -> Block:
    """The user's block, brought up to its orders and fills."""
    seen = own_block(request, pk)
    found = allocating.refresh(seen.pk) or seen
    found.plan, found.user = seen.plan, seen.user
    return found


def block_context(request: SignedInRequest, block: Block) -> dict[str, Any]:
    """Everything the page of one block shows."""
    approval = approval_of(block)
    is_own = block.user_id == request.user.pk
    shares = shares_of(block)
    average = block.average_price
    for share in shares:
        own = share.average_price
        share.distance = (own - average) / average * 10_000 if own and average else None  # type: ignore[attr-defined]
    is_orderer = may_order(request.user, block.plan)
    return {
        "placed": block,
        "children": children_of(block),
        "shares": shares,
        "trail": trail_of(block),
        "approval": approval,
        "may_decide": block.status == BlockStatus.AWAITING and not is_own and request.user.has_perm(APPROVE),
        "may_withdraw": block.status == BlockStatus.AWAITING and is_own,
        "may_change": block.status in AT_BROKERS and is_orderer,
        "may_cancel": block.status in CANCELLABLE and is_orderer,
        "is_open": block.status not in ENDED,
        "totals": {
            name: sum(getattr(share, name) for share in shares) for name in ("amount", "fee", "tax", "net")
        },
    }


@require_GET
@signed_in
def block(request: SignedInRequest, pk: str) -> HttpResponse:
    return render(request, "blocks/block.html", block_context(request, _as_of_now(request, pk)))


@require_GET
@signed_in
def live(request: SignedInRequest, pk: str) -> HttpResponse:
    """The part of the page that follows the block."""
    return render(request, "blocks/parts/block.html", block_context(request, _as_of_now(request, pk)))


@require_http_methods(["GET", "POST"])
@signed_in
def cancel(request: SignedInRequest, pk: str) -> HttpResponse:
    """Asks first; then each child's outcome."""
    found = own_block(request, pk)
    context: dict[str, Any] = {"block": found, "request_id": uuid4()}
    form = ChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            name = str(form.cleaned_data["client_request_id"])
            context["outcomes"] = changes.cancel_block(found, request.user, name)
        except LucyError as refusal:
            context["refusal"] = refusal
    return render(request, "blocks/parts/cancel.html", context, status=422 if "refusal" in context else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def modify(request: SignedInRequest, pk: str) -> HttpResponse:
    found = own_block(request, pk)
    now = {"client_request_id": uuid4(), "order_type": found.order_type, "price": found.price}
    form = ModifyForm(request.POST or None, symbol=found.symbol, initial=now)
    context: dict[str, Any] = {"block": found, "form": form, "steps": steps_of(kind_of(found.symbol))}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            context["outcomes"] = changes.modify_block(
                found,
                request.user,
                str(data["client_request_id"]),
                price=data["price"],
                order_type=OrderType(data["order_type"]),
            )
        except LucyError as refusal:
            context["refusal"] = refusal
    wrong = "refusal" in context or (request.method == "POST" and not form.is_valid())
    return render(request, "blocks/parts/modify.html", context, status=422 if wrong else 200)


def back_to(block: Block) -> HttpResponse:
    return redirect("blocks:block", pk=block.pk)
