"""A company's figures (ls.md 4, t3320): amounts in 100 million won, nothing for funds and SPACs."""

from decimal import Decimal

from brokers.adapters.companies import Company, FiscalPeriod
from brokers.adapters.ls.wire.fields import Body, Fields, Row

HUNDRED_MILLION = 100_000_000  # 억


def company_query(symbol: str) -> Fields:
    return {"gicode": symbol}


def company(body: Body, symbol: str) -> Company:
    """An answer without blocks is a company without figures."""
    about, figures = _block(body, "t3320OutBlock"), _block(body, "t3320OutBlock1")
    return Company(
        symbol=symbol,
        industry=about.text("upgubunnm"),
        listed_shares=about.integer("gstock") or None,
        market_cap=_amount(about, "sigavalue"),
        capital=_amount(about, "capital"),
        par_value=_figure(about, "lstprice"),
        foreign_rate=_figure(about, "foreignratio"),
        per=_figure(figures, "per"),
        pbr=_figure(figures, "pbr"),
        eps=_figure(figures, "eps"),
        bps=_figure(figures, "bps"),
        roe=_figure(figures, "roe"),
        fiscal_month=_month(about.text("gsmm")),
        homepage=about.text("homeurl"),
        periods=_periods(figures),
    )


def _periods(figures: Row) -> tuple[FiscalPeriod, ...]:
    """The last settlement; LS tells no other and no statements."""
    ends = figures.text("gsym")
    month = _month(ends[4:])
    if len(ends) != 6 or not ends.isdecimal() or month is None:
        return ()
    known = {name: _figure(figures, name) for name in ("eps", "bps", "roe")}
    return (FiscalPeriod(int(ends[:4]), month, **known),)


def _block(body: Body, name: str) -> Row:
    values = body.get(name)
    return Row(name, values if isinstance(values, dict) else {})


def _figure(row: Row, name: str) -> Decimal | None:
    """LS writes zero for what it does not know."""
    return row.number(name) or None


def _amount(row: Row, name: str) -> Decimal | None:
    figure = _figure(row, name)
    return None if figure is None else figure * HUNDRED_MILLION


def _month(found: str) -> int | None:
    return int(found) if found.isdecimal() and 1 <= int(found) <= 12 else None
