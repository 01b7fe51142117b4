"""What every page view needs: someone signed in, and their own things only."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, resolve_url
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from brokers.models import Order
from brokers.rights import remember_grants
from brokers.selectors import orders_of

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


def signed_in(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Sends who is not signed in to the sign-in page, whole: never into the part that htmx asked for."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if isinstance(request.user, User):
            remember_grants(request.user)
            return view(cast(SignedInRequest, request), *args, **kwargs)
        if request.headers.get("HX-Request"):
            return _leave_for_sign_in(request)
        return redirect_to_login(request.get_full_path())

    return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], wrapper)


def own_order(request: SignedInRequest, pk: str) -> Order:
    return get_object_or_404(orders_of(request.user), pk=pk)


def _leave_for_sign_in(request: HttpRequest) -> HttpResponse:
    shown = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
    target = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': shown})}"
    return HttpResponse(status=401, headers={"HX-Redirect": target})
