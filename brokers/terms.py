"""The words of the trade, as every part of Lucy uses them; each broker's own codes end in its `wire.py`."""

from django.db.models import TextChoices


class Broker(TextChoices):
    KIS = "kis", "한국투자증권"
    LS = "ls", "LS증권"


class Server(TextChoices):
    """Which of the broker's own environments an app key belongs to."""

    REAL = "real", "실전"
    PAPER = "paper", "모의"


class Customer(TextChoices):
    PERSON = "person", "개인"
    CORPORATION = "corporation", "법인"


class Side(TextChoices):
    BUY = "buy", "매수"
    SELL = "sell", "매도"


class OrderType(TextChoices):
    """Order types of KRX and NXT; those without a price take it from the book or the close."""

    LIMIT = "limit", "지정가"
    MARKET = "market", "시장가"
    CONDITIONAL = "conditional", "조건부지정가"
    BEST = "best", "최유리지정가"
    FIRST = "first", "최우선지정가"
    PRE_OPEN = "pre_open", "장전시간외"
    AFTER_CLOSE = "after_close", "장후시간외"
    AFTER_HOURS = "after_hours", "시간외단일가"
    MID = "mid", "중간가"

    @property
    def has_price(self) -> bool:
        return self in PRICED


PRICED = frozenset({OrderType.LIMIT, OrderType.CONDITIONAL, OrderType.AFTER_HOURS})


class Condition(TextChoices):
    DAY = "day", "당일"
    IOC = "ioc", "IOC"
    FOK = "fok", "FOK"


class Venue(TextChoices):
    KRX = "krx", "KRX"
    NXT = "nxt", "NXT"
    SOR = "sor", "SOR"


class RequestKind(TextChoices):
    """What a broker's order number stands for: each request gets a number of its own."""

    NEW = "new", "신규"
    MODIFY = "modify", "정정"
    CANCEL = "cancel", "취소"


class Market(TextChoices):
    KOSPI = "kospi", "코스피"
    KOSDAQ = "kosdaq", "코스닥"


class InstrumentKind(TextChoices):
    STOCK = "stock", "주식"
    ETF = "etf", "ETF"
    ETN = "etn", "ETN"
