"""Where rows come from: each module registers its screens when it is imported, in the order of the menu."""

from screener.sources import kis_opinions, kis_rankings, kis_saved, listed, ls_rankings

__all__ = ["kis_opinions", "kis_rankings", "kis_saved", "listed", "ls_rankings"]
