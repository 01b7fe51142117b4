"""What must hold before an order leaves; each check refuses with a code of its own.

Raised before anything is saved (`LucyError`): `account_paused`, `invalid`, `confirm_repeat`. All others look
at a saved order: their refusal ends it as `rejected` with the code below; a modify they refuse is not sent.

| code | the check |
|---|---|
| `not_reconciled` | our books were compared with the broker's today |
| `unknown_symbol` | the issue is listed |
| `restricted` | staff did not restrict it |
| `order_type_not_taken`, `session_closed` | the venue takes the type, and is open for it now |
| `off_tick` | the price is on the tick |
| `halted` | the issue is not halted |
| `outside_band` | the price is within the day's limits |
| `too_far` | the price is not further than x % from the last one |
| `order_quantity`, `order_value` | limits of one order |
| `day_quantity`, `day_value`, `user_day_quantity`, `user_day_value` | limits of the day |
| `insufficient_cash`, `insufficient_holdings` | there is enough, by the broker's own figure |
| `price_unavailable`, `cash_unavailable`, `holdings_unavailable` | a check could not be made |
| `stopped` | the kill switch was not thrown while all this was looked at |
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from time import monotonic

from accounts.models import User
from brokers.adapters.base import OrderRequest, Quote
from brokers.models import BrokerAccount, Instrument, Order, OrderStatus
from brokers.rules.band import band_of
from brokers.rules.sessions import VENUE_TYPES, sessions_of
from brokers.services import facts, gate
from brokers.services.facts import FactMissing
from brokers.services.limits import Limits
from brokers.services.standing import Standing
from brokers.services.tally import Bound, Tally, tally_of, tally_of_user
from brokers.terms import InstrumentKind, OrderType, Side
from brokers.ticks import tick_size
from lucy import clock
from lucy.errors import LucyError

REPEAT_WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not leave: a stable code and words that name the limit and the value."""

    code: str
    message: str


# --- before anything is saved -----------------------------------------------------------------------------


def require_unpaused(account: BrokerAccount) -> None:
    if account.paused:
        raise LucyError(
            "account_paused", "일시정지된 계좌입니다. 관리자가 다시 열어야 주문할 수 있습니다.", status=409
        )


def require_sound(request: OrderRequest) -> None:
    """Raises `LucyError` for a request that no broker could take."""
    if request.quantity < 1:
        raise LucyError("invalid", "수량은 1주 이상이어야 합니다.", field="quantity")
    if request.order_type.has_price and (request.price is None or request.price <= 0):
        raise LucyError("invalid", f"{request.order_type.label} 주문에는 가격이 필요합니다.", field="price")
    if not request.order_type.has_price and request.price is not None:
        raise LucyError(
            "invalid", f"{request.order_type.label} 주문에는 가격을 넣지 않습니다.", field="price"
        )


def require_no_repeat(account: BrokerAccount, request: OrderRequest) -> None:
    """The same order again within ten seconds is asked about, not taken for granted."""
    same = Order.objects.filter(
        account=account,
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        price=request.price,
        created_at__gte=clock.now() - REPEAT_WINDOW,
    ).exclude(status=OrderStatus.REJECTED)
    if same.exists():
        raise LucyError(
            "confirm_repeat", "10초 안에 같은 주문이 있습니다. 한 번 더 주문하려면 확인하세요.", status=409
        )


# --- what the checks look at ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A saved order and its request, or a modify of a working one; facts are looked up once."""

    order: Order
    request: OrderRequest
    user: User
    standing: Standing
    is_modify: bool = False

    @property
    def account(self) -> BrokerAccount:
        return self.order.account

    @property
    def instrument(self) -> Instrument | None:
        return self.standing.instrument

    @property
    def limits(self) -> Limits:
        return self.standing.limits

    @property
    def kind(self) -> InstrumentKind:
        return InstrumentKind(self.instrument.kind) if self.instrument else InstrumentKind.STOCK

    @cached_property
    def quote(self) -> Quote:
        return facts.quote_of(self.account, self.request.symbol)

    @cached_property
    def day(self) -> Tally:
        return tally_of(self.account).read()

    @cached_property
    def band(self) -> tuple[Decimal, Decimal]:
        """Lower and upper limit: the broker's own; by the rule where it tells none."""
        if self.quote.upper_limit > 0:
            return self.quote.lower_limit, self.quote.upper_limit
        return band_of(self.quote.base_price, self.kind)

    @property
    def worst_price(self) -> Decimal:
        """The most a share may cost, in won: its price, else the day's upper limit, as brokers count."""
        return self.band[1] if self.request.price is None else self.request.price

    @property
    def value(self) -> Decimal:
        return self.request.quantity * self.worst_price

    @cached_property
    def added(self) -> Bound:
        """What a modify binds more (or less) than the order it changes; a saved order is counted already."""
        if not self.is_modify:
            return Bound()
        before = self.band[1] if self.order.price is None else self.order.price
        return Bound(0, self.request.quantity * (self.worst_price - before))


