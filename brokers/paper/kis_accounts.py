"""KIS's account services: balance, buying power, sellable quantity, assets (kis.md §2.5–2.9)."""

from __future__ import annotations

from brokers.paper.kis_codes import ORDER_TYPES
from brokers.paper.kis_orders import ACCOUNT, PAGING, listing_words
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    Row,
    Service,
    decimals,
    invalid,
    percent,
    plain_code,
)
from brokers.paper.ledger import Balance, Holding, PriceType

BALANCE_FIELDS = (
    *("AFHR_FLPR_YN", "INQR_DVSN", "UNPR_DVSN", "FUND_STTL_ICLD_YN", "FNCG_AMT_AUTO_RDPT_YN", "PRCS_DVSN"),
)
ASSET_CLASSES = (
    20  # fixed rows of inquire-account-balance; the first is stocks, the 18th cash, the last the sum
)


def balance(call: KisCall) -> KisAnswer:
    """Holdings and cash; INQR_DVSN 02 is refused as on KIS since 2026-02-10."""
    kind = call.get("INQR_DVSN")
    if kind != "01" and not (kind == "02" and call.broker.switches.kis_balance_by_issue):
        raise invalid("INQR_DVSN")
    size = 20 if call.on_paper else 50
    body, found, more, tr_cont = _holdings_page(call, size, with_margin=True)
    figures = call.ledger.balance(call.account)
    code, message = ("KIOK0510", "조회가 완료되었습니다")
    if call.on_paper or more:
        code, message = listing_words(call, more=more, found=found or figures.deposit > 0)
    return KisAnswer({**body, "output2": [_totals(figures)]}, code, message, tr_cont, padded=True)


def balance_with_profit(call: KisCall) -> KisAnswer:
    body, found, more, tr_cont = _holdings_page(call, 50, with_margin=False)
    figures = call.ledger.balance(call.account)
    realised = figures.today.realised
    totals = _totals(figures) | {
        "rlzt_pfls": str(int(realised)),
        "rlzt_erng_rt": percent(realised, figures.today.sold, 8),
        "real_evlu_pfls": str(int(realised + figures.profit)),
        "real_evlu_pfls_erng_rt": percent(realised + figures.profit, figures.stock_cost, 8),
    }
    code, message = listing_words(call, more=more, found=found)
    return KisAnswer({**body, "output2": [totals]}, code, message, tr_cont, padded=True)


def _holdings_page(
    call: KisCall, size: int, *, with_margin: bool
) -> tuple[dict[str, object], bool, bool, str]:
    call.ledger.roll()
    holdings = sorted(call.account.holdings.values(), key=lambda holding: holding.code)
    page = call.page(holdings, size, lambda holding: holding.code)
    rows = [_holding_row(call, holding, with_margin=with_margin) for holding in page.rows]
    return {**page.context(), "output1": rows}, bool(holdings), page.more, page.tr_cont


