"""What the allocation report may be asked for: shapes only."""

from typing import cast

from django import forms
from django.http import QueryDict

from accounts.models import User
from brokers.blocks.allocated import Chosen
from brokers.blocks.models import Fund
from brokers.blocks.rights import funds_of
from brokers.forms import symbols_named
from brokers.terms import Side
from lucy import clock

FINAL = {"yes": True, "no": False}


class ReportFilters(forms.Form):
    """A day's allocations; without a day today's."""

    day = forms.DateField(
        required=False, label="매매일", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    fund = forms.ModelChoiceField(
        queryset=Fund.objects.none(),
        to_field_name="code",
        required=False,
        label="펀드",
        empty_label="모든 펀드",
    )
    symbol = forms.CharField(
        required=False,
        label="종목",
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "이름이나 코드"}),
    )
    side = forms.ChoiceField(choices=[("", "매수·매도"), *Side.choices], required=False, label="구분")
    final = forms.ChoiceField(
        choices=[("", "확정·진행 중"), ("yes", "배분 확정"), ("no", "진행 중")], required=False, label="배분"
    )

    def __init__(self, data: QueryDict, *, user: User) -> None:
        given = data.copy()
        given.setdefault("day", clock.trade_date().isoformat())
        super().__init__(given)
        self.user = user
        cast("forms.ModelChoiceField[Fund]", self.fields["fund"]).queryset = funds_of(user)

    def chosen(self) -> Chosen:
        data = self.cleaned_data
        return Chosen(
            self.user,
            data["day"] or clock.trade_date(),
            data["fund"],
            symbols_named(data["symbol"]) if data["symbol"] else None,
            data["side"],
            FINAL.get(data["final"]),
        )