Check = Callable[[Case], Refusal | None]


def reconciled_today(case: Case) -> Refusal | None:
    """Until the day's first look into the broker's books, ours may miss orders and fills."""
    if case.is_modify:
        return None
    health = case.standing.health
    seen_at = health.last_reconciled_at if health else None
    if seen_at and seen_at.astimezone(clock.KST).date() == clock.trade_date():
        return None
    words = "오늘 증권사와의 첫 대사가 끝나야 주문할 수 있습니다. 잠시 후 다시 시도하세요."
    return Refusal("not_reconciled", f"{words} 마지막 대사: {seen_at or '없음'}")


# --- the issue and the market -----------------------------------------------------------------------------


def instrument_known(case: Case) -> Refusal | None:
    if case.instrument is None and Instrument.objects.exists():
        return Refusal("unknown_symbol", f"종목코드 {case.request.symbol}을(를) 찾을 수 없습니다.")
    return None


def not_restricted(case: Case) -> Refusal | None:
    row = case.standing.restriction
    if row is None or not row.forbids(case.request.side):
        return None
    what = f"{Side(row.side).label}를" if row.side else "거래를"
    return Refusal("restricted", f"{case.request.symbol}은(는) {what} 제한한 종목입니다. 사유: {row.reason}")


def venue_takes_type(case: Case) -> Refusal | None:
    venue, order_type = case.request.venue, case.request.order_type
    if order_type in VENUE_TYPES[venue]:
        return None
    return Refusal("order_type_not_taken", f"{venue.label}에는 {order_type.label} 주문이 없습니다.")


def session_open(case: Case) -> Refusal | None:
    """The venue is open for this type and condition now (KRX calendar, holidays, KST)."""
    if not clock.market_hours_apply():
        return None
    now, request = clock.now().astimezone(clock.KST), case.request
    if any(s.takes(request.order_type, request.condition) for s in clock.sessions(request.venue, now)):
        return None
    what = f"{request.venue.label} {_type_words(request)}"
    if reason := clock.closed_because(now.date()):
        return Refusal("session_closed", f"{what}: 오늘({now:%m-%d})은 휴장일입니다 ({reason}).")
    day = sessions_of(request.venue, clock.hours_of(now.date()))
    taking = [f"{s}" for s in day if s.takes(request.order_type, request.condition)]
    hours = ", ".join(taking) or "받는 시간이 없음"
    return Refusal(
        "session_closed", f"{what} 주문을 받는 시간이 아닙니다. 지금 {now:%H:%M:%S}, 받는 시간 {hours}"
    )


def _type_words(request: OrderRequest) -> str:
    condition = "" if request.condition == "day" else f" {request.condition.label}"
    return f"{request.order_type.label}{condition}"


def on_the_tick(case: Case) -> Refusal | None:
    price = case.request.price
    if price is None or case.instrument is None:
        return None
    tick = tick_size(price, case.kind)
    if price % tick == 0:
        return None
    return Refusal("off_tick", f"호가단위는 {tick:,}원입니다. 주문가격 {price:,}원을 고치세요.")


def not_halted(case: Case) -> Refusal | None:
    if case.quote.halted:
        return Refusal("halted", f"{case.request.symbol}은(는) 거래정지 종목입니다.")
    return None


def inside_the_band(case: Case) -> Refusal | None:
    price = case.request.price
    if price is None:
        return None
    lower, upper = case.band
    if lower <= price <= upper:
        return None
    band = f"{lower:,}원 ~ {upper:,}원"
    return Refusal("outside_band", f"오늘의 상·하한가는 {band}입니다. 주문가격은 {price:,}원입니다.")


def near_the_last_price(case: Case) -> Refusal | None:
    """Not further than the limit from the last price; without one a limit price cannot be judged."""
    price, limit = case.request.price, case.limits.get("distance_percent")
    if price is None or limit is None:
        return None
    last = case.quote.price
    if last <= 0:
        raise FactMissing("price_unavailable", "현재가가 없어 주문가격을 확인할 수 없습니다.")
    distance = abs(price - last) * 100 / last
    if distance <= limit.most:
        return None
    words = f"주문가격 {price:,}원은 현재가 {last:,}원과 {distance:.2f} % 차이입니다."
    return Refusal("too_far", f"{limit.owner} {limit.most:f} %를 넘습니다. {words}")


