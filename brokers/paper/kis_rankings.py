"""KIS's rankings: provisional investor totals, books and after-hours books (kis.md §4.1, §4.8, §4.9).

Who bought is made up from an issue's volume, always the same for a seed. The market has one session, so the
after-hours ranking shows parts of its books and volume.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from brokers.paper.kis_quotes import QUOTATIONS, change_fields
from brokers.paper.kis_wire import KisAnswer, KisCall, Row, Service, invalid, percent
from brokers.paper.market import Issue

RANKINGS = "/uapi/domestic-stock/v1/ranking"
MOST_ROWS = 30
MILLION = 1_000_000
INSTITUTIONS = ("ivtr", "bank", "insu", "mrbn", "fund", "etc_orgt")
ALL, KOSPI, KOSDAQ, KOSPI200 = "0000", "0001", "1001", "2001"

Measure = Callable[[KisCall, Issue], int | Decimal]


def issues_of(call: KisCall, name: str = "FID_INPUT_ISCD") -> list[Issue]:
    """The issues of a market; every KOSPI share is in the KOSPI200 here."""
    wanted = call.get(name)
    issues = call.market.issues.values()
    if wanted == ALL:
        return list(issues)
    if wanted == KOSPI200:
        return [issue for issue in issues if issue.market == "KOSPI" and issue.kind == "stock"]
    markets = {KOSPI: "KOSPI", KOSDAQ: "KOSDAQ"}
    if wanted not in markets:
        raise invalid(name)
    return [issue for issue in issues if issue.market == markets[wanted]]


def require(call: KisCall, name: str, *allowed: str) -> str:
    value = call.get(name)
    if value not in allowed:
        raise invalid(name)
    return value


# --- 4.1 ---


def net_bought(call: KisCall, issue: Issue, who: str) -> int:
    """Shares that a kind of investor bought net: up to 3 % of the day's volume either way."""
    mixed = call.market.seed * 7919 + int(issue.code, 36) * 31 + sum(map(ord, who)) * 101
    return issue.volume * (mixed % 61 - 30) // 1000


def net_of_institutions(call: KisCall, issue: Issue) -> int:
    return sum(net_bought(call, issue, name) for name in INSTITUTIONS)


def _net(call: KisCall, issue: Issue) -> int:
    """Of the investors asked for: foreigners and institutions, one of them, or the other corporations."""
    foreign, institutions = net_bought(call, issue, "frgn"), net_of_institutions(call, issue)
    return {"0": foreign + institutions, "1": foreign, "2": institutions}.get(
        call.get("FID_ETC_CLS_CODE"), net_bought(call, issue, "etc_corp")
    )


def investor_totals(call: KisCall) -> KisAnswer:
    require(call, "FID_COND_MRKT_DIV_CODE", "V")
    require(call, "FID_ETC_CLS_CODE", "0", "1", "2", "3")
    by_amount = require(call, "FID_DIV_CLS_CODE", "0", "1") == "1"
    side = -1 if require(call, "FID_RANK_SORT_CLS_CODE", "0", "1") == "1" else 1

    def strength(issue: Issue) -> int:
        return side * _net(call, issue) * (issue.price if by_amount else 1)

    ranked = sorted(issues_of(call), key=strength, reverse=True)
    found = [issue for issue in ranked if strength(issue) > 0][:MOST_ROWS]
    return KisAnswer({"output": [_investor_row(call, issue) for issue in found]})


def _investor_row(call: KisCall, issue: Issue) -> Row:
    shares = {name: net_bought(call, issue, name) for name in ("frgn", *INSTITUTIONS, "etc_corp")}
    shares["orgn"] = net_of_institutions(call, issue)
    row = {
        "hts_kor_isnm": issue.name,
        "mksc_shrn_iscd": issue.code,
        "ntby_qty": str(_net(call, issue)),
        "stck_prpr": str(issue.price),
        "acml_vol": str(issue.volume),
        **change_fields(issue, call),
    }
    for name, quantity in shares.items():
        row[f"{name}_ntby_{'vol' if name.startswith('etc') else 'qty'}"] = str(quantity)
        row[f"{name}_ntby_tr_pbmn"] = str(int(Decimal(quantity) * issue.price / MILLION))
    return row


# --- 4.8, 4.9 ---


def book_ranks(call: KisCall) -> KisAnswer:
    require(call, "FID_COND_MRKT_DIV_CODE", "J", "NX")
    measures: dict[str, Measure] = {
        "0": _net_bid,
        "1": lambda call, issue: -_net_bid(call, issue),
        "2": lambda call, issue: Decimal(_bids(call, issue)) / max(1, _asks(call, issue)),
        "3": lambda call, issue: Decimal(_asks(call, issue)) / max(1, _bids(call, issue)),
    }
    found = _ranked(call, measures)
    return KisAnswer({"output": [_book_row(call, issue, rank) for rank, issue in enumerate(found, 1)]})


