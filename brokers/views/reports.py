"""The end of an account's day, and what differs from the broker's books."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from brokers.adapters.base import BrokerError
from brokers.exports import csv_lines
from brokers.rights import accounts_of, may_settle
from brokers.selectors import differences_of, report_of, with_related
from brokers.services.reconcile import choose
from brokers.views.access import SignedInRequest, signed_in
from lucy import clock
from lucy.errors import LucyError

COLUMNS = (
    "체결시각",
    "주문번호",
    "체결번호",
    "종목코드",
    "종목명",
    "구분",
    "수량",
    "가격",
    "금액",
    "근거",
)


@require_GET
@signed_in
def report(request: SignedInRequest) -> HttpResponse:
    """`?account=&day=`; the user's first account and today where none is named."""
    accounts = list(accounts_of(request.user))
    day = _day(request.GET.get("day", ""))
    chosen = request.GET.get("account", "")
    account = next((account for account in accounts if str(account.pk) == chosen), None)
    if chosen and account is None:
        raise Http404
    account = account or next(iter(accounts), None)
    context: dict[str, Any] = {"accounts": accounts, "account": account, "day": day}
    if account is not None:
        context["report"] = report_of(account, day)
    return render(request, "brokers/report.html", context)


@require_GET
@signed_in
def report_csv(request: SignedInRequest, pk: str, day: str) -> HttpResponse:
    """The day's fills, a line each, for a spreadsheet (UTF-8 with a mark that Excel understands)."""
    account = get_object_or_404(accounts_of(request.user), pk=pk)
    found = report_of(account, _day(day))
    names = {order.pk: order.name for order in found.orders}
    rows = [
        (
            fill.executed_at,
            fill.broker_order_no,
            fill.fill_no,
            fill.symbol,
            names.get(fill.order_id, ""),
            str(fill.get_side_display()),
            fill.quantity,
            fill.price,
            fill.quantity * fill.price,
            str(fill.get_source_display()),
        )
        for fill in found.fills
    ]
    response = HttpResponse("".join(csv_lines(COLUMNS, rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="lucy-{account.number[-4:]}-{day}.csv"'
    return response


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else clock.trade_date()
    except ValueError as odd:
        raise Http404 from odd


@require_GET
@signed_in
def differences(request: SignedInRequest) -> HttpResponse:
    rows = list(differences_of(request.user))
    with_related(rows, "account", "order")
    settles = {row.pk for row in rows if may_settle(request.user, row.account)}
    return render(request, "brokers/differences.html", {"rows": rows, "settles": settles})


@require_POST
@signed_in
def choose_number(request: SignedInRequest, pk: str) -> HttpResponse:
    """One click: this number at the broker is our order, or (empty) none of them is."""
    row = get_object_or_404(differences_of(request.user), pk=pk)
    if not may_settle(request.user, row.account):
        raise PermissionDenied
    try:
        choose(row, request.POST.get("number", ""), request.user)
    except (LucyError, BrokerError) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "반영했습니다. 주문 내역의 이력에 남습니다.")
    return redirect("brokers:differences")
