"""An account's past as its broker tells it: trades page by page, profit by day and by issue, files."""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.adapters.history import IssueDay, TradeLine
from brokers.exports import Cell
from brokers.forms import HistoryForm, ProfitForm
from brokers.models import BrokerAccount
from brokers.services import desk, history
from brokers.services.answers import Question, ask
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.accounts import waited
from brokers.views.files import download, no_file
from lucy.errors import LucyError

TRADE_TITLES = (
    *("매매일", "시각", "주문번호", "종목코드", "종목명", "구분", "증권사 표시", "주문수량", "체결수량"),
    *("평균단가", "체결금액", "수수료", "제세금", "실현손익", "출처"),
)
PROFIT_TITLES = (
    *("매매일", "종목코드", "종목명", "매수수량", "매수금액", "매도수량", "매도금액"),
    *("수수료", "제세금", "실현손익"),
)


@require_GET
@signed_in
def trades(request: SignedInRequest) -> HttpResponse:
    """The page; the broker is asked by its parts."""
    return _page(request, HistoryForm(request.GET, user=request.user), "brokers/history/trades.html")


@require_GET
@signed_in
def trade_rows(request: SignedInRequest) -> HttpResponse:
    """One page of the broker's, narrowed by the filters that it does not know."""
    form = _filled(request, HistoryForm)
    account, first, last = form["account"], form["first"], form["last"]
    after = _place(request.GET.get("after", ""))
    page_key = hashlib.sha256(after.encode()).hexdigest()[:16]
    answer = ask(
        Question(
            account,
            f"trades:{first}:{last}:{page_key}",
            lambda: desk.trades(account, first, last, after),
        ),
        waited=waited(request),
    )
    context: dict[str, Any] = {"account": account, "answer": answer, "is_first": not after}
    if answer.value is not None:
        lines = [line for line in answer.value.lines if form["wants"](line)]
        context["rows"] = list(zip(lines, history.origins(account, lines), strict=True))
        context["unseen"] = len(answer.value.lines) - len(lines)
        context["after"] = answer.value.after and signing.dumps(answer.value.after)
    return render(request, "brokers/history/trade_rows.html", context)


@require_GET
@signed_in
def trade_totals(request: SignedInRequest) -> HttpResponse:
    """What the whole period moved and made, whatever the filters."""
    form = _filled(request, HistoryForm)
    context = _made(request, form)
    return render(request, "brokers/history/totals.html", context)


@require_GET
@signed_in
def trades_file(request: SignedInRequest, kind: str) -> HttpResponseBase:
    form = _filled(request, HistoryForm)
    account, first, last = form["account"], form["first"], form["last"]

    def rows() -> Iterator[list[Cell]]:
        for page in history.all_trades(account, first, last):
            lines = [line for line in page if form["wants"](line)]
            for line, origin in zip(lines, history.origins(account, lines), strict=True):
                yield _trade_cells(line, origin.label)

    try:
        return download(kind, _file_name("trades", account, first, last), TRADE_TITLES, rows())
    except LucyError as silence:
        return no_file(request, "brokers:trades", silence)


@require_GET
@signed_in
def profits(request: SignedInRequest) -> HttpResponse:
    return _page(request, ProfitForm(request.GET, user=request.user), "brokers/history/profits.html")


@require_GET
@signed_in
def profit_figures(request: SignedInRequest) -> HttpResponse:
    """The chart's figures and both tables."""
    form = _filled(request, ProfitForm)
    context = _made(request, form)
    if context["answer"].value is not None:
        lines = [line for line in context["answer"].value if form["wants_issue"](line)]
        days = history.by_day(lines)
        context |= {
            "total": history.whole(lines),
            "days": list(reversed(days)),
            "issues": history.by_issue(lines),
            "drawn": [{"time": made.name, "value": int(made.realised)} for made in days],
        }
    return render(request, "brokers/history/profit_figures.html", context)


@require_GET
@signed_in
def profits_file(request: SignedInRequest, kind: str) -> HttpResponseBase:
    form = _filled(request, ProfitForm)
    account, first, last = form["account"], form["first"], form["last"]
    try:
        lines = [line for line in desk.profits(account, first, last) if form["wants_issue"](line)]
        rows = (_profit_cells(line) for line in lines)
        return download(kind, _file_name("profits", account, first, last), PROFIT_TITLES, rows)
    except LucyError as silence:
        return no_file(request, "brokers:profits", silence)


def _page(request: SignedInRequest, form: HistoryForm, template: str) -> HttpResponse:
    form.fill_in()
    context: dict[str, Any] = {"filters": form, "query": form.query()}
    if form.is_valid():
        context["account"] = form.cleaned_data["account"]
    return render(request, template, context)


def _filled(request: SignedInRequest, kind: type[HistoryForm]) -> dict[str, Any]:
    """The page's filters again; 404 for what the page would have refused."""
    form = kind(request.GET, user=request.user)
    if not form.is_valid():
        raise Http404
    return form.cleaned_data | {"wants": form.wants, "wants_issue": form.wants_issue}


def _place(cursor: str) -> str:
    """The broker's own cursor, which came from us signed: nothing else is put to a broker."""
    try:
        return str(signing.loads(cursor)) if cursor else ""
    except signing.BadSignature as odd:
        raise Http404 from odd


def _made(request: SignedInRequest, form: dict[str, Any]) -> dict[str, Any]:
    account, first, last = form["account"], form["first"], form["last"]
    question = Question(account, f"profits:{first}:{last}", lambda: desk.profits(account, first, last))
    answer = ask(question, waited=waited(request))
    context: dict[str, Any] = {"account": account, "answer": answer}
    if answer.value is not None:
        context["total"] = history.whole(answer.value)
    return context


def _file_name(what: str, account: BrokerAccount, first: date, last: date) -> str:
    return f"lucy-{what}-{account.number[-4:]}-{first:%Y%m%d}-{last:%Y%m%d}"


def _trade_cells(line: TradeLine, origin: str) -> list[Cell]:
    return [
        line.trade_date,
        line.at,
        line.order_no,
        line.symbol,
        line.name,
        line.side.label if line.side else "",
        line.status_text,
        line.ordered,
        line.quantity,
        line.price.quantize(Decimal("0.01")),
        line.amount,
        line.fee,
        line.tax,
        line.realised,
        origin,
    ]


def _profit_cells(line: IssueDay) -> list[Cell]:
    return [
        line.trade_date,
        line.symbol,
        line.name,
        line.bought,
        line.buy_amount,
        line.sold,
        line.sell_amount,
        line.fee,
        line.tax,
        line.realised,
    ]
