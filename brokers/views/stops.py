"""What is stopped, as every page shows it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.views.access import SignedInRequest, signed_in


@require_GET
@signed_in
def stops(request: SignedInRequest) -> HttpResponse:
    return render(request, "brokers/parts/stops.html")
