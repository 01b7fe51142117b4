"""Opinions, watch lists and saved conditions (kis.md §3.7, §4.2 to §4.7)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from brokers.adapters.kis.wire import fields
from brokers.adapters.kis.wire.fields import Row, text
from brokers.adapters.lists import (
    ConditionHit,
    Opinion,
    SavedCondition,
    Ticker,
    WatchedIssue,
    WatchedPrice,
    WatchGroup,
)

ALL_FIRMS = "999"
EVERY_KIND, KINDS = "0", ("1", "2", "3")  # FID_DIV_CLS_CODE: buy, neutral, sell
FALLS, RISES = ("4", "5"), ("1", "2")  # prdy_vrss_sign, daebi
STOCK_MARKETS = frozenset({"J", "NX", "UN"})
PRICED_MARKETS = STOCK_MARKETS | {"U"}  # fid_mrkt_cls_code that intstock-multprice takes


# --- opinions ---


def stock_opinions_query(symbol: str, first: date, last: date) -> dict[str, str]:
    return _dated("16633", fields.pdno(symbol), first, last)


def firm_opinions_query(first: date, last: date, kind: str) -> dict[str, str]:
    return _dated("16634", ALL_FIRMS, first, last) | {"FID_DIV_CLS_CODE": kind}


def _dated(screen: str, code: str, first: date, last: date) -> dict[str, str]:
    return {
        "FID_COND_MRKT_DIV_CODE": "J",
        "FID_COND_SCR_DIV_CODE": screen,
        "FID_INPUT_ISCD": code,
        "FID_INPUT_DATE_1": f"00{first:%Y%m%d}",
        "FID_INPUT_DATE_2": f"00{last:%Y%m%d}",
    }


def stock_opinions(symbol: str, rows: Sequence[Row]) -> list[Opinion]:
    """Of one stock: the service repeats neither its name nor its price."""
    return [_opinion(row, symbol) for row in rows]


def firm_opinions(rows: Sequence[Row]) -> list[Opinion]:
    return [_opinion(row, fields.symbol(fields.required(row, "stck_shrn_iscd"))) for row in rows]


def _opinion(row: Row, symbol: str) -> Opinion:
    return Opinion(
        day=fields.day(row, "stck_bsop_date"),
        symbol=symbol,
        name=text(row, "hts_kor_isnm"),
        firm=fields.required(row, "mbcr_name"),
        opinion=text(row, "invt_opnn"),
        previous_opinion=text(row, "rgbf_invt_opnn"),
        target=fields.number_or_zero(row, "hts_goal_prc") or None,
        price=_number_or_none(row, "stck_prpr"),
        change=_number_or_none(row, "prdy_vrss"),
        change_rate=_number_or_none(row, "prdy_ctrt"),
        previous_close=fields.number_or_zero(row, "stck_prdy_clpr"),
        gap=_number_or_none(row, "stft_esdg"),
        gap_rate=_number_or_none(row, "dprt"),
    )


def _number_or_none(row: Row, name: str) -> Decimal | None:
    return fields.number(row, name) if text(row, name) else None


# --- watch lists ---


def groups_query(hts_id: str) -> dict[str, str]:
    return {"TYPE": "1", "FID_ETC_CLS_CODE": "00", "USER_ID": hts_id}


def groups(rows: Sequence[Row]) -> list[WatchGroup]:
    found = [
        WatchGroup(
            code=fields.required(row, "inter_grp_code"),
            name=text(row, "inter_grp_name"),
            rank=fields.count_or_zero(row, "data_rank"),
            issues=fields.count_or_zero(row, "ask_cnt"),
            saved_at=_saved_at(row),
        )
        for row in rows
    ]
    return sorted(found, key=lambda group: group.rank)


def _saved_at(row: Row) -> datetime | None:
    if not text(row, "date"):
        return None
    return fields.moment(fields.day(row, "date"), text(row, "trnm_hour") or "000000", "trnm_hour")


def issues_query(hts_id: str, group: str) -> dict[str, str]:
    return {
        "TYPE": "1",
        "USER_ID": hts_id,
        "DATA_RANK": "",
        "INTER_GRP_CODE": group,
        "INTER_GRP_NAME": "",
        "HTS_KOR_ISNM": "",
        "CNTG_CLS_CODE": "",
        "FID_ETC_CLS_CODE": "4",
    }


def issues(rows: Sequence[Row]) -> list[tuple[str, WatchedIssue]]:
    """Each issue with its market's code, which the question for its price repeats; blank lines are none."""
    found = [
        (
            text(row, "fid_mrkt_cls_code"),
            WatchedIssue(
                rank=fields.count_or_zero(row, "data_rank"),
                exchange=text(row, "exch_code"),
                symbol=text(row, "jong_code"),
                name=text(row, "hts_kor_isnm"),
                memo=text(row, "memo"),
                is_domestic=text(row, "fid_mrkt_cls_code") in STOCK_MARKETS,
            ),
        )
        for row in rows
        if text(row, "jong_code")
    ]
    return sorted(found, key=lambda item: item[1].rank)


