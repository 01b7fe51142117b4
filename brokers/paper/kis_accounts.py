"""KIS's account services: balance, buying power, assets, realised profit (kis.md §2.5–2.11)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from brokers.paper.kis_codes import ORDER_TYPES
from brokers.paper.kis_orders import ACCOUNT, PAGING, listing_words
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    Row,
    Service,
    day_text,
    decimals,
    invalid,
    percent,
    plain_code,
)
from brokers.paper.ledger import Balance, Execution, Holding, PriceType, Side

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


@dataclass(slots=True)
class _Trades:
    """Buys and sells of one day, or of one issue on one day."""

    day: date
    code: str = ""
    bought: int = 0
    buy_amount: int = 0
    sold: int = 0
    sell_amount: int = 0
    buy_fee: int = 0
    sell_fee: int = 0
    tax: int = 0
    realised: Decimal = field(default=Decimal(0))

    def add(self, execution: Execution) -> None:
        if execution.side is Side.BUY:
            self.bought += execution.quantity
            self.buy_amount += execution.amount
            self.buy_fee += execution.fee
        else:
            self.sold += execution.quantity
            self.sell_amount += execution.amount
            self.sell_fee += execution.fee
            self.tax += execution.tax
            self.realised += execution.realised

    @property
    def sold_cost(self) -> Decimal:
        return self.sell_amount - self.sell_fee - self.tax - self.realised

    @property
    def key(self) -> str:
        return f"{day_text(self.day)}{self.code}"


def _trades(call: KisCall, *, by_issue: bool) -> list[_Trades]:
    """Executions of the asked days, grouped; the newest first unless SORT_DVSN is 01."""
    from_day, to_day, code = call.day("INQR_STRT_DT"), call.day("INQR_END_DT"), plain_code(call.get("PDNO"))
    groups: dict[tuple[date, str], _Trades] = {}
    for execution in call.account.executions:
        if from_day <= execution.trade_date <= to_day and code in ("", execution.code):
            key = (execution.trade_date, execution.code if by_issue else "")
            groups.setdefault(key, _Trades(*key)).add(execution)
    return sorted(groups.values(), key=lambda trades: trades.key, reverse=call.get("SORT_DVSN") != "01")


def profit_by_day(call: KisCall) -> KisAnswer:
    trades = _trades(call, by_issue=False)
    page = call.page(trades, 100, lambda row: row.key)
    rows = [
        {
            "trad_dt": day_text(row.day),
            "buy_amt": str(row.buy_amount),
            "sll_amt": str(row.sell_amount),
            "rlzt_pfls": str(int(row.realised)),
            "fee": str(row.buy_fee + row.sell_fee),
            "loan_int": "0",
            "tl_tax": str(row.tax),
            "pfls_rt": percent(row.realised, row.sold_cost, 8),
            "sll_qty1": str(row.sold),
            "buy_qty1": str(row.bought),
        }
        for row in page.rows
    ]
    body = {**page.context(), "output1": rows, "output2": _trade_totals(trades, "buy_qty_smtl")}
    return KisAnswer(
        body, *listing_words(call, more=page.more, found=bool(trades)), page.tr_cont, padded=True
    )


def profit_by_issue(call: KisCall) -> KisAnswer:
    trades = _trades(call, by_issue=True)
    page = call.page(trades, 100, lambda row: row.key)
    rows = [_issue_profit_row(call, row) for row in page.rows]
    totals = _trade_totals(trades, "buyqty_smtl")
    totals["tot_pftrt"] = percent(
        sum((row.realised for row in trades), Decimal(0)),
        sum((row.sold_cost for row in trades), Decimal(0)),
        8,
    )
    body = {**page.context(), "output1": rows, "output2": totals}
    return KisAnswer(
        body, *listing_words(call, more=page.more, found=bool(trades)), page.tr_cont, padded=True
    )


def _issue_profit_row(call: KisCall, row: _Trades) -> Row:
    holding = call.account.holdings.get(row.code) or Holding(row.code)
    issue = call.market.issue(row.code)
    unit_cost = row.sold_cost / row.sold if row.sold else holding.average_price
    return {
        "trad_dt": day_text(row.day),
        "pdno": long_code(row.code, issue.kind),
        "prdt_name": issue.name,
        "trad_dvsn_name": "현금",
        "loan_dt": "",
        "hldg_qty": str(holding.quantity),
        "pchs_unpr": decimals(unit_cost, 0),
        "buy_qty": str(row.bought),
        "buy_amt": str(row.buy_amount),
        "sll_pric": str(row.sell_amount // row.sold if row.sold else 0),
        "sll_qty": str(row.sold),
        "sll_amt": str(row.sell_amount),
        "rlzt_pfls": str(int(row.realised)),
        "pfls_rt": percent(row.realised, row.sold_cost, 8),
        "fee": str(row.buy_fee + row.sell_fee),
        "tl_tax": str(row.tax),
        "loan_int": "0",
    }


def long_code(code: str, kind: str) -> str:
    """12 characters: 00000A005930, and Q for an ETN."""
    return f"00000{'Q' if kind == 'ETN' else 'A'}{code}"


def _trade_totals(trades: list[_Trades], bought_name: str) -> Row:
    sums: dict[str, int] = defaultdict(int)
    realised = Decimal(0)
    for row in trades:
        for name in ("bought", "buy_amount", "buy_fee", "sold", "sell_amount", "sell_fee", "tax"):
            sums[name] += getattr(row, name)
        realised += row.realised
    sell_net = sums["sell_amount"] - sums["sell_fee"] - sums["tax"]
    buy_net = sums["buy_amount"] + sums["buy_fee"]
    return {
        "sll_qty_smtl": str(sums["sold"]),
        "sll_tr_amt_smtl": str(sums["sell_amount"]),
        "sll_fee_smtl": str(sums["sell_fee"]),
        "sll_tltx_smtl": str(sums["tax"]),
        "sll_excc_amt_smtl": str(sell_net),
        bought_name: str(sums["bought"]),
        "buy_tr_amt_smtl": str(sums["buy_amount"]),
        "buy_fee_smtl": str(sums["buy_fee"]),
        "buy_tax_smtl": "0",
        "buy_excc_amt_smtl": str(buy_net),
        "tot_qty": str(sums["bought"] + sums["sold"]),
        "tot_tr_amt": str(sums["buy_amount"] + sums["sell_amount"]),
        "tot_fee": str(sums["buy_fee"] + sums["sell_fee"]),
        "tot_tltx": str(sums["tax"]),
        "tot_excc_amt": str(sell_net - buy_net),
        "tot_rlzt_pfls": str(int(realised)),
        "loan_int": "0",
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
    Service(
        f"{TRADING}/inquire-period-profit",
        ("TTTC8708R",),
        profit_by_day,
        (*ACCOUNT, "INQR_STRT_DT", "INQR_END_DT", "PDNO", "SORT_DVSN", "INQR_DVSN", "CBLC_DVSN", *PAGING),
        on_paper=False,
        account=True,
    ),
    Service(
        f"{TRADING}/inquire-period-trade-profit",
        ("TTTC8715R",),
        profit_by_issue,
        (*ACCOUNT, "SORT_DVSN", "PDNO", "INQR_STRT_DT", "INQR_END_DT", "CBLC_DVSN", *PAGING),
        on_paper=False,
        account=True,
    ),
)
