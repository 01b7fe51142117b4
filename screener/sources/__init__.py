"""Where rows come from: each module registers its screens when it is imported, in the order of the menu."""

from screener.sources import (
    day_trade,
    judal,
    judal_compare,
    judal_history,
    kis_opinions,
    kis_rankings,
    kis_saved,
    listed,
    ls_rankings,
)

__all__ = [
    "day_trade",
    "judal",
    "judal_compare",
    "judal_history",
    "kis_opinions",
    "kis_rankings",
    "kis_saved",
    "listed",
    "ls_rankings",
]
