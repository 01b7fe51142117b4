"""One stock: its chart, its book with own orders, what is held, what it costs. Each part asks by itself."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers import charts, costs
from brokers.adapters.base import Level, OrderBook, Period, Quote
from brokers.adapters.companies import FiscalPeriod
from brokers.forms import SYMBOL, WonField
from brokers.models import BrokerAccount, Fill, Instrument
from brokers.rights import accounts_of, tradable_accounts_of
from brokers.selectors import find_instruments, open_orders
from brokers.services import charts as stored_charts
from brokers.services import desk
from brokers.services.answers import Question, ask
from brokers.templatetags.lucy import eok, figure, won
from brokers.terms import Side
from brokers.ticks import tick_size
from brokers.views.access import SignedInRequest, signed_in
from lucy import clock
from lucy.errors import LucyError

LAST_ACCOUNT = "stock_account"
QUANTITIES = (1, 5, 10, 20, 30, 50, 100, 150, 200, 300)
STEPS_AROUND = 10  # ticks on each side of the price in the table of sales
MOST_MARKS = 2_000


class ChartForm(forms.Form):
    period = forms.ChoiceField(choices=[(period.value, period.value) for period in Period])
    adjusted = forms.BooleanField(required=False)


class CostForm(forms.Form):
    price = WonField(required=False)
    quantity = WonField(required=False)


@require_GET
@signed_in
def search(request: SignedInRequest) -> HttpResponse:
    """Issues by name, code or initials, as links to their pages."""
    text = request.GET.get("text", "").strip()
    found = find_instruments(text, 20) if text else []
    return render(request, "brokers/stock/search.html", {"text": text, "found": found})


@require_GET
@signed_in
def stock(request: SignedInRequest, symbol: str) -> HttpResponse:
    """The page without any broker's answer: it comes at once, its parts when they come."""
    accounts = list(accounts_of(request.user))
    account = _chosen(request, accounts)
    context = _named(symbol) | {
        "accounts": accounts,
        "account": account,
        "may_trade": tradable_accounts_of(request.user).exists(),
        "periods": [(period.value, charts.LABELS[period]) for period in Period],
        **_costs(CostForm({}), _instrument(symbol), account),
    }
    return render(request, "brokers/stock/stock.html", context)


@require_GET
@signed_in
def book(request: SignedInRequest, symbol: str) -> HttpResponse:
    """Price, limits and ten levels, own open orders beside theirs."""
    account = _account(request)
    context = _named(symbol) | {"account": account}
    answer = ask(Question(account, f"book:{symbol}", partial(_market, account, symbol)))
    context["answer"] = answer
    if answer.value and not answer.silence:  # an old book would be an invitation to a wrong price
        quote, levels = answer.value
        ladder = _ladder(levels, quote.base_price, _own(request, symbol))
        context |= {"quote": quote, "book": levels, **ladder}
    return render(request, "brokers/stock/book.html", context)


def _market(account: BrokerAccount, symbol: str) -> tuple[Quote, OrderBook]:
    return desk.quote(account, symbol), desk.order_book(account, symbol)


@require_GET
@signed_in
def held(request: SignedInRequest, symbol: str) -> HttpResponse:
    """What the account holds of it, by its broker's figures; the average price is drawn on the chart."""
    account = _account(request)
    answer = ask(Question(account, "balance", partial(desk.balance, account)))
    context = _named(symbol) | {"account": account, "answer": answer}
    if answer.value:
        context["line"] = next((line for line in answer.value.holdings if line.symbol == symbol), None)
    return render(request, "brokers/stock/held.html", context)


@require_GET
@signed_in
def company(request: SignedInRequest, symbol: str) -> HttpResponse:
    """What the company is and earns, by the broker's figures."""
    account, symbol = _account(request), _symbol(symbol)
    answer = ask(Question(account, f"company:{symbol}", partial(desk.company, account, symbol)))
    context = _named(symbol) | {"account": account, "answer": answer, "company": answer.value}
    if answer.value:
        context["statement"] = _statement(answer.value.periods)
    return render(request, "brokers/stock/company.html", context)


@require_GET
@signed_in
def candles(request: SignedInRequest, symbol: str) -> HttpResponse:
    """The chart's figures, with the chosen account's own fills."""
    symbol, account, form = _symbol(symbol), _account(request), ChartForm(request.GET)
    if not form.is_valid():
        raise Http404
    period, adjusted = Period(form.cleaned_data["period"]), form.cleaned_data["adjusted"]
    last = _last_day(period)
    first = last - charts.REACH[period]
    try:
        chart = stored_charts.candles(account, symbol, period, first, last, adjusted)
    except LucyError as silence:
        return JsonResponse({"message": silence.message}, status=silence.status)
    fills = Fill.objects.filter(account=account, symbol=symbol, executed_at__gte=clock.day_start(first))
    own = charts.marks(fills.order_by("-executed_at", "-id")[:MOST_MARKS], chart.candles, period)
    silence_words = chart.silence.message if chart.silence else ""
    return JsonResponse(charts.drawn(chart.candles, own, period) | {"silence": silence_words})


@require_GET
@signed_in
def cost(request: SignedInRequest, symbol: str) -> HttpResponse:
    form = CostForm(request.GET)
    account = _chosen(request, list(accounts_of(request.user)))
    context = _named(symbol) | {"account": account} | _costs(form, _instrument(symbol), account)
    return render(request, "brokers/stock/costs.html", context, status=200 if form.is_valid() else 422)


