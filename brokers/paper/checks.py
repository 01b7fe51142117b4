"""What must hold before the paper ledger takes an order, in the order of kis.md §7.8."""

from __future__ import annotations

from datetime import time

from brokers.paper import grid
from brokers.paper.clock import PaperClock, Session
from brokers.paper.market import Issue, Market
from brokers.paper.values import PRICED, PriceType, Reason, Refusal

EXCHANGES = frozenset({"KRX", "NXT", "SOR"})
# Price types each venue knows (kis.md §2.0, the ORD_DVSN table).
NOT_ON_NXT = frozenset(
    {
        PriceType.MARKET,
        PriceType.CONDITIONAL,
        PriceType.PRE_OPEN,
        PriceType.AFTER_CLOSE,
        PriceType.AFTER_HOURS,
    }
)
NOT_ON_SOR = frozenset(
    {
        PriceType.CONDITIONAL,
        PriceType.PRE_OPEN,
        PriceType.AFTER_CLOSE,
        PriceType.AFTER_HOURS,
        PriceType.MID,
        PriceType.STOP,
    }
)
TRADING = frozenset({Session.OPENING_AUCTION, Session.CONTINUOUS, Session.CLOSING_AUCTION})
OWN_SESSION = {PriceType.AFTER_CLOSE: Session.AFTER_CLOSE, PriceType.AFTER_HOURS: Session.AFTER_HOURS}
PRE_OPEN_ENDS = time(8, 40)


def check_session(clock: PaperClock, price_type: PriceType, exchange: str) -> None:
    """Business day and hours of the venue, and of the price type where it has its own."""
    sessions = {venue: clock.session(venue) for venue in _venues(exchange)}
    if Session.HOLIDAY in sessions.values():
        raise Refusal(Reason.NOT_BUSINESS_DAY)
    if not clock.scheduled or any(_takes(clock, price_type, session) for session in sessions.values()):
        return
    if Session.BEFORE in sessions.values() or _waits(price_type, sessions.get("KRX")):
        raise Refusal(Reason.BEFORE_OPEN)
    raise Refusal(Reason.SESSION_CLOSED)


def _venues(exchange: str) -> tuple[str, ...]:
    return ("KRX", "NXT") if exchange == "SOR" else (exchange,)


def _takes(clock: PaperClock, price_type: PriceType, session: Session) -> bool:
    if price_type in OWN_SESSION:
        return session is OWN_SESSION[price_type]
    if price_type is PriceType.PRE_OPEN:
        return session is Session.OPENING_AUCTION and clock.now().time() < PRE_OPEN_ENDS
    return session in TRADING


def _waits(price_type: PriceType, session: Session | None) -> bool:
    """Whether an after-hours type comes before its session."""
    return price_type in OWN_SESSION and session is not None and session in TRADING | {Session.PAUSE}


def check_issue(market: Market, code: str) -> Issue:
    issue = market.issues.get(code)
    if issue is None:
        raise Refusal(Reason.UNKNOWN_ISSUE, code)
    if issue.halted:
        raise Refusal(Reason.HALTED, code)
    return issue


def check_venue(issue: Issue, price_type: PriceType, exchange: str) -> None:
    if exchange not in EXCHANGES:
        raise Refusal(Reason.WRONG_EXCHANGE, exchange)
    if exchange == "NXT" and not issue.on_nxt:
        raise Refusal(Reason.WRONG_EXCHANGE, exchange)
    unknown_there = {"NXT": NOT_ON_NXT, "SOR": NOT_ON_SOR}.get(exchange, frozenset[PriceType]())
    if price_type in unknown_there:
        raise Refusal(Reason.PRICE_TYPE, f"{price_type} on {exchange}")


def check_price(market: Market, issue: Issue, price: int) -> None:
    """On the tick grid and within the daily price limit."""
    if not grid.is_on_grid(price, issue.kind):
        raise Refusal(Reason.OFF_TICK, str(price))
    if price > market.upper_limit(issue.code):
        raise Refusal(Reason.OUTSIDE_BAND, "above")
    if price < market.lower_limit(issue.code):
        raise Refusal(Reason.OUTSIDE_BAND, "below")


def check_prices(market: Market, issue: Issue, price_type: PriceType, price: int, stop_price: int) -> None:
    if price_type in PRICED:
        check_price(market, issue, price)
    if price_type is PriceType.STOP:
        check_price(market, issue, stop_price)


def check_quantity(quantity: int) -> None:
    if quantity <= 0:
        raise Refusal(Reason.QUANTITY, str(quantity))
