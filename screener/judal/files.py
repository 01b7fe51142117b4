"""A run as files: a folder named by its time, one CSV a theme, written whole or not at all.

Names, columns and the two lists are the original's, so that what reads its folders reads these; what was
wrong in them is mended: codes are text, the distances from high and low stand under their own names, nothing
is written where nothing is known.
"""

import csv
import re
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from brokers.terms import Market
from screener.judal.menu import ScreenLink
from screener.judal.stocks import StockRow

FOLDER = re.compile(r"\d{4}(?:_\d{2}){5}")
HALF = ".half-"  # in front of a folder that is being written
UNSAFE = re.compile(r"[^\w가-힣()&+.,'\-]+")
LONGEST_NAME_BYTES = 120
RESERVED = frozenset({"con", "prn", "aux", "nul", "theme_list", "href_list"})
MARKET_NAMES = {Market.KOSPI: "KOSPI", Market.KOSDAQ: "KOSDAQ"}
STOCK_HEADINGS = (
    *("종목명", "시장종류", "종목코드", "현재가", "등락가", "전일비", "3일합산"),
    *("52주최고", "52주최저", "52주최고대비", "52주최저대비", "52주 소외지수"),
    *("3년최고", "3년최저", "3년최고대비", "3년최저대비", "3년 소외지수", "3년 주가지수"),
    *("기대수익률", "PBR", "PER", "EPS", "시가총액", "당일 거래량지수", "최근7일 거래량지수"),
    *("버핏초이스", "관련테마", "업데이트", "편입사유"),
)


class RunFolder:
    """The folder of one run below `base`; it has its name from `finish` on, and is gone after `abandon`."""

    def __init__(self, base: Path, name: str) -> None:
        self._final = base / name
        self._half = base / f"{HALF}{name}"
        self._taken: set[str] = set()

    def begin(self) -> None:
        shutil.rmtree(self._half, ignore_errors=True)
        self._half.mkdir(parents=True)

    def write_links(self, themes: Iterable[tuple[str, str]], screens: Iterable[ScreenLink]) -> None:
        """href_list.csv: the themes; theme_list.csv: the site's screens, in spite of its name."""
        self._write("href_list", ("name", "href"), themes)
        self._write("theme_list", ("name", "href"), ((screen.name, screen.href) for screen in screens))

    def write_theme(self, number: int, name: str, rows: Iterable[StockRow]) -> str:
        """The theme's file name, without its ending."""
        stem = safe_name(name)
        if stem.casefold() in self._taken | RESERVED:
            stem = f"{stem}_{number}"
        self._taken.add(stem.casefold())
        self._write(stem, STOCK_HEADINGS, map(_line, rows))
        return stem

    def finish(self) -> None:
        self._half.rename(self._final)

    def abandon(self) -> None:
        shutil.rmtree(self._half, ignore_errors=True)

    def _write(self, stem: str, headings: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
        with (self._half / f"{stem}.csv").open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(headings)
            writer.writerows(lines)


def safe_name(name: str) -> str:
    """A theme's name as a file name: nothing that leads elsewhere, hides, or is too long."""
    plain = UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip("._ ")
    cut = plain.encode()[:LONGEST_NAME_BYTES].decode("utf-8", "ignore").rstrip("._ ")
    return cut or "_"


def remove_folder(base: Path, name: str) -> None:
    """A run's folder and what was left of it; no other name is ever removed."""
    if not FOLDER.fullmatch(name):
        raise ValueError(f"{name} is no run's folder")
    for folder in (base / name, base / f"{HALF}{name}"):
        shutil.rmtree(folder, ignore_errors=True)


def _line(row: StockRow) -> list[object]:
    values = (
        *(row.name, MARKET_NAMES[row.market], row.symbol, row.price, row.change, row.change_rate),
        *(row.three_days, row.high_52w, row.low_52w, row.from_high_52w, row.from_low_52w, row.neglect_52w),
        *(row.high_3y, row.low_3y, row.from_high_3y, row.from_low_3y, row.neglect_3y, row.price_index_3y),
        *(row.expected, row.pbr, row.per, row.eps, row.market_value, row.volume_today, row.volume_week),
        *(row.buffett, ",".join(row.themes), row.updated, row.reason),
    )
    return ["" if value is None else value for value in values]
