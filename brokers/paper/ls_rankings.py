"""LS's rankings (ls.md 4.1): each is one row of a table here, saying which issues, in which order.

The market has one session, so the after-hours and expected-price rankings (t1481, t1482, t1488, t1489, t1492)
rank what was traded in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from brokers.paper.ls_desk import MILLION, Answer, Call, Handler, direction, percent
from brokers.paper.ls_quotes import HUNDRED_MILLION, MARKET_NUMBERS, against_base, venue_code
from brokers.paper.market import Issue

PAGE_ROWS = 20  # recorded for t1463
HALTED, PREFERRED = 0x200, 0x4000  # of jc_num; the market knows no issues of the other kinds
ETFS, ETNS = 1, 8  # of jc_num2
WITHOUT_PREFERRED = ("1", "3")  # jongchk where it is one digit
NO_LIMIT = 10**12
MINIMA = {  # shares, by volume code
    "t1481": (0, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000),
    "t1488": (0, 10_000, 50_000, 100_000, 500_000, 1_000_000),
    "t1492": (0, 100, 500, 1_000, 5_000, 10_000, 50_000, 500_000, 1_000_000),
}
PREVIOUS_MINIMA = (1, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)  # type1 of t1466
GROWTH_LIMITS = (NO_LIMIT, 2_000, 1_500, 1_000, 500, 100, 50)  # type2 of t1466, percent
PERIOD_DAYS = (1, 5, 10, 20, 60, 90, 250, 250)  # type2 of t1442, business days
UP, DOWN = "0", "1"

Measure = Callable[[Call, Issue], int | Decimal]
Test = Callable[[Call, Issue], bool]


def rate(call: Call, issue: Issue) -> Decimal:
    """Today's change in percent."""
    return percent(issue.change, issue.base_price)


def rate_before(call: Call, issue: Issue) -> Decimal:
    """Yesterday's change in percent."""
    last, before = call.market.daily_candles(issue.code, 2)
    return percent(last.close - before.close, before.close)


def growth(call: Call, issue: Issue) -> Decimal:
    """Today's volume against the previous day's, in percent."""
    return percent(issue.volume, issue.previous_volume)


def worth(call: Call, issue: Issue) -> int:
    return issue.price * issue.listed_shares


def value_before(issue: Issue) -> int:
    """Yesterday's amount, at its last price: as much as the day's own volume tells."""
    return issue.previous_volume * issue.base_price


def volume(call: Call, issue: Issue) -> int:
    return issue.volume


# What each ranking measures; the highest comes first


def _t1441(call: Call, issue: Issue) -> Decimal:
    change = (rate_before if call.fields["gubun3"] == "1" else rate)(call, issue)
    return -change if call.fields["gubun2"] == DOWN else change


def _t1452(call: Call, issue: Issue) -> int:
    return issue.previous_volume if call.fields["jnilgubun"] == "2" else issue.volume


def _t1463(call: Call, issue: Issue) -> int:
    asks_yesterday = call.fields["jnilgubun"] == "1"
    return value_before(issue) if asks_yesterday else issue.value


def _t1481(call: Call, issue: Issue) -> Decimal:
    return -rate(call, issue) if call.fields["gubun2"] == DOWN else rate(call, issue)


def _t1482(call: Call, issue: Issue) -> int:
    return issue.value if call.fields["sort_gbn"] == 1 else issue.volume


def _t1488(call: Call, issue: Issue) -> Decimal:
    return -rate(call, issue) if call.fields["sign"] == "2" else rate(call, issue)


def _t1442(call: Call, issue: Issue) -> Decimal:
    past = _past_price(call, issue)
    return abs(percent(issue.price - past, past))


# Which issues it takes


def _moved(call: Call, issue: Issue) -> bool:
    """The issues on the side asked for: up, down or (t1441) flat."""
    side = {UP: "2", DOWN: "5"}.get(call.fields["gubun2"], "3")
    return direction(rate(call, issue)) == side


