"""KIS's statements and ratios of a company (the portal's 국내주식-078 to -083); real only."""

from __future__ import annotations

from collections.abc import Callable

from brokers.paper.kis_quotes import ISSUE, asked_issue, size_fields
from brokers.paper.kis_wire import KisAnswer, KisCall, Row, Service, invalid, percent
from brokers.paper.market import Issue

FINANCE = "/uapi/domestic-stock/v1/finance"
YEARS = 5
HUNDRED_MILLION = 100_000_000  # statements count in 억


def _statement(fields: Callable[[Issue, float], Row]) -> Callable[[KisCall], KisAnswer]:
    """Settlements of the last years, the newest first; a fund has none."""

    def answer(call: KisCall) -> KisAnswer:
        if call.get("FID_DIV_CLS_CODE") not in {"0", "1"}:
            raise invalid("FID_DIV_CLS_CODE")
        issue = asked_issue(call)
        last = call.ledger.today.year - 1
        rows = [
            {"stac_yymm": f"{last - back}12", **fields(issue, 0.95**back)}
            for back in range(YEARS if issue.kind == "stock" else 0)
        ]
        return KisAnswer({"output": rows})

    return answer


def _earned(issue: Issue, part: float) -> float:
    """Net income in 억, as the price service's EPS has it."""
    return float(size_fields(issue)["eps"]) * issue.listed_shares * part / HUNDRED_MILLION


def _owned(issue: Issue, part: float) -> float:
    """Equity in 억, as its BPS has it."""
    return float(size_fields(issue)["bps"]) * issue.listed_shares * part / HUNDRED_MILLION


def _balance(issue: Issue, part: float) -> Row:
    equity = _owned(issue, part)
    return {
        "cras": f"{equity * 0.7:.2f}",
        "fxas": f"{equity * 0.8:.2f}",
        "total_aset": f"{equity * 1.5:.2f}",
        "flow_lblt": f"{equity * 0.3:.2f}",
        "fix_lblt": f"{equity * 0.2:.2f}",
        "total_lblt": f"{equity * 0.5:.2f}",
        "cpfn": size_fields(issue)["cpfn"],
        "total_cptl": f"{equity:.2f}",
    }


def _income(issue: Issue, part: float) -> Row:
    net = _earned(issue, part)
    return {
        "sale_account": f"{net * 10:.2f}",
        "sale_cost": f"{net * 7:.2f}",
        "sale_totl_prfi": f"{net * 3:.2f}",
        "bsop_prti": f"{net * 1.3:.2f}",
        "op_prfi": f"{net * 1.25:.2f}",
        "thtr_ntin": f"{net:.2f}",
    }


def _ratios(issue: Issue, part: float) -> Row:
    sizes = size_fields(issue)
    return {
        "grs": "5.26",
        "bsop_prfi_inrt": "5.26",
        "ntin_inrt": "5.26",
        "roe_val": percent(round(float(sizes["eps"])), round(float(sizes["bps"]))),
        "eps": f"{float(sizes['eps']) * part:.2f}",
        "sps": f"{float(sizes['eps']) * part * 10:.0f}",
        "bps": f"{float(sizes['bps']) * part:.2f}",
        "rsrv_rate": "1200.00",
        "lblt_rate": "50.00",
    }


def _stability(issue: Issue, part: float) -> Row:
    return {"lblt_rate": "50.00", "bram_depn": "10.00", "crnt_rate": "233.33", "quck_rate": "180.00"}


FINANCE_SERVICES = tuple(
    Service(f"{FINANCE}/{path}", (tr,), _statement(fields), (*ISSUE, "FID_DIV_CLS_CODE"), on_paper=False)
    for path, tr, fields in (
        ("balance-sheet", "FHKST66430100", _balance),
        ("income-statement", "FHKST66430200", _income),
        ("financial-ratio", "FHKST66430300", _ratios),
        ("stability-ratio", "FHKST66430600", _stability),
    )
)