def prices_query(wanted: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Of (market code, issue code) pairs, as the group's own list names them."""
    query = {}
    for place, (market, code) in enumerate(wanted, start=1):
        query[f"FID_COND_MRKT_DIV_CODE_{place}"] = market
        query[f"FID_INPUT_ISCD_{place}"] = code
    return query


def prices(rows: Sequence[Row]) -> dict[str, WatchedPrice]:
    """By the last six characters of the code; rows without a price are of issues that KIS no longer knows."""
    return {
        fields.symbol(fields.required(row, "inter_shrn_iscd")): _price(row)
        for row in rows
        if fields.number_or_zero(row, "inter2_prpr")
    }


def _price(row: Row) -> WatchedPrice:
    return WatchedPrice(
        ticker=Ticker(
            symbol=fields.symbol(fields.required(row, "inter_shrn_iscd")),
            name=text(row, "inter_kor_isnm"),
            price=fields.number(row, "inter2_prpr"),
            change=fields.number(row, "inter2_prdy_vrss"),
            change_rate=fields.number(row, "prdy_ctrt"),
            volume=fields.count_or_zero(row, "acml_vol"),
        ),
        ask_total=fields.count_or_zero(row, "total_askp_rsqn"),
        bid_total=fields.count_or_zero(row, "total_bidp_rsqn"),
        amount=fields.number_or_zero(row, "acml_tr_pbmn"),
    )


# --- conditions ---


def conditions(rows: Sequence[Row]) -> list[SavedCondition]:
    return [
        SavedCondition(fields.required(row, "seq"), text(row, "grp_nm"), text(row, "condition_nm"))
        for row in rows
    ]


def hits(rows: Sequence[Row]) -> list[ConditionHit]:
    """Numbers come with zeros or blanks in front; the sign of a change stands in a field of its own."""
    return [
        ConditionHit(
            ticker=Ticker(
                symbol=fields.symbol(fields.required(row, "code")),
                name=text(row, "name"),
                price=fields.number(row, "price"),
                change=_signed(row, "change", "daebi"),
                change_rate=_signed(row, "chgrate", "daebi"),
                volume=fields.count_or_zero(row, "acml_vol"),
            ),
            open=fields.number_or_zero(row, "open"),
            high=fields.number_or_zero(row, "high"),
            low=fields.number_or_zero(row, "low"),
            high_52w=fields.number_or_zero(row, "high52"),
            low_52w=fields.number_or_zero(row, "low52"),
            strength=fields.number_or_zero(row, "cttr"),
            volume_rate=fields.number_or_zero(row, "chgrate2"),
            expected_price=fields.number_or_zero(row, "expprice") or None,
            expected_rate=_signed(row, "expchggrate", "expdaebi")
            if fields.number_or_zero(row, "expprice")
            else None,
        )
        for row in rows
    ]


def _signed(row: Row, name: str, sign: str) -> Decimal:
    value, code = fields.number_or_zero(row, name), text(row, sign)
    if code in FALLS:
        return -abs(value)
    return abs(value) if code in RISES else value
