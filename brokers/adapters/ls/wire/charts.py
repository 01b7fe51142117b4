"""Candles (ls.md 4): t8410 for days and longer, t8412 for minutes; the next page is older."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from brokers.adapters.base import Candle, Period
from brokers.adapters.ls import codes
from brokers.adapters.ls.wire.fields import Body, Fields, Listing, Row, cursor, midnight, moment

MILLION = 1_000_000  # LS counts value in millions of won


def candles_query(symbol: str, period: Period, first: date, last: date, adjusted: bool) -> Fields:
    return {
        "shcode": symbol,
        "gubun": codes.PERIOD[period],
        "qrycnt": codes.CANDLES_AT_ONCE,
        "sdate": f"{first:%Y%m%d}",
        "edate": f"{last:%Y%m%d}",
        "cts_date": "",
        "comp_yn": "N",
        "sujung": "Y" if adjusted else "N",
    }


def minutes_query(symbol: str, first: date, last: date) -> Fields:
    return {
        "shcode": symbol,
        "ncnt": 1,
        "qrycnt": codes.CANDLES_AT_ONCE,
        "nday": "0",
        "sdate": f"{first:%Y%m%d}",
        "stime": "",
        "edate": f"{last:%Y%m%d}",
        "etime": "",
        "cts_date": "",
        "cts_time": "",
        "comp_yn": "N",
    }


def candles(rows: Iterable[Row], period: Period) -> list[Candle]:
    """LS dates a week by its last day, Lucy every span by its first."""
    found = [_bar(row, midnight(period.start_of(_day(row)))) for row in rows if row.number("open")]
    return sorted(found, key=lambda candle: candle.at)


def minutes(rows: Iterable[Row]) -> list[Candle]:
    """LS names a minute by its end."""
    found = [_bar(row, _ended(row) - timedelta(minutes=1)) for row in rows if row.number("open")]
    return sorted(found, key=lambda candle: candle.at)


def _day(row: Row) -> date:
    text = row.text("date")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError as odd:
        raise row.unreadable("date") from odd


def _ended(row: Row) -> datetime:
    at = moment(_day(row), row.text("time"), 6)
    if at is None:
        raise row.unreadable("time")
    return at


def _bar(row: Row, at: datetime) -> Candle:
    return Candle(
        at,
        row.needed_number("open"),
        row.needed_number("high"),
        row.needed_number("low"),
        row.needed_number("close"),
        row.needed_integer("jdiff_vol"),
        row.number("value") * MILLION,
    )


def _minute_cursor(answer: Body) -> Fields:
    return cursor(answer, "t8412OutBlock", "cts_date") | cursor(answer, "t8412OutBlock", "cts_time")


CANDLE_LIST = Listing(
    codes.CANDLES,
    "t8410OutBlock1",
    row_key=lambda row: row.text("date"),
    cursor=lambda answer: cursor(answer, "t8410OutBlock", "cts_date"),
)
MINUTE_LIST = Listing(
    codes.MINUTES,
    "t8412OutBlock1",
    row_key=lambda row: row.text("date") + row.text("time"),
    cursor=_minute_cursor,
)
