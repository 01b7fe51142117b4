"""A screen for tests whose source does what the test says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import User
from brokers.hangul import initials_of
from brokers.models import Instrument
from lucy import clock
from lucy.errors import LucyError
from screener import screens
from screener.screens import CODE, NAME, Column, Kind, Result, Row, Screen, ScreenForm


class VolumeForm(ScreenForm):
    market = forms.ChoiceField(label="시장", choices=[("all", "전체"), ("kospi", "코스피")], initial="all")
    least = forms.IntegerField(label="최소 거래량", required=False, initial=0, min_value=0)


@dataclass
class Source:
    """Answers with `rows`, or breaks off, or says nothing."""

    rows: list[Row] = field(default_factory=list)
    complete: bool = True
    silence: str = ""
    crashes: int = 0  # times it fails with a mistake of ours
    asked: list[tuple[User, dict[str, Any]]] = field(default_factory=list)

    def fetch(self, user: User, asked: Mapping[str, Any]) -> Result:
        self.asked.append((user, dict(asked)))
        if self.crashes:
            self.crashes -= 1
            raise ZeroDivisionError
        if self.silence:
            raise LucyError("unreachable", self.silence, status=503)
        return Result(list(self.rows), clock.now(), "시험", self.complete)


def row(symbol: str, name: str, price: int, rate: str, volume: int) -> Row:
    return {"symbol": symbol, "name": name, "price": price, "rate": Decimal(rate), "volume": volume}


SAMSUNG = row("005930", "삼성전자", 70_000, "1.5", 900)
KAKAO = row("035720", "카카오", 50_000, "-2.25", 1_200)
NAVER = row("035420", "NAVER", 200_000, "0", 300)

COLUMNS = (
    CODE,
    NAME,
    Column("price", "현재가", Kind.WON, "시세"),
    Column("rate", "등락률", Kind.RATE, "시세"),
    Column("volume", "거래량", Kind.COUNT),
    Column("note", "비고", Kind.TEXT, hidden=True),
)


@contextmanager
def registered(source: Source, **changes: Any) -> Iterator[Screen]:
    """The screen `test-volume`, for the time of a test."""
    made = Screen(
        key="test-volume",
        title="시험 거래량",
        about="시험하는 화면",
        columns=COLUMNS,
        form_class=VolumeForm,
        fetch=source.fetch,
        source="시험",
        fresh=timedelta(0),
    )
    made = screens.register(replace(made, **changes))
    try:
        yield made
    finally:
        del screens._screens[made.key]


def make_instruments(*rows: Row) -> None:
    for one in rows or (SAMSUNG, KAKAO, NAVER):
        name = str(one["name"])
        Instrument.objects.create(
            symbol=str(one["symbol"]),
            name=name,
            initials=initials_of(name),
            market="kospi",
            kind="stock",
            base_price=50_000,
            upper_limit=65_000,
            lower_limit=35_000,
            seen_at=clock.now(),
        )
