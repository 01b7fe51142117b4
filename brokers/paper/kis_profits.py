"""KIS's realised profit by day and by issue (kis.md §2.10–2.11)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from brokers.paper.kis_orders import ACCOUNT, PAGING, listing_words
from brokers.paper.kis_wire import (
    KisAnswer,
    KisCall,
    Row,
    Service,
    day_text,
    decimals,
    long_code,
    percent,
    plain_code,
)
from brokers.paper.ledger import Execution, Holding, Side

TRADING = "/uapi/domestic-stock/v1/trading"


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


PROFIT_SERVICES = (
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
