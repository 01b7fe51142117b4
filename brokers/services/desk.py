"""What the order ticket asks a broker: prices, the book, what is held and what can be bought."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from brokers.adapters import client_for
from brokers.adapters.base import (
    AuthFailed,
    Balance,
    BrokerError,
    BuyingPower,
    Candle,
    OrderBook,
    Period,
    Quote,
    RateLimited,
    Rejected,
    Unreachable,
)
from brokers.adapters.companies import Company
from brokers.adapters.history import IssueDay, TradePage
from brokers.models import BrokerAccount
from brokers.services.shared import shared
from brokers.terms import OrderType
from lucy.errors import LucyError

T = TypeVar("T")

COMPANY_SECONDS = 4 * 60 * 60
MARKET_SECONDS = 1  # prices and books are asked for every two or three seconds by each open ticket

_WORDS: dict[type[BrokerError], tuple[str, int, str]] = {
    Rejected: ("broker_refused", 502, "증권사가 거절했습니다"),
    RateLimited: ("broker_busy", 503, "증권사 호출 한도에 닿았습니다. 잠시 후 다시 시도하세요"),
    AuthFailed: ("broker_key_refused", 502, "증권사가 앱 키를 거절했습니다. 관리자에게 알리세요"),
    Unreachable: ("broker_unreachable", 504, "증권사에 연결할 수 없습니다. 잠시 후 다시 시도하세요"),
}


def quote(account: BrokerAccount, symbol: str) -> Quote:
    """At most a second old: the same for everyone who asks this broker meanwhile."""
    key = _market_key("quote", account, symbol)
    return shared(key, MARKET_SECONDS, lambda: answered(lambda: client_for(account).quote(symbol)))


def order_book(account: BrokerAccount, symbol: str) -> OrderBook:
    """As `quote`."""
    key = _market_key("book", account, symbol)
    return shared(key, MARKET_SECONDS, lambda: answered(lambda: client_for(account).order_book(symbol)))


def _market_key(what: str, account: BrokerAccount, symbol: str) -> str:
    """Prices are the broker's, whichever account asks."""
    return f"{what}:{account.broker}:{account.server}:{symbol}"


def candles(
    account: BrokerAccount, symbol: str, period: Period, first: date, last: date, adjusted: bool
) -> list[Candle]:
    return answered(lambda: client_for(account).candles(symbol, period, first, last, adjusted))


def quotes(account: BrokerAccount, symbols: Sequence[str]) -> list[Quote]:
    return answered(lambda: client_for(account).quotes(symbols))


def balance(account: BrokerAccount) -> Balance:
    return answered(lambda: client_for(account).balance())


def trades(account: BrokerAccount, first: date, last: date, after: str) -> TradePage:
    return answered(lambda: client_for(account).trades(first, last, after))


def profits(account: BrokerAccount, first: date, last: date) -> list[IssueDay]:
    return answered(lambda: client_for(account).profits(first, last))


def company(account: BrokerAccount, symbol: str) -> Company:
    """Asked for a few times a day at most: statements change four times a year."""
    key = f"company:{account.broker}:{account.server}:{symbol}"
    return shared(key, COMPANY_SECONDS, lambda: answered(lambda: client_for(account).company(symbol)))


def buying_power(
    account: BrokerAccount, symbol: str, price: Decimal | None, order_type: OrderType
) -> BuyingPower:
    return answered(lambda: client_for(account).buying_power(symbol, price, order_type))


def answered(question: Callable[[], T]) -> T:
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
