"""단타 종목: what the user tagged 단타, with the base prices; shown by the 단타머신 page."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from brokers.models import Crossing, Tag, WatchedStock
from brokers.services import watch
from lucy import clock
from screener.screens import CODE, NAME, Column, Kind, Result, Row, Screen, ScreenForm, register


def day_trades(user: User, asked: Mapping[str, Any]) -> Result:
    rows = watch.watched_by(user, Tag.DAY_TRADE)
    return Result([_row(row) for row in rows], clock.now(), "나의 주식")


def _row(row: WatchedStock) -> Row:
    return {
        "symbol": row.symbol,
        "name": row.name,
        "buy_below": row.buy_below,
        "sell_above": row.sell_above,
        "crossing": Crossing(row.crossing).label if row.crossing else None,
        "crossed_at": row.crossed_at,
        "crossed_price": row.crossed_price,
        "added_at": row.added_at,
    }


register(
    Screen(
        key="day-trade",
        title="단타 종목",
        about="나의 주식에서 단타 태그를 단 종목과 기준가",
        columns=(
            CODE,
            NAME,
            Column("buy_below", "매수 기준가", Kind.WON, "규칙"),
            Column("sell_above", "매도 기준가", Kind.WON, "규칙"),
            Column("crossing", "도달", Kind.TEXT, "상태"),
            Column("crossed_price", "도달 가격", Kind.WON, "상태"),
            Column("crossed_at", "도달 시각", Kind.TIME, "상태"),
            Column("added_at", "추가", Kind.TIME, hidden=True),
        ),
        form_class=ScreenForm,
        fetch=day_trades,
        source="나의 주식",
        scheduled=False,  # base prices call by themselves
        empty="나의 주식에서 종목에 단타 태그를 달면 여기에 모입니다.",
    )
)
