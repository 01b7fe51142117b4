"""나의 주식: the list, its prices, what changes it. Nothing leaves the list before its name was read."""

from typing import Any

from django import forms
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brokers.forms import SymbolField, WonField
from brokers.models import Crossing, Tag, WatchedStock
from brokers.rights import accounts_of, tradable_accounts_of
from brokers.selectors import find_instruments
from brokers.services import watch
from brokers.services.watch import Priced
from brokers.templatetags.lucy import arrow, rate, signed, trend, won
from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError

FOUND_AT_ONCE = 8


class AddForm(forms.Form):
    symbol = SymbolField()
    tag = forms.ChoiceField(choices=Tag.choices, required=False)


class TagForm(forms.Form):
    tag = forms.ChoiceField(choices=Tag.choices)
    on = forms.BooleanField(required=False)


class BasesForm(forms.Form):
    buy_below = WonField(required=False)
    sell_above = WonField(required=False)


@require_GET
@signed_in
def mystock(request: SignedInRequest) -> HttpResponse:
    """The list with the prices known; the page asks for new ones itself."""
    return render(request, "brokers/mystock/mystock.html", _list(request))


@require_GET
@signed_in
def prices(request: SignedInRequest) -> HttpResponse:
    """Prices of the whole list in one round, and the base prices they reached."""
    rows = watch.watched_by(request.user)
    priced, silence = watch.prices(request.user, [row.symbol for row in rows])
    watch.newly_crossed(rows, priced)
    return JsonResponse(
        {
            "open": watch.market_is_open(),
            "silence": silence.message if silence else "",
            "rows": {symbol: _figures(one) for symbol, one in priced.items()},
            "calls": [_call(row) for row in rows if row.crossing],
        }
    )


@require_GET
@signed_in
def find(request: SignedInRequest) -> HttpResponse:
    """Issues by name, code or initials, to be put on the list."""
    text = request.GET.get("text", "").strip()
    found = find_instruments(text, FOUND_AT_ONCE) if text else []
    known = {row.symbol for row in watch.watched_by(request.user)}
    context = {"text": text, "found": found, "known": known, "shown": _shown(request)}
    return render(request, "brokers/mystock/found.html", context)


@require_POST
@signed_in
def add(request: SignedInRequest) -> HttpResponse:
    form = AddForm(request.POST)
    if not form.is_valid():
        return _listed(request, error=_first_error(form))
    tag = Tag(form.cleaned_data["tag"] or Tag.FOLLOWED)
    try:
        row = watch.watch(request.user, form.cleaned_data["symbol"], tag)
    except LucyError as refusal:
        return _listed(request, error=refusal.message)
    return _listed(request, words=f"{row.name}에 {tag.label} 태그를 달았습니다.")


@require_POST
@signed_in
def tag(request: SignedInRequest, symbol: str) -> HttpResponse:
    row, form = _row(request, symbol), TagForm(request.POST)
    if form.is_valid():
        watch.tag(row, Tag(form.cleaned_data["tag"]), form.cleaned_data["on"])
    return _one(request, row)


@require_POST
@signed_in
def bases(request: SignedInRequest, symbol: str) -> HttpResponse:
    row, form = _row(request, symbol), BasesForm(request.POST)
    try:
        if not form.is_valid():
            return _one(request, row, _first_error(form))
        watch.base_prices(row, form.cleaned_data["buy_below"], form.cleaned_data["sell_above"])
    except LucyError as refusal:
        return _one(request, row, refusal.message)
    return _one(request, row)


@require_POST
@signed_in
def rebuild(request: SignedInRequest) -> HttpResponse:
    """보유 out of the accounts' balances."""
    done = watch.rebuild_held(request.user)
    words = f"계좌에 보유한 {done.held}종목을 확인했습니다."
    if done.added:
        words += f" 보유로 추가: {', '.join(done.added)}."
    if done.dropped:
        words += f" 보유에서 뺌: {', '.join(done.dropped)}."
    error = (
        f"답하지 않은 계좌가 있어 보유 태그를 떼지 않았습니다. {' / '.join(done.silent)}"
        if done.silent
        else ""
    )
    return _listed(request, words=words, error=error)


