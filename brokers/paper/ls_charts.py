"""LS's time series: ticks (t1301), minutes (t1302), days (t1305), candles (t8410 to t8412, t8451, t8452)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from brokers.paper.candles import Candle
from brokers.paper.ls_desk import MILLION, Answer, Call, Handler, direction, page_of, percent, read_day
from brokers.paper.ls_quotes import against_base, found, venue_code
from brokers.paper.market import Issue, Trade

CANDLES_AT_ONCE = 500
MINUTES_AT_ONCE = 900
TICK_PAGE = 50  # t1301
OPENING, CLOSING = time(9, 0), time(15, 30)
LATEST = "99999999"
PERIODS: Mapping[str, Callable[[date], Any]] = {  # gubun of t8410 and t8451: what a bar has in common
    "2": lambda day: day,
    "3": lambda day: day.isocalendar()[:2],
    "4": lambda day: (day.year, day.month),
    "5": lambda day: day.year,
}
DWM_PERIODS = {1: "2", 2: "3", 3: "4"}  # dwmcode of t1305 to the same
MINUTE_STEPS = {
    "0": 1,
    "1": 1,
    "2": 3,
    "3": 5,
    "4": 10,
    "5": 30,
    "6": 60,
}  # gubun of t1302; 30 s are not kept


# Bars


def merged(bars: Sequence[Candle], at: datetime) -> Candle:
    """One bar of several, which are in time's order."""
    return Candle(
        at,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
        sum(bar.value for bar in bars),
    )


def days_of(call: Call, issue: Issue) -> list[Candle]:
    """Every day the market knows, the oldest first, with today as far as it has come."""
    days = call.market.daily_candles(issue.code)[::-1]
    if issue.volume:
        now = call.ledger.clock.now()
        midnight = datetime.combine(call.ledger.clock.trade_date(), time(), now.tzinfo)
        today = Candle(midnight, issue.open, issue.high, issue.low, issue.price, issue.volume, issue.value)
        days.append(today)
    return days


def periods_of(days: Iterable[Candle], gubun: str) -> list[Candle]:
    """Days, weeks, months or years; a longer bar carries the date of its last day."""
    common = PERIODS[gubun]
    groups = (list(group) for _, group in groupby(days, key=lambda bar: common(bar.at.date())))
    return [merged(group, group[-1].at) for group in groups]


def minutes_of(call: Call, issue: Issue, step: int) -> list[Candle]:
    """Today's bars of `step` minutes, the oldest first, named by their end (LS's first is 09:01).

    The trades of the closing auction belong to the bar of 15:30.
    """
    minutes = call.market.minute_candles(issue.code)[::-1]
    if not minutes:
        return []
    start = minutes[0].at
    closing = CLOSING if call.ledger.clock.scheduled else time.max  # a market that never closes
    last = datetime.combine(start.date(), closing, start.tzinfo)
    groups = groupby(minutes, key=lambda bar: min(_end_of(bar.at, start, step), last))
    return [merged(list(group), end) for end, group in groups]