def _holding_row(call: KisCall, holding: Holding, *, with_margin: bool) -> Row:
    issue = call.market.issue(holding.code)
    value = holding.quantity * issue.price
    profit = value - int(holding.cost)
    row = {
        "pdno": holding.code,
        "prdt_name": issue.name,
        "trad_dvsn_name": "현금",
        "bfdy_buy_qty": str(holding.bought_before),
        "bfdy_sll_qty": str(holding.sold_before),
        "thdt_buyqty": str(holding.bought_today),
        "thdt_sll_qty": str(holding.sold_today),
        "hldg_qty": str(holding.quantity),
        "ord_psbl_qty": str(holding.sellable),
        "pchs_avg_pric": decimals(holding.average_price, 4),
        "pchs_amt": str(int(holding.cost)),
        "prpr": str(issue.price),
        "evlu_amt": str(value),
        "evlu_pfls_amt": str(profit),
        "evlu_pfls_rt": percent(profit, holding.cost),
        "evlu_erng_rt": percent(profit, holding.cost, 8),
        "loan_dt": "",
        "loan_amt": "0",
        "stln_slng_chgs": "0",
        "expd_dt": "",
        "fltt_rt": percent(issue.change, issue.base_price, 8),
        "bfdy_cprs_icdc": str(issue.change),
    }
    margin = {"item_mgna_rt_name": "20%", "grta_rt_name": "", "sbst_pric": str(issue.price * 7 // 10)}
    return row | (margin if with_margin else {}) | {"stck_loan_unpr": "0.0000"}


def _totals(figures: Balance) -> Row:
    change = figures.total - figures.previous_total
    cost = int(figures.stock_cost)
    return {
        "dnca_tot_amt": str(figures.deposit),
        "nxdy_excc_amt": str(figures.d1_cash),
        "prvs_rcdl_excc_amt": str(figures.d2_cash),
        "cma_evlu_amt": "0",
        "bfdy_buy_amt": str(figures.yesterday.bought),
        "thdt_buy_amt": str(figures.today.bought),
        "nxdy_auto_rdpt_amt": "0",
        "bfdy_sll_amt": str(figures.yesterday.sold),
        "thdt_sll_amt": str(figures.today.sold),
        "d2_auto_rdpt_amt": "0",
        "bfdy_tlex_amt": str(figures.yesterday.costs),
        "thdt_tlex_amt": str(figures.today.costs),
        "tot_loan_amt": "0",
        "scts_evlu_amt": str(figures.stock_value),
        "tot_evlu_amt": str(figures.total),
        "nass_amt": str(figures.total),
        "fncg_gld_auto_rdpt_yn": "",
        "pchs_amt_smtl_amt": str(cost),
        "evlu_amt_smtl_amt": str(figures.stock_value),
        "evlu_pfls_smtl_amt": str(figures.stock_value - cost),
        "tot_stln_slng_chgs": "0",
        "bfdy_tot_asst_evlu_amt": str(figures.previous_total),
        "asst_icdc_amt": str(change),
        "asst_icdc_erng_rt": percent(change, figures.previous_total, 8),
    }


def buying_power(call: KisCall) -> KisAnswer:
    """What the cash buys; a type without a price is counted at the upper limit (§2.6)."""
    call.ledger.roll()
    code = plain_code(call.get("PDNO"))
    if code and code not in call.market.issues:
        raise invalid("PDNO")
    cash = max(call.account.orderable_cash, 0)
    quantity, used = call.ledger.buyable(call.account, code, _asked_price(call)) if code else (0, 0)
    output = {
        "ord_psbl_cash": str(cash),
        "ord_psbl_sbst": "0",
        "ruse_psbl_amt": str(call.account.sold_today),
        "fund_rpch_chgs": "0",
        "psbl_qty_calc_unpr": str(used),
        "nrcvb_buy_amt": str(cash),
        "nrcvb_buy_qty": str(quantity),
        "max_buy_amt": str(cash),
        "max_buy_qty": str(quantity),
        "cma_evlu_amt": "0",
        "ovrs_re_use_amt_wcrc": "0",
        "ord_psbl_frcr_amt_wcrc": "0",
    }
    words = (
        listing_words(call, more=False, found=True)
        if call.on_paper
        else ("KIOK0420", "정상적으로 조회되었습니다")
    )
    return KisAnswer({"output": output}, *words, padded=True)


def _asked_price(call: KisCall) -> int | None:
    price_type, _ = ORDER_TYPES.get(call.get("ORD_DVSN"), (PriceType.LIMIT, None))
    text = call.get("ORD_UNPR")
    return int(text) if price_type is not PriceType.MARKET and text.isdigit() and int(text) else None


def sellable(call: KisCall) -> KisAnswer:
    call.ledger.roll()
    issue = call.issue("PDNO")
    holding = call.account.holdings.get(issue.code) or Holding(issue.code)
    value = holding.quantity * issue.price
    profit = value - int(holding.cost)
    output = {
        "pdno": issue.code,
        "prdt_name": issue.name,
        "buy_qty": str(holding.bought_today),
        "sll_qty": str(holding.sold_today),
        "cblc_qty": str(holding.quantity),
        "nsvg_qty": "0",
        "ord_psbl_qty": str(holding.sellable),
        "pchs_avg_pric": decimals(holding.average_price, 4),
        "pchs_amt": str(int(holding.cost)),
        "now_pric": str(issue.price),
        "evlu_amt": str(value),
        "evlu_pfls_amt": str(profit),
        "evlu_pfls_rt": percent(profit, holding.cost),
    }
    return KisAnswer({"output": output}, "KIOK0510", "조회가 완료되었습니다", padded=True)


def assets(call: KisCall) -> KisAnswer:
    """Twenty fixed asset classes; this account has shares and cash."""
    figures = call.ledger.balance(call.account)
    stocks = (int(figures.stock_cost), figures.stock_value)
    cash = (figures.d2_cash, figures.d2_cash)
    whole = (stocks[0] + cash[0], stocks[1] + cash[1])
    filled = {0: stocks, 17: cash, 19: whole}
    rows = [_asset_row(*filled.get(place, (0, 0)), figures.total) for place in range(ASSET_CLASSES)]
    output2 = dict.fromkeys(ASSET_TOTALS, "0") | {
        "pchs_amt_smtl": str(stocks[0]),
        "nass_tot_amt": str(figures.total),
        "evlu_pfls_amt_smtl": str(stocks[1] - stocks[0]),
        "evlu_amt_smtl": str(stocks[1]),
        "tot_asst_amt": str(figures.total),
        "tot_dncl_amt": str(figures.d2_cash),
        "dncl_amt": str(figures.deposit),
    }
    return KisAnswer({"output1": rows, "output2": output2}, "KIOK0510", "조회가 완료되었습니다", padded=True)


def _asset_row(cost: int, value: int, total: int) -> Row:
    return {
        "pchs_amt": str(cost),
        "evlu_amt": str(value),
        "evlu_pfls_amt": str(value - cost),
        "crdt_lnd_amt": "0",
        "real_nass_amt": str(value),
        "whol_weit_rt": percent(value, total, 8),
    }


ASSET_TOTALS = (
    *(
        "pchs_amt_smtl",
        "nass_tot_amt",
        "loan_amt_smtl",
        "evlu_pfls_amt_smtl",
        "evlu_amt_smtl",
        "tot_asst_amt",
    ),
    *("tot_lnda_tot_ulst_lnda", "cma_auto_loan_amt", "tot_mgln_amt", "stln_evlu_amt", "crdt_fncg_amt"),
    *("ocl_apl_loan_amt", "pldg_stup_amt", "frcr_evlu_tota", "tot_dncl_amt", "cma_evlu_amt", "dncl_amt"),
    *("tot_sbst_amt", "thdt_rcvb_amt", "ovrs_stck_evlu_amt1", "ovrs_bond_evlu_amt", "mmf_cma_mgge_loan_amt"),
    *("sbsc_dncl_amt", "pbst_sbsc_fnds_loan_use_amt", "etpr_crdt_grnt_loan_amt"),
)
TRADING = "/uapi/domestic-stock/v1/trading"
ACCOUNT_SERVICES = (
    Service(f"{TRADING}/inquire-balance", ("TTTC8434R",), balance, (*ACCOUNT, *BALANCE_FIELDS), account=True),
    Service(
        f"{TRADING}/inquire-psbl-order",
        ("TTTC8908R",),
        buying_power,
        (*ACCOUNT, "PDNO", "ORD_UNPR", "ORD_DVSN", "CMA_EVLU_AMT_ICLD_YN", "OVRS_ICLD_YN"),
        account=True,
    ),
    Service(
        f"{TRADING}/inquire-psbl-sell",
        ("TTTC8408R",),
        sellable,
        (*ACCOUNT, "PDNO"),
        on_paper=False,
        account=True,
    ),
    Service(
        f"{TRADING}/inquire-account-balance",
        ("CTRP6548R",),
        assets,
        (*ACCOUNT, "INQR_DVSN_1", "BSPR_BF_DT_APLY_YN"),
        on_paper=False,
        account=True,
    ),
    Service(
        f"{TRADING}/inquire-balance-rlz-pl",
        ("TTTC8494R",),
        balance_with_profit,
        (*ACCOUNT, *BALANCE_FIELDS, "COST_ICLD_YN", *PAGING),
        on_paper=False,
        account=True,
    ),
)
