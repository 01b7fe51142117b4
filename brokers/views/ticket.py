"""The order ticket: written, confirmed, sent, answered; figures from the broker beside it."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from brokers import costs
from brokers.adapters.base import Level, OrderBook
from brokers.forms import FiguresForm, PlaceForm, TicketForm, kind_of
from brokers.models import BrokerAccount, Instrument, Order
from brokers.rights import tradable_accounts_of
from brokers.selectors import find_instruments
from brokers.services import desk, orders
from brokers.terms import InstrumentKind, OrderType, Side
from brokers.ticks import steps_of
from brokers.views.access import SignedInRequest, own_order, signed_in
from lucy.errors import LucyError

FOUND_AT_ONCE = 12
LAST_ACCOUNT = "ticket_account"


@require_GET
@signed_in
def ticket(request: SignedInRequest) -> HttpResponse:
    """A fresh ticket, or with the query's values: from a row's button, or back from the confirmation."""
    form = TicketForm(user=request.user, initial=_first_values(request))
    return render(request, "brokers/parts/ticket.html", _ticket_context(request, form))


@require_GET
@signed_in
def instruments(request: SignedInRequest) -> HttpResponse:
    text = request.GET.get("text", "").strip()
    found = list(find_instruments(text, FOUND_AT_ONCE)) if text else []
    return render(request, "brokers/parts/instruments.html", {"found": found, "text": text})


@require_GET
@signed_in
def book(request: SignedInRequest) -> HttpResponse:
    """The ten levels and the last price."""
    form = FiguresForm(request.GET, user=request.user)
    context: dict[str, Any] = {}
    if form.is_valid():
        account, symbol = form.cleaned_data["account"], form.cleaned_data["symbol"]
        context["instrument"] = Instrument.objects.filter(symbol=symbol).first()
        context["symbol"] = symbol
        try:
            quote = desk.quote(account, symbol)
            context |= {"quote": quote, **_ladder(desk.order_book(account, symbol), quote.base_price)}
        except LucyError as silence:
            context["silence"] = silence
    return render(request, "brokers/parts/book.html", context)


def _ladder(book: OrderBook, base: Decimal) -> dict[str, Any]:
    """Asks from the highest down, then bids; each with its part of the largest quantity."""
    most = max((level.quantity for level in (*book.asks, *book.bids)), default=0)

    def row(level: Level) -> dict[str, Any]:
        change = level.price - base
        return {
            "price": level.price,
            "quantity": level.quantity,
            "share": round(100 * level.quantity / most) if most else 0,
            "change": change,
            "rate": 100 * change / base if base else None,
        }

    return {
        "book": book,
        "asks": [row(level) for level in reversed(book.asks)],
        "bids": [row(level) for level in book.bids],
        "ask_total": sum(level.quantity for level in book.asks),
        "bid_total": sum(level.quantity for level in book.bids),
    }


@require_GET
@signed_in
def power(request: SignedInRequest) -> HttpResponse:
    """How many shares the account can buy at this price, or has to sell."""
    form = FiguresForm(request.GET, user=request.user)
    context: dict[str, Any] = {}
    if form.is_valid():
        data = form.cleaned_data
        try:
            context = _power(data)
        except LucyError as silence:
            context = {"silence": silence}
    return render(request, "brokers/parts/power.html", context)


def _power(data: dict[str, Any]) -> dict[str, Any]:
    if data["side"] == Side.SELL:
        held = [line for line in desk.balance(data["account"]).holdings if line.symbol == data["symbol"]]
        return {"most": held[0].sellable if held else 0, "held": held[0] if held else None, "side": Side.SELL}
    if data["order_type"] != OrderType.MARKET and data["price"] is None:
        return {}
    price = None if data["order_type"] == OrderType.MARKET else data["price"]
    found = desk.buying_power(
        data["account"], data["symbol"], price, OrderType(data["order_type"] or "limit")
    )
    return {"most": found.quantity, "cash": found.cash, "counted_at": found.price, "side": Side.BUY}


@require_GET
@signed_in
def cost(request: SignedInRequest) -> HttpResponse:
    form = FiguresForm(request.GET, user=request.user)
    context: dict[str, Any] = {}
    if form.is_valid():
        context = _cost(form.cleaned_data)
    return render(request, "brokers/parts/cost.html", context)


def _cost(data: dict[str, Any]) -> dict[str, Any]:
    """Fee, tax and total; a market order is counted at the last price and says so."""
    if not data["side"] or not data["quantity"]:
        return {}
    try:
        market = data["order_type"] == OrderType.MARKET
        price = desk.quote(data["account"], data["symbol"]).price if market else data["price"]
        if price is None:
            return {}
        rates = data["account"].rates.of(kind_of(data["symbol"]))
        estimate = costs.estimate(Side(data["side"]), int(data["quantity"]), price, rates)
    except LucyError as silence:
        return {"silence": silence}
    return {"estimate": estimate, "side": data["side"], "market": market, "counted_at": price}


@require_POST
@signed_in
def review(request: SignedInRequest) -> HttpResponse:
    """The order in words, to be read before it goes."""
    form = TicketForm(request.POST, user=request.user)
    if not form.is_valid():
        return render(request, "brokers/parts/ticket.html", _ticket_context(request, form), status=422)
    return render(request, "brokers/parts/review.html", _review_context(form, PlaceForm(user=request.user)))


@require_POST
@signed_in
def place(request: SignedInRequest) -> HttpResponse:
    form = PlaceForm(request.POST, user=request.user)
    if not form.is_valid():
        if set(form.errors) == {"read"}:
            return render(request, "brokers/parts/review.html", _review_context(form, form), status=422)
        return render(request, "brokers/parts/ticket.html", _ticket_context(request, form), status=422)
    account: BrokerAccount = form.cleaned_data["account"]
    request.session[LAST_ACCOUNT] = str(account.pk)
    try:
        order = _placed(account, request.user, form)
    except LucyError as refusal:
        context = _review_context(form, form) | {
            "refusal": refusal,
            "repeat": refusal.code == "confirm_repeat",
        }
        return render(request, "brokers/parts/review.html", context, status=422)
    context = {"order": order, "query": _same_again(order), "just_placed": True}
    return render(request, "brokers/parts/placed.html", context)


@require_GET
@signed_in
def placed(request: SignedInRequest, pk: str) -> HttpResponse:
    """What became of an order, for as long as its ticket shows it."""
    order = own_order(request, pk)
    return render(request, "brokers/parts/placed.html", {"order": order, "query": _same_again(order)})


def _placed(account: BrokerAccount, user: User, form: PlaceForm) -> Order:
    return orders.place_order(
        account,
        user,
        str(form.cleaned_data["client_order_id"]),
        form.request(),
        confirmed=form.cleaned_data["confirmed"],
    )


def _first_values(request: SignedInRequest) -> dict[str, Any]:
    given = request.GET
    return {
        "client_order_id": given.get("client_order_id") or TicketForm.new_id(),
        "account": given.get("account") or request.session.get(LAST_ACCOUNT, ""),
        "side": given.get("side", Side.BUY.value),
        "order_type": given.get("order_type", OrderType.LIMIT.value),
        **{name: given.get(name, "") for name in ("symbol", "quantity", "price")},
    }


def _ticket_context(request: SignedInRequest, form: TicketForm) -> dict[str, Any]:
    symbol = str(form["symbol"].value() or "").upper()
    accounts = tradable_accounts_of(request.user)
    return {
        "form": form,
        "accounts": list(accounts),
        "instrument": Instrument.objects.filter(symbol=symbol).first() if symbol else None,
        "symbol": symbol,
        "steps": {kind: steps_of(kind) for kind in InstrumentKind.values},
    }


def _review_context(form: TicketForm, confirmation: PlaceForm) -> dict[str, Any]:
    data = form.cleaned_data
    return {
        "form": form,
        "confirmation": confirmation,
        "data": data,
        "instrument": Instrument.objects.filter(symbol=data["symbol"]).first(),
        "side_label": Side(data["side"]).label,
        "type_label": OrderType(data["order_type"]).label,
        "cost": _cost(data),
        "carried": _carried(form),
        "query": urlencode(_carried(form)),
    }


def _carried(form: TicketForm) -> list[tuple[str, str]]:
    """The ticket's values as the confirmation hands them on."""
    data = form.cleaned_data
    return [
        ("client_order_id", str(data["client_order_id"])),
        ("account", str(data["account"].pk)),
        *((name, str(data[name])) for name in ("symbol", "side", "order_type", "quantity")),
        ("price", str(data["price"] or "")),
    ]


def _same_again(order: Order) -> str:
    """A query that opens a ticket with an order's values, under an id of its own."""
    return urlencode(
        {
            "account": order.account_id,
            "symbol": order.symbol,
            "side": order.side,
            "order_type": order.order_type,
            "quantity": order.quantity,
            "price": "" if order.price is None else order.price,
        }
    )
