"""Jobs: their runs written down, started by hand, paused, moved to another time."""

import json
import logging
from datetime import datetime, timedelta

from celery import current_app
from celery.schedules import ParseException
from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from kombu.exceptions import OperationalError

from accounts.models import User
from lucy import clock
from lucy.errors import LucyError
from lucy.jobs.models import LONGEST_LOG, JobRun, JobSettings, RunStatus

logger = logging.getLogger(__name__)

CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
_FIELD_WORDS = ("분", "시", "일", "월", "요일")
_RANGES = {
    "minute": "0–59",
    "hour": "0–23",
    "day_of_month": "1–31",
    "month_of_year": "1–12",
    "day_of_week": "0(일)–6(토)",
}


# --- runs ---------------------------------------------------------------------------------------------------


def begin(
    task: str, *, task_id: str, worker: str, job: str, asked_by: str, limit: timedelta
) -> JobRun | None:
    """Write down that a task begins; None, and a row that says so, while its last run still goes on."""
    now = clock.now()
    overdue = JobRun.objects.filter(task=task, limit_at__lt=now)
    _give_up(overdue, "제한 시간이 지나도록 끝나지 않았습니다.")
    names = {"task_id": task_id, "worker": worker, "job": job, "asked_by": asked_by}
    values = {"task": task, "started_at": now, **names}
    try:
        return JobRun.objects.create(**values, limit_at=now + limit)
    except IntegrityError:
        logger.info("%s is skipped: the run before goes on", task)
        JobRun.objects.create(
            **values,
            limit_at=now,
            ended_at=now,
            status=RunStatus.SKIPPED,
            result="앞선 실행이 아직 끝나지 않아 건너뛰었습니다.",
        )
        return None


def give_up_runs_of(worker: str) -> None:
    """A worker of this name begins: what it ran before died with it, and holds its next turn up no longer."""
    _give_up(JobRun.objects.filter(worker=worker), "일꾼이 멈추어 끝내지 못했습니다.")


def _give_up(runs: QuerySet[JobRun], why: str) -> None:
    running = runs.filter(status=RunStatus.RUNNING)
    running.update(status=RunStatus.LOST, ended_at=clock.now(), error=why)


def done(run: JobRun, result: str, log: str) -> None:
    _end(run, RunStatus.DONE, result=result[:1_000], log=log)


def failed(run: JobRun, why: str, log: str, *, again: bool = False) -> None:
    _end(run, RunStatus.AGAIN if again else RunStatus.FAILED, error=why[:LONGEST_LOG], log=log)


def forget(run: JobRun) -> None:
    """It found nothing to do."""
    run.delete()


def _end(run: JobRun, status: RunStatus, *, result: str = "", error: str = "", log: str = "") -> None:
    """Also of a run that was given up as lost: it came back."""
    JobRun.objects.filter(pk=run.pk).update(
        status=status, ended_at=clock.now(), result=result, error=error, log=log[-LONGEST_LOG:]
    )


def forget_old_runs() -> int:
    """Drop what is older than the settings say, and of frequent jobs all but the newest."""
    kept = JobSettings.objects.first() or JobSettings()
    old = JobRun.objects.filter(started_at__lt=clock.now() - timedelta(days=kept.keep_days))
    gone: int = old.exclude(status=RunStatus.RUNNING).delete()[0]
    for task in set(JobRun.objects.values_list("task", flat=True).distinct()):
        rows = JobRun.objects.filter(task=task).order_by("-started_at")
        border = rows.values_list("started_at", flat=True)[kept.keep_runs - 1 : kept.keep_runs].first()
        if border:
            gone += rows.filter(started_at__lt=border).exclude(status=RunStatus.RUNNING).delete()[0]
    return gone


# --- by hand ------------------------------------------------------------------------------------------------


def run_now(job: PeriodicTask, by: User) -> None:
    """Send the task to the workers, whether the job is paused or not. Raises `LucyError`."""
    current_app.loader.import_default_modules()
    if job.task not in current_app.tasks:
        raise LucyError("unknown_task", f"이 프로그램에 없는 작업입니다: {job.task}")
    headers = {"periodic_task_name": job.name, "asked_by": by.get_username()}
    task = current_app.tasks[job.task]
    try:
        task.apply_async(
            args=json.loads(job.args), kwargs=json.loads(job.kwargs), headers=headers, retry=False
        )
    except OperationalError as away:
        raise LucyError(
            "queue_away",
            "작업 대기열(Redis)에 연결할 수 없습니다. 잠시 후 다시 시도하세요.",
            status=503,
        ) from away


def pause(job: PeriodicTask, paused: bool) -> None:
    job.enabled = not paused
    job.save()


def set_cron(job: PeriodicTask, text: str) -> None:
    """Move a job to another time: minute, hour, day, month, day of week. Raises `LucyError`."""
    fields = cron_fields(text)
    kept = CrontabSchedule.objects.filter(**fields, timezone=settings.TIME_ZONE).first()
    crontab = kept or CrontabSchedule.objects.create(**fields, timezone=settings.TIME_ZONE)
    job.crontab, job.interval, job.solar, job.clocked = crontab, None, None, None
    job.save()


def cron_fields(text: str) -> dict[str, str]:
    """The five fields by name. Raises `LucyError` that names the field that is wrong."""
    parts = text.split()
    if len(parts) != len(CRON_FIELDS):
        raise LucyError(
            "bad_cron",
            f"분 시 일 월 요일, 다섯 칸을 빈칸으로 나누어 적으세요(지금 {len(parts)}칸). 예: 53 15 * * 1-5",
        )
    for name, word, part in zip(CRON_FIELDS, _FIELD_WORDS, parts, strict=True):
        try:
            CrontabSchedule(**{name: part}, timezone=settings.TIME_ZONE).schedule  # noqa: B018
        except (ParseException, ValueError) as odd:
            raise LucyError(
                "bad_cron",
                f"{word} 칸에 ‘{part}’은(는) 쓸 수 없습니다. {_RANGES[name]}, *, */3, 1-5처럼 적으세요.",
            ) from odd
    return dict(zip(CRON_FIELDS, parts, strict=True))


def next_run(job: PeriodicTask) -> datetime | None:
    """When the clock starts it again; None while it is paused."""
    if not job.enabled:
        return None
    now = job.schedule.maybe_make_aware(clock.now())
    if job.crontab:
        last, ahead, _now = job.schedule.remaining_delta(now)
        moment: datetime = last + ahead
        return moment
    left: timedelta = job.schedule.remaining_estimate(job.last_run_at or now)
    soonest: datetime = now + max(left, timedelta(0))
    return soonest
