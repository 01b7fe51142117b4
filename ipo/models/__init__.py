"""Public offerings, the history of listings, and how the pages behind them were read."""

from ipo.models.forecasts import Forecast, ForecastModel
from ipo.models.history import OfferingHistory
from ipo.models.offerings import Offering, OfferingChange
from ipo.models.reminders import CalendarFeed, OfferingMark
from ipo.models.runs import RawPage, RunStatus, ScrapeRun, ScrapeSettings

__all__ = [
    "CalendarFeed",
    "Forecast",
    "ForecastModel",
    "Offering",
    "OfferingChange",
    "OfferingHistory",
    "OfferingMark",
    "RawPage",
    "RunStatus",
    "ScrapeRun",
    "ScrapeSettings",
]
