"""The day's price limits (가격제한폭): ±30 % of the base price (유가증권시장 업무규정 제20조)."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from brokers.terms import InstrumentKind
from brokers.ticks import tick_size

# KONEX has 15 %; issues in liquidation trading, ELW and rights have none; leveraged funds a multiple: for
# those the broker's own figure (`Quote.upper_limit`, `lower_limit`) is the one to go by.
BAND_RATE: Final = Decimal("0.3")


def band_of(
    base_price: Decimal, kind: InstrumentKind | str = InstrumentKind.STOCK
) -> tuple[Decimal, Decimal]:
    """Lower and upper limit in won.

    The width is 30 % of the base price cut to the base price's tick; each limit is then moved inward to the
    tick of its own level. As KIS shows it: 128,500 has 90,000 and 167,000; 3,870 has 2,710 and 5,030.
    """
    width = _cut(base_price * BAND_RATE, tick_size(base_price, kind))
    lower, upper = base_price - width, base_price + width
    low_tick = tick_size(lower, kind)
    return (lower / low_tick).to_integral_value(ROUND_CEILING) * low_tick, _cut(upper, tick_size(upper, kind))


def _cut(price: Decimal, tick: int) -> Decimal:
    return (price / tick).to_integral_value(ROUND_FLOOR) * tick