# --- limits -----------------------------------------------------------------------------------------------


def order_quantity_allowed(case: Case) -> Refusal | None:
    return _over(case, "order_quantity", "1회 주문수량", Decimal(case.request.quantity), "주")


def order_value_allowed(case: Case) -> Refusal | None:
    if "order_value" not in case.limits:
        return None
    return _over(case, "order_value", "1회 주문금액", case.value, "원")


def day_allowed(case: Case) -> Refusal | None:
    """The day's orders of the account, this one among them."""
    if not {"day_quantity", "day_value"} & case.limits.keys():
        return None
    return _day_over(case, case.day, "", "계좌")


def user_day_allowed(case: Case) -> Refusal | None:
    """The day's orders of the user on all accounts."""
    if not {"user_day_quantity", "user_day_value"} & case.limits.keys():
        return None
    return _day_over(case, tally_of_user(case.user).read(), "user_", "사용자")


def _day_over(case: Case, tally: Tally, prefix: str, whose: str) -> Refusal | None:
    bound = tally.total + case.added
    quantity, value = bound.quantity, bound.value
    return _over(case, f"{prefix}day_quantity", f"{whose}의 하루 주문수량", Decimal(quantity), "주") or _over(
        case, f"{prefix}day_value", f"{whose}의 하루 주문금액", value, "원"
    )


def _over(case: Case, name: str, what: str, value: Decimal, unit: str) -> Refusal | None:
    limit = case.limits.get(name)
    if limit is None or value <= limit.most:
        return None
    return Refusal(
        name,
        f"{limit.owner}: {what} {limit.most:,f}{unit}까지입니다. 이 주문을 더하면 {value:,.0f}{unit}입니다.",
    )


# --- cash and holdings ------------------------------------------------------------------------------------


def cash_enough(case: Case) -> Refusal | None:
    """A buy's value, or what a modify adds to it, within the broker's own figure.

    That figure is what the cash buys when its commission is paid, so the value is compared without one.
    """
    if case.request.side != Side.BUY:
        return None
    wanted = case.added.value if case.is_modify else case.value
    if wanted <= 0:
        return None
    found = facts.cash_enough(
        case.account,
        case.day,
        wanted,
        case.request.symbol,
        case.request.price,
        OrderType(case.request.order_type),
        own=None if case.is_modify else case.order.pk,
    )
    if found.yes:
        return None
    return Refusal(
        "insufficient_cash", f"주문가능금액 {found.figure:,.0f}원보다 많은 {wanted:,.0f}원이 필요합니다."
    )


def holdings_enough(case: Case) -> Refusal | None:
    if case.request.side != Side.SELL or case.is_modify:
        return None
    quantity = case.request.quantity
    found = facts.shares_enough(case.account, case.day, case.request.symbol, quantity, own=case.order.pk)
    if found.yes:
        return None
    return Refusal(
        "insufficient_holdings",
        f"매도할 수 있는 수량은 {found.figure:,.0f}주인데 주문은 {quantity:,}주입니다.",
    )


# --- the last look ----------------------------------------------------------------------------------------


def still_running(case: Case) -> Refusal | None:
    """The gate again when asking the broker took long: an order passed it the moment before it was saved."""
    if monotonic() - case.standing.read_at < gate.LOOK_HOLDS_SECONDS:
        return None
    stop = gate.stop_over(case.account, case.user)
    return Refusal("stopped", gate.words_of(stop)) if stop else None


CHECKS: tuple[Check, ...] = (
    reconciled_today,
    instrument_known,
    not_restricted,
    venue_takes_type,
    session_open,
    on_the_tick,
    order_quantity_allowed,
    not_halted,
    inside_the_band,
    near_the_last_price,
    order_value_allowed,
    day_allowed,
    user_day_allowed,
    cash_enough,
    holdings_enough,
    still_running,
)


def refusal_of(case: Case) -> Refusal | None:
    """The first check that says no; one that cannot be made says no with the code of what is missing."""
    for check in CHECKS:
        try:
            refusal = check(case)
        except FactMissing as missing:
            refusal = Refusal(missing.code, missing.message)
        if refusal:
            return refusal
    return None
