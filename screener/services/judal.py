"""The job `judal_fetch`: read Judal's menu, lists and every theme, and publish the run when it is whole.

A run that could not read everything leaves no rows and no files behind: what was read last stays, with its
age, and staff are told what was missing.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from brokers.models import UserNoticeKind
from brokers.services.notices import notify_staff
from lucy import clock, mongo
from lucy.clock import KST
from lucy.errors import LucyError
from lucy.html import PageChanged, compact, decode
from lucy.site import Pace, Site, SiteError
from screener.judal.files import RunFolder, remove_folder
from screener.judal.menu import Menu, ThemeLink, parse_menu
from screener.judal.stocks import StockPage, StockRow, parse_stocks
from screener.judal.themes import ThemeRow, parse_theme_list
from screener.models import JudalList, JudalRun, JudalSettings, JudalStatus, JudalStock, JudalTheme

logger = logging.getLogger(__name__)

JUDAL = "https://www.judal.co.kr"
MENU, ALL_THEMES = "/", "/?view=themeList"
LEAST_SHARE = 0.5  # of the themes of the run before: a menu of fewer is a broken one
FAILURES_IN_A_ROW = 5  # then the host is left alone
IN_STOCK = frozenset(field.attname for field in JudalStock._meta.concrete_fields) - {"id", "run_id"}


def theme_path(number: int) -> str:
    return f"/?view=stockList&themeIdx={number}"


@dataclass(slots=True)
class Reading:
    """What the pages of one run have told so far."""

    menu: Menu
    figures: dict[int, ThemeRow] = field(default_factory=dict)
    places: dict[int, dict[str, int]] = field(default_factory=dict)
    pages: dict[int, StockPage] = field(default_factory=dict)


@dataclass(slots=True)
class Reader:
    """The site, and the run that what it tells is written down in."""

    site: Site
    run: JudalRun

    def page(self, path: str) -> str:
        body = self.site.fetch(path)
        self.run.pages += 1
        return decode(body, "utf-8")

    def refuse(self, what: str, path: str, reason: Exception) -> None:
        words = f"{type(reason).__name__}: {reason}"
        self.run.refused.append({"theme": what, "url": self.site.url(path), "reason": words})
        logger.error("주달 %s: %s", what, words)

    def note(self, what: str, path: str, reason: str) -> None:
        self.run.oddities.append({"theme": what, "url": self.site.url(path), "reason": reason})


def fetch_judal(*, asked_by: str = "") -> int:
    """The daily reading: how many stocks it published; 0 while it is switched off and nobody asked.

    Raises as `run_judal` does, and `LucyError` for a run that was left out because it was not whole.
    """
    if not asked_by and JudalSettings.objects.filter(enabled=False).exists():
        return 0
    run = run_judal(trigger=asked_by)
    if run.status == JudalStatus.PARTIAL:
        raise LucyError("half_read", _half_read(run))
    return run.stocks


def run_judal(*, site: Site | None = None, trigger: str = "") -> JudalRun:
    """Read the site once; raises `PageChanged`, `SiteError` or `LucyError` when its menu is not read.

    The run is kept either way, with what was refused and why; only one that read everything is published.
    """
    switches, _made = JudalSettings.objects.get_or_create(key="judal")
    with _recorded(trigger) as run:
        with site or Site(JUDAL, Pace(pause_seconds=switches.pause_seconds)) as host:
            reading = _read(Reader(host, run))
        if run.refused:
            run.status = JudalStatus.PARTIAL
        else:
            _publish(run, reading)
    _forget_old_runs(switches)
    return run


@contextmanager
def _recorded(trigger: str) -> Iterator[JudalRun]:
    """A run that is closed whatever happens; staff hear of one that cannot be shown."""
    _close_stuck_runs()
    started_at = clock.now()
    run = JudalRun.objects.create(name=_free_name(), started_at=started_at, trigger=trigger)
    try:
        yield run
    except Exception as error:
        run.status, run.error = JudalStatus.FAILED, f"{type(error).__name__}: {error}"
        logger.exception("주달을 읽지 못했습니다; 저장된 것은 그대로입니다.")
        raise
    finally:
        run.ended_at = clock.now()
        run.save()
        if run.status != JudalStatus.DONE:
            _tell_staff(run)


def _close_stuck_runs() -> None:
    """A process that died could not say how its run ended; whatever it left is removed."""
    for run in JudalRun.objects.filter(status=JudalStatus.RUNNING):
        _remove_rows(run)
        remove_folder(settings.JUDAL_DIR, run.name)
        JudalRun.objects.filter(pk=run.pk).update(
            status=JudalStatus.FAILED, ended_at=clock.now(), error="끝을 알리지 못하고 멈췄습니다."
        )


def _free_name() -> str:
    """The time to the second; the next free one where two begin within a second."""
    moment = clock.now().astimezone(KST)
    while JudalRun.objects.filter(name=f"{moment:%Y_%m_%d_%H_%M_%S}").exists():
        moment += timedelta(seconds=1)
    return f"{moment:%Y_%m_%d_%H_%M_%S}"


def _tell_staff(run: JudalRun) -> None:
    what = run.error or _half_read(run)
    notify_staff(
        UserNoticeKind.SCRAPE,
        f"주달 수집 {run.get_status_display()}: {what[:200]}. 끝까지 읽은 마지막 결과를 계속 보여 줍니다.",
        url=reverse("admin:screener_judalrun_change", args=[run.pk]),
        key=f"judal:{run.name}",
    )


def _half_read(run: JudalRun) -> str:
    first = run.refused[0]
    return f"{len(run.refused)}개 페이지를 읽지 못해 버렸습니다. 예: {first['theme']} ({first['reason']})"


# --- reading ----------------------------------------------------------------------------------------------


def _read(reader: Reader) -> Reading:
    reading = Reading(parse_menu(reader.page(MENU)))
    _require_whole_menu(reading.menu)
    _read_lists(reader, reading)
    _read_themes(reader, reading)
    return reading


def _require_whole_menu(menu: Menu) -> None:
    before = JudalRun.objects.filter(status=JudalStatus.DONE).first()
    if before and len(menu.themes) < before.themes * LEAST_SHARE:
        raise LucyError(
            "broken_menu",
            f"주달 메뉴에 테마가 {len(menu.themes)}개뿐입니다(지난번 {before.themes}개). 바꾸지 않았습니다.",
        )


def _read_lists(reader: Reader, reading: Reading) -> None:
    """The themes' figures, and their places in each of the site's orders."""
    for order in (None, *JudalList):
        path = f"{ALL_THEMES}&type={order.value}" if order else ALL_THEMES
        try:
            rows = parse_theme_list(reader.page(path))
        except (SiteError, PageChanged) as error:
            reader.refuse(order.label if order else "전체 테마", path, error)
            continue
        for place, row in enumerate(rows, 1):
            reading.figures.setdefault(row.number, row)
            if order:
                reading.places.setdefault(row.number, {})[order.value] = place


def _read_themes(reader: Reader, reading: Reading) -> None:
    """Every theme; those that failed once more at the end, when the trouble may have passed."""
    failed = _read_some(reader, reading, reading.menu.themes)
    for theme, error in _read_some(reader, reading, [theme for theme, _error in failed]):
        reader.refuse(theme.name, theme_path(theme.number), error)


def _read_some(
    reader: Reader, reading: Reading, themes: Sequence[ThemeLink]
) -> list[tuple[ThemeLink, Exception]]:
    """The themes that could not be read, and why; after some silences in a row nobody asks any more."""
    failed: list[tuple[ThemeLink, Exception]] = []
    silences = 0
    for theme in themes:
        if silences >= FAILURES_IN_A_ROW:
            failed.append((theme, SiteError("not asked: the host does not answer")))
            continue
        try:
            _read_theme(reader, reading, theme)
            silences = 0
        except SiteError as error:
            silences += 1
            failed.append((theme, error))
        except PageChanged as error:
            failed.append((theme, error))
    return failed


def _read_theme(reader: Reader, reading: Reading, theme: ThemeLink) -> None:
    path = theme_path(theme.number)
    page = parse_stocks(reader.page(path))
    _require_theme(theme, page)
    for oddity in page.oddities:
        reader.note(theme.name, path, oddity)
    found = len(page.rows) + len(page.oddities)
    if theme.count is not None and theme.count != found:
        reader.note(theme.name, path, f"메뉴에는 {theme.count}종목, 표에는 {found}종목")
    reading.pages[theme.number] = page


def _require_theme(theme: ThemeLink, page: StockPage) -> None:
    """The page is the theme's own: it says so in its heading, or its stocks name the theme."""
    name, tagged = compact(theme.name), [row for row in page.rows if row.themes]
    named = sum(name in map(compact, row.themes) for row in tagged)
    is_named = named * 2 > len(tagged) if tagged else name in compact(page.title)
    if compact(page.title) != name and not is_named:
        raise PageChanged(f"asked for {theme.name}, got '{page.title[:60]}'")


