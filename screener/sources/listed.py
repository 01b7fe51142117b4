"""종목 목록: every listed issue of Lucy's own list, with the day's price band."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import User
from brokers.models import Instrument
from brokers.terms import InstrumentKind, Market
from lucy.errors import LucyError
from screener.screens import CODE, NAME, Column, Kind, Result, Row, Screen, ScreenForm, register

FIELDS = ("symbol", "name", "market", "kind", "base_price", "upper_limit", "lower_limit", "seen_at")


class ListedForm(ScreenForm):
    market = forms.ChoiceField(label="시장", required=False, choices=[("", "전체"), *Market.choices])
    kind = forms.ChoiceField(
        label="구분", required=False, initial="stock", choices=[("", "전체"), *InstrumentKind.choices]
    )


def listed(user: User, asked: Mapping[str, Any]) -> Result:
    wanted = {name: asked[name] for name in ("market", "kind") if asked.get(name)}
    found = list(Instrument.objects.filter(**wanted).order_by("symbol").values(*FIELDS))
    if not found and not Instrument.objects.exists():
        raise LucyError(
            "no_instruments",
            "종목 목록을 아직 받지 못했습니다. LS 계좌가 열려 있으면 다음 갱신(15:53)에 받습니다.",
            status=503,
        )
    seen = (
        max((one["seen_at"] for one in found), default=None) or Instrument.objects.latest("seen_at").seen_at
    )
    return Result([_row(one) for one in found], seen, "LS 종목 목록")


def _row(one: Mapping[str, Any]) -> Row:
    base: Decimal = one["base_price"]
    return {
        "symbol": one["symbol"],
        "name": one["name"],
        "market": Market(one["market"]).label,
        "kind": InstrumentKind(one["kind"]).label,
        "base_price": base,
        "upper_limit": one["upper_limit"],
        "lower_limit": one["lower_limit"],
        "band": round((one["upper_limit"] - base) / base * 100, 1) if base else None,
    }


register(
    Screen(
        key="listed",
        title="종목 목록",
        about="코스피와 코스닥에 상장된 종목과 오늘의 가격 제한폭",
        columns=(
            CODE,
            NAME,
            Column("market", "시장", Kind.TEXT),
            Column("kind", "구분", Kind.TEXT),
            Column("base_price", "기준가", Kind.WON, "가격 제한폭"),
            Column("upper_limit", "상한가", Kind.WON, "가격 제한폭"),
            Column("lower_limit", "하한가", Kind.WON, "가격 제한폭"),
            Column("band", "상한폭", Kind.PERCENT, "가격 제한폭", hidden=True),
        ),
        form_class=ListedForm,
        fetch=listed,
        source="LS 종목 목록",
        shared=True,
    )
)
