"""증권사 투자의견: by all firms, or on one stock; the gap to the target counted from today's price."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import User
from brokers.adapters.lists import Opinion, Opinions
from brokers.forms import SymbolField
from brokers.models import BrokerAccount, Instrument
from brokers.services.desk import quote
from brokers.services.lists import from_kis, kis_account
from lucy import clock
from screener.screens import CODE, NAME, Column, Kind, Menu, Result, Row, Screen, ScreenForm, register

SOURCE = "한국투자증권"
MOST_DAYS_OF_ALL = 30
HUNDREDTH = Decimal("0.01")


class OpinionForm(ScreenForm):
    days = forms.ChoiceField(
        label="기간",
        initial="7",
        choices=[("1", "오늘"), ("7", "1주"), ("30", "1개월"), ("90", "3개월"), ("365", "1년")],
    )
    symbol = SymbolField(label="종목코드", required=False)
    firm = forms.CharField(label="회원사", required=False, max_length=20)
    gap_at_most = forms.ChoiceField(
        label="괴리율",
        required=False,
        choices=[("", "전체"), *((str(gap), f"{gap}% 이하") for gap in range(-10, -90, -10))],
    )

    def clean(self) -> dict[str, Any]:
        """All firms' opinions come twenty a question: a year of them would take the account's pace."""
        asked = super().clean() or {}
        if not asked.get("symbol") and int(asked.get("days") or 0) > MOST_DAYS_OF_ALL:
            self.add_error("days", "한 달보다 긴 기간은 종목코드를 넣어야 볼 수 있습니다.")
        return asked


def opinions(user: User, asked: Mapping[str, Any]) -> Result:
    account, last = kis_account(user), clock.trade_date()
    first = last - timedelta(days=int(asked["days"]) - 1)
    symbol = asked["symbol"]
    if symbol:
        found = from_kis(account, lambda lists: lists.stock_opinions(symbol, first, last))
        told = Opinions(tuple(found))
        rows = _rows_of_stock(account, symbol, found)
    else:
        told = from_kis(account, lambda lists: lists.firm_opinions(first, last))
        rows = [_row(one, one.name, one.price, one.change, one.change_rate) for one in told.found]
    kept = [row for row in rows if _is_wanted(row, asked)]
    return Result(kept, clock.now(), SOURCE, notes=tuple(_notes(told)))


def _rows_of_stock(account: BrokerAccount, symbol: str, found: Iterable[Opinion]) -> list[Row]:
    """The service for one stock repeats neither its name nor its price."""
    now = quote(account, symbol)
    known = Instrument.objects.filter(symbol=symbol).first()
    name = known.name if known else now.name
    return [_row(one, name, now.price, now.change, now.change_rate) for one in found]


def _row(
    one: Opinion, name: str, price: Decimal | None, change: Decimal | None, change_rate: Decimal | None
) -> Row:
    return {
        "day": one.day,
        "symbol": one.symbol,
        "name": name,
        "firm": one.firm,
        "opinion": one.opinion,
        "previous_opinion": one.previous_opinion,
        "price": price,
        "target": one.target,
        "gap_rate": _percent(price, one.target),
        "upside": _percent(one.target, price),
        "change": change,
        "change_rate": change_rate,
        "previous_close": one.previous_close,
        "kis_gap": one.gap,
        "kis_gap_rate": one.gap_rate,
    }


def _percent(value: Decimal | None, of: Decimal | None) -> Decimal | None:
    """How far `value` is from `of`; None without one of them."""
    return ((value - of) * 100 / of).quantize(HUNDREDTH) if value and of else None


def _is_wanted(row: Row, asked: Mapping[str, Any]) -> bool:
    if asked["firm"] and asked["firm"].casefold() not in str(row["firm"]).casefold():
        return False
    gap = row["gap_rate"]
    return not asked["gap_at_most"] or (isinstance(gap, Decimal) and gap <= int(asked["gap_at_most"]))


def _notes(told: Opinions) -> Iterable[str]:
    yield "괴리율은 현재가가 목표가에서 떨어진 정도, 상승여력은 목표가까지 남은 정도입니다."
    if told.cut_days:
        days = ", ".join(f"{day:%m-%d}" for day in sorted(told.cut_days))
        yield (
            f"한국투자증권이 한 번에 20건까지만 알려 줘 {days}에는 빠진 의견이 있습니다. "
            "종목코드를 넣으면 그 종목의 의견은 모두 나옵니다."
        )


register(
    Screen(
        key="kis-opinion",
        title="증권사 투자의견",
        about="증권사가 낸 투자의견과 목표가, 지금 가격과의 차이",
        columns=(
            Column("day", "영업일자", Kind.DATE),
            CODE,
            NAME,
            Column("firm", "회원사", Kind.TEXT),
            Column("opinion", "투자의견", Kind.TEXT),
            Column("previous_opinion", "직전의견", Kind.TEXT),
            Column("price", "현재가", Kind.WON, "목표가"),
            Column("target", "목표가", Kind.WON, "목표가"),
            Column("gap_rate", "괴리율", Kind.RATE, "목표가"),
            Column("upside", "상승여력", Kind.RATE, "목표가"),
            Column("change", "전일대비", Kind.CHANGE),
            Column("change_rate", "등락률", Kind.RATE),
            Column("previous_close", "의견 전일종가", Kind.WON, hidden=True),
            Column("kis_gap", "괴리도(증권사)", Kind.CHANGE, hidden=True),
            Column("kis_gap_rate", "괴리율(증권사)", Kind.RATE, hidden=True),
        ),
        form_class=OpinionForm,
        fetch=opinions,
        source=SOURCE,
        menu=Menu.KIS,
        shared=True,
        fresh=timedelta(minutes=5),
        identity=("day", "symbol", "firm"),
    )
)
