"""KIS's overseas account inquiries for an account that holds nothing abroad (kis.md §5).

Clients such as python-kis ask home and abroad together; orders abroad are not offered here.
"""

from __future__ import annotations

from collections.abc import Callable

from brokers.paper.kis_orders import ACCOUNT, listing_words
from brokers.paper.kis_wire import KisAnswer, KisCall, KisError, Page, Row, Service

TRADING = "/uapi/overseas-stock/v1/trading"
BALANCE_SUMS = (
    *("frcr_pchs_amt1", "ovrs_rlzt_pfls_amt", "ovrs_tot_pfls", "rlzt_erng_rt", "tot_evlu_pfls_amt"),
    *("tot_pftrt", "frcr_buy_amt_smtl1", "ovrs_rlzt_pfls_amt2", "frcr_buy_amt_smtl2"),
)
PRESENT_SUMS = (
    *("pchs_amt_smtl", "evlu_amt_smtl", "evlu_pfls_amt_smtl", "dncl_amt", "cma_evlu_amt", "tot_dncl_amt"),
    *("etc_mgna", "wdrw_psbl_tot_amt", "frcr_evlu_tota", "evlu_erng_rt1", "pchs_amt_smtl_amt"),
    *("evlu_amt_smtl_amt", "tot_evlu_pfls_amt", "tot_asst_amt", "buy_mgn_amt", "mgna_tota"),
    *("frcr_use_psbl_amt", "ustl_sll_amt_smtl", "ustl_buy_amt_smtl", "tot_frcr_cblc_smtl", "tot_loan_amt"),
)
PERIOD_SUMS = (
    *("stck_sll_amt_smtl", "stck_buy_amt_smtl", "smtl_fee1", "excc_dfrm_amt", "ovrs_rlzt_pfls_tot_amt"),
    *("tot_pftrt", "bass_dt", "exrt"),
)
CASH_SUMS = (
    *("ord_psbl_frcr_amt", "sll_ruse_psbl_amt", "ovrs_ord_psbl_amt", "max_ord_psbl_qty"),
    *("echm_af_ord_psbl_amt", "echm_af_ord_psbl_qty", "ord_psbl_qty", "exrt", "frcr_ord_psbl_amt1"),
    *("ovrs_max_ord_psbl_qty",),
)


def zeros(names: tuple[str, ...]) -> Row:
    return dict.fromkeys(names, "0")


def nothing(**outputs: object) -> Callable[[KisCall], KisAnswer]:
    """A service that finds no rows: a last page with these outputs."""

    def answer(call: KisCall) -> KisAnswer:
        page = Page[str]((), more=False, search=f"{call.account.number[:8]}^", next_key="", width=200)
        words = listing_words(call, more=False, found=False)
        return KisAnswer({**page.context(), **outputs}, *words, page.tr_cont, padded=True)

    return answer


def buying_power(call: KisCall) -> KisAnswer:
    words = listing_words(call, more=False, found=True)
    return KisAnswer({"output": {"tr_crcy_cd": "USD", **zeros(CASH_SUMS)}}, *words, padded=True)


def present_balance(call: KisCall) -> KisAnswer:
    """Nothing abroad; output3 counts the account's won."""
    cash = str(call.ledger.balance(call.account).d2_cash)
    output3 = zeros(PRESENT_SUMS) | {"dncl_amt": cash, "tot_dncl_amt": cash, "tot_asst_amt": cash}
    words = listing_words(call, more=False, found=True)
    body = {"output1": [], "output2": [], "output3": output3}
    return KisAnswer(body, *words, "D", padded=True)


def no_orders(call: KisCall) -> KisAnswer:
    """An account without an overseas agreement; KIS's own code for it is not known."""
    code, rt_cd = ("90000000", "1") if call.on_paper else ("APBK1234", "7")
    raise KisError(code, "해외주식 거래 신청이 되어 있지 않습니다.", rt_cd=rt_cd)


OVERSEAS_SERVICES = (
    Service(
        f"{TRADING}/order",
        ("TTTT1002U", "TTTT1006U", "TTTT1001U"),
        no_orders,
        ACCOUNT,
        method="POST",
        orders=True,
        account=True,
    ),
    Service(
        f"{TRADING}/order-rvsecncl",
        ("TTTT1004U",),
        no_orders,
        ACCOUNT,
        method="POST",
        orders=True,
        account=True,
    ),
    Service(
        f"{TRADING}/inquire-balance",
        ("TTTS3012R",),
        nothing(output1=[], output2=zeros(BALANCE_SUMS)),
        ACCOUNT,
        account=True,
    ),
    Service(f"{TRADING}/inquire-ccnl", ("TTTS3035R",), nothing(output=[]), ACCOUNT, account=True),
    Service(f"{TRADING}/inquire-nccs", ("TTTS3018R",), nothing(output=[]), ACCOUNT, account=True),
    Service(f"{TRADING}/inquire-psamount", ("TTTS3007R",), buying_power, ACCOUNT, account=True),
    Service(f"{TRADING}/inquire-present-balance", ("CTRP6504R",), present_balance, ACCOUNT, account=True),
    Service(
        f"{TRADING}/inquire-period-profit",
        ("TTTS3039R",),
        nothing(output1=[], output2=zeros(PERIOD_SUMS)),
        ACCOUNT,
        on_paper=False,
        account=True,
    ),
)
