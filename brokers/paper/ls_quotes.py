"""LS's quotes and lists: /stock/market-data, /stock/etc, /stock/investinfo, /indtp and /etc/time-search."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from brokers.paper.ls_desk import (
    FIRST_TRADE,
    MILLION,
    Answer,
    Call,
    Handler,
    direction,
    percent,
    sign_of,
    time_of_price,
)
from brokers.paper.market import Book, Issue, Market

HUNDRED_MILLION = 100_000_000
THOUSAND = 1_000
QUOTES_AT_ONCE = 50  # t8407
FINANCE_PAGE = 20  # t3341, as recorded for the rankings
MARKET_NUMBERS = {"KOSPI": "1", "KOSDAQ": "2"}
FUND_CODES = {"stock": "0", "ETF": "1", "ETN": "2"}
ISSUE_GROUPS = {"stock": "01", "ETF": "03", "ETN": "04"}  # bu12gubun
PAR_VALUE = 100
SECTORS = (  # upcode, name, market
    ("001", "종합", "1"),
    ("002", "대형주", "1"),
    ("003", "중형주", "1"),
    ("004", "소형주", "1"),
    ("101", "KOSPI200", "1"),
    ("301", "코스닥", "2"),
)
INDEX_BASES = {"001": Decimal(2600), "101": Decimal(350), "301": Decimal(850)}  # yesterday's close, in points


def found(call: Call) -> Issue | None:
    """The issue asked for, if this market has it."""
    return call.market.issues.get(call.fields["shcode"])


def against_base(market: Market, issue: Issue, price: int) -> dict[str, Any]:
    """The three fields of every price row: the change is unsigned, diff (percent) is signed."""
    change = price - issue.base_price
    return {
        "sign": sign_of(market, issue, price),
        "change": abs(change),
        "diff": percent(change, issue.base_price),
    }


def venue_code(call: Call, issue: Issue) -> str:
    """The code as the venue asked for spells it: N for NXT, U for both, plain for KRX."""
    venue = call.fields.get("exchgubun", "")
    return venue + issue.code if venue in ("N", "U") else issue.code


def quoted(fill: Callable[[Call, Issue], dict[str, Any]]) -> Handler:
    """A quote of one issue; an unknown code is answered well and without a block."""

    def answer(call: Call) -> Answer:
        issue = found(call)
        return Answer({"OutBlock": fill(call, issue)} if issue else {})

    return answer


def _traded(market: Market, issue: Issue) -> dict[str, Any]:
    """What every quote says first."""
    return against_base(market, issue, issue.price) | {
        "hname": issue.name,
        "shcode": issue.code,
        "price": issue.price,
        "volume": issue.volume,
        "open": issue.open,
        "high": issue.high,
        "low": issue.low,
        "uplmtprice": market.upper_limit(issue.code),
        "dnlmtprice": market.lower_limit(issue.code),
    }


def _levels(book: Book) -> dict[str, int]:
    values: dict[str, int] = {"offer": book.ask_total, "bid": book.bid_total}
    for depth, (ask, bid) in enumerate(zip(book.asks, book.bids, strict=True), 1):
        values |= {f"offerho{depth}": ask.price, f"offerrem{depth}": ask.quantity}
        values |= {f"bidho{depth}": bid.price, f"bidrem{depth}": bid.quantity}
    return values


def _order_book(call: Call, issue: Issue) -> dict[str, Any]:
    """t1101"""
    book = call.market.book(issue.code)
    return (
        _traded(call.market, issue)
        | _levels(book)
        | {
            "jnilclose": issue.base_price,
            "hotime": f"{book.at:%H%M%S}{book.at.microsecond // 10_000:02d}",
            "ho_status": "2",
            "krx_midprice": (book.asks[0].price + book.bids[0].price) // 2,
        }
    )


def _venue_order_book(call: Call, issue: Issue) -> dict[str, Any]:
    """t8450: this market has one book, which stands for KRX and for both together; NXT shows none."""
    values = _order_book(call, issue) | {"ex_shcode": venue_code(call, issue)}
    together = {
        f"unx_{name}": quantity
        for name, quantity in _levels(call.market.book(issue.code)).items()
        if not name.startswith(("offerho", "bidho"))
    }
    return values | together


def _quote(call: Call, issue: Issue) -> dict[str, Any]:
    """t1102"""
    market = call.market
    year = [candle for candle in market.daily_candles(issue.code) if candle.at > _a_year_ago(call)]
    highest = max(year, key=lambda candle: candle.high)
    lowest = min(year, key=lambda candle: candle.low)
    return _traded(market, issue) | {
        "recprice": issue.base_price,
        "avg": issue.value // issue.volume if issue.volume else 0,
        "jnilvolume": issue.previous_volume,
        "volumediff": issue.volume - issue.previous_volume,
        "opentime": FIRST_TRADE,
        "hightime": time_of_price(market, issue, issue.high),
        "lowtime": time_of_price(market, issue, issue.low),
        "high52w": max(highest.high, issue.high),
        "high52wdate": f"{highest.at:%Y%m%d}",
        "low52w": min(lowest.low, issue.low or lowest.low),
        "low52wdate": f"{lowest.at:%Y%m%d}",
        "per": _per(issue),
        "pbrx": _pbr(issue),
        "listing": issue.listed_shares // THOUSAND,
        "jkrate": 100,
        "memedan": "1",
        "vol": percent(issue.volume, issue.listed_shares),
        "value": issue.value // MILLION,
        "parprice": PAR_VALUE,
        "gsmm": "12",
        "total": issue.price * issue.listed_shares // HUNDRED_MILLION,
        "info3": "거래정지" if issue.halted else "",
        "janginfo": "장중",
        "spac_gubun": "N",
        "ex_shcode": venue_code(call, issue),
    }


def _a_year_ago(call: Call) -> Any:
    return call.ledger.clock.now() - timedelta(days=365)


def _per(issue: Issue) -> Decimal:
    """Made up from the code, and always the same for an issue; funds have none."""
    return Decimal(500 + int(issue.code, 36) % 3000) / 100 if issue.kind == "stock" else Decimal(0)


def _pbr(issue: Issue) -> Decimal:
    return Decimal(30 + int(issue.code, 36) % 400) / 100 if issue.kind == "stock" else Decimal(0)


def many_quotes(call: Call) -> Answer:
    """t8407: codes without a separator. Unknown ones are left out."""
    codes, count = call.fields["shcode"], min(int(call.fields["nrec"]), QUOTES_AT_ONCE)
    asked = [codes[start : start + 6] for start in range(0, min(len(codes), count * 6), 6)]
    rows = [
        _short_quote(call.market, call.market.issues[code]) for code in asked if code in call.market.issues
    ]
    return Answer({"OutBlock1": rows} if rows else {})


def _short_quote(market: Market, issue: Issue) -> dict[str, Any]:
    book, trades = market.book(issue.code), market.trades[issue.code]
    return _traded(market, issue) | {
        "offerho": book.asks[0].price,
        "bidho": book.bids[0].price,
        "cvolume": trades[-1].quantity if trades else 0,
        "chdegree": percent(issue.buy_volume, issue.sell_volume),
        "value": issue.value // MILLION,
        "offerrem": book.asks[0].quantity,
        "bidrem": book.bids[0].quantity,
        "totofferrem": book.ask_total,
        "totbidrem": book.bid_total,
        "jnilclose": issue.base_price,
    }


# Issues


def listed(call: Call, number: str) -> list[Issue]:
    """The issues of market 1 KOSPI, 2 KOSDAQ, or of both, by code."""
    issues = sorted(call.market.issues.values(), key=lambda issue: issue.code)
    return [issue for issue in issues if number not in ("1", "2") or MARKET_NUMBERS[issue.market] == number]


def issue_list(call: Call) -> Answer:
    """t8430 and t8436, all in one page."""
    rows = [
        call.known("OutBlock", _issue_row(call.market, issue)) for issue in listed(call, call.fields["gubun"])
    ]
    return Answer({"OutBlock": rows})


def _issue_row(market: Market, issue: Issue) -> dict[str, Any]:
    return {
        "hname": issue.name,
        "shcode": issue.code,
        "expcode": issue.isin,
        "etfgubun": FUND_CODES[issue.kind],
        "uplmtprice": market.upper_limit(issue.code),
        "dnlmtprice": market.lower_limit(issue.code),
        "jnilclose": issue.base_price,
        "memedan": "00001",
        "recprice": issue.base_price,
        "gubun": MARKET_NUMBERS[issue.market],
        "bu12gubun": ISSUE_GROUPS[issue.kind],
        "spac_gubun": "N",
    }


def master(call: Call) -> Answer:
    """t9945"""
    rows = [
        {
            "hname": issue.name,
            "shcode": issue.code,
            "expcode": issue.isin,
            "etfchk": "1" if issue.kind == "ETF" else "0",
            "nxt_chk": "1" if issue.on_nxt else "0",
        }
        for issue in listed(call, call.fields["gubun"])
    ]
    return Answer({"OutBlock": rows})


# Companies


def company(call: Call) -> Answer:
    """t3320: six characters. A fund, or a code with its prefix, gives no figures."""
    issue = call.market.issues.get(call.fields["gicode"])
    if issue is None or issue.kind != "stock":
        return Answer()
    return Answer({"OutBlock": _company(call, issue), "OutBlock1": _finances(call, issue)})


def _company(call: Call, issue: Issue) -> dict[str, Any]:
    value = issue.price * issue.listed_shares // HUNDRED_MILLION
    return {
        "sijangcd": MARKET_NUMBERS[issue.market],
        "marketnm": "코스피" if issue.market == "KOSPI" else "코스닥",
        "company": issue.name,
        "gsyyyy": str(call.ledger.clock.trade_date().year - 1),
        "gsmm": "12",
        "gsym": f"{call.ledger.clock.trade_date().year - 1}12",
        "lstprice": PAR_VALUE,
        "gstock": issue.listed_shares,
        "capital": PAR_VALUE * issue.listed_shares // HUNDRED_MILLION,
        "sigavalue": value,
        "price": issue.price,
        "jnilclose": issue.base_price,
    }


def _finances(call: Call, issue: Issue) -> dict[str, Any]:
    last_year = f"{call.ledger.clock.trade_date().year - 1}12"
    return {
        "gicode": issue.code,
        "gsym": last_year,
        "gsgb": "1",
        "per": _per(issue),
        "eps": int(issue.base_price / _per(issue)),
        "pbr": _pbr(issue),
        "roe": percent(_pbr(issue), _per(issue)),
        "bps": int(issue.base_price / _pbr(issue)),
        "par": PAR_VALUE,
        "t_gsym": last_year,
    }


FINANCE_KEYS: Mapping[str, Callable[[Issue], Decimal]] = {"9": _per, "a": _pbr}


def finance_ranking(call: Call) -> Answer:
    """t3341: by PER (9) and PBR (a) from the cheapest, by anything else by return on equity."""
    stocks = [issue for issue in listed(call, call.fields["gubun"]) if issue.kind == "stock"]
    key = FINANCE_KEYS.get(call.fields["gubun1"], lambda issue: -percent(_pbr(issue), _per(issue)))
    ranked = sorted(stocks, key=key)
    start = int(call.fields["idx"]) if call.continued else 0
    page = ranked[start : start + FINANCE_PAGE]
    behind = start + len(page)
    more = str(behind) if behind < len(ranked) else ""
    rows = [_finance_row(issue, rank) for rank, issue in enumerate(page, start + 1)]
    return Answer(
        {"OutBlock": {"cnt": len(rows), "idx": behind if more else 0}, "OutBlock1": rows}, more=more
    )


def _finance_row(issue: Issue, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "hname": issue.name,
        "shcode": issue.code,
        "salesgrowth": percent(int(issue.code, 36) % 700 - 200, 1000),
        "eps": issue.base_price / _per(issue),
        "bps": issue.base_price / _pbr(issue),
        "roe": percent(_pbr(issue), _per(issue)),
        "per": _per(issue),
        "pbr": _pbr(issue),
    }


# Sectors, indices, time


def sectors(call: Call) -> Answer:
    """t8424; names are padded with blanks to their field."""
    rows = [
        {"hname": name + " " * (20 - len(name.encode("cp949"))), "upcode": upcode}
        for upcode, name, number in SECTORS
        if call.fields["gubun1"] in ("", "0", number)
    ]
    return Answer({"OutBlock": rows})


def index(call: Call) -> Answer:
    """t1511: the index moves as the issues of its market do, weighted by their worth."""
    upcode = call.fields["upcode"]
    name = next((name for code, name, _ in SECTORS if code == upcode), None)
    if name is None or upcode not in INDEX_BASES:
        return Answer()
    members = listed(call, "2" if upcode == "301" else "1")
    before = INDEX_BASES[upcode]
    now = _level(members, before)
    moves = [direction(issue.change) for issue in members]
    values = {
        "gubun": "2" if upcode == "301" else "1",
        "hname": name,
        "pricejisu": now,
        "jniljisu": before,
        "sign": direction(now - before),
        "change": abs(now - before),
        "diffjisu": percent(now - before, before),
        "jnilvolume": sum(issue.previous_volume for issue in members) // THOUSAND,
        "volume": sum(issue.volume for issue in members) // THOUSAND,
        "value": sum(issue.value for issue in members) // MILLION,
        "openjisu": before,
        "opentime": FIRST_TRADE,
        "highjisu": max(now, before),
        "lowjisu": min(now, before),
        "highjo": moves.count("2"),
        "unchgjo": moves.count("3"),
        "lowjo": moves.count("5"),
    }
    return Answer({"OutBlock": values})


def _level(members: list[Issue], before: Decimal) -> Decimal:
    worth = sum(issue.price * issue.listed_shares for issue in members)
    return (before * worth / sum(issue.base_price * issue.listed_shares for issue in members)).quantize(
        Decimal("0.01")
    )


def server_time(call: Call) -> Answer:
    """t0167, to the microsecond."""
    now = call.ledger.clock.now()
    return Answer({"OutBlock": {"dt": f"{now:%Y%m%d}", "time": f"{now:%H%M%S%f}"}})


TRANSACTIONS: Mapping[str, Handler] = {
    "t1101": quoted(_order_book),
    "t1102": quoted(_quote),
    "t8450": quoted(_venue_order_book),
    "t8407": many_quotes,
    "t8430": issue_list,
    "t8436": issue_list,
    "t9945": master,
    "t3320": company,
    "t3341": finance_ranking,
    "t8424": sectors,
    "t1511": index,
    "t0167": server_time,
}
