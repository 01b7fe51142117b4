"""주달: when it was read, what came of it, and what was left out."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from lucy import clock
from screener.models import JudalRun, JudalStatus
from screener.screens import Column, Kind, Menu, Result, Row, Screen, ScreenForm, Tabs, register
from screener.sources.judal import FRESH, SOURCE

MOST_RUNS = 500  # more than a year of them


def history(user: User, asked: Mapping[str, Any]) -> Result:
    rows = [_row(run) for run in JudalRun.objects.all()[:MOST_RUNS]]
    return Result(rows, clock.now(), SOURCE)


def _row(run: JudalRun) -> Row:
    row: Row = {
        "name": run.name,
        "started_at": run.started_at,
        "status": run.get_status_display(),
        "pages": run.pages,
        "oddities": len(run.oddities),
        "why": _why(run),
    }
    if run.ended_at:
        row["seconds"] = round((run.ended_at - run.started_at).total_seconds())
    if run.status == JudalStatus.DONE:
        row |= {"themes": run.themes, "stocks": run.stocks, "compared": "앞 수집과 비교"}
    return row


def _why(run: JudalRun) -> str:
    if not run.refused:
        return run.error
    first = f"{run.refused[0]['theme']}: {run.refused[0]['reason']}"
    return f"{first} 외 {len(run.refused) - 1}" if len(run.refused) > 1 else first


register(
    Screen(
        key="judal-runs",
        title="주달 수집 기록",
        about="언제 얼마나 읽었는지: 끝까지 읽은 것만 보여 주고 비교합니다",
        columns=(
            Column("started_at", "시작", Kind.TIME),
            Column("status", "상태", Kind.TEXT),
            Column("themes", "테마", Kind.COUNT),
            Column("stocks", "종목", Kind.COUNT),
            Column("pages", "읽은 페이지", Kind.COUNT),
            Column("seconds", "걸린 시간(초)", Kind.NUMBER),
            Column("oddities", "뺀 것", Kind.COUNT),
            Column("why", "읽지 못한 것", Kind.TEXT),
            Column("compared", "비교", Kind.TEXT, link="/find/judal-compare/?after={name}"),
            Column("name", "폴더", Kind.TEXT, hidden=True),
        ),
        form_class=ScreenForm,
        fetch=history,
        source=SOURCE,
        menu=Menu.JUDAL,
        shared=True,
        fresh=FRESH,
        identity=("name",),
        scheduled=False,
        empty="매일 15:53에 읽습니다.",
        tabs=Tabs.JUDAL,
        tab="수집 기록",
    )
)
