"""An account's past at its broker, and which of it Lucy did."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from brokers.adapters.history import IssueDay, TradeLine
from brokers.models import BrokerAccount, Fill, Order, OrderNumber, OrderOrigin
from brokers.services import desk

PAGES_AT_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose a line is: Lucy's own order, one from elsewhere that Lucy recorded, or none that Lucy knows."""

    order: Order | None

    @property
    def label(self) -> str:
        if self.order is None:
            return "기록 없음"
        return "Lucy" if self.order.origin == OrderOrigin.LUCY else "외부"


def all_trades(account: BrokerAccount, first: date, last: date) -> Iterator[list[TradeLine]]:
    """Every page of the period, one broker call each; raises `LucyError` where the broker stops answering."""
    after = ""
    for _ in range(PAGES_AT_MOST):
        page = desk.trades(account, first, last, after)
        yield list(page.lines)
        if not page.after or page.after == after:
            return
        after = page.after


def origins(account: BrokerAccount, lines: Sequence[TradeLine]) -> list[Origin]:
    """By order number where the broker names it, else by the fill's day, issue, side, quantity and price."""
    by_number = _by_number(account, [line for line in lines if line.order_no])
    by_shape = _by_shape(account, [line for line in lines if not line.order_no])
    return [
        Origin(by_number.get((line.trade_date, line.order_no)) if line.order_no else _taken(by_shape, line))
        for line in lines
    ]


def _by_number(account: BrokerAccount, lines: Sequence[TradeLine]) -> dict[tuple[date, str], Order]:
    if not lines:
        return {}
    days, numbers = {line.trade_date for line in lines}, {line.order_no for line in lines}
    found = OrderNumber.objects.filter(account=account, trade_date__in=days, number__in=numbers)
    rows = list(found.values_list("trade_date", "number", "order_id"))
    orders = _orders([key for _, _, key in rows])
    return {(day, number): orders[key] for day, number, key in rows}


Shape = tuple[date, str, str | None, int, Decimal]


def _shape(line: TradeLine) -> Shape:
    return line.trade_date, line.symbol, line.side, line.quantity, line.price


def _by_shape(account: BrokerAccount, lines: Sequence[TradeLine]) -> dict[Shape, list[Order]]:
    """LS's journal names no order: fills that look alike are handed out one by one."""
    if not lines:
        return {}
    fills = Fill.objects.filter(
        account=account,
        trade_date__in={line.trade_date for line in lines},
        symbol__in={line.symbol for line in lines},
        quantity__in={line.quantity for line in lines},
        order__isnull=False,
    )
    rows = list(
        fills.order_by("executed_at", "pk").values_list(
            "trade_date", "symbol", "side", "quantity", "price", "order_id"
        )
    )
    orders = _orders([row[-1] for row in rows])
    found: dict[Shape, list[Order]] = defaultdict(list)
    for day, symbol, side, quantity, price, key in rows:
        found[day, symbol, side, quantity, price].append(orders[key])
    return found


def _taken(found: dict[Shape, list[Order]], line: TradeLine) -> Order | None:
    alike = found.get(_shape(line))
    return alike.pop(0) if alike else None


def _orders(keys: Sequence[object]) -> dict[object, Order]:
    return {order.pk: order for order in Order.objects.filter(pk__in=set(keys))}


@dataclass(frozen=True, slots=True)
class Made:
    """What trades moved and made, in shares and won, together for a day, an issue or a period."""

    name: str
    symbol: str = ""
    day: date | None = None
    bought: int = 0
    buy_amount: Decimal = Decimal(0)
    sold: int = 0
    sell_amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)

    def plus(self, line: IssueDay) -> "Made":
        return Made(
            self.name,
            self.symbol,
            self.day,
            self.bought + line.bought,
            self.buy_amount + line.buy_amount,
            self.sold + line.sold,
            self.sell_amount + line.sell_amount,
            self.fee + line.fee,
            self.tax + line.tax,
            self.realised + line.realised,
        )

    @property
    def costs(self) -> Decimal:
        return self.fee + self.tax


def whole(lines: Sequence[IssueDay]) -> Made:
    total = Made("합계")
    for line in lines:
        total = total.plus(line)
    return total


def by_day(lines: Sequence[IssueDay]) -> list[Made]:
    """Oldest first."""
    days: dict[date, Made] = {}
    for line in lines:
        begun = days.get(line.trade_date) or Made(line.trade_date.isoformat(), day=line.trade_date)
        days[line.trade_date] = begun.plus(line)
    return [days[day] for day in sorted(days)]


def by_issue(lines: Sequence[IssueDay]) -> list[Made]:
    """What made the most first."""
    issues: dict[str, Made] = {}
    for line in lines:
        begun = issues.get(line.symbol) or Made(line.name, symbol=line.symbol)
        issues[line.symbol] = begun.plus(line)
    return sorted(issues.values(), key=lambda made: made.realised, reverse=True)
