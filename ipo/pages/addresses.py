"""Where the source's pages are; `no` is the offer's number for all of them, `page` counts from 1."""

CALENDAR, RESULTS, SCHEDULE, LISTINGS = "k", "r1", "r", "nw"


def list_path(view: str, page: int = 1) -> str:
    return f"/html/fund/index.htm?o={view}&page={page}"


def detail_path(no: int) -> str:
    return f"/html/fund/?o=v&no={no}&l=&page=1"
