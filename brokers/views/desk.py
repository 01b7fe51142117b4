"""The main page: are my accounts well, what is working, what is new."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.rights import tradable_accounts_of
from brokers.selectors import health_of, notices_of, todays_orders
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.orders import rights_over

LATEST = 30


@require_GET
@signed_in
def desk(request: SignedInRequest) -> HttpResponse:
    orders = todays_orders(request.user).select_related("account").order_by("-created_at", "-pk")[:LATEST]
    context = {
        "health": health_of(request.user),
        "orders": list(orders),
        "notices": list(notices_of(request.user).select_related("account", "order")[:LATEST]),
        "may_trade": tradable_accounts_of(request.user).exists(),
        **rights_over(request.user),
    }
    return render(request, "brokers/desk.html", context)


@require_GET
@signed_in
def health(request: SignedInRequest) -> HttpResponse:
    return render(request, "brokers/parts/health.html", {"health": health_of(request.user)})
