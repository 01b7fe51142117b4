from screener.models.own import OwnScreen
from screener.models.results import ScreenResult, Snapshot, TableLayout
from screener.models.saved import SavedScreen, Schedule, ScreenChange

__all__ = [
    "OwnScreen",
    "SavedScreen",
    "Schedule",
    "ScreenChange",
    "ScreenResult",
    "Snapshot",
    "TableLayout",
]
