"""Public offerings: parsing beside BeautifulSoup, and a full run over 200 offers in a process of its own.

`python -m bench.ipo ADDRESS` is that process: it reads the local site once, prints seconds and peak memory.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable

from bs4 import BeautifulSoup

from bench.figures import Figure, peak_megabytes
from tests.ipo.local38 import Local38, deals, saved
from tests.local_site import served

OFFERS = 200
LABELS = {
    "기업개요": ("종목명", "진행상황", "시장구분", "종목코드", "업종", "매출액", "순이익", "자본금"),
    "공모정보": ("총공모주식수", "액면가", "희망공모가액", "청약경쟁률", "확정공모가", "공모금액", "주간사"),
    "공모청약일정": ("수요예측일", "공모청약일", "납입일", "환불일", "상장일", "기관경쟁률", "의무보유확약"),
}


def figures() -> list[Figure]:
    return [*_parsing(), *_full_run()]


def _parsing() -> list[Figure]:
    """The true pages; the other side reads 22 values of an offer's page, ours all of them."""
    from ipo.pages.calendar import parse_calendar
    from ipo.pages.detail import parse_detail

    calendar, detail = saved("38_list_k_20260704.euckr.html"), saved("38_detail_2293.euckr.html")
    pairs: tuple[tuple[str, str, Callable[[str], object], Callable[[str], object]], ...] = (
        ("an offer's page (316 kB) read", detail, parse_detail, _detail_by_soup),
        ("the calendar's page (75 kB) read", calendar, parse_calendar, _calendar_by_soup),
    )
    return [
        _beside(name, page, _milliseconds(ours, page, 30), _milliseconds(theirs, page, 5))
        for name, page, ours, theirs in pairs
    ]


def _beside(name: str, page: str, ours: float, theirs: float) -> Figure:
    return Figure(name, "ms", ours, theirs, "BeautifulSoup", ours / theirs, 0.1, "share of its time")


def _milliseconds(read: Callable[[str], object], page: str, times: int) -> float:
    """The best of several, in the processor's time: neighbours on the machine disturb both sides alike."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        read(page)
        taken.append(time.process_time() - began)
    return min(taken) * 1000


def _calendar_by_soup(page: str) -> list[list[str]]:
    rows = _soup(page).select("table[summary='공모주 청약일정'] tbody tr")
    return [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in rows]


def _detail_by_soup(page: str) -> dict[str, str]:
    soup = _soup(page)
    found = {}
    for summary, labels in LABELS.items():
        for cell in soup.select(f"table[summary='{summary}'] td"):
            label, value = "".join(cell.get_text().split()), cell.find_next_sibling("td")
            if label in labels and value is not None:
                found[label] = " ".join(value.get_text().split())
    return found


def _soup(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html.parser")


def _full_run() -> list[Figure]:
    """Lists and own pages of 200 offers, without pauses, into the database."""
    with served(Local38(deals(OFFERS))) as local:
        command = [sys.executable, "-m", "bench.ipo", local.url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["saved"] == OFFERS, done.stderr
    return [
        _within(f"{OFFERS} offers fetched, parsed, stored", "s", told["seconds"], 30, "seconds"),
        _within("peak memory of that process", "MB", told["megabytes"], 150, "megabytes"),
    ]


def _within(name: str, unit: str, value: float, target: float, rule: str) -> Figure:
    return Figure(name, unit, value, compared=value, target=target, rule=rule)


def run_once(address: str) -> None:
    import django

    django.setup()
    from ipo.models import ScrapeSettings
    from ipo.services.site38 import run_site38
    from lucy.site import Pace, Site

    ScrapeSettings.objects.update_or_create(source="site38", defaults={"list_pages": 10})
    began = time.perf_counter()
    saved_rows = run_site38(site=Site(address, Pace(pause_seconds=0))).saved
    told = {
        "saved": saved_rows,
        "seconds": time.perf_counter() - began,
        "megabytes": peak_megabytes(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    run_once(sys.argv[1])
