"""When LS announces that a market changes its session (JIF, ls.md 5.2)."""

from collections.abc import Iterator
from datetime import datetime, time

KOSPI, KOSDAQ, NXT = "1", "2", "6"  # jangubun

KRX_CHANGES = (
    (time(8, 30), "11"),  # opening auction
    (time(8, 50), "25"),  # 10 minutes to the open
    (time(8, 55), "24"),
    (time(8, 59), "23"),
    (time(8, 59, 50), "22"),
    (time(9, 0), "21"),  # open
    (time(15, 20), "31"),  # closing auction
    (time(15, 25), "44"),
    (time(15, 29), "43"),
    (time(15, 29, 50), "42"),
    (time(15, 30), "41"),  # closed
    (time(15, 40), "51"),  # trading at the closing price
    (time(16, 0), "52"),  # it ends, single-price trading begins
    (time(18, 0), "54"),
)
NXT_CHANGES = (
    (time(7, 50), "A5"),  # 10 minutes to the pre-market
    (time(7, 55), "A4"),
    (time(7, 59), "A3"),
    (time(7, 59, 50), "A2"),
    (time(8, 0), "55"),  # it opens
    (time(8, 45), "C4"),
    (time(8, 49), "C3"),
    (time(8, 49, 50), "C2"),
    (time(8, 50), "57"),  # and closes
    (time(15, 20), "B5"),  # 10 minutes to the after-market
    (time(15, 25), "B4"),
    (time(15, 29), "B3"),
    (time(15, 29, 50), "B2"),
    (time(15, 30), "56"),  # it opens
    (time(19, 55), "D4"),
    (time(19, 59), "D3"),
    (time(19, 59, 50), "D2"),
    (time(20, 0), "58"),  # and closes
)
DAY = sorted(
    [(at, market, status) for market in (KOSPI, KOSDAQ) for at, status in KRX_CHANGES]
    + [(at, NXT, status) for at, status in NXT_CHANGES]
)


def changes_between(seen: datetime, now: datetime) -> Iterator[tuple[str, str]]:
    """(jangubun, jstatus) of what changed after `seen` and until `now`, in time's order."""
    for at, market, status in DAY:
        if seen < datetime.combine(now.date(), at, now.tzinfo) <= now:
            yield market, status
