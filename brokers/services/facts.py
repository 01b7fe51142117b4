"""What the checks of an order need to know, at the least cost in requests and milliseconds.

A broker is asked a question in 10 to 50 ms and lets few through (KIS 15 a second with the orders themselves,
LS' t1102 and CSPBQ00200 a few). So this module keeps, in each process:

- a quote per account and symbol for `QUOTE_SECONDS`: last price, halt, the day's limits;
- per account the free cash and the sellable shares the broker last told, for `FUNDS_SECONDS`.

**Cash.** The kept figure may only *allow*. What Lucy's own orders have bound since it was told is taken off
(those of the last seconds before it too: whether the broker had them in its figure is not known). If the
order fits into the rest, the broker's own figure bears it out and no question is needed. If not, or when the
figure is old, the broker is asked for this very order, and that answer alone, less what is on its way to the
broker, refuses. So a fill or a cancel that frees cash never leads to a wrong refusal, and cash that left by
another way (a transfer, the HTS) within `FUNDS_SECONDS` meets the broker's own refusal, which forgets the
figure.

**Holdings** likewise: the kept sellable shares less Lucy's sells since, else the broker's list of now.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any, TypeVar

from brokers.adapters import client_for
from brokers.adapters.base import BrokerError, Quote
from brokers.models import BrokerAccount
from brokers.services.tally import Bound, Line, Tally, bound_of
from brokers.terms import OrderType, Side
from lucy import clock

QUOTE_SECONDS = 2.0
FUNDS_SECONDS = 60.0
OVERLAP = timedelta(seconds=15)  # longer than an order's request lasts
MOST_KEPT = 5_000  # quotes and funds; beyond that the oldest go

T = TypeVar("T")


class FactMissing(Exception):
    """A fact could not be had; the check that needs it refuses with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _asked(question: Callable[[], T], code: str, what: str) -> T:
    try:
        return question()
    except BrokerError as silence:
        raise FactMissing(code, f"{what} 확인할 수 없어 주문하지 않았습니다: {silence}") from silence


# --- quotes -----------------------------------------------------------------------------------------------

_quotes: dict[tuple[Any, str], tuple[float, Quote]] = {}


def quote_of(account: BrokerAccount, symbol: str) -> Quote:
    """A quote no older than `QUOTE_SECONDS`. Raises `FactMissing` (`price_unavailable`)."""
    key = account.pk, symbol
    told_at, quote = _quotes.get(key, (0.0, None))
    now = monotonic()
    if quote is None or now - told_at > QUOTE_SECONDS:
        quote = _asked(lambda: client_for(account).quote(symbol), "price_unavailable", "현재가를")
        _keep(_quotes, key, (now, quote))
    return quote


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > MOST_KEPT:
        kept.pop(next(iter(kept)), None)


# --- cash and holdings ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Told:
    """A figure of the broker, and since when it holds."""

    since: datetime
    at: float  # monotonic
    figure: Any

    @property
    def is_fresh(self) -> bool:
        return monotonic() - self.at <= FUNDS_SECONDS


@dataclass(slots=True)
class _Funds:
    cash: _Told | None = None
    sellable: _Told | None = None


_funds: dict[Any, _Funds] = {}


def _funds_of(account: BrokerAccount) -> _Funds:
    funds = _funds.get(account.pk)
    if funds is None:
        funds = _Funds()
        _keep(_funds, account.pk, funds)
    return funds


def forget(account: BrokerAccount) -> None:
    """Ask the broker again: a refusal showed that our figures are wrong."""
    _funds.pop(account.pk, None)
    for key in [key for key in _quotes if key[0] == account.pk]:
        _quotes.pop(key, None)


@dataclass(frozen=True, slots=True)
class Enough:
    """The answer to "is there enough?", with the figure that says so."""

    yes: bool
    figure: Decimal  # won of free cash, or shares to sell


def cash_enough(
    account: BrokerAccount,
    day: Tally,
    wanted: Decimal,
    symbol: str,
    price: Decimal | None,
    order_type: OrderType,
    own: Any = None,
) -> Enough:
    """Whether `wanted` won can be bound for an order on `symbol`; `own` is that order's key.

    `day` has just read what binds the account. Raises `FactMissing` (`cash_unavailable`).
    """

    def bound(lines: list[Line]) -> Decimal:
        return _bound(lines, own, Side.BUY).value

    known = _funds_of(account).cash
    if known and known.is_fresh:
        free = known.figure - bound(day.made_since(known.since - OVERLAP))
        if wanted <= free:
            return Enough(True, free)
    told = _ask_cash(account, symbol, price, order_type)
    free = told.figure - bound(day.untold())
    return Enough(wanted <= free, free)


def _ask_cash(account: BrokerAccount, symbol: str, price: Decimal | None, order_type: OrderType) -> _Told:
    """Won for which this issue can be bought without credit, its commission left aside; issues with other
    margins only allow less.
    """
    since, at = clock.now(), monotonic()
    power = _asked(
        lambda: client_for(account).buying_power(symbol, price, order_type),
        "cash_unavailable",
        "주문가능금액을",
    )
    told = _Told(since, at, max(power.quantity * power.price, Decimal(0)))
    _funds_of(account).cash = told
    return told


def shares_enough(account: BrokerAccount, day: Tally, symbol: str, quantity: int, own: Any = None) -> Enough:
    """Whether `quantity` shares can be sold. Raises `FactMissing` (`holdings_unavailable`)."""

    def bound(lines: list[Line]) -> int:
        return _bound((line for line in lines if line.symbol == symbol), own, Side.SELL).quantity

    known = _funds_of(account).sellable
    if known and known.is_fresh:
        free = known.figure.get(symbol, 0) - bound(day.made_since(known.since - OVERLAP))
        if quantity <= free:
            return Enough(True, Decimal(free))
    told = _ask_holdings(account)
    free = told.figure.get(symbol, 0) - bound(day.untold())
    return Enough(quantity <= free, Decimal(free))


def _ask_holdings(account: BrokerAccount) -> _Told:
    since, at = clock.now(), monotonic()
    balance = _asked(lambda: client_for(account).balance(), "holdings_unavailable", "보유 수량을")
    told = _Told(since, at, {line.symbol: line.sellable for line in balance.holdings})
    _funds_of(account).sellable = told
    return told


def _bound(lines: Iterable[Line], own: Any, side: Side) -> Bound:
    """What orders of one side bind, without the order `own`."""
    return bound_of(line for line in lines if line.side == side and line.key != own)
