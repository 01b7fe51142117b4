"""An account at its broker, and all of them together; each broker's answer comes in a part of its own.

The page itself asks no broker. A part waits a moment (`services.answers`), and where a broker is silent it
shows the last figures that came with their age, since when nothing newer came, and a way to ask again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from brokers import portfolio
from brokers.adapters.base import Balance
from brokers.forms import STATES
from brokers.models import BrokerAccount
from brokers.portfolio import Line, Totals
from brokers.rights import accounts_of
from brokers.selectors import health_of_account, kinds_of, open_orders, with_related
from brokers.services import desk
from brokers.services.answers import Answer, Question, ask, ask_all
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.orders import rights_over
from lucy import clock

MOST_OPEN = 100  # open orders on an account's page; the list of orders has the rest
MOST_TOGETHER = 20  # accounts added up at once


@require_GET
@signed_in
def account(request: SignedInRequest, pk: str) -> HttpResponse:
    """The page with what Lucy knows itself: the state of the connection and the open orders."""
    found = get_object_or_404(accounts_of(request.user), pk=pk)
    orders = list(open_orders(request.user).filter(account=found)[: MOST_OPEN + 1])
    with_related(orders, "account")
    context = {
        "account": found,
        "health": [health_of_account(found)],
        "orders": orders[:MOST_OPEN],
        "has_more": len(orders) > MOST_OPEN,
        "open_label": STATES["open"][0],
        **rights_over(request.user),
    }
    return render(request, "brokers/accounts/account.html", context)


@require_GET
@signed_in
def balance(request: SignedInRequest, pk: str) -> HttpResponse:
    """Money and holdings, by the broker's figures."""
    found = get_object_or_404(accounts_of(request.user), pk=pk)
    context: dict[str, Any] = {"account": found, **rights_over(request.user)}
    context |= vars(_readings([found], [ask(_balance(found), waited=waited(request))])[0])
    return render(request, "brokers/accounts/balance.html", context)


@require_GET
@signed_in
def realised(request: SignedInRequest, pk: str) -> HttpResponse:
    """Today's realised profit of an account whose broker tells it apart from the balance (KIS)."""
    found = get_object_or_404(accounts_of(request.user), pk=pk)
    today = clock.trade_date()
    question = Question(found, f"profits:{today}:{today}", lambda: desk.profits(found, today, today))
    answer = ask(question, waited=waited(request))
    context: dict[str, Any] = {"account": found, "answer": answer}
    if answer.value is not None:
        context["realised"] = sum((line.realised for line in answer.value), Decimal(0))
    return render(request, "brokers/accounts/realised.html", context)


@require_GET
@signed_in
def holdings(request: SignedInRequest) -> HttpResponse:
    """All accounts together; the figures come in their part."""
    accounts = list(accounts_of(request.user)[: MOST_TOGETHER + 1])
    return render(request, "brokers/accounts/holdings.html", {"accounts": accounts})


@require_GET
@signed_in
def together(request: SignedInRequest) -> HttpResponse:
    """Every account is asked side by side; one that is silent counts with its last figures, or is named."""
    accounts = list(accounts_of(request.user)[: MOST_TOGETHER + 1])
    shown = accounts[:MOST_TOGETHER]
    answers = ask_all([_balance(one) for one in shown], waited=waited(request))
    readings = _readings(shown, answers)
    lines = portfolio.together(line for reading in readings for line in reading.lines)
    context = {
        "readings": readings,
        "lines": lines,
        "totals": portfolio.totals_of(lines),
        "money": _money([reading.balance for reading in readings if reading.balance]),
        "silent": [reading for reading in readings if reading.answer.silence],
        "missing": [reading for reading in readings if reading.balance is None],
        "is_out": any(reading.answer.is_out for reading in readings),
        "left_out": len(accounts) > MOST_TOGETHER,
        **rights_over(request.user),
    }
    return render(request, "brokers/accounts/together.html", context)


def waited(request: SignedInRequest) -> bool:
    """Whether this is a part that comes back for an answer that was still out."""
    return bool(request.GET.get("waited"))


@dataclass(frozen=True)
class _Reading:
    """An account's balance as it is shown: perhaps old, perhaps none."""

    account: BrokerAccount
    answer: Answer[Balance]
    balance: Balance | None
    lines: list[Line]
    totals: Totals


def _balance(account: BrokerAccount) -> Question[Balance]:
    return Question(account, "balance", lambda: desk.balance(account))


def _readings(accounts: Sequence[BrokerAccount], answers: Sequence[Answer[Balance]]) -> list[_Reading]:
    told = [answer.value for answer in answers if answer.value]
    kinds = kinds_of({held.symbol for balance in told for held in balance.holdings})
    return [_reading(account, answer, kinds) for account, answer in zip(accounts, answers, strict=True)]


def _reading(account: BrokerAccount, answer: Answer[Balance], kinds: dict[str, str]) -> _Reading:
    told = answer.value
    lines = portfolio.lines_of(told, account.name, account.rates, kinds) if told else []
    return _Reading(account, answer, told, lines, portfolio.totals_of(lines))


def _money(balances: Sequence[Balance]) -> dict[str, Decimal]:
    nothing = Decimal(0)
    return {
        "net_asset": sum((one.net_asset for one in balances), nothing),
        **{
            name: sum((getattr(one.cash, name) for one in balances), nothing)
            for name in ("deposit", "deposit_d1", "deposit_d2", "orderable")
        },
    }
