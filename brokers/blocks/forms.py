"""What the pages of block orders may send: shapes only."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from brokers.blocks.models import Fund, Plan
from brokers.blocks.preview import Wish
from brokers.blocks.rights import funds_of, plans_of
from brokers.blocks.services.plans import MOST_LEGS, LegDraft, PlanDraft
from brokers.blocks.terms import Basis, Mode, OnTrouble, Rounding
from brokers.forms import TICKET_TYPES, SymbolField, WonField, priced
from brokers.models import BrokerAccount
from brokers.rights import accounts_of
from brokers.terms import OrderType, Side

HUNDRED = Decimal(100)


class BlockForm(forms.Form):
    """A block as it is written; the same form carries it through the confirmation."""

    client_block_id = forms.UUIDField(widget=forms.HiddenInput)
    plan = forms.ModelChoiceField(
        queryset=Plan.objects.none(),
        label="배분계획",
        empty_label="고르세요",
        error_messages={"required": "배분계획을 고르세요.", "invalid_choice": "주문할 수 없는 계획입니다."},
    )
    symbol = SymbolField(label="종목")
    side = forms.ChoiceField(
        choices=Side.choices, label="구분", error_messages={"required": "매수와 매도 가운데 고르세요."}
    )
    order_type = forms.ChoiceField(choices=TICKET_TYPES, label="유형", initial=OrderType.LIMIT.value)
    quantity = WonField(label="수량", required=False)
    amount = WonField(label="금액", required=False)
    price = WonField(label="가격", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["plan"]
        choices.queryset = plans_of(user, to_order=True).filter(replaced_at=None).order_by("code")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["price"], wrong = priced(data, data.get("symbol", ""))
        if wrong and "price" not in self.errors:
            self.add_error("price", wrong)
        plan = data.get("plan")
        if data.get("quantity") and data.get("amount"):
            self.add_error("amount", "수량과 금액 가운데 하나만 적으세요.")
        elif plan and plan.basis == Basis.WEIGHT and not (data.get("quantity") or data.get("amount")):
            self.add_error("quantity", "수량이나 금액을 적으세요.")
        return data

    def wish(self) -> Wish:
        data = self.cleaned_data
        return Wish(
            symbol=data["symbol"],
            side=Side(data["side"]),
            order_type=OrderType(data["order_type"]),
            price=data["price"],
            quantity=int(data["quantity"]) if data["quantity"] else None,
            amount=data["amount"] or None,
        )


class PlaceForm(BlockForm):
    """The confirmed block."""

    read = forms.BooleanField(
        error_messages={"required": "배분과 금액을 확인하고 표시하세요."},
    )
    confirmed = forms.BooleanField(required=False)


class PlanForm(forms.Form):
    """A plan's head; its legs come as rows of `LegForm`."""

    code = forms.RegexField(
        r"^[0-9A-Za-z._-]{1,20}$",
        label="계획코드",
        error_messages={
            "invalid": "영문자, 숫자, . _ - 로 20자까지 적으세요.",
            "required": "코드를 적으세요.",
        },
    )
    name = forms.CharField(label="이름", max_length=60, error_messages={"required": "이름을 적으세요."})
    mode = forms.ChoiceField(label="실행 방식", choices=Mode.choices)
    executing_account = forms.ModelChoiceField(
        queryset=BrokerAccount.objects.none(), label="실행 계좌", required=False, empty_label="–"
    )
    basis = forms.ChoiceField(label="배분 기준", choices=Basis.choices)
    rounding = forms.ChoiceField(label="끝수 처리", choices=Rounding.choices)
    lot = forms.IntegerField(label="배분단위 (주)", min_value=1, max_value=1_000_000, initial=1)
    on_trouble = forms.ChoiceField(label="한 건이 거부되거나 확인 중이면", choices=OnTrouble.choices)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["executing_account"]
        choices.queryset = accounts_of(user)

    def draft(self, legs: list[LegDraft]) -> PlanDraft:
        data = self.cleaned_data
        mode = Mode(data["mode"])
        return PlanDraft(
            code=data["code"],
            name=data["name"],
            mode=mode,
            basis=Basis(data["basis"]),
            rounding=Rounding(data["rounding"]),
            lot=data["lot"],
            on_trouble=OnTrouble(data["on_trouble"]),
            executing_account=data["executing_account"] if mode == Mode.SHARED else None,
            legs=legs,
        )


class LegForm(forms.Form):
    """One row of a plan; an empty one is left out."""

    fund = forms.ModelChoiceField(queryset=Fund.objects.none(), required=False, empty_label="펀드 고르기")
    account = forms.ModelChoiceField(
        queryset=BrokerAccount.objects.none(), required=False, empty_label="계좌 고르기"
    )
    part = forms.DecimalField(required=False, max_digits=12, decimal_places=2, localize=False)
    cap = WonField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        funds: Any = self.fields["fund"]
        funds.queryset = funds_of(user)
        accounts: Any = self.fields["account"]
        accounts.queryset = accounts_of(user)
        self.fields["part"].error_messages["invalid"] = "숫자로 적으세요."
        for name, label in (("fund", "펀드"), ("account", "계좌")):
            self.fields[name].widget.attrs["aria-label"] = label  # the table's heading is no label

    @property
    def is_blank(self) -> bool:
        return not any(self.data.get(self.add_prefix(name)) for name in ("fund", "part"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.is_blank:
            if not data.get("fund"):
                self.add_error("fund", "펀드를 고르세요.")
            if not data.get("part") and "part" not in self.errors:
                self.add_error("part", "0보다 큰 값을 적으세요.")
        return data

    def draft(self, mode: Mode, basis: Basis) -> LegDraft:
        data = self.cleaned_data
        part = data["part"] * HUNDRED if basis == Basis.WEIGHT else data["part"]
        if part != int(part):
            raise ValidationError("수량은 소수점 없이 적으세요.")
        return LegDraft(
            fund=data["fund"],
            account=data["account"] if mode == Mode.OWN else None,
            weight=int(part),
            cap=int(data["cap"]) if data["cap"] else None,
        )


LegForms = forms.formset_factory(LegForm, extra=0, max_num=MOST_LEGS, absolute_max=MOST_LEGS)


class ChangeForm(forms.Form):
    """A cancel or modify of a whole block."""

    client_request_id = forms.UUIDField(widget=forms.HiddenInput)


class ModifyForm(ChangeForm):
    order_type = forms.ChoiceField(choices=TICKET_TYPES, label="유형")
    price = WonField(label="가격", required=False)

    def __init__(self, *args: Any, symbol: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.symbol = symbol

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["price"], wrong = priced(data, self.symbol)
        if wrong and "price" not in self.errors:
            self.add_error("price", wrong)
        return data


class BasketForm(forms.Form):
    """A file of orders, and the plan that says where each fund executes."""

    plan = forms.ModelChoiceField(
        queryset=Plan.objects.none(),
        label="배분계획",
        empty_label="고르세요",
        error_messages={"required": "펀드의 계좌를 정할 배분계획을 고르세요."},
    )
    file = forms.FileField(
        label="파일 (CSV, Excel)",
        error_messages={"required": "파일을 고르세요.", "empty": "빈 파일입니다."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["plan"]
        choices.queryset = plans_of(user, to_order=True).filter(replaced_at=None).order_by("code")
