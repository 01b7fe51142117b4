"""What a trade costs, in won: commission of the broker and tax on sales."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokers.terms import Side

# Online commission of a plain account, both sides (fee tables of KIS and LS).
COMMISSION_RATE = Decimal("0.00015")
# 증권거래세 and 농어촌특별세 together, sales on KOSPI and KOSDAQ, from 2026-01-01 (증권거래세법 시행령).
SALES_TAX_RATE = Decimal("0.0020")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order would move, in won: `total` leaves the account on a buy and enters it on a sell."""

    amount: Decimal
    fee: Decimal
    tax: Decimal
    total: Decimal


def estimate(side: Side, quantity: int, price: Decimal) -> Estimate:
    """Fee and tax at the published rates, each cut to the won as brokers do."""
    amount = quantity * price
    fee = (amount * COMMISSION_RATE).quantize(Decimal(1), ROUND_DOWN)
    if side == Side.BUY:
        return Estimate(amount, fee, Decimal(0), amount + fee)
    tax = (amount * SALES_TAX_RATE).quantize(Decimal(1), ROUND_DOWN)
    return Estimate(amount, fee, tax, amount - fee - tax)