# --- publishing -------------------------------------------------------------------------------------------


def _publish(run: JudalRun, reading: Reading) -> None:
    """Files and rows first, then the one change that lets everyone see them."""
    stocks = _stocks(reading)
    run.themes, run.stocks = len(reading.menu.themes), len(stocks)
    folder = RunFolder(settings.JUDAL_DIR, run.name)
    try:
        _write_files(folder, reading)
        mongo.insert(*(_theme(run, theme, reading) for theme in reading.menu.themes))
        mongo.insert(*(_stock(run, row) for row in stocks.values()))
        folder.finish()
    except BaseException:
        folder.abandon()
        _remove_rows(run)
        raise
    run.status = JudalStatus.DONE


def _stocks(reading: Reading) -> dict[str, StockRow]:
    """Each stock once, as its latest page told it."""
    found = {row.symbol: row for page in reading.pages.values() for row in page.rows}
    if not found:
        raise PageChanged("no stocks in any theme")
    return found


def _write_files(folder: RunFolder, reading: Reading) -> None:
    folder.begin()
    themes = reading.menu.themes
    links = ((theme.name, f"{JUDAL}{theme_path(theme.number)}") for theme in themes)
    folder.write_links(links, reading.menu.screens)
    for theme in themes:
        folder.write_theme(theme.number, theme.name, reading.pages[theme.number].rows)


