"""What a page may send: shapes only; what must hold in the market is decided by the services."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from brokers.adapters.base import OrderRequest
from brokers.adapters.history import IssueDay, TradeLine
from brokers.models import BrokerAccount, Instrument, Order, OrderStatus
from brokers.models.orders import WORKING
from brokers.rights import accounts_of, tradable_accounts_of
from brokers.terms import InstrumentKind, OrderType, Side
from brokers.ticks import tick_size
from lucy import clock

SYMBOL = r"^(?:[0-9A-Z]{6}|Q[0-9]{6})$"
TICKET_TYPES = [(kind.value, kind.label) for kind in (OrderType.LIMIT, OrderType.MARKET)]
STATES = {
    "open": ("미체결", [*WORKING, OrderStatus.PENDING, OrderStatus.SENT, OrderStatus.UNKNOWN]),
    "unknown": ("확인 중", [OrderStatus.UNKNOWN]),
    "filled": ("체결", [OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED]),
    "cancelled": ("취소·만료", [OrderStatus.CANCELLED, OrderStatus.EXPIRED]),
    "rejected": ("거부", [OrderStatus.REJECTED]),
}


class WonField(forms.DecimalField):
    """A whole amount that may be typed with thousands separators; 1 or more unless `least` says otherwise."""

    def __init__(self, *, least: int = 1, most_digits: int = 12, **kwargs: Any) -> None:
        errors = {
            "invalid": "숫자로 적으세요.",
            "min_value": f"{least} 이상이어야 합니다.",
            "max_decimal_places": "소수점 없이 적으세요.",
            "max_digits": "숫자가 너무 큽니다.",
        }
        errors |= kwargs.pop("error_messages", {})
        super().__init__(
            min_value=least, max_digits=most_digits, decimal_places=0, error_messages=errors, **kwargs
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(str(value).replace(",", "").strip() if value is not None else value)


class SymbolField(forms.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        errors = {
            "required": "종목을 고르세요.",
            "invalid": "종목코드는 여섯 자리입니다. 이름으로 찾아 고르세요.",
        }
        super().__init__(regex=SYMBOL, strip=True, error_messages=errors, **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


class TicketForm(forms.Form):
    """An order as it is written down; the same form carries it through the confirmation."""

    client_order_id = forms.UUIDField(widget=forms.HiddenInput)
    account = forms.ModelChoiceField(
        queryset=BrokerAccount.objects.none(),
        label="계좌",
        empty_label=None,
        error_messages={"required": "계좌를 고르세요.", "invalid_choice": "주문할 수 없는 계좌입니다."},
    )
    symbol = SymbolField(label="종목")
    side = forms.ChoiceField(
        choices=Side.choices, label="구분", error_messages={"required": "매수와 매도 가운데 고르세요."}
    )
    order_type = forms.ChoiceField(choices=TICKET_TYPES, label="유형", initial=OrderType.LIMIT.value)
    quantity = WonField(label="수량")
    price = WonField(label="가격", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["account"], tradable_accounts_of(user).filter(paused=False))
        self.fields["quantity"].error_messages["required"] = "수량을 적으세요."

    @staticmethod
    def new_id() -> UUID:
        return uuid4()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["price"], wrong = priced(data, data.get("symbol", ""))
        if wrong and "price" not in self.errors:
            self.add_error("price", wrong)
        return data

    def request(self) -> OrderRequest:
        return OrderRequest(
            symbol=self.cleaned_data["symbol"],
            side=Side(self.cleaned_data["side"]),
            quantity=int(self.cleaned_data["quantity"]),
            price=self.cleaned_data["price"],
            order_type=OrderType(self.cleaned_data["order_type"]),
        )


class PlaceForm(TicketForm):
    """The confirmed ticket."""

    read = forms.BooleanField(
        label="수량과 가격을 확인했습니다",
        error_messages={"required": "수량과 가격을 확인하고 표시하세요."},
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)  # yes, the same order once more


class FiguresForm(forms.Form):
    """What the ticket asks the broker about while it is being written; anything may still be missing."""

    account = forms.ModelChoiceField(queryset=BrokerAccount.objects.none())
    symbol = SymbolField()
    side = forms.ChoiceField(choices=Side.choices, required=False)
    order_type = forms.ChoiceField(choices=TICKET_TYPES, required=False)
    quantity = WonField(required=False)
    price = WonField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["account"], tradable_accounts_of(user))


class ModifyForm(forms.Form):
    """A new price or type for all that is open; less of it is a partial cancel."""

    client_request_id = forms.UUIDField(widget=forms.HiddenInput)
    order_type = forms.ChoiceField(choices=TICKET_TYPES, label="유형")
    price = WonField(label="가격", required=False)

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["price"], wrong = priced(data, self.order.symbol)
        if wrong and "price" not in self.errors:
            self.add_error("price", wrong)
        return data


class CancelForm(forms.Form):
    client_request_id = forms.UUIDField(widget=forms.HiddenInput)
    quantity = WonField(label="취소 수량", required=False, help_text="비우면 남은 수량 전부")
    reason = forms.CharField(
        label="사유", max_length=200, error_messages={"required": "사유를 적으세요. 주문의 이력에 남습니다."}
    )

    def __init__(self, *args: Any, order: Order, by_staff: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        if not by_staff:  # who trades the account owes nobody a reason
            del self.fields["reason"]

    def clean_quantity(self) -> int | None:
        """None asks for all that is open, also what opens or fills meanwhile."""
        quantity = self.cleaned_data["quantity"]
        return None if quantity in (None, self.order.open_quantity) else open_part(quantity, self.order)


class PeriodForm(forms.Form):
    """The filters that lists of orders and fills have in common; without any, today."""

    days = 1  # how many days are taken where no period is given

    account = forms.ModelChoiceField(
        queryset=BrokerAccount.objects.none(), required=False, label="계좌", empty_label="모든 계좌"
    )
    side = forms.ChoiceField(choices=[("", "매수·매도"), *Side.choices], required=False, label="구분")
    symbol = forms.CharField(required=False, label="종목", max_length=60)
    first = forms.DateField(
        required=False, label="시작일", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        required=False, label="종료일", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data)
        self.given = data
        offer(self.fields["account"], accounts_of(user))
        for name in ("first", "last"):
            self.fields[name].error_messages["invalid"] = "날짜를 연-월-일로 적으세요."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        today = clock.trade_date()
        data["last"] = data.get("last") or max(today, data.get("first") or today)
        data["first"] = data.get("first") or min(today, data["last"]) - timedelta(days=self.days - 1)
        if data["first"] > data["last"]:
            self.add_error("first", "시작일이 종료일보다 늦습니다.")
        return data

    def fill_in(self) -> None:
        """Show the period that was taken where none was given."""
        if self.is_valid():
            filled = self.given.copy()
            filled["first"] = self.cleaned_data["first"].isoformat()
            filled["last"] = self.cleaned_data["last"].isoformat()
            self.data = self.given = filled

    def span(self) -> timedelta:
        """How long the period is: one day when it is a single one."""
        length: timedelta = self.cleaned_data["last"] - self.cleaned_data["first"]
        return length + timedelta(days=1)

    def file_name(self, what: str) -> str:
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        return f"lucy-{what}-{first:%Y%m%d}-{last:%Y%m%d}"

    def summary(self) -> str:
        """What is chosen, in a line; nothing for what cannot be taken."""
        if not self.is_valid():
            return ""
        data, today = self.cleaned_data, clock.trade_date()
        first, last = data["first"], data["last"]
        period = "오늘" if first == last == today else f"{first:%m-%d}–{last:%m-%d}"
        account = data["account"].name if data["account"] else ""
        side = Side(data["side"]).label if data["side"] else ""
        return " · ".join(filter(None, [period, account, side, data["symbol"]]))

    def is_live(self) -> bool:
        """Whether news of this moment belongs in the list."""
        last: date = self.cleaned_data["last"]
        return last >= clock.trade_date()

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        data = self.cleaned_data
        if data["account"]:
            rows = rows.filter(account=data["account"])
        if data["side"]:
            rows = rows.filter(side=data["side"])
        if data["symbol"]:
            rows = rows.filter(symbol__in=symbols_named(data["symbol"]))
        return rows

    def within(self, rows: QuerySet[Any], moment: str) -> QuerySet[Any]:
        """The rows of the period, by their field `moment`, narrowed by the other filters."""
        first = datetime.combine(self.cleaned_data["first"], time.min, tzinfo=clock.KST)
        after = datetime.combine(self.cleaned_data["last"] + timedelta(days=1), time.min, tzinfo=clock.KST)
        return self.narrowed(rows).filter(**{f"{moment}__gte": first, f"{moment}__lt": after})


class OrderFilters(PeriodForm):
    state = forms.ChoiceField(
        choices=[("", "모든 상태"), *((key, label) for key, (label, _) in STATES.items())],
        required=False,
        label="상태",
    )

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().narrowed(rows)
        if state := self.cleaned_data["state"]:
            rows = rows.filter(status__in=STATES[state][1])
        return rows


class HistoryForm(PeriodForm):
    """One account's past as its broker tells it; without a period the last seven days."""

    days = 7
    longest = timedelta(days=3 * 366)  # brokers page on for ever

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data, user=user)
        accounts = accounts_of(user)
        field = cast("forms.ModelChoiceField[BrokerAccount]", self.fields["account"])
        field.required, field.empty_label = True, None
        field.error_messages["required"] = "계좌를 고르세요."
        if not data.get("account") and (first := accounts.first()):
            self.data = self.given = data.copy()
            self.given["account"] = str(first.pk)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data["last"] - data["first"] > self.longest:
            self.add_error("first", "한 번에 3년까지 조회합니다.")
        return data

    def query(self) -> str:
        """What the page's parts are asked with; empty where the filters cannot be taken."""
        return self.given.urlencode() if self.is_valid() else ""

    def wants(self, line: TradeLine) -> bool:
        """Whether a line of the broker's passes the filters that the broker does not know."""
        side = self.cleaned_data["side"]
        return (not side or line.side == side) and self.wants_issue(line)

    def wants_issue(self, line: TradeLine | IssueDay) -> bool:
        text = self.cleaned_data["symbol"].strip()
        return not text or text.upper() == line.symbol or text in line.name


