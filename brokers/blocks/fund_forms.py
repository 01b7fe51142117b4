"""What the pages that keep a fund may send: shapes only; whether it may be stored is the service's."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from brokers.blocks.models import Fund
from brokers.blocks.services.funds import MOST_ROWS, Head, Restriction
from brokers.blocks.terms import IssueStance
from brokers.forms import SYMBOL, WonField
from brokers.models import Instrument
from brokers.terms import Side
from lucy import clock

MOMENT = "%Y-%m-%dT%H:%M:%S"
MOST_DIGITS = 15  # of won: a hundred times the largest fund of the country
HEAD = ("name", "order_value", "day_value", "four_eyes", "is_active")


NO_LIMIT = "비우면 한도가 없습니다."
NO_CASH = {"required": "금액을 적으세요. 없으면 0을 적습니다."}


class Figure(forms.TextInput):
    """A whole number with separators, which `numbers.js` keeps while one types."""

    def __init__(self) -> None:
        super().__init__({"inputmode": "numeric", "autocomplete": "off", "data-number": ""})

    def format_value(self, value: Any) -> str | None:
        return f"{value:,.0f}" if isinstance(value, int | Decimal) else super().format_value(value)


class FigureField(WonField):
    def __init__(self, label: str, *, least: int = 0, **kwargs: Any) -> None:
        super().__init__(label=label, least=least, most_digits=MOST_DIGITS, widget=Figure(), **kwargs)


class AsOfField(forms.DateTimeField):
    """A moment typed to the second; left as it was shown it stays exactly what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput({"type": "datetime-local", "step": "1"}, format=MOMENT)
        errors = {"required": "기준시각을 적으세요.", "invalid": "날짜와 시각을 적으세요."}
        super().__init__(
            label="기준시각",
            widget=widget,
            error_messages=errors,
            input_formats=[MOMENT, "%Y-%m-%dT%H:%M"],
            **kwargs,
        )

    @staticmethod
    def kept(typed: datetime, stored: datetime) -> datetime:
        return stored if typed == stored.replace(microsecond=0) else typed


class HeadForm(forms.Form):
    """A fund's name and limits; a new one's code and books besides."""

    code = forms.CharField(label="펀드코드", max_length=20, error_messages={"required": "코드를 적으세요."})
    name = forms.CharField(label="펀드명", max_length=60, error_messages={"required": "이름을 적으세요."})
    cash = FigureField("현금 (원)", error_messages=NO_CASH)
    as_of = AsOfField()
    order_value = FigureField("블록 1건 한도 (원)", least=1, required=False, help_text=NO_LIMIT)
    day_value = FigureField("하루 한도 (원)", least=1, required=False, help_text=NO_LIMIT)
    four_eyes = forms.BooleanField(
        label="항상 두 사람 확인", required=False, help_text="이 펀드가 든 블록은 모두 승인을 받습니다."
    )
    is_active = forms.BooleanField(
        label="사용", required=False, help_text="끄면 이 펀드로 주문하지 않습니다."
    )

    def __init__(self, *args: Any, fund: Fund | None = None, **kwargs: Any) -> None:
        first: dict[str, Any] = {"is_active": True, "as_of": clock.now(), "cash": None}
        if fund is not None:
            first = {name: getattr(fund, name) for name in HEAD}
        kwargs["initial"] = first
        super().__init__(*args, **kwargs)
        if fund is not None:  # its code names it in files and at its ERP; its books have a page of their own
            for name in ("code", "cash", "as_of"):
                del self.fields[name]

    def head(self) -> Head:
        return Head(**{name: self.cleaned_data[name] for name in HEAD})


class BooksForm(forms.Form):
    """A fund's cash and their moment; the holdings come as rows of `HoldingForm`."""

    cash = FigureField("현금 (원)", error_messages=NO_CASH)
    as_of = AsOfField(help_text="현금과 보유 수량이 이 시각의 것입니다. 그 뒤의 블록은 Lucy가 더하고 뺍니다.")

    def __init__(self, *args: Any, fund: Fund, **kwargs: Any) -> None:
        kwargs["initial"] = {"cash": fund.cash, "as_of": fund.as_of}
        super().__init__(*args, **kwargs)
        self.fund = fund

    def clean_as_of(self) -> datetime:
        return AsOfField.kept(self.cleaned_data["as_of"], self.fund.as_of)


