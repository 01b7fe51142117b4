"""공모주-달력: a month as a grid, and the calendar address for a phone or a mail program."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET, require_POST

from brokers.views.access import SignedInRequest, signed_in
from ipo.board import offers as board
from ipo.board.months import KINDS, events_between, month
from ipo.calendar_feed import write_calendar
from ipo.forms import CalendarForm
from ipo.services import reminders
from lucy import clock

FEED_DAYS_BACK = 90
FEED_DAYS_AHEAD = 370


@require_GET
@signed_in
def calendar(request: SignedInRequest) -> HttpResponse:
    form = CalendarForm(request.GET)
    first = form.first_day()
    narrower: dict[str, Any] = form.narrower()
    if form.cleaned_data.get("marked"):
        narrower["marked"] = request.user
    shown = month(first.year, first.month, form.kinds(), **narrower)
    everyone = events_between(shown.weeks[0].days[0].day, shown.weeks[-1].days[-1].day)
    context = {
        "form": form,
        "month": shown,
        "kinds": [(kind, board.TONES[kind], kind in form.kinds()) for kind in KINDS],
        "agents": board.agents_of(one.offering for one in everyone),
        "picture": shown.as_dict(),
        "feed": request.build_absolute_uri(_address(reminders.feed_token(request.user))),
    }
    wanted = "ipo/parts/month.html" if request.htmx else "ipo/calendar.html"
    return render(request, wanted, context)


def _address(token: str) -> str:
    return reverse("ipo:feed", args=[token])


@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Opened by programs that cannot sign in: the address says whose it is, and shows public days only."""
    user = reminders.feed_owner(token)
    if user is None:
        raise Http404
    only_marked = request.GET.get("marked") == "1"
    today = clock.trade_date()
    events = events_between(
        today - timedelta(days=FEED_DAYS_BACK),
        today + timedelta(days=FEED_DAYS_AHEAD),
        spacs=request.GET.get("spacs") != "no",
        marked=user if only_marked else None,
    )
    name = "Lucy 공모주 (표시한 종목)" if only_marked else "Lucy 공모주"
    response = HttpResponse(
        write_calendar(events, name, clock.now()), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'inline; filename="lucy-ipo.ics"'
    patch_cache_control(response, private=True, max_age=3600)
    return response


@require_POST
@signed_in
def renew_feed(request: SignedInRequest) -> HttpResponse:
    reminders.renew_feed(request.user)
    messages.success(request, "새 구독 주소를 만들었습니다. 옛 주소는 더 이상 열리지 않습니다.")
    return redirect("ipo:calendar")
