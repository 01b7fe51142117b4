"""Rankings and provisional totals (kis.md §4.1, §4.8, §4.9): 30 rows at most, and no page after them."""

from collections.abc import Sequence

from brokers.adapters.kis.wire import fields
from brokers.adapters.kis.wire.fields import Row, text
from brokers.adapters.lists import (
    AfterHoursRank,
    AfterHoursSort,
    BookRank,
    BookSort,
    Investor,
    InvestorTotal,
    Ranked,
    Ticker,
    Universe,
)

UNIVERSE = {Universe.ALL: "0000", Universe.KOSPI: "0001", Universe.KOSDAQ: "1001", Universe.KOSPI200: "2001"}
RANKED = {Ranked.QUANTITY: "0", Ranked.AMOUNT: "1"}
INVESTOR = {Investor.ALL: "0", Investor.FOREIGN: "1", Investor.INSTITUTION: "2", Investor.OTHER: "3"}
BOOK_SORT = {BookSort.NET_BID: "0", BookSort.NET_ASK: "1", BookSort.BID_RATE: "2", BookSort.ASK_RATE: "3"}
AFTER_HOURS_SORT = {
    AfterHoursSort.PRE_OPEN: "1",
    AfterHoursSort.AFTER_CLOSE: "2",
    AfterHoursSort.ASK: "3",
    AfterHoursSort.BID: "4",
}


def investor_totals_query(
    universe: Universe, ranked: Ranked, investor: Investor, *, selling: bool
) -> dict[str, str]:
    return {
        "FID_COND_MRKT_DIV_CODE": "V",
        "FID_COND_SCR_DIV_CODE": "16449",
        "FID_INPUT_ISCD": UNIVERSE[universe],
        "FID_DIV_CLS_CODE": RANKED[ranked],
        "FID_RANK_SORT_CLS_CODE": "1" if selling else "0",
        "FID_ETC_CLS_CODE": INVESTOR[investor],
    }


def investor_totals(rows: Sequence[Row]) -> list[InvestorTotal]:
    return [
        InvestorTotal(
            ticker=ticker(row, "mksc_shrn_iscd"),
            net_quantity=fields.whole(row, "ntby_qty"),
            foreign_quantity=fields.whole(row, "frgn_ntby_qty"),
            foreign_amount_million=fields.number_or_zero(row, "frgn_ntby_tr_pbmn"),
            institution_quantity=fields.whole(row, "orgn_ntby_qty"),
            institution_amount_million=fields.number_or_zero(row, "orgn_ntby_tr_pbmn"),
        )
        for row in rows
    ]


def book_query(universe: Universe, sort: BookSort, volume_from: int) -> dict[str, str]:
    return _ranking_query("20172", universe, BOOK_SORT[sort], volume_from)


def after_hours_query(universe: Universe, sort: AfterHoursSort, volume_from: int) -> dict[str, str]:
    return _ranking_query("20176", universe, AFTER_HOURS_SORT[sort], volume_from)


def _ranking_query(screen: str, universe: Universe, sort: str, volume_from: int) -> dict[str, str]:
    return {
        "fid_cond_mrkt_div_code": "J",
        "fid_cond_scr_div_code": screen,
        "fid_input_iscd": UNIVERSE[universe],
        "fid_rank_sort_cls_code": sort,
        "fid_div_cls_code": "0",
        "fid_trgt_cls_code": "0",
        "fid_trgt_exls_cls_code": "0",
        "fid_vol_cnt": str(volume_from) if volume_from else "",
        "fid_input_price_1": "",
        "fid_input_price_2": "",
    }


def book_ranks(rows: Sequence[Row]) -> list[BookRank]:
    return [
        BookRank(
            rank=fields.count(row, "data_rank"),
            ticker=ticker(row, "mksc_shrn_iscd"),
            ask_total=fields.count(row, "total_askp_rsqn"),
            bid_total=fields.count(row, "total_bidp_rsqn"),
            net_bid=fields.whole(row, "total_ntsl_bidp_rsqn"),
            bid_rate=fields.number_or_zero(row, "shnu_rsqn_rate"),
            ask_rate=fields.number_or_zero(row, "seln_rsqn_rate"),
        )
        for row in rows
    ]


def after_hours_ranks(rows: Sequence[Row]) -> list[AfterHoursRank]:
    return [
        AfterHoursRank(
            rank=fields.count(row, "data_rank"),
            ticker=ticker(row, "stck_shrn_iscd"),
            ask_total=fields.count_or_zero(row, "ovtm_total_askp_rsqn"),
            bid_total=fields.count_or_zero(row, "ovtm_total_bidp_rsqn"),
            pre_open_volume=fields.count_or_zero(row, "mkob_otcp_vol"),
            after_close_volume=fields.count_or_zero(row, "mkfa_otcp_vol"),
        )
        for row in rows
    ]


def ticker(row: Row, code: str) -> Ticker:
    """The stock of a row; the ranking of after-hours books has no volume."""
    return Ticker(
        symbol=fields.symbol(fields.required(row, code)),
        name=text(row, "hts_kor_isnm"),
        price=fields.number(row, "stck_prpr"),
        change=fields.number(row, "prdy_vrss"),
        change_rate=fields.number(row, "prdy_ctrt"),
        volume=fields.count(row, "acml_vol") if text(row, "acml_vol") else None,
    )
