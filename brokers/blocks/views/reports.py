"""배분 보고서: who got what on a day, as page, CSV, Excel and PDF."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.blocks.models import Fund
from brokers.blocks.reports import WRITERS
from brokers.blocks.rights import funds_of
from brokers.blocks.selectors import report_of
from brokers.views.access import SignedInRequest, signed_in
from lucy import clock


@require_GET
@signed_in
def report(request: SignedInRequest) -> HttpResponse:
    """`?day=&fund=`; today and the first fund where none is named. The files hold every fund."""
    day, funds = _day(request.GET.get("day", "")), list(funds_of(request.user)[:300])
    fund = _fund(request) or next(iter(funds), None)
    context = {
        "day": day,
        "fund": fund,
        "funds": funds,
        "days": report_of(request.user, day, fund) if fund else [],
        "forms": list(WRITERS),
    }
    return render(request, "blocks/report.html", context)


@require_GET
@signed_in
def report_file(request: SignedInRequest, day: str, form: str) -> HttpResponse:
    if form not in WRITERS:
        raise Http404
    kind, write = WRITERS[form]
    chosen = _day(day)
    response = HttpResponse(write(chosen, report_of(request.user, chosen, _fund(request))), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="lucy-allocations-{chosen:%Y%m%d}.{form}"'
    return response


def _fund(request: SignedInRequest) -> Fund | None:
    code = request.GET.get("fund", "")
    if not code:
        return None
    found = funds_of(request.user).filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else clock.trade_date()
    except ValueError as odd:
        raise Http404 from odd