def _moved_before(call: Call, issue: Issue) -> bool:
    if call.fields["gubun3"] != "1":
        return _moved(call, issue)
    return direction(rate_before(call, issue)) == {UP: "2", DOWN: "5"}.get(call.fields["gubun2"], "3")


def _expected(call: Call, issue: Issue) -> bool:
    return direction(rate(call, issue)) == ("5" if call.fields["sign"] == "2" else "2")


def _within_rates(call: Call, issue: Issue) -> bool:
    low, high = int(call.fields["sdiff"]), int(call.fields["ediff"])
    return (low == high == 0) or low <= rate(call, issue) <= high


def _surging(call: Call, issue: Issue) -> bool:
    least = _coded(PREVIOUS_MINIMA, call.fields["type1"])
    return issue.previous_volume >= least and growth(call, issue) <= _coded(
        GROWTH_LIMITS, call.fields["type2"]
    )


def _in_sector(call: Call, issue: Issue) -> bool:
    """Sectors from 300 up are KOSDAQ's."""
    upcode = call.fields["upcode"]
    return issue.market == ("KOSDAQ" if upcode.startswith("3") else "KOSPI")


def _broke_out(call: Call, issue: Issue) -> bool:
    """A new high or low, touched (type3 0) or held until now."""
    past, seeks_low = _past_price(call, issue), call.fields["type1"] == "1"
    held = call.fields["type3"] == "1"
    if seeks_low:
        return (issue.price if held else issue.low) < past
    return (issue.price if held else issue.high) > past


def _past_price(call: Call, issue: Issue) -> int:
    """The highest or lowest price of the period before today."""
    days = call.market.daily_candles(issue.code, _coded(PERIOD_DAYS, call.fields["type2"]))
    seeks_low = call.fields["type1"] == "1"
    return min(day.low for day in days) if seeks_low else max(day.high for day in days)


def _coded(values: tuple[int, ...], code: str) -> int:
    place = int(code) if code.isdigit() else 0
    return values[min(place, len(values) - 1)]


def _passes_filters(call: Call, issue: Issue) -> bool:
    """The filters that most rankings share; 0 and blank exclude nothing."""
    fields = call.fields
    masks = int(fields.get("jc_num", 0)), int(fields.get("jc_num2", 0))
    expected = int(fields.get("yesprice", 0)) <= issue.price <= (int(fields.get("yeeprice", 0)) or NO_LIMIT)
    return (
        _on_market(fields, issue)
        and not _is_excluded(issue, *masks)
        and not _is_excluded_by_text(issue, fields.get("jongchk", ""))
        and int(fields.get("sprice", 0)) <= issue.price <= (int(fields.get("eprice", 0)) or NO_LIMIT)
        and expected
        and issue.volume >= max(_least_volume(call), int(fields.get("yevolume", 0)))
    )


def _on_market(fields: Mapping[str, Any], issue: Issue) -> bool:
    number = fields.get("gubun1", fields.get("gubun", ""))
    return number not in ("1", "2") or MARKET_NUMBERS[issue.market] == number


def _is_excluded(issue: Issue, mask: int, fund_mask: int = 0) -> bool:
    return (
        bool(mask & HALTED and issue.halted)
        or bool(mask & PREFERRED and issue.preferred)
        or bool(fund_mask & ETFS and issue.kind == "ETF")
        or bool(fund_mask & ETNS and issue.kind == "ETN")
    )


def _is_excluded_by_text(issue: Issue, jongchk: str) -> bool:
    """One digit on some rankings, a mask in digits on others."""
    if len(jongchk) <= 1:
        return jongchk in WITHOUT_PREFERRED and issue.preferred
    return jongchk.lstrip("-").isdigit() and _is_excluded(issue, int(jongchk))


def _least_volume(call: Call) -> int:
    """A number of shares, or a code for one."""
    least = call.fields.get("volume", 0)
    return _coded(MINIMA[call.transaction.code], least) if isinstance(least, str) else int(least)


# Rows


