"""The jobs after `migrate`: there, runnable, and left as staff changed them."""

import pytest
from celery import current_app
from django_celery_beat.models import PeriodicTask

from lucy.schedule import JOBS, keep_schedule

pytestmark = pytest.mark.django_db


def times(job):
    if job.interval:
        return f"{job.interval.every} {job.interval.period}"
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    return " ".join(getattr(job.crontab, name) for name in names)


def test_migrate_brings_the_jobs(db):
    found = {job.name: times(job) for job in PeriodicTask.objects.all()}
    assert found == {job.name: job.crontab or f"{job.seconds} seconds" for job in JOBS}
    crontabs = [job.crontab for job in PeriodicTask.objects.all() if job.crontab]
    assert {str(crontab.timezone) for crontab in crontabs} == {"Asia/Seoul"}


def test_every_job_names_a_task_of_ours(db):
    current_app.loader.import_default_modules()
    assert {job.task for job in JOBS} <= set(current_app.tasks)


def test_migrating_again_keeps_what_staff_changed(db):
    job = PeriodicTask.objects.get(name="holiday_godata")
    PeriodicTask.objects.filter(pk=job.pk).update(enabled=False)
    keep_schedule()
    assert PeriodicTask.objects.count() == len(JOBS)
    assert not PeriodicTask.objects.get(pk=job.pk).enabled
    PeriodicTask.objects.filter(pk=job.pk).update(enabled=True)
