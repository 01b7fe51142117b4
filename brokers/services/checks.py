"""What must hold before an order leaves; each check refuses with a code of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from brokers.adapters.base import OrderRequest
from brokers.models import BrokerAccount, Instrument, Order, OrderStatus
from brokers.terms import InstrumentKind
from brokers.ticks import tick_size
from lucy import clock
from lucy.errors import LucyError

REPEAT_WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not leave: a stable code and words that name the limit and the value."""

    code: str
    message: str


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


def instrument_known(
    account: BrokerAccount, request: OrderRequest, instrument: Instrument | None
) -> Refusal | None:
    if instrument is None and Instrument.objects.exists():
        return Refusal("unknown_symbol", f"종목코드 {request.symbol}을(를) 찾을 수 없습니다.")
    return None


def on_the_tick(
    account: BrokerAccount, request: OrderRequest, instrument: Instrument | None
) -> Refusal | None:
    if request.price is None or instrument is None:
        return None
    tick = tick_size(request.price, InstrumentKind(instrument.kind))
    if request.price % tick == 0:
        return None
    return Refusal("off_tick", f"호가단위는 {tick:,}원입니다. 주문가격 {request.price:,}원을 고치세요.")


def inside_the_band(
    account: BrokerAccount, request: OrderRequest, instrument: Instrument | None
) -> Refusal | None:
    if request.price is None or instrument is None:
        return None
    if instrument.seen_at.astimezone(clock.KST).date() != clock.trade_date():
        return None  # yesterday's band says nothing; the broker has today's
    if instrument.lower_limit <= request.price <= instrument.upper_limit:
        return None
    band = f"{instrument.lower_limit:,}원 ~ {instrument.upper_limit:,}원"
    return Refusal("outside_band", f"오늘의 상·하한가는 {band}입니다. 주문가격은 {request.price:,}원입니다.")


Check = Callable[[BrokerAccount, OrderRequest, Instrument | None], Refusal | None]
CHECKS: tuple[Check, ...] = (instrument_known, on_the_tick, inside_the_band)


def refusal_of(
    account: BrokerAccount, request: OrderRequest, instrument: Instrument | None
) -> Refusal | None:
    """The first check that says no."""
    for check in CHECKS:
        if refusal := check(account, request, instrument):
            return refusal
    return None
