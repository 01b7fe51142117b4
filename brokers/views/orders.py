"""The blotter: orders of a period, live for today; changing them; the trail of one."""

from typing import Any
from uuid import uuid4

from bson import ObjectId
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.models import User
from brokers.forms import CancelForm, ModifyForm, OrderFilters, kind_of
from brokers.models import Order
from brokers.models.orders import WORKING
from brokers.rights import tradable_accounts_of
from brokers.selectors import orders_of, trail_of
from brokers.services import changes
from brokers.terms import OrderType
from brokers.ticks import steps_of
from brokers.views.access import SignedInRequest, own_order, signed_in
from brokers.views.paging import newest_first
from lucy.errors import LucyError

ROWS_AT_ONCE = 100


def rights_over(user: User) -> dict[str, Any]:
    """What the rows' buttons depend on; the services decide again."""
    return {
        "tradable": set(tradable_accounts_of(user).values_list("pk", flat=True)),
        "may_cancel_any": user.has_perm("brokers.cancel_any_order"),
    }


@require_GET
@signed_in
def orders(request: SignedInRequest) -> HttpResponse:
    filters = OrderFilters(request.GET, user=request.user)
    filters.fill_in()
    context: dict[str, Any] = {"filters": filters, **rights_over(request.user)}
    if filters.is_valid():
        found = filters.within(orders_of(request.user), "created_at")
        context["part"] = newest_first(found, "created_at", request.GET.get("after", ""), "account")
        context["live"] = filters.is_live()
    wanted = "brokers/parts/order_rows.html" if "after" in request.GET else "brokers/orders.html"
    return render(request, wanted, context)


@require_GET
@signed_in
def rows(request: SignedInRequest) -> HttpResponse:
    """Some orders' rows as they are now; `data-matches` tells whether the page's filters want them."""
    asked = [ObjectId(pk) for pk in request.GET.getlist("id")[:ROWS_AT_ONCE] if ObjectId.is_valid(pk)]
    found = orders_of(request.user).filter(pk__in=asked)
    filters = OrderFilters(request.GET, user=request.user)
    fitting = filters.within(found, "created_at") if filters.is_valid() else found
    context = {
        "orders": list(found.select_related("account").order_by("created_at", "pk")),
        "matching": set(fitting.values_list("pk", flat=True)),
        "compact": "compact" in request.GET,
        **rights_over(request.user),
    }
    return render(request, "brokers/parts/changed_rows.html", context)


@require_GET
@vary_on_headers("HX-Request")
@signed_in
def order(request: SignedInRequest, pk: str) -> HttpResponse:
    found = own_order(request, pk)
    context = {
        "order": found,
        "trail": list(trail_of(found)),
        "fills": list(found.fills.order_by("executed_at", "pk")),
        "changes": list(found.changes.select_related("user").order_by("created_at")),
        "numbers": list(found.numbers.order_by("pk")),
        **rights_over(request.user),
    }
    whole = not request.htmx or request.htmx.history_restore_request
    return render(request, "brokers/order.html" if whole else "brokers/parts/order_detail.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def modify(request: SignedInRequest, pk: str) -> HttpResponse:
    found = own_order(request, pk)
    now = {
        "client_request_id": uuid4(),
        "order_type": found.order_type,
        "price": found.price,
    }
    form = ModifyForm(request.POST or None, order=found, initial=now)
    context: dict[str, Any] = {"order": found, "form": form, "steps": steps_of(kind_of(found.symbol))}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            context["change"] = changes.modify_order(
                found,
                request.user,
                str(data["client_request_id"]),
                quantity=None,
                price=data["price"],
                order_type=OrderType(data["order_type"]),
            )
        except LucyError as refusal:
            context["refusal"] = refusal
    return _answer(request, "brokers/parts/modify.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def cancel(request: SignedInRequest, pk: str) -> HttpResponse:
    found = own_order(request, pk)
    by_staff = _by_staff(rights_over(request.user), found)
    form = CancelForm(
        request.POST or None,
        order=found,
        by_staff=by_staff,
        initial={"client_request_id": uuid4(), "quantity": found.open_quantity},
    )
    context: dict[str, Any] = {"order": found, "form": form}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            context["change"] = changes.cancel_order(
                found,
                request.user,
                str(data["client_request_id"]),
                quantity=data["quantity"],
                by_staff=by_staff,
                reason=data.get("reason", ""),
            )
        except LucyError as refusal:
            context["refusal"] = refusal
    return _answer(request, "brokers/parts/cancel.html", context)


@require_POST
@signed_in
def cancel_chosen(request: SignedInRequest) -> HttpResponse:
    """First shows what would be cancelled, then asks the broker for each, and tells each outcome."""
    chosen = _chosen(request).filter(status__in=WORKING).select_related("account")
    orders = list(chosen.order_by("created_at")[:ROWS_AT_ONCE])
    reason = request.POST.get("reason", "").strip()[:200]
    rights = rights_over(request.user)
    needs_reason = any(_by_staff(rights, found) for found in orders)
    context: dict[str, Any] = {"orders": orders, "batch": uuid4(), "needs_reason": needs_reason}
    batch = request.POST.get("batch", "")[:64]
    if batch and needs_reason and not reason:
        context["missing"] = True
    elif batch:
        context["outcomes"] = [
            _cancelled(found, request.user, batch, reason if _by_staff(rights, found) else "")
            for found in orders
        ]
    return render(request, "brokers/parts/cancel_chosen.html", context)


def _chosen(request: SignedInRequest) -> QuerySet[Order]:
    """The orders named one by one, or all of the account named."""
    account = request.POST.get("account", "")
    if ObjectId.is_valid(account):
        return orders_of(request.user).filter(account=ObjectId(account))
    asked = [ObjectId(pk) for pk in request.POST.getlist("id")[:ROWS_AT_ONCE] if ObjectId.is_valid(pk)]
    return orders_of(request.user).filter(pk__in=asked)


def _by_staff(rights: dict[str, Any], order: Order) -> bool:
    """Whether the right to cancel comes from the role alone, and needs a reason."""
    return rights["may_cancel_any"] and order.account_id not in rights["tradable"]


def _cancelled(found: Order, user: User, batch: str, reason: str) -> dict[str, Any]:
    """One order's outcome; the batch's own id makes a second click the same request.

    A `reason` is what staff gives for cancelling on an account that is not theirs to trade.
    """
    try:
        change = changes.cancel_order(found, user, batch, by_staff=bool(reason), reason=reason)
        return {"order": found, "change": change}
    except LucyError as refusal:
        return {"order": found, "refusal": refusal}


def _answer(request: SignedInRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    wrong = "refusal" in context or (request.method == "POST" and not context["form"].is_valid())
    return render(request, template, context, status=422 if wrong else 200)
