"""A company as its broker describes it: shown to people, never reckoned with in an order.

Money in won, rates in percent; None where the broker does not tell.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FiscalPeriod:
    """One settlement: a fiscal year, or the part of it that is over."""

    year: int
    month: int
    sales: Decimal | None = None
    operating_profit: Decimal | None = None
    net_income: Decimal | None = None
    assets: Decimal | None = None
    liabilities: Decimal | None = None
    equity: Decimal | None = None
    eps: Decimal | None = None
    bps: Decimal | None = None
    roe: Decimal | None = None
    debt_ratio: Decimal | None = None  # 부채비율: liabilities to equity
    current_ratio: Decimal | None = None  # 유동비율
    reserve_ratio: Decimal | None = None  # 유보율
    sales_growth: Decimal | None = None  # against the year before


@dataclass(frozen=True, slots=True)
class Company:
    symbol: str
    industry: str = ""
    listed_shares: int | None = None
    market_cap: Decimal | None = None
    capital: Decimal | None = None
    par_value: Decimal | None = None
    foreign_rate: Decimal | None = None  # 외국인 소진율
    per: Decimal | None = None
    pbr: Decimal | None = None
    eps: Decimal | None = None
    bps: Decimal | None = None
    roe: Decimal | None = None
    high_52w: Decimal | None = None
    low_52w: Decimal | None = None
    fiscal_month: int | None = None
    homepage: str = ""
    periods: tuple[FiscalPeriod, ...] = ()  # the newest first
