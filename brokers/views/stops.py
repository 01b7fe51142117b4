"""What is stopped, as every page shows it, and the trader's own emergency brake."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from brokers.models import Scope
from brokers.services import kill
from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError


class StopForm(forms.Form):
    reason = forms.CharField(label="사유", max_length=200, error_messages={"required": "사유를 적으세요."})
    cancel_working = forms.BooleanField(label="증권사에 살아 있는 내 주문도 모두 취소", required=False)


@require_GET
@signed_in
def stops(request: SignedInRequest) -> HttpResponse:
    return render(request, "brokers/parts/stops.html")


@require_http_methods(["GET", "POST"])
@signed_in
def stop_own(request: SignedInRequest) -> HttpResponse:
    """Everyone may stop themselves; only operators let go again."""
    form = StopForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            context["done"] = kill.stop(
                Scope.USER,
                request.user,
                by=request.user,
                reason=data["reason"],
                cancel_working=data["cancel_working"],
            )
        except LucyError as refusal:
            context["refusal"] = refusal
    answer = render(
        request,
        "brokers/parts/stop_own.html",
        context,
        status=422 if request.method == "POST" and "done" not in context else 200,
    )
    if "done" in context:
        answer["HX-Trigger"] = "lucy:stops"
    return answer
