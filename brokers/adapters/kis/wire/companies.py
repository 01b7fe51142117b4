"""A company's figures (kis.md §3.1; the portal's 국내주식-078 to -083): amounts in 100 million won.

Each statement is a list of settlements, the newest first; KIS puts the part of the running year in front.
"""

from collections.abc import Sequence
from decimal import Decimal

from brokers.adapters.base import Rejected
from brokers.adapters.companies import Company, FiscalPeriod
from brokers.adapters.kis.wire import fields, quotes
from brokers.adapters.kis.wire.fields import Row, text

HUNDRED_MILLION = 100_000_000  # 억
ENDS = "stac_yymm"
PERIODS = 6
_AMOUNTS = {
    "sales": "sale_account",
    "operating_profit": "bsop_prti",
    "net_income": "thtr_ntin",
    "assets": "total_aset",
    "liabilities": "total_lblt",
    "equity": "total_cptl",
}
_FIGURES = {
    "eps": "eps",
    "bps": "bps",
    "roe": "roe_val",
    "debt_ratio": "lblt_rate",
    "current_ratio": "crnt_rate",
    "reserve_ratio": "rsrv_rate",
    "sales_growth": "grs",
}


def statement_query(symbol: str) -> dict[str, str]:
    """By years (0); 1 would be quarters."""
    return quotes.issue_query(symbol) | {"FID_DIV_CLS_CODE": "0"}


def company(symbol: str, price: Row, statements: Sequence[Sequence[Row]]) -> Company:
    """Out of the price service's answer, and the statements where the server has them."""
    if not fields.number(price, "stck_sdpr"):
        raise Rejected(f"해당 종목정보가 없습니다: {symbol}")
    periods = _periods(statements)
    return Company(
        symbol=symbol,
        industry=text(price, "bstp_kor_isnm"),
        listed_shares=fields.count_or_zero(price, "lstn_stcn") or None,
        market_cap=_amount(price, "hts_avls"),
        capital=_amount(price, "cpfn"),
        par_value=_figure(price, "stck_fcam"),
        foreign_rate=_figure(price, "hts_frgn_ehrt"),
        per=_figure(price, "per"),
        pbr=_figure(price, "pbr"),
        eps=_figure(price, "eps"),
        bps=_figure(price, "bps"),
        roe=periods[0].roe if periods else None,
        high_52w=_figure(price, "w52_hgpr"),
        low_52w=_figure(price, "w52_lwpr"),
        fiscal_month=_month(text(price, "stac_month")),
        periods=periods,
    )


def _periods(statements: Sequence[Sequence[Row]]) -> tuple[FiscalPeriod, ...]:
    """The statements side by side, by the month in which they end."""
    merged: dict[str, dict[str, object]] = {}
    for rows in statements:
        for row in rows:
            ends = text(row, ENDS)
            if len(ends) == 6 and _month(ends[4:]) and ends.isdecimal():
                merged.setdefault(ends, {}).update(row)
    return tuple(_period(ends, merged[ends]) for ends in sorted(merged, reverse=True)[:PERIODS])


def _period(ends: str, row: Row) -> FiscalPeriod:
    amounts = {name: _amount(row, field) for name, field in _AMOUNTS.items()}
    figures = {name: _figure(row, field) for name, field in _FIGURES.items()}
    return FiscalPeriod(int(ends[:4]), int(ends[4:]), **amounts, **figures)


def _figure(row: Row, name: str) -> Decimal | None:
    """KIS writes zero for what it does not know."""
    return fields.number_or_zero(row, name) or None


def _amount(row: Row, name: str) -> Decimal | None:
    figure = _figure(row, name)
    return None if figure is None else figure * HUNDRED_MILLION


def _month(found: str) -> int | None:
    return int(found) if found.isdecimal() and 1 <= int(found) <= 12 else None