class IssueField(forms.CharField):
    """A code, or the whole name of an issue."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="종목", max_length=60, required=False, **kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if not text or re.fullmatch(SYMBOL, text.upper()):
            return text.upper()
        symbol = Instrument.objects.filter(name=text).values_list("symbol", flat=True).first()
        if symbol is None:
            raise ValidationError("여섯 자리 종목코드나 정확한 종목명을 적으세요.")
        return str(symbol)


class RowForm(forms.Form):
    """One row of a fund's table; one without an issue is left out."""

    symbol = IssueField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label  # the table's heading is no label

    @property
    def is_blank(self) -> bool:
        return not any(str(self.data.get(self.add_prefix(name), "")).strip() for name in self.asked)

    asked: tuple[str, ...] = ("symbol",)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.is_blank and not data.get("symbol") and "symbol" not in self.errors:
            self.add_error("symbol", "종목을 적으세요.")
        return data

    def needs(self, name: str, words: str) -> None:
        if not self.is_blank and self.cleaned_data.get(name) in (None, "") and name not in self.errors:
            self.add_error(name, words)


class HoldingForm(RowForm):
    quantity = FigureField("수량 (주)", required=False)
    asked = ("symbol", "quantity")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.needs("quantity", "수량을 적으세요.")
        return data


class TargetForm(RowForm):
    percent = forms.DecimalField(
        label="목표 비중 (%)",
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "data-summed": ""}),
        required=False,
        max_digits=5,
        decimal_places=2,
        validators=[
            MinValueValidator(Decimal(0), "0 이상이어야 합니다."),
            MaxValueValidator(Decimal(100), "100 이하여야 합니다."),
        ],
        error_messages={
            "invalid": "숫자로 적으세요.",
            "max_decimal_places": "소수점 둘째 자리까지 적으세요.",
            "max_digits": "숫자가 너무 큽니다.",
            "max_whole_digits": "100 이하여야 합니다.",
        },
    )
    asked = ("symbol", "percent")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.needs("percent", "비중을 적으세요.")
        return data


class RestrictionForm(RowForm):
    side = forms.ChoiceField(label="구분", required=False, choices=[("", "매수·매도"), *Side.choices])
    stance = forms.ChoiceField(label="규칙", required=False, choices=IssueStance.choices)
    reason = forms.CharField(label="사유", required=False, max_length=200)
    asked = ("symbol", "reason")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.needs("reason", "사유를 적으세요. 주문이 막힐 때 보입니다.")
        return data

    def restriction(self) -> Restriction:
        data = self.cleaned_data
        side = Side(data["side"]) if data["side"] else None
        stance = IssueStance(data["stance"] or IssueStance.FORBIDDEN)
        return Restriction(data["symbol"], side, stance, data["reason"])


class RowsBase(forms.BaseFormSet):  # type: ignore[type-arg]
    """Rows of which no two may be about the same thing."""

    def same(self, data: dict[str, Any]) -> Any:
        return data["symbol"], data.get("side", "")

    def clean(self) -> None:
        seen = set()
        for form in self.filled:
            if form.errors:
                continue
            if (key := self.same(form.cleaned_data)) in seen:
                form.add_error("symbol", "같은 종목이 위에 있습니다. 한 행으로 합치세요.")
            seen.add(key)

    @property
    def filled(self) -> list[Any]:
        return [form for form in self.forms if not form.is_blank]

    def blame(self, symbol: str, words: str) -> bool:
        """Put words about an issue at its row; says whether there is one."""
        found = [form for form in self.filled if form.cleaned_data.get("symbol") == symbol]
        for form in found:
            form.add_error("symbol", words)
        return bool(found)


def _rows(form: type[RowForm]) -> Any:
    return forms.formset_factory(form, formset=RowsBase, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


HoldingForms = _rows(HoldingForm)
TargetForms = _rows(TargetForm)
RestrictionForms = _rows(RestrictionForm)
