"""Public offerings, the history of listings, and how the pages behind them were read."""

from ipo.models.history import OfferingHistory
from ipo.models.offerings import Offering, OfferingChange
from ipo.models.runs import RawPage, RunStatus, ScrapeRun, ScrapeSettings

__all__ = [
    "Offering",
    "OfferingChange",
    "OfferingHistory",
    "RawPage",
    "RunStatus",
    "ScrapeRun",
    "ScrapeSettings",
]
