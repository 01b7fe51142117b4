"""KIS's issue masters and trading calendar (kis.md §3.8–3.9)."""

from __future__ import annotations

from datetime import date, timedelta

from brokers.paper.kis_orders import board_code
from brokers.paper.kis_quotes import PAR_VALUE, QUOTATIONS
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    Row,
    Service,
    day_text,
    long_code,
    parse_day,
    plain_code,
)
from brokers.paper.market import Issue

CALENDAR_DAYS = 24


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
MASTER_SERVICES = (
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
