"""The main page: the market, my money, what is working, what I watch, what is new."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.adapters.base import Balance
from brokers.market import market_state
from brokers.models import BrokerAccount, Fill, WatchedStock
from brokers.rights import accounts_of, tradable_accounts_of
from brokers.selectors import fills_of, health_of, newest_notices, todays_orders, with_related
from brokers.services import desk as desk_service
from brokers.services import watch
from brokers.services.answers import Answer, Question, ask_all
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.accounts import waited
from brokers.views.orders import rights_over
from lucy import clock

LATEST = 30
FILLS = 15
WATCHED = 20
MOST_ACCOUNTS = 20  # asked side by side


@require_GET
@signed_in
def desk(request: SignedInRequest) -> HttpResponse:
    """What Lucy knows itself; brokers are asked by the parts."""
    orders = list(todays_orders(request.user)[:LATEST])
    with_related(orders, "account")
    watched = watch.watched_by(request.user)
    context = {
        "market": market_state(),
        "health": health_of(request.user),
        "orders": orders,
        "fills": _fills(request),
        "notices": newest_notices(request.user, size=LATEST).rows,
        "watched": _watched(watched),
        "more_watched": max(0, len(watched) - WATCHED),
        "may_trade": tradable_accounts_of(request.user).exists(),
        **rights_over(request.user),
    }
    return render(request, "brokers/desk.html", context)


@require_GET
@signed_in
def health(request: SignedInRequest) -> HttpResponse:
    return render(request, "brokers/parts/health.html", {"health": health_of(request.user)})


@require_GET
@signed_in
def market(request: SignedInRequest) -> HttpResponse:
    return render(request, "brokers/desk/market.html", {"market": market_state()})


@require_GET
@signed_in
def fills(request: SignedInRequest) -> HttpResponse:
    return render(request, "brokers/desk/fills.html", {"fills": _fills(request)})


@require_GET
@signed_in
def watched(request: SignedInRequest) -> HttpResponse:
    """The first of My Stock with fresh prices, in one round; old ones where no broker answers.

    While prices do not move, only those are asked for that nobody was told yet.
    """
    rows = watch.watched_by(request.user)
    symbols, silence = [row.symbol for row in rows[:WATCHED]], None
    if not watch.market_is_open():
        symbols = [symbol for symbol in symbols if symbol not in watch.known_prices(symbols)]
    if symbols:
        _, silence = watch.prices(request.user, symbols)
    context = {
        "watched": _watched(rows),
        "more_watched": max(0, len(rows) - WATCHED),
        "silence": silence,
        "may_trade": tradable_accounts_of(request.user).exists(),
    }
    return render(request, "brokers/desk/watched.html", context)


@dataclass(frozen=True, slots=True)
class _Money:
    """One account's line: the broker's figures, perhaps old, perhaps none."""

    account: BrokerAccount
    answer: Answer[Balance]

    @property
    def rate(self) -> Decimal | None:
        """Unrealised profit in percent of what the holdings cost."""
        balance = self.answer.value
        cost = sum((held.cost for held in balance.holdings), Decimal(0)) if balance else Decimal(0)
        return 100 * balance.unrealised / cost if balance and cost else None


@require_GET
@signed_in
def money(request: SignedInRequest) -> HttpResponse:
    """Each account's money, asked side by side; a silent broker leaves its own line."""
    accounts = list(accounts_of(request.user)[:MOST_ACCOUNTS])
    questions = [Question(one, "balance", partial(desk_service.balance, one)) for one in accounts]
    answers = ask_all(questions, waited=waited(request))
    lines = [_Money(account, answer) for account, answer in zip(accounts, answers, strict=True)]
    told = [line.answer.value for line in lines if line.answer.value is not None]
    context = {
        "lines": lines,
        "is_out": any(line.answer.is_out for line in lines),
        "net_asset": sum((one.net_asset for one in told), Decimal(0)),
        "orderable": sum((one.cash.orderable for one in told), Decimal(0)),
        "unrealised": sum((one.unrealised for one in told), Decimal(0)),
        "missing": len(lines) - len(told),
    }
    return render(request, "brokers/desk/money.html", context)


def _fills(request: SignedInRequest) -> list[Fill]:
    rows = list(fills_of(request.user).filter(executed_at__gte=clock.day_start())[:FILLS])
    with_related(rows, "account", "order")
    return rows


def _watched(rows: list[WatchedStock]) -> list[dict[str, object]]:
    shown = rows[:WATCHED]
    known = watch.known_prices(row.symbol for row in shown)
    return [{"stock": row, "priced": known.get(row.symbol)} for row in shown]
