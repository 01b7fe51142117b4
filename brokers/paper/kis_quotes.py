"""KIS's quotations: price, order book, trades, many prices (kis.md §3.1–3.3, §3.7)."""

from __future__ import annotations

from datetime import date

from brokers.paper.candles import Candle
from brokers.paper.clock import Session
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    Row,
    Service,
    clock_text,
    day_text,
    invalid,
    percent,
    plain_code,
    sign_of,
)
from brokers.paper.market import Issue

ISSUE = ("FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
VENUES = frozenset({"J", "NX", "UN"})
QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
PAR_VALUE = 100  # won
MULTI_PRICES = 30


def sign(issue: Issue, call: KisCall) -> str:
    """prdy_vrss_sign: 1 upper limit, 2 up, 3 flat, 4 lower limit, 5 down."""
    if issue.price == call.market.upper_limit(issue.code):
        return "1"
    if issue.price == call.market.lower_limit(issue.code):
        return "4"
    return sign_of(issue.change)


def change_fields(issue: Issue, call: KisCall) -> Row:
    return {
        "prdy_vrss": str(issue.change),
        "prdy_vrss_sign": sign(issue, call),
        "prdy_ctrt": percent(issue.change, issue.base_price),
    }


def asked_issue(call: KisCall) -> Issue:
    if call.get("FID_COND_MRKT_DIV_CODE") not in VENUES:
        raise invalid("FID_COND_MRKT_DIV_CODE")
    return call.issue()


def price(call: KisCall) -> KisAnswer:
    issue = asked_issue(call)
    past = call.market.daily_candles(issue.code, 250)
    output = {
        **dict.fromkeys(PRICE_FIELDS, "0"),
        **_state_fields(issue),
        **change_fields(issue, call),
        **_day_fields(issue),
        **_limit_fields(call, issue),
        **size_fields(issue),
        **_extremes(issue, past, call.ledger.today),
    }
    return KisAnswer({"output": output})


def _state_fields(issue: Issue) -> Row:
    return {
        "iscd_stat_cls_code": "58" if issue.halted else "55",
        "marg_rate": "20.00",
        "rprs_mrkt_kor_name": "KOSPI200" if issue.market == "KOSPI" else "KOSDAQ",
        "new_hgpr_lwpr_cls_code": "",
        "bstp_kor_isnm": {"ETF": "ETF", "ETN": "ETN"}.get(issue.kind, "전기·전자"),
        "temp_stop_yn": "Y" if issue.halted else "N",
        **dict.fromkeys(("oprc_rang_cont_yn", "clpr_rang_cont_yn", "elw_pblc_yn", "invt_caful_yn"), "N"),
        **dict.fromkeys(("short_over_yn", "sltr_yn", "mang_issu_cls_code"), "N"),
        **dict.fromkeys(("vi_cls_code", "ovtm_vi_cls_code"), "N"),
        "crdt_able_yn": "Y",
        "ssts_yn": "Y",
        "grmn_rate_cls_code": "40",
        "mrkt_warn_cls_code": "00",
        "stac_month": "12",
        "stck_shrn_iscd": issue.code,
        "fcam_cnnm": "원",
        "cpfn_cnnm": "억원",
    }


def _day_fields(issue: Issue) -> Row:
    return {
        "stck_prpr": str(issue.price),
        "stck_oprc": str(issue.open),
        "stck_hgpr": str(issue.high),
        "stck_lwpr": str(issue.low),
        "acml_vol": str(issue.volume),
        "acml_tr_pbmn": str(issue.value),
        "prdy_vrss_vol_rate": percent(issue.volume, issue.previous_volume),
        "wghn_avrg_stck_prc": f"{average_price(issue)}.00",
        "vol_tnrt": percent(issue.volume, issue.listed_shares),
    }


def average_price(issue: Issue) -> int:
    return issue.value // issue.volume if issue.volume else issue.price


def _limit_fields(call: KisCall, issue: Issue) -> Row:
    upper = call.market.upper_limit(issue.code)
    return {
        "stck_mxpr": str(upper),
        "stck_llam": str(call.market.lower_limit(issue.code)),
        "stck_sdpr": str(issue.base_price),
        "rstc_wdth_prc": str(upper - issue.base_price),
        "stck_sspr": str(issue.base_price * 7 // 10),
        "aspr_unit": str(call.market.tick(issue.code, issue.price)),
        "hts_deal_qty_unit_val": "1",
    }


def size_fields(issue: Issue) -> Row:
    """Made-up but consistent company figures: earnings of 8 %, book value of 90 % of the base price."""
    return {
        "cpfn": str(issue.listed_shares * PAR_VALUE // 100_000_000),
        "stck_fcam": str(PAR_VALUE),
        "lstn_stcn": str(issue.listed_shares),
        "hts_avls": str(issue.listed_shares * issue.price // 100_000_000),
        "per": percent(issue.price, issue.base_price * 8),
        "pbr": percent(issue.price, issue.base_price * 90),
        "eps": f"{issue.base_price * 8 // 100}.00",
        "bps": f"{issue.base_price * 90 // 100}.00",
        "hts_frgn_ehrt": "50.00",
        "frgn_hldn_qty": str(issue.listed_shares // 2),
    }


def _extremes(issue: Issue, past: list[Candle], today: date) -> Row:
    """Highs and lows of 250 days, of the year and of 52 weeks with their dates; today counts."""
    fields: Row = {}
    for name, days in (("d250", past), ("dryy", _this_year(past, today)), ("w52", past)):
        ending = "vrss_prpr_ctrt" if name == "w52" else "vrss_prpr_rate"
        records = {"hgpr": _highest(days, issue, today), "lwpr": _lowest(days, issue, today)}
        for label, (value, day) in records.items():
            own_name = f"stck_dryy_{label}" if name == "dryy" else f"{name}_{label}"
            fields[own_name] = str(value)
            fields[f"{name}_{label}_date"] = day_text(day)
            fields[f"{name}_{label}_{ending}"] = percent(issue.price - value, value)
    return fields


def _this_year(past: list[Candle], today: date) -> list[Candle]:
    return [bar for bar in past if bar.at.year == today.year]


def _highest(past: list[Candle], issue: Issue, today: date) -> tuple[int, date]:
    return max([(bar.high, bar.at.date()) for bar in past] + [(issue.high or issue.price, today)])


def _lowest(past: list[Candle], issue: Issue, today: date) -> tuple[int, date]:
    return min([(bar.low, bar.at.date()) for bar in past] + [(issue.low or issue.price, today)])


def order_book(call: KisCall) -> KisAnswer:
    issue = asked_issue(call)
    book = call.market.book(issue.code)
    output1: Row = {"aspr_acpt_hour": clock_text(book.at)}
    for side, levels in (("askp", book.asks), ("bidp", book.bids)):
        output1 |= {f"{side}{place}": str(level.price) for place, level in enumerate(levels, 1)}
        output1 |= {f"{side}_rsqn{place}": str(level.quantity) for place, level in enumerate(levels, 1)}
        output1 |= {f"{side}_rsqn_icdc{place}": "0" for place in range(1, 11)}
    output1 |= {
        "total_askp_rsqn": str(book.ask_total),
        "total_bidp_rsqn": str(book.bid_total),
        "total_askp_rsqn_icdc": "0",
        "total_bidp_rsqn_icdc": "0",
        "ovtm_total_askp_icdc": "0",
        "ovtm_total_bidp_icdc": "0",
        "ovtm_total_askp_rsqn": "0",
        "ovtm_total_bidp_rsqn": "0",
        "ntby_aspr_rsqn": str(book.bid_total - book.ask_total),
        "new_mkop_cls_code": "00",
    }
    return KisAnswer({"output1": output1, "output2": _expected(call, issue)})


def _expected(call: KisCall, issue: Issue) -> Row:
    """The expected conclusion; ``antc_mkop_cls_code`` tells an auction (311) from trading (112)."""
    auction = call.broker.clock.session() in (Session.OPENING_AUCTION, Session.CLOSING_AUCTION)
    return {
        "antc_mkop_cls_code": "311" if auction else "112",
        "stck_prpr": str(issue.price),
        "stck_oprc": str(issue.open),
        "stck_hgpr": str(issue.high),
        "stck_lwpr": str(issue.low),
        "stck_sdpr": str(issue.base_price),
        "antc_cnpr": str(issue.price),
        "antc_cntg_vrss_sign": sign(issue, call),
        "antc_cntg_vrss": str(issue.change),
        "antc_cntg_prdy_ctrt": percent(issue.change, issue.base_price),
        "antc_vol": "0",
        "stck_shrn_iscd": issue.code,
        "vi_cls_code": "N",
    }


def latest_trades(call: KisCall) -> KisAnswer:
    issue = asked_issue(call)
    trades = list(call.market.trades[issue.code])[-30:]
    rows = [
        {
            "stck_cntg_hour": clock_text(trade.at),
            "stck_prpr": str(trade.price),
            "prdy_vrss": str(trade.price - issue.base_price),
            "prdy_vrss_sign": sign_of(trade.price - issue.base_price),
            "cntg_vol": str(trade.quantity),
            "tday_rltv": percent(issue.buy_volume, issue.sell_volume),
            "prdy_ctrt": percent(trade.price - issue.base_price, issue.base_price),
        }
        for trade in reversed(trades)
    ]
    return KisAnswer({"output": rows})


def many_prices(call: KisCall) -> KisAnswer:
    """Up to 30 issues; codes that are not listed are left out (§3.7)."""
    codes = [plain_code(call.get(f"FID_INPUT_ISCD_{place}")) for place in range(1, MULTI_PRICES + 1)]
    issues = [call.market.issues[code] for code in codes if code in call.market.issues]
    return KisAnswer({"output": [_watch_row(call, issue) for issue in issues]})


def _watch_row(call: KisCall, issue: Issue) -> Row:
    book = call.market.book(issue.code)
    return {
        "kospi_kosdaq_cls_name": issue.market,
        "mrkt_trtm_cls_name": "거래정지" if issue.halted else "",
        "hour_cls_code": "0",
        "inter_shrn_iscd": issue.code,
        "inter_kor_isnm": issue.name,
        "inter2_prpr": str(issue.price),
        "inter2_prdy_vrss": str(issue.change),
        "prdy_vrss_sign": sign(issue, call),
        "prdy_ctrt": percent(issue.change, issue.base_price),
        "acml_vol": str(issue.volume),
        "inter2_oprc": str(issue.open),
        "inter2_hgpr": str(issue.high),
        "inter2_lwpr": str(issue.low),
        "inter2_llam": str(call.market.lower_limit(issue.code)),
        "inter2_mxpr": str(call.market.upper_limit(issue.code)),
        "inter2_askp": str(book.asks[0].price),
        "inter2_bidp": str(book.bids[0].price),
        "seln_rsqn": str(book.asks[0].quantity),
        "shnu_rsqn": str(book.bids[0].quantity),
        "total_askp_rsqn": str(book.ask_total),
        "total_bidp_rsqn": str(book.bid_total),
        "acml_tr_pbmn": str(issue.value),
        "inter2_prdy_clpr": str(issue.base_price),
        "oprc_vrss_hgpr_rate": percent(issue.high - issue.open, issue.open),
        "intr_antc_cntg_vrss": "0",
        "intr_antc_cntg_vrss_sign": "3",
        "intr_antc_cntg_prdy_ctrt": "0.00",
        "intr_antc_vol": "0",
        "inter2_sdpr": str(issue.base_price),
    }


PRICE_FIELDS = (
    *("frgn_ntby_qty", "pgtr_ntby_qty", "pvt_scnd_dmrs_prc", "pvt_frst_dmrs_prc", "pvt_pont_val"),
    *("pvt_frst_dmsp_prc", "pvt_scnd_dmsp_prc", "dmrs_val", "dmsp_val", "whol_loan_rmnd_rate"),
    *("apprch_rate", "last_ssts_cntg_qty"),
)
QUOTE_SERVICES = (
    Service(f"{QUOTATIONS}/inquire-price", ("FHKST01010100",), price, ISSUE),
    Service(f"{QUOTATIONS}/inquire-asking-price-exp-ccn", ("FHKST01010200",), order_book, ISSUE),
    Service(f"{QUOTATIONS}/inquire-ccnl", ("FHKST01010300",), latest_trades, ISSUE),
    Service(
        f"{QUOTATIONS}/intstock-multprice",
        ("FHKST11300006",),
        many_prices,
        ("FID_COND_MRKT_DIV_CODE_1", "FID_INPUT_ISCD_1"),
        on_paper=False,
    ),
)