@require_http_methods(["GET", "POST"])
@signed_in
def remove(request: SignedInRequest) -> HttpResponse:
    """One stock, a tag, or all: GET says what goes, POST does it."""
    given = request.POST if request.method == "POST" else request.GET
    symbol, shown = given.get("symbol", ""), _shown(request)
    tag = "" if symbol else shown
    planned = watch.removal(request.user, tag, symbol)
    if request.method == "GET":
        context = {"planned": planned, "symbol": symbol, "shown": shown, "tag": Tag(tag) if tag else None}
        return render(request, "brokers/mystock/remove.html", context)
    named = set(given.getlist("named"))  # what was read; a stock added since then stays
    planned.gone[:] = [row for row in planned.gone if row.symbol in named]
    planned.stay[:] = [row for row in planned.stay if row.symbol in named]
    watch.remove(request.user, planned, tag)
    words = f"{len(planned.gone)}종목을 목록에서 뺐습니다."
    if planned.stay:
        words += f" {len(planned.stay)}종목은 다른 태그로 남습니다."
    return _listed(request, words=words)


def _first_error(form: forms.Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def _shown(request: SignedInRequest) -> str:
    """The tag whose stocks the page shows; empty for all."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = given.get("shown", "")
    return wanted if wanted in Tag.values else ""


def _row(request: SignedInRequest, symbol: str) -> WatchedStock:
    return get_object_or_404(WatchedStock, user=request.user, symbol=symbol)


def _list(request: SignedInRequest, **words: str) -> dict[str, Any]:
    shown = _shown(request)
    everything = watch.watched_by(request.user)
    rows = [row for row in everything if not shown or getattr(row, shown)]
    priced = watch.known_prices(row.symbol for row in rows)
    return {
        "rows": [_shape(row, priced.get(row.symbol)) for row in rows],
        "shown": shown,
        "tags": [(tag, sum(getattr(row, tag.value) for row in everything)) for tag in Tag],
        "count": len(everything),
        "may_ask": accounts_of(request.user).exists(),
        "may_trade": tradable_accounts_of(request.user).exists(),
        **words,
    }


def _listed(request: SignedInRequest, **words: str) -> HttpResponse:
    answer = render(request, "brokers/mystock/list.html", _list(request, **words))
    answer["HX-Trigger-After-Swap"] = "mystock:listed"
    return answer


def _one(request: SignedInRequest, row: WatchedStock, error: str = "") -> HttpResponse:
    priced = watch.known_prices([row.symbol])
    context = {
        "row": _shape(row, priced.get(row.symbol)),
        "error": error,
        "may_trade": tradable_accounts_of(request.user).exists(),
    }
    return render(request, "brokers/mystock/row.html", context, status=422 if error else 200)


def _shape(row: WatchedStock, priced: Priced | None) -> dict[str, Any]:
    return {
        "stock": row,
        "tags": [(tag, getattr(row, tag.value)) for tag in Tag],
        "figures": _figures(priced) if priced else None,
    }


def _figures(priced: Priced) -> dict[str, Any]:
    """As the page writes them, and as it sorts by them."""
    quote = priced.quote
    return {
        "price": won(quote.price),
        "change": f"{arrow(quote.change)} {signed(quote.change)}".strip(),
        "rate": rate(quote.change_rate),
        "trend": trend(quote.change),
        "sort": {
            "price": float(quote.price),
            "change": float(quote.change),
            "rate": float(quote.change_rate),
        },
        "at": priced.at.isoformat(),
        "old": priced.is_old,
    }


def _call(row: WatchedStock) -> dict[str, Any]:
    return {
        "symbol": row.symbol,
        "name": row.name,
        "side": "buy" if row.crossing == Crossing.BELOW else "sell",
        "title": Crossing(row.crossing).label,
        "text": watch.called(row),
        "at": row.crossed_at.isoformat() if row.crossed_at else "",
    }
