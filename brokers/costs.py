"""What a trade costs, in won: commission of the broker and tax on sales."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokers.terms import InstrumentKind, Side

# Percent. Online commission of a plain account, both sides (fee tables of KIS and LS).
COMMISSION_PERCENT = Decimal("0.015")
# Percent. 증권거래세 and 농어촌특별세 together, sales on KOSPI and KOSDAQ, from 2026-01-01
# (증권거래세법 시행령).
SALES_TAX_PERCENT = Decimal("0.20")
# 증권거래세 is on shares: units of funds and notes are sold without it.
UNTAXED = frozenset({InstrumentKind.ETF, InstrumentKind.ETN})


@dataclass(frozen=True, slots=True)
class Rates:
    """What an account pays, in percent of the amount."""

    commission: Decimal = COMMISSION_PERCENT
    sales_tax: Decimal = SALES_TAX_PERCENT

    def of(self, kind: str) -> "Rates":
        """The rates of one kind of issue (`InstrumentKind`)."""
        return Rates(self.commission, Decimal(0)) if kind in UNTAXED else self


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order would move, in won: `total` leaves the account on a buy and enters it on a sell."""

    amount: Decimal
    fee: Decimal
    tax: Decimal
    total: Decimal


def estimate(side: Side, quantity: int, price: Decimal, rates: Rates) -> Estimate:
    """Fee and tax at the account's rates, each cut to the won as brokers do."""
    amount = quantity * price
    fee = _part(amount, rates.commission)
    if side == Side.BUY:
        return Estimate(amount, fee, Decimal(0), amount + fee)
    tax = _part(amount, rates.sales_tax)
    return Estimate(amount, fee, tax, amount - fee - tax)


def _part(amount: Decimal, percent: Decimal) -> Decimal:
    return (amount * percent / 100).quantize(Decimal(1), ROUND_DOWN)
