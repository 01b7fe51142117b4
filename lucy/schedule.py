"""The jobs that run by the clock: their first times, made by `migrate`; staff edit them in the admin."""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Job:
    """A task and its crontab in Korean time: minute, hour, day of month, month, day of week; or seconds."""

    name: str
    task: str
    crontab: str
    about: str
    seconds: int = 0  # between two runs, where it has no crontab


JOBS: Final = (
    Job(
        "fill_ls_stk_info",
        "brokers.tasks.fill_ls_stk_info",
        "53 15 * * *",
        "상장 종목 목록을 LS에서 받습니다.",
    ),
    Job(
        "holiday_godata",
        "brokers.tasks.holiday_godata",
        "0 0 1 * *",
        "공휴일 12개월을 공공데이터포털에서 받습니다.",
    ),
    Job(
        "collect_daily_prices",
        "brokers.tasks.collect_daily_prices",
        "10 0-7,16-23 * * *",
        "전 종목의 일봉을 증권사에서 받아 저장합니다. 끊긴 곳부터 이어 받습니다.",
    ),
    Job(
        "collect_minute_prices",
        "brokers.tasks.collect_minute_prices",
        "40 20-23 * * *",
        "나의 주식에 있는 종목의 분봉을 받아 저장합니다.",
    ),
    Job(
        "call_base_prices",
        "brokers.tasks.call_base_prices",
        "",
        "나의 주식의 기준가를 장중에 확인하고 도달하면 알립니다.",
        seconds=15,
    ),
    Job(
        "site38_work",
        "ipo.tasks.site38_work",
        "01 10 * * *",
        "공모주를 38커뮤니케이션에서 읽습니다.",
    ),
    Job(
        "ipo_forecasts",
        "ipo.tasks.ipo_forecasts",
        "31 10,16 * * *",
        "상장 전 공모주의 예측을 적어 둡니다.",
    ),
    Job(
        "ipo_listings",
        "ipo.tasks.ipo_listings",
        "40 16 * * 1-5",
        "상장한 공모주를 기록에 더하고 상장일 최고가를 증권사에서 받습니다.",
    ),
    Job(
        "ipo_reminders",
        "ipo.tasks.ipo_reminders",
        "0 8 * * *",
        "표시한 공모주의 청약 전날, 환불일, 상장일을 알립니다.",
    ),
    Job(
        "judal_fetch",
        "screener.tasks.judal_fetch",
        "53 15 * * *",
        "주달의 테마와 종목을 읽습니다.",
    ),
    Job(
        "run_saved_screens",
        "screener.tasks.run_saved_screens",
        "*/10 8-21 * * *",
        "때가 된 저장한 검색을 실행하고 진입과 이탈을 알립니다.",
    ),
    Job(
        "forget_old_screens",
        "screener.tasks.forget_old_screens",
        "50 4 * * *",
        "오래 묻지 않은 화면 결과와 지난 진입·이탈 기록을 지웁니다.",
    ),
    Job(
        "forget_old_runs",
        "lucy.jobs.tasks.forget_old_runs",
        "30 4 * * *",
        "보관 기간이 지난 작업 기록을 지웁니다.",
    ),
    Job(
        "block_sweep",
        "brokers.blocks.tasks.block_sweep",
        "* * * * *",
        "블록주문: 끊긴 전송을 잇고, 지난 승인을 닫고, 배분과 웹훅을 챙깁니다.",
    ),
    Job(
        "forget_old_sign_ins",
        "accounts.tasks.forget_old_sign_ins",
        "20 4 * * *",
        "지난 로그인 기록과 폐기된 토큰을 지웁니다.",
    ),
)


def keep_schedule(**_: Any) -> None:
    """Make the jobs that are missing, and touch none that is there: what staff changed stays changed."""
    from django_celery_beat.models import PeriodicTask

    known = set(PeriodicTask.objects.values_list("name", flat=True))
    for job in JOBS:
        if job.name not in known:
            _make(job)


def _make(job: Job) -> None:
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

    values = {"name": job.name, "task": job.task, "description": job.about}
    if job.seconds:
        every = {"every": job.seconds, "period": IntervalSchedule.SECONDS}
        interval, _made = IntervalSchedule.objects.get_or_create(**every)
        # A turn that was not taken in time is worthless: the next one asks the same.
        PeriodicTask.objects.create(interval=interval, expire_seconds=job.seconds, **values)
        return
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    times = dict(zip(names, job.crontab.split(), strict=True))
    crontab, _made = CrontabSchedule.objects.get_or_create(**times, timezone=settings.TIME_ZONE)
    PeriodicTask.objects.create(crontab=crontab, **values)
