"""Jobs: every run is written down, none overlaps, staff start, pause and move them."""

import logging
from datetime import timedelta

import pytest
from celery import shared_task
from celery.exceptions import Retry
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from lucy import clock
from lucy.jobs import running, services
from lucy.jobs.crons import in_words
from lucy.jobs.models import JobRun, JobSettings, RunStatus
from lucy.jobs.selectors import job_line
from tests.brokers.test_pages import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@shared_task(name="tests.add")
def add(first, second):
    if second == 0:
        raise ValueError("nothing to add")
    logging.getLogger("tests.jobs").info("adding %s", second)
    return first + second


@shared_task(name="tests.stubborn", autoretry_for=(ConnectionError,), retry_backoff=1, max_retries=1)
def stubborn():
    raise ConnectionError("the site is away")


def begin(task="tests.add", limit=MINUTE, worker="celery@here"):
    return services.begin(task, task_id="1", worker=worker, job="", asked_by="", limit=limit)


@pytest.fixture
def staff(db):
    return make_user("boss", groups=("administrator",), is_staff=True)


@pytest.fixture
def job(db):
    found = PeriodicTask.objects.get(name="holiday_godata")
    kept = (found.crontab, found.enabled)
    yield found
    found.crontab, found.enabled = kept
    found.save()


def press(staff, name, job, **values):
    answer = signed_in(staff).post(reverse(f"jobs:{name}", args=[job.pk]), values)
    return answer.status_code, answer.content.decode()


# Runs


def test_a_run_is_written_down_with_its_end_and_log():
    add.apply((2, 3), headers={"periodic_task_name": "daily sum", "asked_by": "kim"})
    run = JobRun.objects.get()
    assert (run.status, run.result, run.job, run.asked_by) == ("done", "5", "daily sum", "kim")
    assert "adding 3" in run.log
    assert run.seconds is not None

    add.apply((2, 0))
    failed = JobRun.objects.get(status="failed")
    assert failed.error == "ValueError: nothing to add"
    assert "Traceback" in failed.log
    assert "adding 3" not in failed.log


def test_a_run_that_gets_another_turn_says_so():
    with pytest.raises((Retry, ConnectionError)):
        stubborn.apply(throw=True)
    assert "the site is away" in JobRun.objects.filter(status="again").first().error


@running.job(quiet=True)
def quiet(result):
    return result


def test_a_quiet_task_leaves_a_row_only_where_it_did_something():
    quiet.apply((None,))
    quiet.apply((2,))
    assert [run.result for run in JobRun.objects.all()] == ["2"]


def test_called_from_our_own_code_it_is_no_run():
    assert add(1, 2) == 3
    assert not JobRun.objects.exists()


def test_a_run_is_skipped_while_the_one_before_goes_on():
    first = begin()
    add.apply((1, 1))
    assert list(JobRun.objects.order_by("started_at").values_list("status", flat=True)) == [
        "running",
        "skipped",
    ]
    services.done(first, "", "")
    add.apply((1, 1))
    assert JobRun.objects.filter(status="done").count() == 2


def test_past_its_limit_a_run_is_lost_and_holds_nobody_up():
    lost = begin(limit=-MINUTE)
    assert lost.is_overdue
    assert begin() is not None
    lost.refresh_from_db()
    assert lost.status == RunStatus.LOST
    services.done(lost, "late", "")  # it came back
    lost.refresh_from_db()
    assert (lost.status, lost.result) == ("done", "late")


def test_a_worker_that_starts_anew_gives_up_what_it_ran():
    died, elsewhere = begin("tests.add"), begin(quiet.name, worker="celery@there")
    services.give_up_runs_of("celery@here")
    assert begin("tests.add") is not None
    assert begin(quiet.name) is None
    died.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (died.status, elsewhere.status) == (RunStatus.LOST, RunStatus.RUNNING)


