"""수집 상태: how fresh the offers are, what was read and refused, and why."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.views.access import SignedInRequest, signed_in
from ipo.models import ScrapeRun
from ipo.selectors import SOURCE, source_health

RUNS = 30


@require_GET
@signed_in
def source(request: SignedInRequest) -> HttpResponse:
    health = source_health()
    last = health.last_run
    context = {
        "health": health,
        "runs": list(ScrapeRun.objects.filter(source=SOURCE).order_by("-started_at")[:RUNS]),
        "refused": list(last.refused if last else [])[:200],
    }
    return render(request, "ipo/source.html", context)
