"""What the settings page shows: the jobs with their last and next runs, and the business settings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from accounts.models import User
from lucy.clock import KST
from lucy.jobs.crons import in_words
from lucy.jobs.models import JobRun
from lucy.jobs.services import CRON_FIELDS, next_run

RUNS_SHOWN = 20
HIDDEN_JOBS = frozenset({"celery.backend_cleanup"})  # the library's own; we keep no results
SETTINGS = (  # app, model, and what the rows decide
    ("brokers", "tradinglimit", "주문이 나가기 전에 지키는 한도. 여럿이면 가장 엄한 값"),
    ("brokers", "restrictedissue", "사거나 팔지 못하게 한 종목"),
    ("brokers", "eventday", "직원이 휴장·개장·거래시간을 정한 날"),
    ("ipo", "scrapesettings", "공모주를 어디서 얼마나 자주 읽는가"),
    ("screener", "judalsettings", "주달을 얼마나 천천히 읽고 며칠 두는가"),
    ("brokers", "servicekey", "외부 서비스의 키. 값은 보이지 않습니다"),
    ("jobs", "jobsettings", "작업 기록을 얼마나 두는가"),
)
MOST_ROWS = 20
INTERVAL_UNITS = {
    "days": "일",
    "hours": "시간",
    "minutes": "분",
    "seconds": "초",
    "microseconds": "마이크로초",
}


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job of the schedule."""

    job: PeriodicTask
    cron: str  # five fields; empty where it runs by interval
    words: str  # the same in words
    next_at: datetime | None
    last: JobRun | None


def job_lines() -> list[JobLine]:
    jobs = PeriodicTask.objects.exclude(name__in=HIDDEN_JOBS).select_related("crontab", "interval")
    return [job_line(job) for job in jobs.order_by("name")]


def job_line(job: PeriodicTask) -> JobLine:
    crontab, last = job.crontab, runs_of(job, 1)
    fields = [getattr(crontab, name) for name in CRON_FIELDS] if crontab else []
    return JobLine(
        job=job,
        cron=" ".join(fields),
        words=in_words(*fields) if fields else _interval(job),
        next_at=next_run(job),
        last=last[0] if last else None,
    )


def _interval(job: PeriodicTask) -> str:
    every = job.interval
    return f"{every.every}{INTERVAL_UNITS[every.period]}마다" if every else ""


def runs_of(job: PeriodicTask, count: int = RUNS_SHOWN) -> list[JobRun]:
    """The last runs, newest first, by the clock and by hand."""
    return list(JobRun.objects.filter(task=job.task).order_by("-started_at").defer("log")[:count])


# --- business settings --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SettingRow:
    name: str
    values: list[tuple[str, str]]  # field in words, value
    url: str  # where it is changed; empty for who may not


@dataclass(frozen=True, slots=True)
class SettingGroup:
    title: str
    about: str
    rows: list[SettingRow]
    more: int  # rows that are not shown
    add_url: str
    list_url: str


def setting_groups(user: User) -> list[SettingGroup]:
    """The settings that this user may see."""
    found = []
    for app, name, about in SETTINGS:
        if user.has_perm(f"{app}.view_{name}"):
            found.append(_group(user, apps.get_model(app, name), about))
    return found


def _group(user: User, model: type[Model], about: str) -> SettingGroup:
    app, name = model._meta.app_label, str(model._meta.model_name)
    rows = model._default_manager.all()
    if name == "eventday":
        rows = rows.exclude(decided_at=None).order_by("-locdate")
    may_change = user.has_perm(f"{app}.change_{name}")
    may_add = user.has_perm(f"{app}.add_{name}") and not (name == "jobsettings" and rows.exists())
    count = rows.count()
    return SettingGroup(
        title=str(model._meta.verbose_name),
        about=about,
        rows=[
            SettingRow(
                name=str(row),
                values=_values(row),
                url=reverse(f"admin:{app}_{name}_change", args=[row.pk]) if may_change else "",
            )
            for row in rows[:MOST_ROWS]
        ],
        more=max(0, count - MOST_ROWS),
        add_url=reverse(f"admin:{app}_{name}_add") if may_add else "",
        list_url=reverse(f"admin:{app}_{name}_changelist"),
    )


_SECRETS = frozenset({"value"})  # of a service key


def _values(row: Model) -> list[tuple[str, str]]:
    """What a row says, field by field; of a secret only whether it is there."""
    told: list[tuple[str, str]] = []
    for field in row._meta.concrete_fields:
        value: Any = getattr(row, field.attname)
        if field.primary_key or field.is_relation or value is None or value == "":
            continue
        if row._meta.model_name == "servicekey" and field.name in _SECRETS:
            told.append((str(field.verbose_name), "넣음"))
        elif field.choices:
            told.append((str(field.verbose_name), str(dict(field.flatchoices).get(value, value))))
        else:
            told.append((str(field.verbose_name), _written(value)))
    return told


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(value, datetime):
        return f"{value.astimezone(KST):%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int | float) or hasattr(value, "quantize") else str(value)
