"""Where rows come from: each module registers its screens when it is imported, in the order of the menu."""

from screener.sources import listed

__all__ = ["listed"]
