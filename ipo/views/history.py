"""공모주-기록: what the formula learns from; added, changed and deleted by hand, or taken from a file."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brokers.rights import accounts_of
from brokers.views.access import SignedInRequest, signed_in
from ipo.forms import ConfirmImportForm, HistoryForm, ImportForm
from ipo.models import OfferingHistory
from ipo.rights import may_keep_history
from ipo.services import history as history_service
from ipo.services import listings
from lucy import clock
from lucy.errors import LucyError

PART = 100
SHOWN_LINES = 500  # of a file's preview; all of it is judged and stored


def _keeper(request: SignedInRequest) -> None:
    if not may_keep_history(request.user):
        raise PermissionDenied


def _found(request: SignedInRequest) -> QuerySet[OfferingHistory]:
    rows = OfferingHistory.objects.all()
    for word in request.GET.get("q", "")[:60].split()[:5]:
        rows = rows.filter(Q(company__icontains=word) | Q(code__istartswith=word) | Q(note__icontains=word))
    if request.GET.get("lacking") == "1":
        rows = rows.filter(Q(first_day_high=None) | Q(sales_eok=None) | Q(institution_ratio=None))
    return rows.order_by("-listing_on", "company", "pk")


@require_GET
@signed_in
def history(request: SignedInRequest) -> HttpResponse:
    found = _found(request)
    start = request.GET.get("from", "")
    place = min(int(start), 100_000) if start.isascii() and start.isdigit() else 0
    rows = list(found[place : place + PART + 1])
    context: dict[str, Any] = {
        "rows": rows[:PART],
        "next": place + PART if len(rows) > PART else None,
        "count": found.count(),
        "keeper": may_keep_history(request.user),
        "q": request.GET.get("q", ""),
        "lacking": request.GET.get("lacking") == "1",
    }
    wanted = "ipo/parts/history_rows.html" if place and request.htmx else "ipo/history.html"
    return render(request, wanted, context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: SignedInRequest, pk: str = "") -> HttpResponse:
    """A new row, or an old one changed; in a dialog."""
    _keeper(request)
    row = get_object_or_404(OfferingHistory, pk=pk) if pk else None
    form = HistoryForm(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, f"{saved.company}을(를) 저장했습니다.")
        for warning in form.warnings():
            messages.warning(request, f"{saved.company}: {warning}")
        return _back(request)
    status = 422 if form.is_bound else 200
    return render(request, "ipo/parts/history_form.html", {"form": form, "row": row}, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: SignedInRequest, pk: str) -> HttpResponse:
    """Asks first."""
    _keeper(request)
    row = get_object_or_404(OfferingHistory, pk=pk)
    if request.method == "GET":
        return render(request, "ipo/parts/history_delete.html", {"row": row})
    row.delete()
    messages.success(request, f"{row.company}의 기록을 지웠습니다. 이미 만든 예측식은 그대로입니다.")
    return _back(request)


def _back(request: SignedInRequest) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("ipo:history")


@require_http_methods(["GET", "POST"])
@signed_in
def import_file(request: SignedInRequest) -> HttpResponse:
    """Step one: every row of the file and what storing it would do; nothing is stored."""
    _keeper(request)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    context: dict[str, Any] = {"form": form, "columns": history_service.COLUMNS}
    if request.method == "POST" and form.is_valid():
        try:
            preview = history_service.read_file(form.cleaned_data["file"])
        except LucyError as refusal:
            form.add_error("file", refusal.message)
        else:
            context |= {"preview": preview, "text": form.cleaned_data["file"]}
            context["lines"] = _worst_first(preview)
    return render(request, "ipo/history_import.html", context, status=422 if form.errors else 200)


def _worst_first(preview: history_service.Preview) -> list[history_service.Line]:
    ranked = sorted(preview.lines, key=lambda line: (not line.errors, not line.warnings, line.number))
    return ranked[:SHOWN_LINES]


@require_POST
@signed_in
def store_file(request: SignedInRequest) -> HttpResponse:
    """Step two: the same text, read and judged again."""
    _keeper(request)
    form = ConfirmImportForm(request.POST)
    if not form.is_valid():
        return redirect("ipo:history-import")
    try:
        preview, stored = history_service.import_file(
            form.cleaned_data["text"], only_good=form.cleaned_data["only_good"]
        )
    except LucyError as refusal:
        messages.error(request, refusal.message)
        return redirect("ipo:history-import")
    left = f" 오류가 있는 {preview.bad}행은 두었습니다." if preview.bad else ""
    messages.success(request, f"{stored}건을 가져왔습니다.{left}")
    return redirect("ipo:history")


@require_POST
@signed_in
def fill(request: SignedInRequest) -> HttpResponse:
    """What has listed since, and the highs that a broker of the user's tells."""
    _keeper(request)
    try:
        done = listings.fill_history(accounts_of(request.user).filter(paused=False).first())
    except LucyError as silence:
        messages.error(request, silence.message)
    else:
        words = f"새로 상장한 {done.added}건을 더하고 최고가 {done.highs}건을 채웠습니다."
        messages.success(request, f"{words} 최고가를 모르는 기록은 {done.lacking}건입니다.")
    return redirect("ipo:history")


@require_GET
@signed_in
def export(request: SignedInRequest) -> HttpResponse:
    """The rows that the page shows, all of them; UTF-8 with a mark that Excel understands."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"lucy-ipo-history-{clock.trade_date():%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff" + history_service.write_file(_found(request)))
    return response
