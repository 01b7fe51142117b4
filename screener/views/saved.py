"""저장한 검색: kept from a screen's page, scheduled, run now, and what entered and left."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brokers.views.access import SignedInRequest, signed_in
from brokers.views.paging import newest_first
from lucy.errors import LucyError
from screener import questions
from screener.models import SavedScreen, Schedule
from screener.rights import saved_of
from screener.selectors import find_screen
from screener.services import results, saved
from screener.views.screens import question_of


class SaveForm(forms.Form):
    name = forms.CharField(label="이름", max_length=60)
    schedule = forms.ChoiceField(label="실행", choices=Schedule.choices, required=False)
    tell = forms.BooleanField(label="진입·이탈이 있으면 알림", required=False, initial=True)

    def refuse(self, refusal: LucyError) -> None:
        """Beside the field that was refused."""
        self.add_error("schedule" if refusal.code == "not_scheduled" else "name", refusal.message)


@require_GET
@signed_in
def listing(request: SignedInRequest) -> HttpResponse:
    rows = [_line(request, row) for row in saved_of(request.user).order_by("name")]
    return render(request, "screener/saved/list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@signed_in
def save(request: SignedInRequest, key: str) -> HttpResponse:
    """The dialog that names a question, and its answer."""
    asked = question_of(request, key)
    form = SaveForm(request.POST if request.method == "POST" else None, initial={"tell": True})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = saved.save(request.user, asked, data["name"], Schedule(data["schedule"]), tell=data["tell"])
        except LucyError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"‘{row.name}’(으)로 저장했습니다.")
            return HttpResponse(status=204, headers={"HX-Redirect": saved.address_of(row)})
    context = {"form": form, "screen": asked.screen, "query": asked.query, "sentence": asked.sentence}
    return render(request, "screener/saved/save.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def one(request: SignedInRequest, pk: str) -> HttpResponse:
    """A search, its schedule, and its changes, newest first."""
    row = _mine(request, pk)
    form = SaveForm(
        request.POST if request.method == "POST" else None,
        initial={"name": row.name, "schedule": row.schedule, "tell": row.tell},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            saved.change(row, data["name"], Schedule(data["schedule"]), tell=data["tell"])
        except LucyError as refusal:
            form.refuse(refusal)
            row.refresh_from_db()
        else:
            messages.success(request, "이름과 실행 시각을 바꿨습니다.")
            return redirect("screener:saved-one", pk=row.pk)
    part = newest_first(row.changes.all(), "at", request.GET.get("after", ""))
    context = _line(request, row) | {"form": form, "changes": part.rows, "after": part.after}
    name = "changes" if request.htmx and request.method == "GET" else "one"
    return render(request, f"screener/saved/{name}.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def run(request: SignedInRequest, pk: str) -> HttpResponse:
    """Now, by hand; the next scheduled run compares with this one."""
    row = _mine(request, pk)
    if saved.run(row):
        messages.success(request, "실행했습니다.")
    else:
        row.refresh_from_db()
        messages.error(request, row.error or "다른 곳에서 실행하고 있습니다. 잠시 뒤에 보세요.")
    return redirect("screener:saved-one", pk=row.pk)


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: SignedInRequest, pk: str) -> HttpResponse:
    row = _mine(request, pk)
    if request.method == "GET":
        context = {"title": "저장한 검색 지우기", "name": row.name, "address": request.path}
        return render(request, "screener/parts/delete.html", context)
    row.delete()
    messages.success(request, f"‘{row.name}’ 검색을 지웠습니다.")
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("screener:saved")})


def _mine(request: SignedInRequest, pk: str) -> SavedScreen:
    return get_object_or_404(saved_of(request.user), pk=pk)


def _line(request: SignedInRequest, row: SavedScreen) -> dict[str, Any]:
    screen = find_screen(request.user, row.screen)
    return {
        "row": row,
        "screen": screen,
        "query": questions.query_of(row.asked).urlencode(),
        "sentence": results.sentence_of(screen, request.user, row.asked) if screen else "",
        "count": None if row.members is None else len(row.members),
        "are_stocks": screen is not None and screen.identity == ("symbol",),
    }
