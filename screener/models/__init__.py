from screener.models.judal import (
    JudalList,
    JudalRun,
    JudalSettings,
    JudalStatus,
    JudalStock,
    JudalTheme,
)
from screener.models.own import OwnScreen
from screener.models.results import ScreenResult, Snapshot, TableLayout
from screener.models.saved import SavedScreen, Schedule, ScreenChange

__all__ = [
    "JudalList",
    "JudalRun",
    "JudalSettings",
    "JudalStatus",
    "JudalStock",
    "JudalTheme",
    "OwnScreen",
    "SavedScreen",
    "Schedule",
    "ScreenChange",
    "ScreenResult",
    "Snapshot",
    "TableLayout",
]
