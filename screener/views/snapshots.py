"""보관한 결과: kept from a screen's page, and laid beside a later one in the same table."""

from typing import Any

from bson import ObjectId
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from brokers.views.access import SignedInRequest, signed_in
from brokers.views.paging import newest_first
from lucy import clock
from lucy.errors import LucyError
from screener import board, questions
from screener.models import Snapshot
from screener.rights import snapshots_of
from screener.screens import Result, Screen
from screener.selectors import find_screen
from screener.services import layouts, results, snapshots
from screener.services.results import Question
from screener.tables import View
from screener.views.screens import question_of, sent_or_remembered, start_of


class KeepForm(forms.Form):
    name = forms.CharField(label="이름", max_length=60)


@require_GET
@signed_in
def listing(request: SignedInRequest) -> HttpResponse:
    part = newest_first(snapshots_of(request.user), "kept_at", request.GET.get("after", ""))
    rows = [(row, find_screen(request.user, row.screen)) for row in part.rows]
    return render(request, "screener/snapshots/list.html", {"rows": rows, "after": part.after})


@require_http_methods(["GET", "POST"])
@signed_in
def keep(request: SignedInRequest, key: str) -> HttpResponse:
    asked = question_of(request, key)
    first = f"{clock.now().astimezone(clock.KST):%m월 %d일 %H:%M}"
    form = KeepForm(request.POST if request.method == "POST" else None, initial={"name": first})
    if request.method == "POST" and form.is_valid():
        try:
            row = snapshots.keep(request.user, asked, form.cleaned_data["name"])
        except LucyError as refusal:
            form.add_error("name", refusal.message)
        else:
            address = reverse("screener:snapshot", args=[row.pk])
            return HttpResponse(status=204, headers={"HX-Redirect": address})
    context = {"form": form, "screen": asked.screen, "query": asked.query}
    return render(request, "screener/snapshots/keep.html", context, status=422 if form.is_bound else 200)


@require_GET
@signed_in
def one(request: SignedInRequest, pk: str) -> HttpResponse:
    """A kept result, beside the last one of the same question or another kept one (`?with=`)."""
    row, screen = _mine(request, pk)
    context = _compared(request, row, screen)
    others = snapshots_of(request.user).filter(screen=row.screen).exclude(pk=row.pk)
    context |= {
        "row": row,
        "screen": screen,
        "query": questions.query_of(row.asked).urlencode(),
        "others": others.order_by("-kept_at")[:50],
        "chosen": request.GET.get("with", ""),
    }
    return render(request, "screener/snapshots/one.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def rows(request: SignedInRequest, pk: str) -> HttpResponse:
    """The comparison's table as its controls want it, or its next part."""
    row, screen = _mine(request, pk)
    view = sent_or_remembered(request, screen)
    context = _compared(request, row, screen, view, start_of(request))
    if "table" not in context:
        raise Http404
    name = "table" if context["table"].first else "rows"
    return render(request, f"screener/parts/{name}.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: SignedInRequest, pk: str) -> HttpResponse:
    row = get_object_or_404(snapshots_of(request.user), pk=pk)
    if request.method == "GET":
        context = {"title": "보관한 결과 지우기", "name": row.name, "address": request.path}
        return render(request, "screener/parts/delete.html", context)
    row.delete()
    messages.success(request, f"‘{row.name}’ 결과를 지웠습니다.")
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("screener:snapshots")})


def _mine(request: SignedInRequest, pk: str) -> tuple[Snapshot, Screen]:
    row = get_object_or_404(snapshots_of(request.user), pk=pk)
    screen = find_screen(request.user, row.screen)
    if screen is None:
        raise Http404
    return row, screen


def _compared(
    request: SignedInRequest,
    row: Snapshot,
    screen: Screen,
    view: View | None = None,
    start: int = 0,
) -> dict[str, Any]:
    """The table of what differs; of the kept result itself where there is nothing to compare with."""
    kept = row.result()
    view = view or layouts.layout_of(request.user, screen)
    address = f"{reverse('screener:snapshot-rows', args=[row.pk])}?with={request.GET.get('with', '')[:24]}"
    context: dict[str, Any] = {"kept": kept}
    try:
        later = _other(request, row, screen)
        found = snapshots.side_by_side(screen, kept, later)
    except LucyError as reason:
        table = board.table(screen, kept.rows, view, request.user, address, start)
        return context | {"table": table, "reason": reason.message}
    table = board.differences(screen, snapshots.marked(found), view, request.user, address, start)
    return context | {"table": table, "found": found, "later": later}


def _other(request: SignedInRequest, row: Snapshot, screen: Screen) -> Result:
    """Raises `LucyError` when there is none."""
    if wanted := request.GET.get("with", ""):
        if not ObjectId.is_valid(wanted):
            raise Http404
        other = snapshots_of(request.user).filter(screen=row.screen)
        return get_object_or_404(other, pk=wanted).result()
    asked = results.question(screen, request.user, questions.query_of(row.asked))
    result = results.known(asked).result if isinstance(asked, Question) else None
    if result is None:
        raise LucyError("no_result", "지금 비교할 결과가 없습니다. 화면에서 다시 조회하세요.")
    return result
