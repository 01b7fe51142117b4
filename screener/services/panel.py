"""The year's prices of all stocks, kept in a process: only what was collected since is read again."""

from datetime import datetime
from threading import Lock

from brokers.prices import Interval, Panel, joined, panel_of
from brokers.services import prices
from screener.indicators import empty_panel

STOCKS_AT_ONCE = 500  # two years of them are 12 MB as they are stored


class KeptPanel:
    """The last `days` days of all stocks as the store has them now: of 3,000 stocks 36 MB.

    A stock is read again when its mark in the store is another one than it was when it was last read.
    """

    def __init__(self, days: int) -> None:
        self.days = days
        self._panel = panel_of([], days)
        self._marks: dict[str, datetime] = {}
        self._lock = Lock()  # of two threads one reads, and the other waits for it

    def current(self) -> Panel:
        with self._lock:
            marks = prices.collected_at(Interval.DAY)  # before the bars: what comes meanwhile is read twice
            if marks != self._marks:
                self._panel = self._brought_up_to(marks)
                self._marks = marks
            return self._panel if self._panel.symbols else empty_panel()

    def _brought_up_to(self, marks: dict[str, datetime]) -> Panel:
        if not self._marks.keys() <= marks.keys():  # another store was put in this one's place
            self._panel, self._marks = panel_of([], self.days), {}
        news = sorted(symbol for symbol, at in marks.items() if self._marks.get(symbol) != at)
        parts = (news[first : first + STOCKS_AT_ONCE] for first in range(0, len(news), STOCKS_AT_ONCE))
        return joined([self._panel, *(prices.panel(self.days, part) for part in parts)], self.days)
