"""바스켓: a file of orders, seen row by row before anything leaves."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from brokers.blocks.forms import BasketForm
from brokers.blocks.services import baskets
from brokers.blocks.views.rebalancing import plan_to_order
from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError
from lucy.sheets import MOST_BYTES


@require_http_methods(["GET", "POST"])
@signed_in
def basket(request: SignedInRequest) -> HttpResponse:
    """Step one: every row and the blocks it would become; nothing is stored."""
    is_sent = request.method == "POST"
    form = BasketForm(
        request.POST if is_sent else None, request.FILES if is_sent else None, user=request.user
    )
    context: dict[str, Any] = {"form": form, "headings": baskets.HEADINGS}
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            text = baskets.text_of(file.name, file.read(MOST_BYTES + 1))
            context["judged"] = baskets.judge(request.user, form.cleaned_data["plan"], text)
            context["file_name"] = file.name
        except LucyError as refusal:
            form.add_error("file", refusal.message)
    return render(request, "blocks/basket.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def place(request: SignedInRequest) -> HttpResponse:
    """Step two: the same text, read and judged again."""
    plan = plan_to_order(request, request.POST.get("plan", ""))
    name, text = request.POST.get("file_name", ""), request.POST.get("text", "")[:MOST_BYTES]
    try:
        found, is_new = baskets.place(request.user, plan, name, text.replace("\r\n", "\n"))
    except LucyError as refusal:
        messages.error(request, refusal.message)
        return redirect("blocks:basket")
    if is_new:
        messages.success(request, f"{found.file_name}: 블록을 만들었습니다.")
    else:
        messages.info(request, f"{found.file_name}: 이미 올린 파일이라 새로 주문하지 않았습니다.")
    return redirect("blocks:blocks")