STATEMENT = (  # field, in words, how it is written
    ("sales", "매출액", eok),
    ("operating_profit", "영업이익", eok),
    ("net_income", "당기순이익", eok),
    ("assets", "자산총계", eok),
    ("liabilities", "부채총계", eok),
    ("equity", "자본총계", eok),
    ("eps", "EPS (원)", won),
    ("bps", "BPS (원)", won),
    ("roe", "ROE", figure),
    ("sales_growth", "매출 증가율", figure),
    ("debt_ratio", "부채비율", figure),
    ("current_ratio", "유동비율", figure),
    ("reserve_ratio", "유보율", figure),
)


def _statement(periods: Sequence[FiscalPeriod]) -> list[tuple[str, list[str]]]:
    """A line for each figure that any settlement tells."""
    lines = []
    for name, label, write in STATEMENT:
        told = [getattr(period, name) for period in periods]
        if any(value is not None for value in told):
            lines.append((label, ["" if value is None else write(value) for value in told]))
    return lines


def _symbol(symbol: str) -> str:
    if not re.fullmatch(SYMBOL, symbol):
        raise Http404
    return symbol


def _instrument(symbol: str) -> Instrument | None:
    return Instrument.objects.filter(symbol=_symbol(symbol)).first()


def _named(symbol: str) -> dict[str, Any]:
    instrument = _instrument(symbol)
    return {"symbol": symbol, "instrument": instrument, "name": instrument.name if instrument else symbol}


def _chosen(request: SignedInRequest, accounts: list[BrokerAccount]) -> BrokerAccount | None:
    """The account of the address, else the one last looked at, else the first."""
    by_key = {str(account.pk): account for account in accounts}
    wanted = request.GET.get("account", "")
    if wanted and wanted not in by_key:
        raise Http404
    if wanted:
        request.session[LAST_ACCOUNT] = wanted
    return by_key.get(wanted or request.session.get(LAST_ACCOUNT, "")) or next(iter(accounts), None)


def _account(request: SignedInRequest) -> BrokerAccount:
    account = _chosen(request, list(accounts_of(request.user)))
    if account is None:
        raise Http404
    return account


def _last_day(period: Period) -> date:
    """Today; of minutes, the last day that had any."""
    today = clock.trade_date()
    if period is not Period.MINUTE or not clock.market_hours_apply():
        return today
    has_opened = clock.is_trading_day(today) and clock.now().astimezone(clock.KST).hour >= 9
    return today if has_opened else clock.previous_trading_day(today)


def _own(request: SignedInRequest, symbol: str) -> dict[tuple[str, Decimal], int]:
    """Shares that own open orders hold at a price, over all accounts the user sees."""
    orders = open_orders(request.user).filter(symbol=symbol)
    resting: dict[tuple[str, Decimal], int] = defaultdict(int)
    for order in orders:
        if order.price is not None and order.open_quantity:
            resting[order.side, order.price] += order.open_quantity
    return resting


def _ladder(book: OrderBook, base: Decimal, own: dict[tuple[str, Decimal], int]) -> dict[str, Any]:
    most = max((level.quantity for level in (*book.asks, *book.bids)), default=0)

    def row(level: Level, side: Side) -> dict[str, Any]:
        change = level.price - base
        return {
            "price": level.price,
            "quantity": level.quantity,
            "share": round(100 * level.quantity / most) if most else 0,
            "change": change,
            "rate": 100 * change / base if base else None,
            "own": own.get((side, level.price), 0),
        }

    shown = {level.price for level in (*book.asks, *book.bids)}
    return {
        "asks": [row(level, Side.SELL) for level in reversed(book.asks)],
        "bids": [row(level, Side.BUY) for level in book.bids],
        "ask_total": sum(level.quantity for level in book.asks),
        "bid_total": sum(level.quantity for level in book.bids),
        "beyond": [
            {"side": side, "price": price, "quantity": quantity}
            for (side, price), quantity in sorted(own.items(), key=lambda item: -item[0][1])
            if price not in shown
        ],
    }


def _costs(form: CostForm, instrument: Instrument | None, account: BrokerAccount | None) -> dict[str, Any]:
    """What buying some and selling them costs: purchases by quantity, sales by price."""
    rates = (account.rates if account else costs.Rates()).of(instrument.kind if instrument else "")
    given = form.cleaned_data if form.is_valid() else {}
    price = given.get("price") or (instrument.base_price if instrument else None)
    quantity = int(given.get("quantity") or QUANTITIES[2])
    context: dict[str, Any] = {
        "cost_form": form,
        "cost_price": price,
        "cost_quantity": quantity,
        "fee_percent": rates.commission,
        "tax_percent": rates.sales_tax,
    }
    if price is None:
        return context
    paid = costs.estimate(Side.BUY, quantity, price, rates).total
    context["purchases"] = [
        (count, costs.estimate(Side.BUY, count, price, rates)) for count in sorted({*QUANTITIES, quantity})
    ]
    context["sales"] = [
        {"price": at, "cost": sale, "profit": sale.total - paid, "rate": 100 * (sale.total - paid) / paid}
        for at in _prices_around(price, instrument)
        for sale in [costs.estimate(Side.SELL, quantity, at, rates)]
    ]
    return context


def _prices_around(price: Decimal, instrument: Instrument | None) -> list[Decimal]:
    """`STEPS_AROUND` ticks up and down, the highest first."""
    kind = instrument.kind if instrument else "stock"
    above, below = [price], [price]
    for _ in range(STEPS_AROUND):
        above.append(above[-1] + tick_size(above[-1], kind))
        below.append(below[-1] - tick_size(max(below[-1] - 1, Decimal(0)), kind))
    return [at for at in (*reversed(above), *below[1:]) if at > 0]
