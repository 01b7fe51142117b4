"""Holdings and cash against the broker's figures: what the day began with, and what its fills made of it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from brokers.adapters import client_for
from brokers.adapters.base import Balance
from brokers.models import AccountBook, BrokerAccount, DayOpening, DiscrepancyKind, Fill
from brokers.services import discrepancies
from brokers.terms import Side
from lucy import clock

# Fees and taxes of a day's trades are less: 0.5 % is above online commission and sales tax together.
MOST_COSTS = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Traded:
    """What a day's fills did to an account; shares by code, won bought and sold."""

    shares: dict[str, int]
    bought: Decimal
    sold: Decimal


@dataclass(frozen=True, slots=True)
class Shares:
    """What an account holds as far as is known without asking: a day's opening, and the fills since."""

    account: BrokerAccount
    held: dict[str, int]  # by code; none that is zero
    opened_at: datetime  # when the broker told the opening


def last_known(account: BrokerAccount) -> Shares | None:
    """None for an account whose holdings were never read."""
    opening = account.openings.order_by("-trade_date").first()
    if opening is None:
        return None
    shares = Counter(opening.holdings)
    fills = Fill.objects.filter(account=account, trade_date__gte=opening.trade_date)
    for symbol, side, quantity in fills.values_list("symbol", "side", "quantity"):
        shares[symbol] += quantity if side == Side.BUY else -quantity
    held = {symbol: count for symbol, count in shares.items() if count}
    return Shares(account, held, opening.taken_at)


def compare(account: BrokerAccount) -> None:
    """Compare holdings and D+2 cash with the broker's; raises `BrokerError`.

    The first call of a day takes the opening. A balance that was read while the books moved proves nothing
    and is left for the next time; a difference counts when a second reading shows it too.
    """
    reading = _read(account)
    if reading is None:
        return
    balance, traded = reading
    opening = _opening(account, balance, traded)
    if not _differences(opening, balance, traded):
        _settle(account, opening, balance, {})
    elif again := _read(account):
        balance, traded = again
        _settle(account, opening, balance, _differences(opening, balance, traded))


def _read(account: BrokerAccount) -> tuple[Balance, Traded] | None:
    """A balance and the fills it must answer to; None when one of them moved meanwhile."""
    turns = AccountBook.objects.get(account=account).turns
    traded = _traded(account, clock.trade_date())
    balance = client_for(account).balance()
    still = AccountBook.objects.get(account=account).turns == turns
    return (balance, traded) if still else None


def _traded(account: BrokerAccount, trade_date: date) -> Traded:
    shares: dict[str, int] = defaultdict(int)
    bought = sold = Decimal(0)
    rows = Fill.objects.filter(account=account, trade_date=trade_date)
    for symbol, side, quantity, price in rows.values_list("symbol", "side", "quantity", "price"):
        if side == Side.BUY:
            shares[symbol] += quantity
            bought += quantity * price
        else:
            shares[symbol] -= quantity
            sold += quantity * price
    return Traded(dict(shares), bought, sold)


def _opening(account: BrokerAccount, balance: Balance, traded: Traded) -> DayOpening:
    held = _held(balance)
    before = {
        code: held.get(code, 0) - traded.shares.get(code, 0) for code in held.keys() | traded.shares.keys()
    }
    opening, _ = DayOpening.objects.get_or_create(
        account=account,
        trade_date=clock.trade_date(),
        defaults={
            "holdings": {code: shares for code, shares in before.items() if shares},
            "cash": balance.cash.deposit_d2 + traded.bought - traded.sold,
            "taken_at": clock.now(),
        },
    )
    return opening


def _held(balance: Balance) -> dict[str, int]:
    return {holding.symbol: holding.quantity for holding in balance.holdings if holding.quantity}


def _differences(opening: DayOpening, balance: Balance, traded: Traded) -> dict[str, tuple[str, str]]:
    """Subject -> (ours, theirs): codes whose shares differ, and `cash`."""
    held = _held(balance)
    found: dict[str, tuple[str, str]] = {}
    for code in opening.holdings.keys() | traded.shares.keys() | held.keys():
        ours = opening.holdings.get(code, 0) + traded.shares.get(code, 0)
        if ours != held.get(code, 0):
            found[code] = (f"{ours:,}주", f"{held.get(code, 0):,}주")
    expected = opening.cash - traded.bought + traded.sold
    costs = expected - balance.cash.deposit_d2
    if not -1 <= costs <= (traded.bought + traded.sold) * MOST_COSTS + 1:
        found["cash"] = (f"{expected:,.0f}원(비용 전)", f"{balance.cash.deposit_d2:,.0f}원")
    return found


def _settle(
    account: BrokerAccount, opening: DayOpening, balance: Balance, differences: dict[str, tuple[str, str]]
) -> None:
    for subject, (ours, theirs) in differences.items():
        discrepancies.found(account, _kind(subject), subject, ours=ours, theirs=theirs)
    still_open = account.discrepancies.filter(
        kind__in=[DiscrepancyKind.HOLDING, DiscrepancyKind.CASH], resolution=""
    )
    for row in still_open:
        if row.subject not in differences:
            discrepancies.gone(account, DiscrepancyKind(row.kind), row.subject)


def _kind(subject: str) -> DiscrepancyKind:
    return DiscrepancyKind.CASH if subject == "cash" else DiscrepancyKind.HOLDING
