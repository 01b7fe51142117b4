"""The year's prices of all stocks, kept in a process: only what was collected since is read again."""

from datetime import datetime
from threading import Lock

from brokers.prices import Interval, Panel, updated
from brokers.services import prices
from screener.indicators import empty_panel


class KeptPanel:
    """The last `days` days of all stocks as the store has them now: of 3,000 stocks 36 MB.

    A stock is read again when its mark in the store is another one than it was when it was last read.
    """

    def __init__(self, days: int) -> None:
        self.days = days
        self._panel = empty_panel()
        self._marks: dict[str, datetime] = {}
        self._lock = Lock()  # of two threads one reads, and the other waits for it

    def current(self) -> Panel:
        with self._lock:
            marks = prices.collected_at(Interval.DAY)  # before the bars: what comes meanwhile is read twice
            if marks != self._marks:
                self._panel = self._read(marks)
                self._marks = marks
            return self._panel

    def _read(self, marks: dict[str, datetime]) -> Panel:
        news = {symbol for symbol, at in marks.items() if self._marks.get(symbol) != at}
        if len(news) < len(marks) and self._marks.keys() <= marks.keys():
            return updated(self._panel, prices.panel(self.days, news), self.days)
        found = prices.panel(self.days)  # all of it is new, or another store was put in this one's place
        return found if found.symbols else empty_panel()