def _theme(run: JudalRun, theme: ThemeLink, reading: Reading) -> JudalTheme:
    row = reading.figures.get(theme.number)
    told = asdict(row) if row else {}
    figures = {name: told[name] for name in told.keys() - {"number", "name"}}
    return JudalTheme(
        run=run,
        number=theme.number,
        name=theme.name,
        told=theme.count,
        members=[[row.symbol, row.reason] for row in reading.pages[theme.number].rows],
        places=reading.places.get(theme.number, {}),
        figures={name: str(value) for name, value in figures.items() if value is not None},
    )


def _stock(run: JudalRun, row: StockRow) -> JudalStock:
    values: dict[str, Any] = {name: value for name, value in asdict(row).items() if name in IN_STOCK}
    return JudalStock(run=run, **values)


# --- forgetting -------------------------------------------------------------------------------------------


def _forget_old_runs(switches: JudalSettings) -> None:
    """Runs older than their days go, with their files; the last whole one stays however old it is."""
    last = JudalRun.objects.filter(status=JudalStatus.DONE).first()
    old = JudalRun.objects.filter(started_at__lt=clock.now() - timedelta(days=switches.keep_days))
    for run in old:
        if last and run.pk == last.pk:
            continue
        _remove_rows(run)
        remove_folder(settings.JUDAL_DIR, run.name)
        run.delete()


def _remove_rows(run: JudalRun) -> None:
    JudalTheme.objects.filter(run=run).delete()
    JudalStock.objects.filter(run=run).delete()
