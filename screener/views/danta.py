"""단타머신: its state and its rules, to be read only; it trades nothing."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.models import Tag
from brokers.services import watch
from brokers.services.gate import stops_seen_by
from brokers.views.access import SignedInRequest, signed_in


@require_GET
@signed_in
def danta(request: SignedInRequest) -> HttpResponse:
    rows = watch.watched_by(request.user, Tag.DAY_TRADE)
    context = {
        "count": len(rows),
        "with_bases": sum(row.buy_below is not None or row.sell_above is not None for row in rows),
        "reached": sum(bool(row.crossing) for row in rows),
        "stopped": bool(stops_seen_by(request.user)),
    }
    return render(request, "screener/danta.html", context)
