"""What the 공모주 pages may send."""

from datetime import date
from typing import Any

from django import forms

from ipo.board.months import KINDS
from ipo.models import OfferingHistory
from ipo.services.history import NOTHING, odd_values
from lucy import clock
from lucy.errors import LucyError
from lucy.sheets import MOST_BYTES, decode

PHASES = (("ahead", "앞으로"), ("past", "지난 공모"))


class OffersForm(forms.Form):
    """What the cards are narrowed by; nonsense narrows nothing."""

    q = forms.CharField(required=False, max_length=60, label="찾기")
    agent = forms.CharField(required=False, max_length=40, label="주간사")
    phase = forms.ChoiceField(choices=PHASES, required=False, label="때")
    marked = forms.BooleanField(required=False, label="표시한 것만")

    def value(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or ""


class CalendarForm(forms.Form):
    month = forms.DateField(required=False, input_formats=["%Y-%m", "%Y-%m-%d"], label="달")
    kind = forms.MultipleChoiceField(choices=[(kind, kind) for kind in KINDS], required=False, label="일정")
    agent = forms.CharField(required=False, max_length=40, label="주간사")
    spacs = forms.ChoiceField(choices=[("", "포함"), ("no", "제외")], required=False, label="스팩")
    marked = forms.BooleanField(required=False, label="표시한 것만")

    def first_day(self) -> date:
        """The month asked for, this one where none is or it lies beyond the calendar's years."""
        self.is_valid()
        wanted: date | None = self.cleaned_data.get("month")
        day = wanted if wanted and 2000 <= wanted.year <= 2099 else clock.trade_date()
        return day.replace(day=1)

    def kinds(self) -> list[str]:
        self.is_valid()
        return self.cleaned_data.get("kind") or list(KINDS)

    def narrower(self) -> dict[str, Any]:
        self.is_valid()
        data = self.cleaned_data
        return {"spacs": data.get("spacs") != "no", "agent": data.get("agent", "")}


class HistoryForm(forms.ModelForm[OfferingHistory]):
    class Meta:
        model = OfferingHistory
        fields = (
            "company",
            "code",
            "listing_on",
            "offer_price",
            "sales_eok",
            "net_income_eok",
            "institution_ratio",
            "lockup_percent",
            "first_day_high",
            "note",
        )
        widgets = {
            "listing_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "code": forms.TextInput(attrs={"placeholder": "005930", "autocomplete": "off"}),
        }

    FIGURES = (
        "offer_price",
        "sales_eok",
        "net_income_eok",
        "institution_ratio",
        "lockup_percent",
        "first_day_high",
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(_without_commas(data, self.FIGURES), **kwargs)
        for name in self.FIGURES:  # text, so that 1,234 can be typed and the wheel changes nothing
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
            self.fields[name].error_messages["invalid"] = "숫자로 적으세요."
        self.fields["company"].widget.attrs["autofocus"] = True
        for name, field in self.fields.items():
            if name in self.errors:
                field.widget.attrs["aria-invalid"] = "true"

    def clean_code(self) -> str:
        return str(self.cleaned_data.get("code") or "").strip().upper()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("company"):
            key = OfferingHistory.key_of(data.get("code") or "", data["company"])
            if OfferingHistory.objects.filter(key=key).exclude(pk=self.instance.pk).exists():
                self.add_error("code" if data.get("code") else "company", "이미 있는 종목입니다.")
        return data

    def warnings(self) -> list[str]:
        return list(odd_values(self.instance))


def _without_commas(data: Any, names: tuple[str, ...]) -> Any:
    if data is None:
        return None
    plain = data.copy()
    for name in names:
        text = str(plain.get(name, "")).replace(",", "").strip()
        plain[name] = "" if text in NOTHING else text
    return plain


class ImportForm(forms.Form):
    """A file to look at first."""

    file = forms.FileField(
        label="CSV 파일",
        max_length=200,
        error_messages={"required": "파일을 고르세요.", "empty": "빈 파일입니다."},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv,.txt"}),
    )

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(f"파일이 너무 큽니다. {MOST_BYTES // 1_000_000}MB까지 읽습니다.")
        try:
            return decode(upload.read())
        except LucyError as refusal:
            raise forms.ValidationError(refusal.message) from refusal


class ConfirmImportForm(forms.Form):
    """The file's text again, and whether the rows without an error may go in alone."""

    text = forms.CharField(strip=False, widget=forms.HiddenInput)
    only_good = forms.BooleanField(required=False)
