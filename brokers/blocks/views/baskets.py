"""바스켓: a file of orders, seen row by row before anything leaves; then how its blocks fare."""

from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brokers.blocks.basket_files import EXAMPLE_ROWS, EXAMPLE_TITLES, HEADINGS, text_of
from brokers.blocks.forms import BasketForm
from brokers.blocks.models import AllocationShare, Basket, BasketRow, Block
from brokers.blocks.rights import may_see_plan
from brokers.blocks.selectors import names_of
from brokers.blocks.services import baskets
from brokers.blocks.services.basket_rows import Judged, judge
from brokers.blocks.services.baskets import looked, looked_at, sealed
from brokers.blocks.views.rebalancing import plan_to_order
from brokers.blocks.wave import Wave
from brokers.exports import csv_lines, workbook
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.paging import newest_first
from lucy.errors import LucyError
from lucy.sheets import MOST_BYTES

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "POST"])
@signed_in
def basket(request: SignedInRequest) -> HttpResponse:
    """Step one: every row and the blocks it would become; nothing is stored."""
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = BasketForm(*sent, user=request.user)
    context: dict[str, Any] = {"form": form, "headings": HEADINGS}
    status = 200
    if request.method == "POST" and form.is_valid():
        file, plan = form.cleaned_data["file"], form.cleaned_data["plan"]
        try:
            text = text_of(file.name, file.read(MOST_BYTES + 1))
            if there := baskets.earlier(request.user, plan, text):
                return _sent_before(request, there)
            found = judge(request.user, plan, text)
            context |= _judged(request, found, file.name)
            status = 200 if found.is_good else 422
        except LucyError as refusal:
            form.add_error("file", refusal.message)
    if form.errors:
        status = 422
    mine = Basket.objects.filter(user=request.user)
    context["part"] = newest_first(mine, "created_at", request.GET.get("after", ""), "plan")
    wanted = "blocks/parts/basket_rows.html" if "after" in request.GET else "blocks/basket.html"
    return render(request, wanted, context, status=status)


def _judged(request: SignedInRequest, found: Judged, file_name: str) -> dict[str, Any]:
    context: dict[str, Any] = {"judged": found, "file_name": file_name}
    context["alike"] = Basket.objects.filter(file_hash=found.file_hash).select_related("user", "plan")[:5]
    if found.is_good:
        context["look"] = sealed(request.user, looked(found, file_name))
    return context


def _sent_before(request: SignedInRequest, there: Basket) -> HttpResponse:
    messages.info(
        request, "이미 보낸 파일이라 새로 주문하지 않았습니다. 아래는 그때의 주문과 지금까지의 체결입니다."
    )
    return redirect("blocks:one-basket", pk=there.pk)


@require_GET
@signed_in
def example(request: SignedInRequest, kind: str) -> HttpResponse:
    """A file to begin with: its headings and rows of an example, whose fund no plan has."""
    if kind == "csv":
        body: Any = "".join(csv_lines(EXAMPLE_TITLES, EXAMPLE_ROWS)).encode()
        answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    elif kind == "xlsx":
        answer = HttpResponse(workbook(EXAMPLE_TITLES, EXAMPLE_ROWS).getvalue(), content_type=EXCEL)
    else:
        raise Http404
    answer["Content-Disposition"] = f'attachment; filename="lucy-basket.{kind}"'
    return answer


@require_POST
@signed_in
def place(request: SignedInRequest) -> HttpResponse:
    """Step two: just what was looked at, checked again."""
    if "read" not in request.POST:
        messages.error(request, "확인란에 표시하지 않아 보내지 않았습니다. 파일을 다시 고르세요.")
        return redirect("blocks:basket")
    try:
        what = looked_at(request.user, request.POST.get("look", ""))
        plan = plan_to_order(request, what.plan_key)
        found, is_new = baskets.place(request.user, plan, what)
    except LucyError as refusal:
        messages.error(request, refusal.message)
        return redirect("blocks:basket")
    if not is_new:
        return _sent_before(request, found)
    messages.success(request, f"{found.file_name}: 보내고 있습니다. 행마다 어떻게 되는지 아래에 나옵니다.")
    return redirect("blocks:one-basket", pk=found.pk)


@require_POST
@signed_in
def resume(request: SignedInRequest, pk: str) -> HttpResponse:
    """Once more the rows that were refused, at the prices of the file."""
    found = get_object_or_404(Basket.objects.select_related("plan"), pk=pk, user=request.user)
    try:
        plan_to_order(request, str(found.plan_id))
        baskets.again(found)
    except LucyError as refusal:
        messages.error(request, refusal.message)
    return redirect("blocks:one-basket", pk=found.pk)


@require_GET
@signed_in
def one(request: SignedInRequest, pk: str) -> HttpResponse:
    """How the rows of one file fare; with htmx the part that follows them."""
    found = get_object_or_404(Basket.objects.select_related("plan", "user"), pk=pk)
    is_own = found.user_id == request.user.pk
    if not is_own and not may_see_plan(request.user, found.plan_id):
        raise Http404
    rows = list(BasketRow.objects.filter(basket=found).order_by("number"))
    blocks = list(Block.objects.filter(pk__in={row.block_id for row in rows} - {None}).order_by("created_at"))
    refused = [row for row in rows if row.block_id is None and row.note]
    untried = sum(row.block_id is None and not row.note for row in rows)
    on_the_way = untried if baskets.is_of_today(found) else 0
    wave = Wave(blocks)
    context = {
        "basket": found,
        "rows": _lines(rows, blocks),
        "refused": len(refused),
        "on_the_way": on_the_way,
        "is_open": wave.is_open or bool(on_the_way),
        "may_resume": bool(refused) and is_own,
        "wave": wave,
        "address": request.path,
    }
    wanted = "blocks/parts/basket_live.html" if request.htmx else "blocks/one_basket.html"
    return render(request, wanted, context)


def _lines(rows: list[BasketRow], blocks: list[Block]) -> list[dict[str, Any]]:
    """Each row with the issue's name, its block, and what its fund got of that."""
    by_key, names = {block.pk: block for block in blocks}, names_of(row.symbol for row in rows)
    sums = AllocationShare.objects.filter(block_id__in=list(by_key)).values_list("block_id", "fund__code")
    filled = {(block, fund): shares for block, fund, shares in sums.annotate(Sum("filled"))}
    return [
        {
            "row": row,
            "name": names.get(row.symbol, ""),
            "block": by_key.get(row.block_id),
            "filled": filled.get((row.block_id, row.fund_code), 0),
        }
        for row in rows
    ]