def _book_row(call: KisCall, issue: Issue, rank: int) -> Row:
    asks, bids = _asks(call, issue), _bids(call, issue)
    return {
        "mksc_shrn_iscd": issue.code,
        **_ranked_fields(call, issue, rank),
        "acml_vol": str(issue.volume),
        "total_askp_rsqn": str(asks),
        "total_bidp_rsqn": str(bids),
        "total_ntsl_bidp_rsqn": str(bids - asks),
        "shnu_rsqn_rate": percent(bids, asks),
        "seln_rsqn_rate": percent(asks, bids),
    }


def after_hours_ranks(call: KisCall) -> KisAnswer:
    require(call, "FID_COND_MRKT_DIV_CODE", "J")
    measures: dict[str, Measure] = {"1": _pre_open, "2": _after_close, "3": _asks, "4": _bids}
    found = _ranked(call, measures)
    return KisAnswer({"output": [_after_hours_row(call, issue, rank) for rank, issue in enumerate(found, 1)]})


def _after_hours_row(call: KisCall, issue: Issue, rank: int) -> Row:
    return {
        "stck_shrn_iscd": issue.code,
        **_ranked_fields(call, issue, rank),
        "ovtm_total_askp_rsqn": str(_asks(call, issue)),
        "ovtm_total_bidp_rsqn": str(_bids(call, issue)),
        "mkob_otcp_vol": str(_pre_open(call, issue)),
        "mkfa_otcp_vol": str(_after_close(call, issue)),
    }


def _ranked_fields(call: KisCall, issue: Issue, rank: int) -> Row:
    own = {"data_rank": str(rank), "hts_kor_isnm": issue.name, "stck_prpr": str(issue.price)}
    return own | change_fields(issue, call)


def _ranked(call: KisCall, measures: dict[str, Measure]) -> list[Issue]:
    """The issues within the filters, the strongest first."""
    measure = measures[require(call, "FID_RANK_SORT_CLS_CODE", *measures)]
    lowest, highest = _bound(call, "FID_INPUT_PRICE_1"), _bound(call, "FID_INPUT_PRICE_2")
    found = [
        issue
        for issue in issues_of(call)
        if issue.volume >= _bound(call, "FID_VOL_CNT")
        and lowest <= issue.price
        and (not highest or issue.price <= highest)
    ]
    return sorted(found, key=lambda issue: (-measure(call, issue), issue.code))[:MOST_ROWS]


def _bound(call: KisCall, name: str) -> int:
    """A filter's number; empty is none."""
    written = call.get(name) or "0"
    if not written.isdigit():
        raise invalid(name)
    return int(written)


def _asks(call: KisCall, issue: Issue) -> int:
    return call.market.book(issue.code).ask_total


def _bids(call: KisCall, issue: Issue) -> int:
    return call.market.book(issue.code).bid_total


def _net_bid(call: KisCall, issue: Issue) -> int:
    return _bids(call, issue) - _asks(call, issue)


def _pre_open(call: KisCall, issue: Issue) -> int:
    return issue.volume // 200


def _after_close(call: KisCall, issue: Issue) -> int:
    return issue.volume // 100


INVESTORS_ASKED = (
    *("FID_COND_MRKT_DIV_CODE", "FID_COND_SCR_DIV_CODE", "FID_INPUT_ISCD"),
    *("FID_DIV_CLS_CODE", "FID_RANK_SORT_CLS_CODE", "FID_ETC_CLS_CODE"),
)
RANKS_ASKED = (
    *("FID_VOL_CNT", "FID_COND_MRKT_DIV_CODE", "FID_COND_SCR_DIV_CODE", "FID_INPUT_ISCD"),
    *("FID_RANK_SORT_CLS_CODE", "FID_DIV_CLS_CODE", "FID_TRGT_CLS_CODE", "FID_TRGT_EXLS_CLS_CODE"),
    *("FID_INPUT_PRICE_1", "FID_INPUT_PRICE_2"),
)
RANKING_SERVICES = (
    Service(
        f"{QUOTATIONS}/foreign-institution-total",
        ("FHPTJ04400000",),
        investor_totals,
        INVESTORS_ASKED,
        on_paper=False,
    ),
    Service(f"{RANKINGS}/quote-balance", ("FHPST01720000",), book_ranks, RANKS_ASKED, on_paper=False),
    Service(
        f"{RANKINGS}/after-hour-balance", ("FHPST01760000",), after_hours_ranks, RANKS_ASKED, on_paper=False
    ),
)
