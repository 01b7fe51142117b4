"""예측: the formula in use and why, what it learnt from, and what became of what it said."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from brokers.views.access import SignedInRequest, signed_in
from ipo import forecast
from ipo.board import formulas as board
from ipo.models import ForecastModel
from ipo.rights import may_keep_history
from ipo.services import forecasts
from lucy.errors import LucyError

PART = 100  # rows behind a formula at a time


@require_GET
@signed_in
def formulas(request: SignedInRequest) -> HttpResponse:
    """`?version=` shows an older formula; else the one in use."""
    models = board.formulas()
    wanted = request.GET.get("version", "")
    shown = next((one for one in models if str(one.version) == wanted), None)
    shown = shown or next((one for one in models if one.in_use), None)
    rows = board.comparisons()
    context: dict[str, Any] = {
        "models": models,
        "model": shown,
        "rows": rows,
        "score": board.score(rows),
        "keeper": may_keep_history(request.user),
    }
    if shown is not None:
        fit = shown.fit()
        context |= {
            "fit": fit,
            "words": forecast.in_words(fit),
            "weights": zip(shown.inputs, shown.coefficients, strict=True),
            "trials": [(forecast.FORMULA_NAMES[one.formula], one) for one in shown.tried()],
            "reasons": board.reasons(shown),
        }
    return render(request, "ipo/formulas.html", context)


@require_GET
@signed_in
def used(request: SignedInRequest, pk: str) -> HttpResponse:
    """The rows behind a formula, a part at a time: `?from=` counts those already shown."""
    model = get_object_or_404(ForecastModel, pk=pk)
    asked = request.GET.get("from", "")
    start = int(asked) if asked.isascii() and asked.isdigit() else 0
    after = start + PART
    context = {
        "model": model,
        "rows": model.rows[start:after],
        "after": after if after < len(model.rows) else None,
    }
    return render(request, "ipo/parts/used_rows.html", context)


@require_POST
@signed_in
def make(request: SignedInRequest) -> HttpResponse:
    if not may_keep_history(request.user):
        raise PermissionDenied
    try:
        made = forecasts.make_formula(request.user)
    except LucyError as refusal:
        messages.error(request, refusal.message)
        for why, count in list(refusal.details.get("left_out", {}).items())[:5]:
            messages.warning(request, f"쓰지 못한 기록 {count}건: {why}")
    else:
        messages.success(request, f"{made.n}건으로 {made.version}판을 만들었습니다.")
    return redirect("ipo:forecast")


@require_POST
@signed_in
def use(request: SignedInRequest, pk: str) -> HttpResponse:
    if not may_keep_history(request.user):
        raise PermissionDenied
    model = get_object_or_404(ForecastModel, pk=pk)
    forecasts.use_formula(model, request.user)
    messages.success(request, f"이제 {model.version}판으로 예측합니다.")
    return redirect("ipo:forecast")
