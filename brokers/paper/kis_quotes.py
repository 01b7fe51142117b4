"""KIS's quotations: price, order book, trades, candles, many prices, issue master, calendar (kis.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby

from brokers.paper.candles import Candle
from brokers.paper.clock import Session
from brokers.paper.kis_accounts import long_code
from brokers.paper.kis_orders import board_code
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    Row,
    Service,
    clock_text,
    day_text,
    invalid,
    parse_day,
    percent,
    plain_code,
)
from brokers.paper.market import Issue

ISSUE = ("FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
VENUES = frozenset({"J", "NX", "UN"})
QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
PAR_VALUE = 100  # won
CALENDAR_DAYS = 24
MULTI_PRICES = 30


def sign(issue: Issue, call: KisCall) -> str:
    """prdy_vrss_sign: 1 upper limit, 2 up, 3 flat, 4 lower limit, 5 down."""
    if issue.price == call.market.upper_limit(issue.code):
        return "1"
    if issue.price == call.market.lower_limit(issue.code):
        return "4"
    return sign_of(issue.change)


def sign_of(change: int) -> str:
    return "2" if change > 0 else "5" if change < 0 else "3"


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
    past = call.market.daily_candles(issue.code)[:250]
    output = {
        **dict.fromkeys(PRICE_FIELDS, "0"),
        **_state_fields(issue),
        **change_fields(issue, call),
        **_day_fields(issue),
        **_limit_fields(call, issue),
        **_size_fields(issue),
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


def _size_fields(issue: Issue) -> Row:
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
        min(bar.low for bar in bars if bar.low),
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
        **{name: value for name, value in _size_fields(issue).items() if name in CHART_SIZES},
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


def stock_info(call: KisCall) -> KisAnswer:
    """The issue master of shares and funds (§3.8)."""
    issue = call.issue("PDNO")
    kosdaq = issue.market == "KOSDAQ"
    output = {
        **dict.fromkeys(STOCK_INFO_FIELDS, ""),
        **_names(issue),
        "mket_id_cd": "KSQ" if kosdaq else "STK",
        "scty_grp_id_cd": {"ETF": "EF", "ETN": "EN"}.get(issue.kind, "ST"),
        "excg_dvsn_cd": board_code(call, issue.code),
        "setl_mmdd": "1231",
        "lstg_stqt": str(issue.listed_shares),
        "lstg_cptl_amt": str(issue.listed_shares * PAR_VALUE),
        "cpta": str(issue.listed_shares * PAR_VALUE),
        "papr": str(PAR_VALUE),
        "issu_pric": "0",
        "kospi200_item_yn": "N" if kosdaq or issue.kind != "stock" else "Y",
        "kosdaq_mket_lstg_dt" if kosdaq else "scts_mket_lstg_dt": "19800101",
        "oilf_fund_yn": "N",
        "stck_kind_cd": "201" if issue.preferred else "101",
        "etf_cu_qty": "0",
        "sbst_pric": str(issue.base_price * 7 // 10),
        "thco_sbst_pric": str(issue.base_price * 7 // 10),
        "tr_stop_yn": "Y" if issue.halted else "N",
        "admn_item_yn": "N",
        "thdt_clpr": str(issue.price),
        "bfdy_clpr": str(issue.base_price),
        "clpr_chng_dt": day_text(call.ledger.today),
        "crfd_item_yn": "N",
        "elec_scty_yn": "Y",
        "etf_etn_ivst_heed_item_yn": "N",
        "frnr_psnl_lmt_rt": "0.00000000",
        "cptt_trad_tr_psbl_yn": "Y" if issue.on_nxt else "N",
        "nxt_tr_stop_yn": "Y" if issue.halted else "N",
    }
    return KisAnswer({"output": output}, "KIOK0530", "조회되었습니다", padded=True)


def _names(issue: Issue) -> Row:
    return {
        "pdno": long_code(issue.code, issue.kind),
        "prdt_type_cd": "300",
        "prdt_name": issue.name,
        "prdt_name120": issue.name,
        "prdt_abrv_name": issue.name,
        "prdt_eng_name": issue.english,
        "prdt_eng_name120": issue.english,
        "prdt_eng_abrv_name": issue.english,
        "std_pdno": issue.isin,
    }


def short_info(call: KisCall) -> KisAnswer:
    """A shorter master; a product type other than 300 finds nothing here."""
    if call.get("PRDT_TYPE_CD") != "300" or plain_code(call.get("PDNO")) not in call.market.issues:
        words = ("KIOK0560", "조회할 내용이 없습니다")
        return KisAnswer(
            {"output": dict.fromkeys((*_names_of_fields(), *SHORT_INFO_FIELDS), "")}, *words, padded=True
        )
    issue = call.issue("PDNO")
    output = {
        **dict.fromkeys(SHORT_INFO_FIELDS, ""),
        **_names(issue),
        "shtn_pdno": issue.code,
        "prdt_risk_grad_cd": "00",
        "prdt_clsf_cd": "101210" if issue.kind == "stock" else "101510",
        "prdt_clsf_name": "주식" if issue.kind == "stock" else issue.kind,
        "ivst_prdt_type_cd": "1012",
        "ivst_prdt_type_cd_name": "주식",
        "frst_erlm_dt": "",
    }
    return KisAnswer({"output": output}, "KIOK0530", "조회되었습니다", padded=True)


def _names_of_fields() -> tuple[str, ...]:
    return ("pdno", "prdt_type_cd", "prdt_name", "prdt_name120", "prdt_abrv_name", "std_pdno")


def holidays(call: KisCall) -> KisAnswer:
    """About 24 days from BASS_DT; ``opnd_yn`` is the one that says whether the market opens (§3.9)."""
    key = call.get("CTX_AREA_NK")
    start = parse_day(key, "CTX_AREA_NK") if key else call.day("BASS_DT")
    days = [start + timedelta(days=ahead) for ahead in range(CALENDAR_DAYS)]
    after = day_text(days[-1] + timedelta(days=1))
    body = {
        "ctx_area_nk": after.ljust(20),
        "ctx_area_fk": day_text(start).ljust(20),
        "output": [_calendar_row(call, day) for day in days],
    }
    return KisAnswer(body, "KIOK0500", "조회가 계속됩니다..다음버튼을 Click 하십시오.", "M", padded=True)


def _calendar_row(call: KisCall, day: date) -> Row:
    opens = "Y" if call.broker.clock.is_business_day(day) else "N"
    # The year's last day is a bank day on which the market stays closed; Saturdays are office days.
    holiday = opens == "N" and day.weekday() < 5 and (day.month, day.day) != (12, 31)
    return {
        "bass_dt": day_text(day),
        "wday_dvsn_cd": f"{day.isoweekday() % 7 + 1:02d}",
        "bzdy_yn": "N" if holiday or day.weekday() >= 5 else "Y",
        "tr_day_yn": "N" if holiday or day.weekday() == 6 else "Y",
        "opnd_yn": opens,
        "sttl_day_yn": opens,
    }


CHART_SIZES = ("stck_fcam", "lstn_stcn", "cpfn", "hts_avls", "per", "eps", "pbr")
PRICE_FIELDS = (
    *("frgn_ntby_qty", "pgtr_ntby_qty", "pvt_scnd_dmrs_prc", "pvt_frst_dmrs_prc", "pvt_pont_val"),
    *("pvt_frst_dmsp_prc", "pvt_scnd_dmsp_prc", "dmrs_val", "dmsp_val", "whol_loan_rmnd_rate"),
    *("apprch_rate", "last_ssts_cntg_qty"),
)
STOCK_INFO_FIELDS = (
    *("scts_mket_lstg_dt", "scts_mket_lstg_abol_dt", "kosdaq_mket_lstg_dt", "kosdaq_mket_lstg_abol_dt"),
    *("frbd_mket_lstg_dt", "frbd_mket_lstg_abol_dt", "reits_kind_cd", "etf_dvsn_cd", "idx_bztp_lcls_cd"),
    *("idx_bztp_mcls_cd", "idx_bztp_scls_cd", "mfnd_opng_dt", "mfnd_end_dt", "dpsi_erlm_cncl_dt"),
    *("dpsi_aptm_erlm_yn", "etf_txtn_type_cd", "etf_type_cd", "lstg_abol_dt", "nwst_odst_dvsn_cd"),
    *("thco_sbst_pric_chng_dt", "std_idst_clsf_cd", "std_idst_clsf_cd_name", "idx_bztp_lcls_cd_name"),
    *("idx_bztp_mcls_cd_name", "idx_bztp_scls_cd_name", "ocr_no", "issu_istt_cd", "etf_chas_erng_rt_dbnb"),
    *("stln_int_rt_dvsn_cd", "lstg_rqsr_issu_istt_cd", "lstg_rqsr_item_cd", "trst_istt_issu_istt_cd"),
)
SHORT_INFO_FIELDS = (
    *(
        "shtn_pdno",
        "prdt_sale_stat_cd",
        "prdt_risk_grad_cd",
        "prdt_clsf_cd",
        "prdt_clsf_name",
        "sale_strt_dt",
    ),
    *("sale_end_dt", "wrap_asst_type_cd", "ivst_prdt_type_cd", "ivst_prdt_type_cd_name", "frst_erlm_dt"),
)
DATES = ("FID_INPUT_DATE_1", "FID_INPUT_DATE_2", "FID_PERIOD_DIV_CODE", "FID_ORG_ADJ_PRC")
QUOTE_SERVICES = (
    Service(f"{QUOTATIONS}/inquire-price", ("FHKST01010100",), price, ISSUE),
    Service(f"{QUOTATIONS}/inquire-asking-price-exp-ccn", ("FHKST01010200",), order_book, ISSUE),
    Service(f"{QUOTATIONS}/inquire-ccnl", ("FHKST01010300",), latest_trades, ISSUE),
    Service(f"{QUOTATIONS}/inquire-daily-itemchartprice", ("FHKST03010100",), chart, (*ISSUE, *DATES)),
    Service(
        f"{QUOTATIONS}/inquire-time-itemchartprice",
        ("FHKST03010200",),
        minutes_today,
        (*ISSUE, "FID_INPUT_HOUR_1", "FID_PW_DATA_INCU_YN", "FID_ETC_CLS_CODE"),
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
    Service(
        f"{QUOTATIONS}/intstock-multprice",
        ("FHKST11300006",),
        many_prices,
        ("FID_COND_MRKT_DIV_CODE_1", "FID_INPUT_ISCD_1"),
        on_paper=False,
    ),
    Service(
        f"{QUOTATIONS}/search-stock-info",
        ("CTPF1002R",),
        stock_info,
        ("PRDT_TYPE_CD", "PDNO"),
        on_paper=False,
    ),
    Service(
        f"{QUOTATIONS}/search-info", ("CTPF1604R",), short_info, ("PRDT_TYPE_CD", "PDNO"), on_paper=False
    ),
    Service(f"{QUOTATIONS}/chk-holiday", ("CTCA0903R",), holidays, ("BASS_DT",), on_paper=False),
)