class ProfitForm(HistoryForm):
    """Without a period, this month."""

    def clean(self) -> dict[str, Any]:
        self.days = clock.trade_date().day
        return super().clean()


def offer(field: forms.Field, accounts: QuerySet[BrokerAccount]) -> None:
    cast("forms.ModelChoiceField[BrokerAccount]", field).queryset = accounts


def priced(data: dict[str, Any], symbol: str) -> tuple[Decimal | None, str]:
    """The price an order of this type goes with, and what is wrong with it."""
    price: Decimal | None = data.get("price")
    if data.get("order_type") == OrderType.MARKET:
        return None, ""
    if price is None:
        return None, "지정가 주문은 가격이 필요합니다."
    step = tick_size(price, kind_of(symbol))
    if rest := price % step:
        below, above = price - rest, price - rest + step
        return price, f"호가 단위({step:,}원)에 맞지 않습니다. {below:,}원 또는 {above:,}원으로 고치세요."
    return price, ""


def open_part(quantity: Decimal, order: Order) -> int:
    if quantity > order.open_quantity:
        raise ValidationError(f"남은 수량은 {order.open_quantity:,}주입니다.")
    return int(quantity)


def kind_of(symbol: str) -> str:
    """The kind of issue a code names; a stock when the list does not have it."""
    kind = Instrument.objects.filter(symbol=symbol).values_list("kind", flat=True).first()
    return kind or InstrumentKind.STOCK


def symbols_named(text: str) -> list[str]:
    """The codes that a filter's text means: a code itself, or the issues whose name has the words."""
    code = text.strip().upper()
    named = Instrument.objects.filter(name__icontains=text.strip()).values_list("symbol", flat=True)[:200]
    return [code, *named]