def _end_of(at: datetime, start: datetime, step: int) -> datetime:
    return start + timedelta(minutes=step) * ((at - start) // timedelta(minutes=step) + 1)


def ticks_of(call: Call, issue: Issue, step: int) -> list[Candle]:
    """Bars of `step` trades, the oldest first, of the trades the market still remembers."""
    trades = list(call.market.trades[issue.code])
    bars = [
        Candle(trade.at, *(trade.price,) * 4, trade.quantity, trade.price * trade.quantity)
        for trade in trades
    ]
    groups = (bars[start : start + step] for start in range(0, len(bars), step))
    return [merged(group, group[-1].at) for group in groups]


# Candle charts: oldest first within a page, and the next page is older


def last_page(
    bars: list[Candle], count: int, cursor: str, name: Callable[[Candle], str]
) -> tuple[list[Candle], str]:
    """The newest `count` bars up to the cursor, which names the next bar to send; and the next cursor."""
    allowed = [bar for bar in bars if name(bar) <= cursor] if cursor else bars
    page = allowed[-count:]
    older = allowed[: -len(page)] if page else []
    return page, name(older[-1]) if older else ""


def within(bars: list[Candle], fields: Mapping[str, Any]) -> list[Candle]:
    """The bars from sdate to edate; a blank start has no limit, a blank end or 99999999 is the latest."""
    start = read_day(fields["sdate"]) or date.min
    end = date.max if fields["edate"] in ("", LATEST) else read_day(fields["edate"]) or date.max
    return [bar for bar in bars if start <= bar.at.date() <= end]


def day_candles(call: Call) -> Answer:
    """t8410 and t8451"""
    issue, fields = found(call), call.fields
    if issue is None or fields["gubun"] not in PERIODS:
        return Answer()
    bars = periods_of(within(days_of(call, issue), fields), fields["gubun"])
    page, more = last_page(bars, _count(fields), call.cursor("cts_date"), _day)
    rows = [_day_row(bar, before) for bar, before in zip(page, _closes_before(page, bars), strict=True)]
    return _chart(call, issue, [call.known("OutBlock1", row) for row in rows], {"cts_date": more})


def minute_candles(call: Call) -> Answer:
    """t8412 and t8452. Only today's minutes are kept."""
    issue = found(call)
    if issue is None:
        return Answer()
    bars = within(minutes_of(call, issue, max(int(call.fields["ncnt"]), 1)), call.fields)
    return _timed_chart(call, issue, bars, "%H%M%S")


def tick_candles(call: Call) -> Answer:
    """t8411"""
    issue = found(call)
    if issue is None:
        return Answer()
    bars = within(ticks_of(call, issue, max(int(call.fields["ncnt"]), 1)), call.fields)
    return _timed_chart(call, issue, bars, "%H%M%S%f")


def _timed_chart(call: Call, issue: Issue, bars: list[Candle], form: str) -> Answer:
    cursor = call.cursor("cts_date") and f"{call.cursor('cts_date')}{call.cursor('cts_time')}"
    page, more = last_page(
        bars, _count(call.fields), cursor, lambda bar: f"{bar.at:%Y%m%d}" + _clock(bar.at, form)
    )
    rows = [
        call.known(
            "OutBlock1",
            _bar_row(bar) | {"time": _clock(bar.at, form), "sign": direction(bar.close - issue.base_price)},
        )
        for bar in page
    ]
    return _chart(call, issue, rows, {"cts_date": more[:8], "cts_time": more[8:]})


def _clock(at: datetime, form: str) -> str:
    """HHMMSS for minutes, HHMMSSffff for ticks."""
    return at.strftime(form)[:10]


def _count(fields: Mapping[str, Any]) -> int:
    return min(max(int(fields["qrycnt"]), 1), CANDLES_AT_ONCE)


def _day(bar: Candle) -> str:
    return f"{bar.at:%Y%m%d}"


def _closes_before(page: list[Candle], bars: list[Candle]) -> list[int]:
    start = len(bars) - len(page)
    if page:
        start = bars.index(page[0])
    return [bars[place - 1].close if place else bars[0].open for place in range(start, start + len(page))]


def _day_row(bar: Candle, close_before: int) -> dict[str, Any]:
    return _bar_row(bar) | {"ratevalue": bar.value // MILLION, "sign": direction(bar.close - close_before)}


def _bar_row(bar: Candle) -> dict[str, Any]:
    return {
        "date": _day(bar),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "jdiff_vol": bar.volume,
        "value": bar.value // MILLION,
    }


def _chart(call: Call, issue: Issue, rows: list[dict[str, Any]], cursor: dict[str, str]) -> Answer:
    """A chart without bars leaves both blocks out."""
    if not rows:
        return Answer()
    before = call.market.daily_candles(issue.code)[0]
    summary = cursor | {
        "shcode": issue.code,
        "jisiga": before.open,
        "jihigh": before.high,
        "jilow": before.low,
        "jiclose": before.close,
        "jiclosev": before.close,
        "jivolume": before.volume,
        "disiga": issue.open,
        "dihigh": issue.high,
        "dilow": issue.low,
        "diclose": issue.price,
        "highend": call.market.upper_limit(issue.code),
        "lowend": call.market.lower_limit(issue.code),
        "s_time": f"{OPENING:%H%M%S}",
        "e_time": f"{CLOSING:%H%M%S}",
        "dshmin": "10",
        "rec_count": len(rows),
        "nxt_fm_s_time": "080000",
        "nxt_fm_e_time": "085000",
        "nxt_am_s_time": "153000",
        "nxt_am_e_time": "200000",
    }
    return Answer(
        {"OutBlock": call.known("OutBlock", summary), "OutBlock1": rows}, more="".join(cursor.values())
    )


# Tables: newest first


def day_table(call: Call) -> Answer:
    """t1305"""
    issue, fields = found(call), call.fields
    period = DWM_PERIODS.get(int(fields["dwmcode"]))
    if issue is None or period is None:
        return Answer()
    bars = periods_of(days_of(call, issue), period)[::-1]
    page, more = page_of(bars, max(int(fields["cnt"]), 1), _day, call.cursor("date"))
    first = bars.index(page[0]) if page else 0
    older = [*bars[first + 1 : first + 1 + len(page)], bars[-1]][: len(page)]
    rows = [_table_row(issue, bar, before) for bar, before in zip(page, older, strict=True)]
    summary = {"cnt": len(rows), "date": more, "ex_shcode": venue_code(call, issue)}
    return Answer({"OutBlock": summary, "OutBlock1": rows}, more=more)


def _table_row(issue: Issue, bar: Candle, before: Candle) -> dict[str, Any]:
    change = bar.close - before.close
    against = {
        name: value
        for letter, price in (("o", bar.open), ("h", bar.high), ("l", bar.low))
        for name, value in _against(letter, price, before.close).items()
    }
    return against | {
        "date": _day(bar),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "sign": direction(change),
        "change": abs(change),
        "diff": percent(change, before.close),
        "volume": bar.volume,
        "diff_vol": percent(bar.volume - before.volume, before.volume),
        "changerate": percent(bar.volume, issue.listed_shares),
        "shcode": issue.code,
        "value": bar.value // MILLION,
        "marketcap": bar.close * issue.listed_shares // MILLION,
    }


def _against(letter: str, price: int, before: int) -> dict[str, Any]:
    change = price - before
    return {
        f"{letter}_sign": direction(change),
        f"{letter}_change": abs(change),
        f"{letter}_diff": percent(change, before),
    }


def minute_table(call: Call) -> Answer:
    """t1302"""
    issue, fields = found(call), call.fields
    step = MINUTE_STEPS.get(fields["gubun"])
    if issue is None or step is None:
        return Answer()
    bars = minutes_of(call, issue, step)
    accumulated, sums = 0, {}
    for bar in bars:
        accumulated += bar.volume
        sums[bar.at] = accumulated
    count = min(max(int(fields["cnt"]), 1), MINUTES_AT_ONCE)
    page, more = page_of(bars[::-1], count, lambda bar: f"{bar.at:%H%M%S}", call.cursor("time"))
    rows = [_minute_row(call, issue, bar, sums[bar.at]) for bar in page]
    return Answer({"OutBlock": {"cts_time": more}, "OutBlock1": rows}, more=more)


def _minute_row(call: Call, issue: Issue, bar: Candle, accumulated: int) -> dict[str, Any]:
    book = call.market.book(issue.code)
    return against_base(call.market, issue, bar.close) | {
        "chetime": f"{bar.at:%H%M%S}",
        "close": bar.close,
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "volume": accumulated,
        "cvolume": bar.volume,
        "totofferrem": book.ask_total,
        "totbidrem": book.bid_total,
    }


def tick_table(call: Call) -> Answer:
    """t1301: the trades the market still remembers, larger than cvolume and between the two times (HHMM)."""
    issue, fields = found(call), call.fields
    if issue is None:
        return Answer()
    totals = _running_totals(issue, list(call.market.trades[issue.code]))
    start, end = fields["starttime"] or "0000", fields["endtime"] or "9999"
    chosen = [
        (trade, volume)
        for trade, volume in totals
        if trade.quantity > fields["cvolume"] and start <= f"{trade.at:%H%M}" <= end
    ]
    page, more = page_of(chosen[::-1], TICK_PAGE, lambda entry: _tick_time(entry[0]), call.cursor("cts_time"))
    rows = [_tick_row(call, issue, trade, volume) for trade, volume in page]
    return Answer({"OutBlock": {"cts_time": more}, "OutBlock1": rows}, more=more)


def _running_totals(issue: Issue, trades: list[Trade]) -> list[tuple[Trade, int]]:
    """Each trade with the day's volume right after it."""
    volume = issue.volume - sum(trade.quantity for trade in trades)
    totals = []
    for trade in trades:
        volume += trade.quantity
        totals.append((trade, volume))
    return totals


def _tick_time(trade: Trade) -> str:
    return _clock(trade.at, "%H%M%S%f")


def _tick_row(call: Call, issue: Issue, trade: Trade, volume: int) -> dict[str, Any]:
    return against_base(call.market, issue, trade.price) | {
        "chetime": _tick_time(trade),
        "price": trade.price,
        "cvolume": trade.quantity,
        "chdegree": percent(issue.buy_volume, issue.sell_volume),
        "volume": volume,
        "mdvolume": issue.sell_volume,
        "mdchecnt": issue.sell_trades,
        "msvolume": issue.buy_volume,
        "mschecnt": issue.buy_trades,
        "revolume": issue.buy_volume - issue.sell_volume,
        "rechecnt": issue.buy_trades - issue.sell_trades,
    }


TRANSACTIONS: Mapping[str, Handler] = {
    "t1301": tick_table,
    "t1302": minute_table,
    "t1305": day_table,
    "t8410": day_candles,
    "t8411": tick_candles,
    "t8412": minute_candles,
    "t8451": day_candles,
    "t8452": minute_candles,
}
