"""Where rows come from: each module registers its screens when it is imported, in the order of the menu."""

from screener.sources import (
    judal,
    judal_compare,
    kis_opinions,
    kis_rankings,
    kis_saved,
    listed,
    ls_rankings,
)

__all__ = [
    "judal",
    "judal_compare",
    "kis_opinions",
    "kis_rankings",
    "kis_saved",
    "listed",
    "ls_rankings",
]
