"""Candles (kis.md §3.4, §3.5): a page is newest first, and the next one ends before its oldest."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from brokers.adapters.base import Candle, Period
from brokers.adapters.kis import codes
from brokers.adapters.kis.wire import fields, quotes
from brokers.adapters.kis.wire.fields import Row, text
from lucy.clock import KST

END_OF_DAY = time(23, 59, 59)  # a time to come means now
DAY = "stck_bsop_date"
CLOCK = "stck_cntg_hour"


def candles_query(symbol: str, period: Period, first: date, last: date, adjusted: bool) -> dict[str, str]:
    return quotes.issue_query(symbol) | {
        "FID_INPUT_DATE_1": f"{first:%Y%m%d}",
        "FID_INPUT_DATE_2": f"{last:%Y%m%d}",
        "FID_PERIOD_DIV_CODE": codes.PERIOD[period],
        "FID_ORG_ADJ_PRC": "0" if adjusted else "1",  # the opposite in inquire-daily-price
    }


def minutes_today_query(symbol: str, until: time) -> dict[str, str]:
    return quotes.issue_query(symbol) | {
        "FID_INPUT_HOUR_1": f"{until:%H%M%S}",
        "FID_PW_DATA_INCU_YN": "N",
        "FID_ETC_CLS_CODE": "",
    }


def minutes_of_day_query(symbol: str, day: date, until: time) -> dict[str, str]:
    return quotes.issue_query(symbol) | {
        "FID_INPUT_DATE_1": f"{day:%Y%m%d}",
        "FID_INPUT_HOUR_1": f"{until:%H%M%S}",
        "FID_PW_DATA_INCU_YN": "N",
        "FID_FAKE_TICK_INCU_YN": "",
    }


def dated(rows: Iterable[Row]) -> list[Row]:
    """KIS fills a page up with rows that have no fields."""
    return [row for row in rows if text(row, DAY)]


def day_before(rows: Iterable[Row]) -> date:
    """Where the next page ends."""
    return min(fields.day(row, DAY) for row in rows) - timedelta(days=1)


def candles(rows: Iterable[Row], period: Period) -> list[Candle]:
    found = [_candle(row, period) for row in rows if _has_traded(row)]
    return sorted(found, key=lambda candle: candle.at)


def _candle(row: Row, period: Period) -> Candle:
    begins = period.start_of(fields.day(row, DAY))
    value = fields.number(row, "acml_tr_pbmn") if text(row, "acml_tr_pbmn") else None
    return _bar(row, datetime.combine(begins, time(), KST), "stck_clpr", "acml_vol", value)


def minute(row: Row) -> datetime:
    """A row's minute; its seconds tell nothing."""
    at = fields.moment(fields.day(row, DAY), fields.required(row, CLOCK), CLOCK)
    return at.replace(second=0)


def minutes(rows: Iterable[Row]) -> list[Candle]:
    found = [_bar(row, minute(row), "stck_prpr", "cntg_vol") for row in rows if _has_traded(row)]
    return sorted(found, key=lambda candle: candle.at)


def _has_traded(row: Row) -> bool:
    """A halted day has a close and zeros for the rest."""
    return fields.number_or_zero(row, "stck_oprc") > 0


def _bar(row: Row, at: datetime, close: str, volume: str, value: Decimal | None = None) -> Candle:
    """A minute has no value of its own: KIS counts `acml_tr_pbmn` from the day's beginning."""
    return Candle(
        at,
        fields.number(row, "stck_oprc"),
        fields.number(row, "stck_hgpr"),
        fields.number(row, "stck_lwpr"),
        fields.number(row, close),
        fields.count_or_zero(row, volume),
        value,
    )
