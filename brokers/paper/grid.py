"""Tick sizes and daily price limits of Korean equities (kis.md §2.0). Prices are whole won."""

from __future__ import annotations

# The tick of a share below each price since 2023-01-25, the same for KOSPI, KOSDAQ and KONEX.
SHARE_TICKS = (
    (2_000, 1),
    (5_000, 5),
    (20_000, 10),
    (50_000, 50),
    (200_000, 100),
    (500_000, 500),
)
FUND_KINDS = frozenset({"ETF", "ETN"})


def tick_size(price: int, kind: str = "stock") -> int:
    """Won between neighbouring prices at ``price``."""
    if kind in FUND_KINDS:
        return 1 if price < 2_000 else 5
    return next((tick for below, tick in SHARE_TICKS if price < below), 1_000)


def is_on_grid(price: int, kind: str = "stock") -> bool:
    return price > 0 and price % tick_size(price, kind) == 0


def step_up(price: int, kind: str = "stock") -> int:
    return price + tick_size(price, kind)


def step_down(price: int, kind: str = "stock") -> int:
    """The next lower price; at a border of the table the finer tick below applies."""
    return price - tick_size(price - 1, kind)


def snap_down(price: int, kind: str = "stock") -> int:
    return price - price % tick_size(price, kind)


def snap_up(price: int, kind: str = "stock") -> int:
    return -(-price // tick_size(price, kind)) * tick_size(price, kind)


def band_width(base_price: int, kind: str = "stock") -> int:
    """30 % of the base price, cut down to the base price's tick."""
    width = base_price * 3 // 10
    return width - width % tick_size(base_price, kind)


def upper_limit(base_price: int, kind: str = "stock") -> int:
    """상한가, aligned inward to the tick that holds there."""
    return snap_down(base_price + band_width(base_price, kind), kind)


def lower_limit(base_price: int, kind: str = "stock") -> int:
    """하한가, aligned inward to the tick that holds there."""
    return snap_up(base_price - band_width(base_price, kind), kind)