def test_old_runs_and_too_many_are_forgotten():
    JobSettings.objects.create(keep_days=7, keep_runs=10)
    for days in (*range(8, 11), *[0] * 12):
        run = begin()
        services.done(run, str(days), "")
        JobRun.objects.filter(pk=run.pk).update(started_at=clock.now() - timedelta(days=days))
    assert services.forget_old_runs() == 5
    assert JobRun.objects.count() == 10


# By hand


def test_cron_is_changed_or_refused_by_field(staff, job):
    status, page = press(staff, "cron", job, cron="5 25 * * *")
    assert status == 422
    assert "시 칸에 ‘25’" in page
    assert press(staff, "cron", job, cron="5 9 * *")[0] == 422
    assert "예약을 적으세요" in press(staff, "cron", job, cron="")[1]
    assert press(staff, "cron", job, cron="5 9 * * 1-5")[0] == 200
    line = job_line(PeriodicTask.objects.get(pk=job.pk))
    assert line.cron == "5 9 * * 1-5"
    next_at = line.next_at.astimezone(clock.KST)
    assert (next_at.hour, next_at.minute) == (9, 5)
    assert next_at > clock.now()
    assert next_at.weekday() < 5


def test_a_job_is_paused_and_goes_on(staff, job):
    assert "멈췄습니다" in press(staff, "pause", job, paused="1")[1]
    line = job_line(PeriodicTask.objects.get(pk=job.pk))
    assert (line.job.enabled, line.next_at) == (False, None)
    press(staff, "pause", job, paused="")
    assert PeriodicTask.objects.get(pk=job.pk).enabled


def test_run_now_goes_to_the_workers_with_a_name(staff, job):
    from celery import current_app

    assert "실행을 맡겼습니다" in press(staff, "start", job)[1]
    with current_app.connection_for_read() as connection:
        message = connection.SimpleQueue("celery").get(timeout=5)
        headers = dict(message.headers)
        message.ack()
    assert (headers["task"], headers["asked_by"]) == ("brokers.tasks.holiday_godata", "boss")


def test_an_unknown_task_is_refused(staff, job):
    PeriodicTask.objects.filter(pk=job.pk).update(task="gone.task")
    assert "없는 작업입니다: gone.task" in press(staff, "start", job)[1]
    PeriodicTask.objects.filter(pk=job.pk).update(task=job.task)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("53 15 * * *", "매일 15:53"),
        ("40 16 * * 1-5", "월–금요일 16:40"),
        ("0 0 1 * *", "매월 1일 00:00"),
        ("10 0-7,16-23 * * *", "매일 0–7, 16–23시 10분"),
        ("*/5 * * * *", "매일 5분마다"),
        ("0 9 1 3,9 *", "3, 9월 1일 09:00"),
    ],
)
def test_a_crontab_in_words(cron, words):
    assert in_words(*cron.split()) == words


# Who may


def test_the_page_is_for_staff(trader, staff, job):
    page = reverse("jobs:settings")
    assert Client().get(page).status_code == 302
    assert signed_in(trader).get(page).status_code == 403
    assert press(trader, "start", job)[0] == 403
    body = signed_in(staff).get(page).content.decode()
    assert "holiday_godata" in body
    assert "주문 한도" in body
    reader = make_user("office", groups=("back office",), is_staff=True)
    assert signed_in(reader).get(page).status_code == 200


def test_the_history_opens_with_its_log(staff, job):
    services.done(begin(job.task), "12", "first line\nsecond line")
    run = JobRun.objects.get()
    assert "12" in signed_in(staff).get(reverse("jobs:runs", args=[job.pk])).content.decode()
    assert "second line" in signed_in(staff).get(reverse("jobs:run", args=[run.pk])).content.decode()
    assert "12" in signed_in(staff).get(reverse("admin:jobs_jobrun_changelist")).content.decode()
    assert (
        signed_in(staff).get(reverse("admin:django_celery_beat_periodictask_changelist")).status_code == 200
    )
