"""A screen as a page: its question, the one table, the file."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brokers.forms import SymbolField
from brokers.models import Tag
from brokers.services import watch
from brokers.views.access import SignedInRequest, signed_in
from lucy import clock
from lucy.errors import LucyError
from screener import board
from screener.rights import own_screen_seen_by, own_screens_of, saved_of
from screener.screens import Screen
from screener.selectors import OWN, find_screen, headings, tabs_of
from screener.services import layouts, results
from screener.services.results import Answer, Question
from screener.tables import View, arrange, shown_columns, write_csv


class FollowForm(forms.Form):
    symbol = SymbolField()


@require_GET
@signed_in
def index(request: SignedInRequest) -> HttpResponse:
    """종목찾기: what there is to choose from."""
    context = {
        "headings": headings(),
        "own": own_screens_of(request.user),
        "saved": saved_of(request.user).order_by("name"),
    }
    return render(request, "screener/index.html", context)


@require_GET
@signed_in
def screen(request: SignedInRequest, key: str) -> HttpResponse:
    """The question and what is known; an old answer is asked for again when the page is there."""
    wanted = _screen(request, key)
    context: dict[str, Any] = {"screen": wanted, "tabs": tabs_of(wanted), "query": request.GET.urlencode()}
    context["own_row"] = (
        own_screen_seen_by(request.user, key.removeprefix(OWN)) if key.startswith(OWN) else None
    )
    try:
        asked = results.question(wanted, request.user, request.GET)
    except LucyError as silence:
        return render(request, "screener/screen.html", context | {"silence": silence, "form": None})
    if not isinstance(asked, Question):
        return render(request, "screener/screen.html", context | {"form": asked})
    answer = results.known(asked)
    fresh = results.is_fresh(answer, wanted)
    context |= {"form": asked.form, "query": asked.query, "is_asked": True, "fresh": fresh}
    if answer.result is not None:
        context |= _shown(request, asked, answer)
    return render(request, "screener/screen.html", context)


@require_GET
@signed_in
def result(request: SignedInRequest, key: str) -> HttpResponse:
    """The part with the table, after asking the source."""
    asked = question_of(request, key)
    context = {"screen": asked.screen, "query": asked.query} | _shown(request, asked, results.ask(asked))
    return render(request, "screener/parts/result.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def rows(request: SignedInRequest, key: str) -> HttpResponse:
    """GET: the part from `?from=`. POST: the table as its controls want it, which is remembered."""
    asked = question_of(request, key)
    answer = results.known(asked)
    if answer.result is None:
        raise Http404
    view = sent_or_remembered(request, asked.screen)
    table = board.table(
        asked.screen, answer.result.rows, view, request.user, _rows_address(asked), start_of(request)
    )
    name = "table" if table.first else "rows"
    context = {"table": table, "screen": asked.screen, "query": asked.query}
    return render(request, f"screener/parts/{name}.html", context)


@require_GET
@signed_in
def export(request: SignedInRequest, key: str) -> HttpResponse:
    """The rows and columns that the page shows, all of them."""
    asked = question_of(request, key)
    answer = results.known(asked)
    if answer.result is None:
        raise Http404
    view = sent_or_remembered(request, asked.screen)
    found = arrange(asked.screen, answer.result.rows, view)
    text = write_csv(shown_columns(asked.screen, view), found)
    return csv_response(asked.screen.key, text)


@require_POST
@signed_in
def follow(request: SignedInRequest) -> HttpResponse:
    """＋관심 from a row of any table."""
    form = FollowForm(request.POST)
    context: dict[str, Any] = {"symbol": request.POST.get("symbol", "")[:7], "is_followed": True}
    try:
        if not form.is_valid():
            raise LucyError("invalid", "종목코드를 확인하세요.")
        context["name"] = watch.watch(request.user, form.cleaned_data["symbol"], Tag.FOLLOWED).name
    except LucyError as refusal:
        context |= {"is_followed": False, "error": refusal.message}
    return render(request, "screener/parts/follow.html", context)


def csv_response(name: str, text: str) -> HttpResponse:
    """UTF-8 with a mark that Excel understands."""
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    stamp = clock.now().astimezone(clock.KST).strftime("%Y%m%d-%H%M")
    response["Content-Disposition"] = f'attachment; filename="lucy-{name}-{stamp}.csv"'
    return response


def _screen(request: SignedInRequest, key: str) -> Screen:
    found = find_screen(request.user, key)
    if found is None:
        raise Http404
    return found


def question_of(request: SignedInRequest, key: str) -> Question:
    """A question that the page has written; one that is wrong has no answer to show."""
    try:
        asked = results.question(_screen(request, key), request.user, request.GET)
    except LucyError as silence:
        raise Http404 from silence
    if not isinstance(asked, Question):
        raise Http404
    return asked


def _shown(request: SignedInRequest, asked: Question, answer: Answer) -> dict[str, Any]:
    context: dict[str, Any] = {"answer": answer, "sentence": asked.sentence}
    if answer.result is not None:
        view = layouts.layout_of(request.user, asked.screen)
        context["table"] = board.table(
            asked.screen, answer.result.rows, view, request.user, _rows_address(asked)
        )
    return context


def _rows_address(asked: Question) -> str:
    return f"{reverse('screener:rows', args=[asked.screen.key])}?{asked.query}"


def sent_or_remembered(request: SignedInRequest, wanted: Screen) -> View:
    """What the controls sent; a POST of theirs is remembered."""
    if request.method == "POST":
        view = layouts.sent_view(wanted, request.POST)
        layouts.remember(request.user, wanted, view)
        return view
    if layouts.has_view(request.GET):
        return layouts.sent_view(wanted, request.GET)
    return layouts.layout_of(request.user, wanted)


def start_of(request: SignedInRequest) -> int:
    start = request.GET.get("from", "")
    return min(int(start), 1_000_000) if start.isascii() and start.isdigit() else 0