def _row(call: Call, issue: Issue) -> dict[str, Any]:
    """Every field that some ranking shows."""
    book = call.market.book(issue.code)
    ask, bid = book.asks[0], book.bids[0]
    return against_base(call.market, issue, issue.price) | {
        "hname": issue.name,
        "shcode": issue.code,
        "price": issue.price,
        "volume": issue.volume,
        "yevolume": issue.volume,
        "offerho1": ask.price,
        "offerrem1": ask.quantity,
        "offerho": ask.price,
        "offerrem": ask.quantity,
        "bidho1": bid.price,
        "bidrem1": bid.quantity,
        "bidho": bid.price,
        "bidrem": bid.quantity,
        "open": issue.open,
        "high": issue.high,
        "low": issue.low,
        "voldiff": growth(call, issue),
        "bef_diff": growth(call, issue),
        "stdvolume": issue.previous_volume,
        "jnilvolume": issue.previous_volume,
        "vol": percent(issue.volume, issue.listed_shares),
        "value": issue.value // MILLION,
        "total": worth(call, issue) // HUNDRED_MILLION,
        "jkrate": "100",
        "ex_shcode": venue_code(call, issue),
    }


def _rate_before(call: Call, issue: Issue, members: list[Issue]) -> dict[str, Any]:
    """t1441"""
    return {"jnildiff": rate_before(call, issue)}


def _value_before(call: Call, issue: Issue, members: list[Issue]) -> dict[str, Any]:
    """t1463, whose comparison is of amounts"""
    before = value_before(issue)
    return {"jnilvalue": before // MILLION, "bef_diff": percent(issue.value, before)}


def _shares(call: Call, issue: Issue, members: list[Issue]) -> dict[str, Any]:
    """t1444: an issue's part of its sector's worth and volume, in percent."""
    return {
        "rate": percent(worth(call, issue), sum(worth(call, member) for member in members)),
        "vol_rate": percent(issue.volume, sum(member.volume for member in members)),
    }


def _past(call: Call, issue: Issue, members: list[Issue]) -> dict[str, Any]:
    """t1442: the price that was broken."""
    past = _past_price(call, issue)
    change = issue.price - past
    return {
        "pastprice": past,
        "pastsign": direction(change),
        "pastchange": abs(change),
        "pastdiff": percent(change, past),
    }


@dataclass(frozen=True, slots=True)
class Ranking:
    measure: Measure
    takes: Test = lambda call, issue: True
    extras: Callable[[Call, Issue, list[Issue]], dict[str, Any]] = lambda call, issue, members: {}

    def __call__(self, call: Call) -> Answer:
        """A page of 20, on from `idx` when the header says so."""
        issues = (issue for issue in call.market.issues.values() if _passes_filters(call, issue))
        members = [issue for issue in issues if self.takes(call, issue)]
        members.sort(key=lambda issue: (-self.measure(call, issue), issue.code))
        start = int(call.fields["idx"]) if call.continued else 0
        page = members[start : start + PAGE_ROWS]
        end = start + len(page)
        is_last = end >= len(members)
        rows = [
            call.known("OutBlock1", _row(call, issue) | self.extras(call, issue, members)) for issue in page
        ]
        summary = {"idx": 0 if is_last else end, "hhmm": f"{call.ledger.clock.now():%H:%M}"}
        blocks = {"OutBlock": call.known("OutBlock", summary)} | ({"OutBlock1": rows} if rows else {})
        return Answer(blocks, more="" if is_last else str(end))


TRANSACTIONS: Mapping[str, Handler] = {
    "t1441": Ranking(_t1441, _moved_before, _rate_before),
    "t1442": Ranking(_t1442, _broke_out, _past),
    "t1444": Ranking(worth, _in_sector, _shares),
    "t1452": Ranking(_t1452, _within_rates),
    "t1463": Ranking(_t1463, extras=_value_before),
    "t1466": Ranking(growth, _surging),
    "t1481": Ranking(_t1481, _moved),
    "t1482": Ranking(_t1482),
    "t1488": Ranking(_t1488, _expected),
    "t1489": Ranking(volume),
    "t1492": Ranking(_t1481, _moved),
}
