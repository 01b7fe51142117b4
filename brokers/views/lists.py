"""Fills and notices."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import DecimalField, ExpressionWrapper, F, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from brokers.forms import PeriodForm
from brokers.models import AccountBook, Fill
from brokers.rights import accounts_of
from brokers.selectors import OWN, fills_of, kinds_for, newest_notices, own_head, unread_count
from brokers.services import notices as notice_service
from brokers.terms import Side
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.paging import PART, cursor_in, newest_first

DAYS_ADDED_AT_ONCE = 1  # a page adds up a day by itself
MOST_DAYS_ADDED = 31  # and a month when asked; a broker's own totals reach further (기간 손익)
MOST = 50  # notices in a short list
WON = DecimalField(max_digits=24, decimal_places=4)


class ReadForm(forms.Form):
    stream = forms.RegexField(rf"^(?:{OWN}|[0-9a-f]{{24}})$")
    seq = forms.IntegerField(min_value=1)


@require_GET
@signed_in
def fills(request: SignedInRequest) -> HttpResponse:
    filters = PeriodForm(request.GET, user=request.user)
    filters.fill_in()
    context: dict[str, Any] = {"filters": filters}
    if filters.is_valid():
        found = filters.within(fills_of(request.user), "executed_at")
        context["part"] = newest_first(found, "executed_at", request.GET.get("after", ""), "account", "order")
        context["live"] = filters.is_live()
        context["may_add"] = filters.span().days <= MOST_DAYS_ADDED
        if filters.span().days <= DAYS_ADDED_AT_ONCE and "after" not in request.GET:
            context["totals"] = _totals(found)
    wanted = "brokers/parts/fill_rows.html" if "after" in request.GET else "brokers/fills.html"
    return render(request, wanted, context)


@require_GET
@signed_in
def fill_totals(request: SignedInRequest) -> HttpResponse:
    """A longer period's totals, for who asks for them: they read every fill of it."""
    filters = PeriodForm(request.GET, user=request.user)
    if not filters.is_valid() or filters.span().days > MOST_DAYS_ADDED:
        raise Http404
    totals = _totals(filters.within(fills_of(request.user), "executed_at"))
    return render(request, "brokers/parts/fill_totals.html", {"totals": totals})


def _totals(found: QuerySet[Fill]) -> dict[str, Any]:
    """Shares and won bought and sold."""
    amount = ExpressionWrapper(F("quantity") * F("price"), output_field=WON)
    lines = found.order_by().values_list("side").annotate(shares=Sum("quantity"), won=Sum(amount))
    sums = {side: {"shares": shares, "won": won} for side, shares, won in lines}
    nothing = {"shares": 0, "won": Decimal(0)}
    buy, sell = sums.get(Side.BUY, nothing), sums.get(Side.SELL, nothing)
    return {"buy": buy, "sell": sell, "net": sell["won"] - buy["won"]}


@require_GET
@signed_in
def notices(request: SignedInRequest) -> HttpResponse:
    kinds = kinds_for(request.user)
    asked = request.GET.get("kind", "")
    kind = asked if asked in dict(kinds) else ""
    part = newest_notices(request.user, kind, cursor_in(request.GET.get("after", "")), PART)
    wanted = "brokers/parts/notice_rows.html" if "after" in request.GET else "brokers/notices.html"
    return render(request, wanted, {"part": part, "kind": kind, "kinds": kinds})


@require_GET
@signed_in
def latest_notices(request: SignedInRequest) -> HttpResponse:
    count = request.GET.get("count", "")
    wanted = min(int(count), MOST) if count.isascii() and count.isdigit() else 10
    found = newest_notices(request.user, size=wanted).rows
    return render(request, "brokers/parts/notice_list.html", {"notices": found})


@require_POST
@signed_in
def read_notices(request: SignedInRequest) -> HttpResponse:
    """Marks everything up to now as read, or one stream (an account, or the user's own) up to a number."""
    form = ReadForm(request.POST)
    if "stream" in request.POST:
        return _read_up_to(request, form) if form.is_valid() else HttpResponse(status=400)
    notice_service.mark_everything_read(request.user)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Trigger": "lucy:read"})
    return redirect("brokers:notices")


def _read_up_to(request: SignedInRequest, form: ReadForm) -> HttpResponse:
    """The answer tells how many are left."""
    stream, seq = form.cleaned_data["stream"], form.cleaned_data["seq"]
    if stream == OWN:
        notice_service.mark_own_read(request.user, min(seq, own_head(request.user)))
    else:
        book = get_object_or_404(AccountBook, account__in=list(accounts_of(request.user)), account=stream)
        notice_service.mark_read(request.user, book.account, min(seq, book.notice_seq))
    left = {"lucy:unread": {"count": unread_count(request.user)}}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(left)})
