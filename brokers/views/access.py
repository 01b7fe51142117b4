"""What every page view needs: someone signed in, and their own things only."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, resolve_url

from accounts.models import User
from brokers.models import Order
from brokers.selectors import orders_of

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class SignedInRequest(HttpRequest):
    user: User
    htmx: Any


def signed_in(view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase]) -> Page[P]:
    """Sends who is not signed in to the sign-in page, whole: never into the part that htmx asked for."""
    page = login_required(view)

    @wraps(view)
    def wrapper(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if getattr(request, "htmx", False) and not request.user.is_authenticated:
            return _leave_for_sign_in(request)
        answer: HttpResponseBase = page(request, *args, **kwargs)
        return answer

    return wrapper


def own_order(request: SignedInRequest, pk: str) -> Order:
    return get_object_or_404(orders_of(request.user), pk=pk)


def _leave_for_sign_in(request: HttpRequest) -> HttpResponse:
    shown = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
    target = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': shown})}"
    return HttpResponse(status=401, headers={"HX-Redirect": target})
