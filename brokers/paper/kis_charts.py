"""KIS's candles: days, weeks, months, years and minutes (kis.md §3.4–3.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby

from brokers.paper.candles import Candle
from brokers.paper.kis_quotes import ISSUE, QUOTATIONS, asked_issue, change_fields, size_fields
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    Row,
    Service,
    clock_text,
    day_text,
    invalid,
    percent,
    sign_of,
)
from brokers.paper.market import Issue


def today_candle(call: KisCall, issue: Issue) -> Candle:
    at = datetime.combine(call.ledger.today, datetime.min.time(), call.broker.clock.now().tzinfo)
    return Candle(at, issue.open, issue.high, issue.low, issue.price, issue.volume, issue.value)


def period_candles(call: KisCall, issue: Issue, period: str) -> Iterator[Candle]:
    """Bars of days, weeks, months or years up to today, the latest first."""
    days = [today_candle(call, issue), *call.market.daily_candles(issue.code)]
    if period == "D":
        yield from days
        return
    keys: dict[str, Callable[[Candle], object]] = {
        "W": lambda bar: bar.at.isocalendar()[:2],
        "M": lambda bar: (bar.at.year, bar.at.month),
        "Y": lambda bar: bar.at.year,
    }
    if period not in keys:
        raise invalid("FID_PERIOD_DIV_CODE")
    for _, group in groupby(days, keys[period]):
        yield merged(list(group))


def merged(bars: list[Candle]) -> Candle:
    """One bar out of many, the latest first; it carries the date of its first day, as KIS's weeks do."""
    return Candle(
        bars[-1].at,
        bars[-1].open,
        max(bar.high for bar in bars),
        min((bar.low for bar in bars if bar.low), default=0),
        bars[0].close,
        sum(bar.volume for bar in bars),
        sum(bar.value for bar in bars),
    )


def with_previous(bars: Iterable[Candle]) -> Iterator[tuple[Candle, Candle]]:
    """Each bar with the one before it in time; the oldest with itself."""
    latest: Candle | None = None
    for bar in bars:
        if latest is not None:
            yield latest, bar
        latest = bar
    if latest is not None:
        yield latest, latest


def chart(call: KisCall) -> KisAnswer:
    """Bars between two dates, at most 100, the newest first (§3.4)."""
    issue = asked_issue(call)
    from_day, to_day = call.day("FID_INPUT_DATE_1"), call.day("FID_INPUT_DATE_2")
    bars = with_previous(period_candles(call, issue, call.get("FID_PERIOD_DIV_CODE")))
    rows = [
        {
            "stck_bsop_date": day_text(bar.at),
            "stck_clpr": str(bar.close),
            "stck_oprc": str(bar.open),
            "stck_hgpr": str(bar.high),
            "stck_lwpr": str(bar.low),
            "acml_vol": str(bar.volume),
            "acml_tr_pbmn": str(bar.value),
            "flng_cls_code": "00",
            "prtt_rate": "0.00",
            "mod_yn": "N",
            "prdy_vrss_sign": sign_of(bar.close - before.close),
            "prdy_vrss": str(bar.close - before.close),
            "revl_issu_reas": "",
        }
        for bar, before in bars
        if from_day <= bar.at.date() <= to_day
    ]
    return KisAnswer({"output1": _chart_head(call, issue), "output2": rows[:100]})


def _chart_head(call: KisCall, issue: Issue) -> Row:
    book, yesterday = call.market.book(issue.code), call.market.daily_candles(issue.code)[0]
    return {
        **change_fields(issue, call),
        "stck_prdy_clpr": str(issue.base_price),
        "acml_vol": str(issue.volume),
        "acml_tr_pbmn": str(issue.value),
        "hts_kor_isnm": issue.name,
        "stck_prpr": str(issue.price),
        "stck_shrn_iscd": issue.code,
        "prdy_vol": str(issue.previous_volume),
        "stck_mxpr": str(call.market.upper_limit(issue.code)),
        "stck_llam": str(call.market.lower_limit(issue.code)),
        "stck_oprc": str(issue.open),
        "stck_hgpr": str(issue.high),
        "stck_lwpr": str(issue.low),
        "stck_prdy_oprc": str(yesterday.open),
        "stck_prdy_hgpr": str(yesterday.high),
        "stck_prdy_lwpr": str(yesterday.low),
        "askp": str(book.asks[0].price),
        "bidp": str(book.bids[0].price),
        "prdy_vrss_vol": str(issue.volume - issue.previous_volume),
        "vol_tnrt": percent(issue.volume, issue.listed_shares),
        **{name: value for name, value in size_fields(issue).items() if name in CHART_SIZES},
        "itewhol_loan_rmnd_ratem": "0.00",
    }


