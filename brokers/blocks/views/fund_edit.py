"""Keeping a fund on pages: its name and limits, cash and holdings, target weights, restricted issues."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from brokers.blocks.fund_forms import (
    BooksForm,
    HeadForm,
    HoldingForms,
    RestrictionForms,
    TargetForms,
)
from brokers.blocks.models import Fund, FundHolding, FundTarget, IssueRule
from brokers.blocks.rights import funds_of, require_aiming, require_keeping, require_making
from brokers.blocks.selectors import names_of, position_of
from brokers.blocks.services import funds
from brokers.blocks.services.funds import Books, edition
from brokers.services.limits import values_of
from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError

BLANK_ROWS = 3


@require_http_methods(["GET", "POST"])
@signed_in
def make(request: SignedInRequest) -> HttpResponse:
    _allow(lambda: require_making(request.user))
    form = HeadForm(request.POST or None)

    def store() -> Fund:
        data = form.cleaned_data
        return funds.make_fund(request.user, data["code"], form.head(), data["cash"], data["as_of"])

    return _answered(request, None, {"form": form, "title": "새 펀드"}, store)


@require_http_methods(["GET", "POST"])
@signed_in
def head(request: SignedInRequest, pk: str) -> HttpResponse:
    fund = _fund(request, pk)
    _allow(lambda: require_keeping(request.user, fund))
    form = HeadForm(request.POST or None, fund=fund)
    context = {"form": form, "title": "기본 정보와 한도", "seen": edition(values_of(fund))}
    return _answered(
        request,
        fund,
        context,
        lambda: funds.change_fund(request.user, fund, form.head(), seen=request.POST.get("seen", "")),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def books(request: SignedInRequest, pk: str) -> HttpResponse:
    fund = _fund(request, pk)
    _allow(lambda: require_keeping(request.user, fund))
    form = BooksForm(request.POST or None, fund=fund)
    held = FundHolding.objects.filter(fund=fund).order_by("symbol")
    rows = _rows(request, HoldingForms, [{"symbol": row.symbol, "quantity": row.quantity} for row in held])
    context = {
        "form": form,
        "rows": rows,
        "title": "현금과 보유",
        "table": "보유 종목",
        "hint": "적지 않은 종목은 없는 것으로 봅니다. 증권사나 수탁은행이 알린 잔고를 그대로 적으세요.",
        "position": position_of(fund),
        "seen": edition(funds.books_of(fund)),
    }

    def store() -> None:
        data = form.cleaned_data
        holdings = {row.cleaned_data["symbol"]: int(row.cleaned_data["quantity"]) for row in rows.filled}
        told = Books(data["cash"], data["as_of"], holdings)
        funds.set_books(request.user, fund, told, seen=request.POST.get("seen", ""))

    return _answered(request, fund, context, store)


@require_http_methods(["GET", "POST"])
@signed_in
def targets(request: SignedInRequest, pk: str) -> HttpResponse:
    fund = _fund(request, pk)
    _allow(lambda: require_aiming(request.user, fund))
    wanted = FundTarget.objects.filter(fund=fund).order_by("symbol")
    shown = [{"symbol": row.symbol, "percent": f"{row.percent.normalize():f}"} for row in wanted]
    rows = _rows(request, TargetForms, shown)
    context = {
        "rows": rows,
        "title": "목표 비중",
        "table": "순자산의 몇 %를 담을지",
        "summed": "percent",
        "hint": "100 %에서 남는 만큼이 현금입니다. 목표가 하나라도 있으면, 적지 않은 보유 종목은 "
        "리밸런싱에서 모두 파는 것으로 계산합니다.",
        "seen": edition(funds.targets_of(fund)),
    }

    def store() -> None:
        percents = {row.cleaned_data["symbol"]: row.cleaned_data["percent"] for row in rows.filled}
        funds.set_targets(request.user, fund, percents, seen=request.POST.get("seen", ""))

    return _answered(request, fund, context, store)


@require_http_methods(["GET", "POST"])
@signed_in
def restrictions(request: SignedInRequest, pk: str) -> HttpResponse:
    fund = _fund(request, pk)
    _allow(lambda: require_keeping(request.user, fund))
    names = ("symbol", "side", "stance", "reason")
    stored = IssueRule.objects.filter(fund=fund).order_by("symbol", "side").values(*names)
    rows = _rows(request, RestrictionForms, list(stored))
    context = {
        "rows": rows,
        "title": "제한 종목",
        "table": "이 펀드가 거래하지 않거나 두 사람이 보는 종목",
        "hint": "모든 펀드에 걸리는 제한은 관리 화면에서 정합니다.",
        "seen": edition(funds.restrictions_of(fund)),
    }

    def store() -> None:
        wanted = [row.restriction() for row in rows.filled]
        funds.restrict(request.user, fund, wanted, seen=request.POST.get("seen", ""))

    return _answered(request, fund, context, store)


# --- what they share ----------------------------------------------------------------------------------------


def _fund(request: SignedInRequest, pk: str) -> Fund:
    return get_object_or_404(funds_of(request.user), pk=pk)


def _allow(require: Callable[[], None]) -> None:
    """A refusal as the page that says so."""
    try:
        require()
    except LucyError as refusal:
        raise PermissionDenied(refusal.message) from refusal


def _rows(request: SignedInRequest, kind: Any, stored: list[dict[str, Any]]) -> Any:
    """What was sent, or what is stored with some empty rows below."""
    if request.method == "POST":
        return kind(request.POST, prefix="row")
    rows = kind(prefix="row", initial=stored)
    rows.extra = 1 if stored else BLANK_ROWS
    return rows


def _answered(
    request: SignedInRequest, fund: Fund | None, context: dict[str, Any], store: Callable[[], Any]
) -> HttpResponse:
    """The form, or the stored fund's page; what is wrong stands at its field or row."""
    form, rows = context.get("form"), context.get("rows")
    status = 200
    if request.method == "POST":
        status = 422
        if all(part.is_valid() for part in (form, rows) if part is not None):
            try:
                stored = store()
            except LucyError as refusal:
                status = refusal.status if refusal.status == 409 else 422
                context["wrong"] = "" if _blamed(refusal, form, rows) else refusal.message
            else:
                found = fund or stored
                messages.success(request, f"{found.code}: {context['title']} 저장했습니다.")
                return redirect("blocks:fund", pk=found.pk)
        context["seen"] = request.POST.get("seen", "")
    if rows is not None:
        symbols = [str(row["symbol"].value() or "").upper() for row in rows]
        context["names"] = names_of(symbols)
    return render(request, "blocks/fund_edit.html", context | {"fund": fund}, status=status)


def _blamed(refusal: LucyError, form: Form | None, rows: Any) -> bool:
    """Put the refusal's words where they belong; says whether there is such a place."""
    symbol = str(refusal.details.get("symbol", ""))
    if symbol and rows is not None and rows.blame(symbol, refusal.message):
        return True
    field = refusal.details.get("field")
    if form is not None and field in form.fields:
        form.add_error(field, refusal.message)
        return True
    return False
