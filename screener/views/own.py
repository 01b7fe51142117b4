"""나의 조건: the list, the form that builds one, sharing and copying."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError
from screener import builder
from screener import own as rules
from screener.models import OwnScreen
from screener.own import Joint, Rule
from screener.rights import own_screen_seen_by, own_screens_of, own_screens_seen_by
from screener.services import own


@require_GET
@signed_in
def listing(request: SignedInRequest) -> HttpResponse:
    known = own.names()
    shared = own_screens_seen_by(request.user).exclude(user=request.user).select_related("user")
    context = {
        "mine": [_line(row, known) for row in own_screens_of(request.user)],
        "others": [_line(row, known) for row in shared.order_by("name")[:200]],
    }
    return render(request, "screener/own/list.html", context)


def _line(row: OwnScreen, known: rules.Names) -> dict[str, Any]:
    try:
        words = rules.sentence(rules.read(row.rule, known), known)
    except LucyError as broken:
        words = f"고쳐야 하는 조건입니다. {broken.message}"
    return {"row": row, "key": own.key_of(row), "words": words}


@require_GET
@signed_in
def edit(request: SignedInRequest, pk: str = "") -> HttpResponse:
    """The form: empty, or with one of the user's own."""
    row = _mine(request, pk) if pk else None
    context = _drawn(request, _stored_rule(row) if row else builder.new_rule())
    return render(request, "screener/own/edit.html", context | {"row": row})


def _stored_rule(row: OwnScreen) -> Rule:
    try:
        return rules.draft(row.rule)
    except LucyError:  # its conditions are no more; it is written anew
        return builder.new_rule()


@require_POST
@signed_in
def draft(request: SignedInRequest) -> HttpResponse:
    """The form after a button or a change, with its sentence and what it would find now."""
    rule = builder.act(builder.rule_in(request.POST), request.POST.get("do", ""))
    return render(request, "screener/own/builder.html", _drawn(request, rule))


@require_POST
@signed_in
def save(request: SignedInRequest, pk: str = "") -> HttpResponse:
    row = _mine(request, pk) if pk else None
    rule = builder.rule_in(request.POST)
    shared = request.POST.get("shared") == "on"
    try:
        saved = own.save(
            request.user, request.POST.get("name", "")[:60], rules.as_json(rule), shared=shared, found=row
        )
    except LucyError as refusal:
        context = _drawn(request, rule) | {"refusal": refusal.message}
        return render(request, "screener/own/builder.html", context, status=422)
    address = reverse("screener:screen", args=[own.key_of(saved)])
    return HttpResponse(status=204, headers={"HX-Redirect": address})


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: SignedInRequest, pk: str) -> HttpResponse:
    """Asks first."""
    row = _mine(request, pk)
    if request.method == "GET":
        context = {"row": row, "scheduled": own.searches_on(row)}
        return render(request, "screener/own/delete.html", context)
    own.delete(row)
    messages.success(request, f"‘{row.name}’ 조건을 지웠습니다.")
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("screener:own")})


@require_POST
@signed_in
def copy(request: SignedInRequest, pk: str) -> HttpResponse:
    row = own_screen_seen_by(request.user, pk)
    if row is None:
        raise Http404
    try:
        made = own.copy(request.user, row)
    except LucyError as refusal:
        messages.error(request, refusal.message)
        return redirect("screener:own")
    messages.success(request, f"‘{made.name}’(으)로 복사했습니다. 이제 고칠 수 있습니다.")
    return redirect("screener:own-edit", pk=made.pk)


def _mine(request: SignedInRequest, pk: str) -> OwnScreen:
    return get_object_or_404(own_screens_of(request.user), pk=pk)


def _drawn(request: SignedInRequest, rule: Rule) -> dict[str, Any]:
    known = own.names()
    context: dict[str, Any] = {
        "rule": rule,
        "joints": list(Joint),
        "boxes": builder.boxes(rule),
        "catalogue": builder.catalogue(),
        "other_screens": known.screens,
        "other_columns": {key: label for key, (label, _kind) in known.columns.items()},
    }
    try:
        whole = rules.read(rules.as_json(rule), known)
        context["sentence"] = rules.sentence(whole, known)
        result = own.run(request.user, whole)
    except LucyError as wrong:
        return context | {"wrong": wrong.message}
    return context | {"found": len(result.rows), "first": result.rows[:8], "notes": result.notes}
