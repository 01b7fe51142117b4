"""공모주-상세: the cards, one offer with all that was parsed of it, stars and reminders."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from brokers.views.access import SignedInRequest, signed_in
from ipo.board import offers as board
from ipo.board.formulas import forecasts_of, formula_in_use
from ipo.board.sections import sections_of
from ipo.forms import OffersForm
from ipo.models import Offering, OfferingMark
from ipo.services import reminders

PART = 48  # cards at a time, of those that are over


@require_GET
@signed_in
def offers(request: SignedInRequest) -> HttpResponse:
    form = OffersForm(request.GET)
    phase = form.value("phase") or "ahead"
    found = board.listed() if phase == "past" else board.to_come()
    choices = board.agents_of(board.to_come().only("underwriter_names")) if phase == "ahead" else []
    found = board.named(found, form.value("q"), form.value("agent"))
    if form.value("marked"):
        stars = OfferingMark.objects.filter(user=request.user).values_list("offering_id", flat=True)
        found = found.filter(pk__in=list(stars))
    context: dict[str, Any] = {
        "form": form,
        "phase": phase,
        "agents": choices,
        "read_at": board.last_read(),
        "formula": formula_in_use(),
    }
    if phase == "past":
        before = request.GET.get("before", "")
        found = found.filter(no__lt=int(before)) if before.isascii() and before.isdigit() else found
        rows = list(found.order_by("-no")[: PART + 1])
        context["before"] = rows[PART - 1].no if len(rows) > PART else None
        cards = board.cards(rows[:PART], request.user)
    else:
        cards = sorted(board.cards(found, request.user), key=lambda one: (one.next_day, one.offering.no))
    context["cards"] = [card for card in cards if not card.offering.is_spac]
    context["spacs"] = [card for card in cards if card.offering.is_spac]
    wanted = "ipo/parts/offer_cards.html" if request.htmx else "ipo/offers.html"
    return render(request, wanted, context)


@require_GET
@signed_in
def offer(request: SignedInRequest, no: int) -> HttpResponse:
    """One offer: a page of its own, or the drawer's part of it."""
    found = get_object_or_404(Offering, no=no)
    context = {
        "card": board.cards([found], request.user)[0],
        "sections": sections_of(found),
        "changes": list(found.changes.order_by("-at")[:30]),
        "told": forecasts_of(found),
        "formula": formula_in_use(),
    }
    return render(request, "ipo/parts/offer_detail.html" if request.htmx else "ipo/offer.html", context)


@require_POST
@signed_in
def mark(request: SignedInRequest, no: int) -> HttpResponse:
    """Puts the star on, or takes it off."""
    found = get_object_or_404(Offering, no=no)
    wanted = request.POST.get("marked") == "1"
    (reminders.mark if wanted else reminders.unmark)(request.user, found)
    if request.htmx:
        return render(
            request, "ipo/parts/star.html", {"offering": found, "marked": wanted, "is_answer": True}
        )
    return redirect("ipo:offers")
