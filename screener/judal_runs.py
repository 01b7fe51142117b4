"""Judal's runs as people ask for them: the latest whole one, its themes and stocks, two side by side."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from lucy.errors import LucyError
from screener.models import JudalRun, JudalStatus, JudalStock, JudalTheme

FIRST_THEMES = 10  # of each of the site's lists, as the original took them


def good_runs() -> list[JudalRun]:
    """Those that were read to their end, the latest first."""
    return list(JudalRun.objects.filter(status=JudalStatus.DONE))


def latest_run() -> JudalRun:
    """The latest whole one; `LucyError` when none was ever read."""
    found = JudalRun.objects.filter(status=JudalStatus.DONE).first()
    if found is None:
        raise LucyError(
            "no_judal_run",
            "주달을 아직 끝까지 읽은 적이 없습니다. 매일 15:53에 읽으며, 관리자는 지금 시작할 수 있습니다.",
            status=503,
        )
    return found


def run_named(name: str) -> JudalRun | None:
    return JudalRun.objects.filter(status=JudalStatus.DONE, name=name).first()


def news_since(run: JudalRun) -> tuple[str, ...]:
    """What went wrong since that run, for whoever reads its figures, and what it lacks."""
    notes = []
    if run.oddities:
        notes.append(f"수치가 서로 맞지 않거나 수가 다른 {len(run.oddities)}건을 빼거나 적어 두었습니다.")
    broken = (JudalStatus.FAILED, JudalStatus.PARTIAL)
    later = JudalRun.objects.filter(started_at__gt=run.started_at, status__in=broken).first()
    if later is not None:
        words = "읽지 못했습니다" if later.status == JudalStatus.FAILED else "일부만 읽어 버렸습니다"
        notes.append(f"{written(later)} 수집은 {words}. 그 앞의 결과를 보여 줍니다.")
    return tuple(notes)


def written(run: JudalRun) -> str:
    """When it began, for a reader."""
    return timezone.localtime(run.started_at).strftime("%Y-%m-%d %H:%M")


def themes_of(run: JudalRun) -> list[JudalTheme]:
    """In the menu's order."""
    return list(JudalTheme.objects.filter(run=run).order_by("pk"))


def theme_of(run: JudalRun, number: int) -> JudalTheme | None:
    return JudalTheme.objects.filter(run=run, number=number).first()


def stocks_of(run: JudalRun, **conditions: Any) -> list[JudalStock]:
    """By market value, the greatest first; `conditions` as of the ORM."""
    return list(JudalStock.objects.filter(run=run, **conditions).order_by("-market_value", "symbol"))


def symbols_in(themes: Iterable[JudalTheme], lists: Collection[str]) -> set[str]:
    """The stocks of the first ten themes of each of the site's lists."""
    wanted = (theme for theme in themes if any(theme.places.get(one, 99) <= FIRST_THEMES for one in lists))
    return {symbol for theme in wanted for symbol, _reason in theme.members}


def names_by_symbol(themes: Iterable[JudalTheme]) -> dict[str, list[str]]:
    """The themes of each stock."""
    found: dict[str, list[str]] = defaultdict(list)
    for theme in themes:
        for symbol, _reason in theme.members:
            found[symbol].append(theme.name)
    return found


@dataclass(frozen=True, slots=True)
class TwoRuns:
    """An earlier and a later run."""

    before: JudalRun
    after: JudalRun


def two_runs(before: str, after: str) -> TwoRuns:
    """Those named, or the latest and the one before it; `LucyError` where there are no two."""
    runs = good_runs()
    by_name = {run.name: run for run in runs}
    later = by_name.get(after) or latest_run()
    earlier = by_name.get(before) or next((run for run in runs if run.started_at < later.started_at), None)
    if earlier is None or earlier.pk == later.pk:
        raise LucyError(
            "no_two_judal_runs",
            "비교할 두 수집이 없습니다. 내일 수집이 끝난 뒤에 다시 보십시오.",
            status=409,
        )
    first, last = sorted((earlier, later), key=lambda run: run.started_at)
    return TwoRuns(first, last)
