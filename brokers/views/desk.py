"""The main page: are my accounts well, what is working, what is new."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.rights import tradable_accounts_of
from brokers.selectors import health_of, newest_notices, todays_orders, with_related
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.orders import rights_over

LATEST = 30


@require_GET
@signed_in
def desk(request: SignedInRequest) -> HttpResponse:
    orders = list(todays_orders(request.user)[:LATEST])
    with_related(orders, "account")
    context = {
        "health": health_of(request.user),
        "orders": orders,
        "notices": newest_notices(request.user, size=LATEST).rows,
        "may_trade": tradable_accounts_of(request.user).exists(),
        **rights_over(request.user),
    }
    return render(request, "brokers/desk.html", context)


@require_GET
@signed_in
def health(request: SignedInRequest) -> HttpResponse:
    return render(request, "brokers/parts/health.html", {"health": health_of(request.user)})