def minutes_today(call: KisCall) -> KisAnswer:
    """Up to 30 minutes backwards from the given time; a future time begins at the latest (§3.5)."""
    issue = asked_issue(call)
    return _minutes(call, issue, call.market.minute_candles(issue.code), 30)


def minutes_of_day(call: KisCall) -> KisAnswer:
    """Up to 120 minutes of an earlier day; the market remembers today's only and shows their shape."""
    issue = asked_issue(call)
    day = call.day("FID_INPUT_DATE_1")
    bars = [
        Candle(
            bar.at.replace(year=day.year, month=day.month, day=day.day),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            bar.value,
        )
        for bar in call.market.minute_candles(issue.code)
        if call.broker.clock.is_business_day(day) or day == call.ledger.today
    ]
    return _minutes(call, issue, bars, 120)


def _minutes(call: KisCall, issue: Issue, bars: list[Candle], size: int) -> KisAnswer:
    # 000000 and nothing mean the latest; python-kis begins there.
    until = call.get("FID_INPUT_HOUR_1").strip("0") and call.get("FID_INPUT_HOUR_1").rjust(6, "0")
    values, total = [], 0
    for bar in reversed(bars):
        total += bar.value
        values.append((bar, total))
    rows = [
        {
            "stck_bsop_date": day_text(bar.at),
            "stck_cntg_hour": clock_text(bar.at),
            "stck_prpr": str(bar.close),
            "stck_oprc": str(bar.open),
            "stck_hgpr": str(bar.high),
            "stck_lwpr": str(bar.low),
            "cntg_vol": str(bar.volume),
            "acml_tr_pbmn": str(total),
        }
        for bar, total in reversed(values)
        if not until or clock_text(bar.at) <= until
    ]
    head = {
        **change_fields(issue, call),
        "stck_prdy_clpr": str(issue.base_price),
        "acml_vol": str(issue.volume),
        "acml_tr_pbmn": str(issue.value),
        "hts_kor_isnm": issue.name,
        "stck_prpr": str(issue.price),
    }
    return KisAnswer({"output1": head, "output2": rows[:size]})


def last_days(call: KisCall) -> KisAnswer:
    """The last 30 days, weeks or months (§3.6)."""
    issue = asked_issue(call)
    rows = []
    for bar, before in with_previous(period_candles(call, issue, call.get("FID_PERIOD_DIV_CODE"))):
        rows.append(_day_row(bar, before))
        if len(rows) == 30:
            break
    return KisAnswer({"output": rows})


def _day_row(bar: Candle, before: Candle) -> Row:
    change = bar.close - before.close
    return {
        "stck_bsop_date": day_text(bar.at),
        "stck_oprc": str(bar.open),
        "stck_hgpr": str(bar.high),
        "stck_lwpr": str(bar.low),
        "stck_clpr": str(bar.close),
        "acml_vol": str(bar.volume),
        "prdy_vrss_vol_rate": percent(bar.volume, before.volume),
        "prdy_vrss": str(change),
        "prdy_vrss_sign": sign_of(change),
        "prdy_ctrt": percent(change, before.close),
        "hts_frgn_ehrt": "50.00",
        "frgn_ntby_qty": "0",
        "flng_cls_code": "00",
        "acml_prtt_rate": "0.00",
    }


CHART_SIZES = ("stck_fcam", "lstn_stcn", "cpfn", "hts_avls", "per", "eps", "pbr")
DATES = ("FID_INPUT_DATE_1", "FID_INPUT_DATE_2", "FID_PERIOD_DIV_CODE", "FID_ORG_ADJ_PRC")
CHART_SERVICES = (
    Service(f"{QUOTATIONS}/inquire-daily-itemchartprice", ("FHKST03010100",), chart, (*ISSUE, *DATES)),
    Service(
        f"{QUOTATIONS}/inquire-time-itemchartprice",
        ("FHKST03010200",),
        minutes_today,
        (*ISSUE, "FID_INPUT_HOUR_1", "FID_PW_DATA_INCU_YN"),
    ),
    Service(
        f"{QUOTATIONS}/inquire-time-dailychartprice",
        ("FHKST03010230",),
        minutes_of_day,
        (*ISSUE, "FID_INPUT_HOUR_1", "FID_INPUT_DATE_1"),
        on_paper=False,
    ),
    Service(
        f"{QUOTATIONS}/inquire-daily-price",
        ("FHKST01010400",),
        last_days,
        (*ISSUE, "FID_PERIOD_DIV_CODE", "FID_ORG_ADJ_PRC"),
    ),
)
