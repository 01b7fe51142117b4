"""What the order ticket asks a broker: prices, the book, what can be bought, what it would cost."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import TypeVar

from brokers.adapters import client_for
from brokers.adapters.base import (
    AuthFailed,
    Balance,
    BrokerError,
    BuyingPower,
    OrderBook,
    Quote,
    RateLimited,
    Rejected,
    Unreachable,
)
from brokers.models import BrokerAccount
from brokers.terms import OrderType, Side
from lucy.errors import LucyError

T = TypeVar("T")

# Online commission of a plain account, both sides (fee tables of KIS and LS).
COMMISSION_RATE = Decimal("0.00015")
# 증권거래세 and 농어촌특별세 together, sales on KOSPI and KOSDAQ, from 2026-01-01 (증권거래세법 시행령).
SALES_TAX_RATE = Decimal("0.0020")

_WORDS: dict[type[BrokerError], tuple[str, int, str]] = {
    Rejected: ("broker_refused", 502, "증권사가 거절했습니다"),
    RateLimited: ("broker_busy", 503, "증권사 호출 한도에 닿았습니다. 잠시 후 다시 시도하세요"),
    AuthFailed: ("broker_key_refused", 502, "증권사가 앱 키를 거절했습니다. 관리자에게 알리세요"),
    Unreachable: ("broker_unreachable", 504, "증권사에 연결할 수 없습니다. 잠시 후 다시 시도하세요"),
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order would move, in won: `total` leaves the account on a buy and enters it on a sell."""

    amount: Decimal
    fee: Decimal
    tax: Decimal
    total: Decimal


def quote(account: BrokerAccount, symbol: str) -> Quote:
    return _asked(lambda: client_for(account).quote(symbol))


def order_book(account: BrokerAccount, symbol: str) -> OrderBook:
    return _asked(lambda: client_for(account).order_book(symbol))


def balance(account: BrokerAccount) -> Balance:
    return _asked(lambda: client_for(account).balance())


def buying_power(
    account: BrokerAccount, symbol: str, price: Decimal | None, order_type: OrderType
) -> BuyingPower:
    return _asked(lambda: client_for(account).buying_power(symbol, price, order_type))


def estimate(account: BrokerAccount, side: Side, quantity: int, price: Decimal) -> Estimate:
    """Fee and tax at the published rates, each cut to the won as brokers do."""
    amount = quantity * price
    fee = (amount * COMMISSION_RATE).quantize(Decimal(1), ROUND_DOWN)
    if side == Side.BUY:
        return Estimate(amount, fee, Decimal(0), amount + fee)
    tax = (amount * SALES_TAX_RATE).quantize(Decimal(1), ROUND_DOWN)
    return Estimate(amount, fee, tax, amount - fee - tax)


def _asked(question: Callable[[], T]) -> T:
    """The broker's answer, or its refusal as a `LucyError` that keeps its code and words."""
    try:
        return question()
    except BrokerError as silence:
        code, status, words = _WORDS.get(
            type(silence), ("broker_reply_unreadable", 502, "증권사의 응답을 읽을 수 없습니다")
        )
        raise LucyError(
            code,
            f"{words}: {silence}",
            status=status,
            broker_code=silence.code,
            broker_message=silence.message,
        ) from silence
