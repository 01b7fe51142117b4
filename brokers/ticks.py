"""KRX price steps, in force since 2023-01-25 (유가증권시장 업무규정 시행세칙 제21조; ETF, ETN: 제21조의2)."""

from decimal import Decimal
from typing import Final

from brokers.terms import InstrumentKind

Step = tuple[int | None, int]  # below this price (None: any), this step in won

STOCK_STEPS: Final[tuple[Step, ...]] = (
    (2_000, 1),
    (5_000, 5),
    (20_000, 10),
    (50_000, 50),
    (200_000, 100),
    (500_000, 500),
    (None, 1_000),
)
FUND_STEPS: Final[tuple[Step, ...]] = ((2_000, 1), (None, 5))


def steps_of(kind: InstrumentKind | str = InstrumentKind.STOCK) -> tuple[Step, ...]:
    return STOCK_STEPS if kind == InstrumentKind.STOCK else FUND_STEPS


def tick_size(price: Decimal | int, kind: InstrumentKind | str = InstrumentKind.STOCK) -> int:
    """The step at `price`: prices of this band are its multiples."""
    return next(step for below, step in steps_of(kind) if below is None or price < below)


def is_on_tick(price: Decimal | int, kind: InstrumentKind | str = InstrumentKind.STOCK) -> bool:
    return price % tick_size(price, kind) == 0
