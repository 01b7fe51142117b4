"""Celery shells: one call inwards each. Their times are edited in the admin."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from brokers.adapters.base import BrokerError
from brokers.godata import GodataSilent
from brokers.models import Instrument
from brokers.services.calendar import refresh_holidays
from brokers.services.collect import collect_days, collect_minutes
from brokers.services.instruments import refresh_instruments
from brokers.services.watch import call_everyone
from lucy import clock
from lucy.jobs.running import job

COLLECTING = timedelta(minutes=45)  # shorter than an hour, after which Redis hands the same task out again


@shared_task(autoretry_for=(BrokerError,), retry_backoff=5, max_retries=5)
def fill_ls_stk_info() -> int:
    """The list of listed issues, once a day after the close (the original's job of this name)."""
    return refresh_instruments()


@shared_task(autoretry_for=(GodataSilent,), retry_backoff=30, max_retries=5)
def holiday_godata() -> int:
    """Public holidays of twelve months, once a month (the original's job of this name)."""
    return refresh_holidays()


@job(time_limit_minutes=50)
def collect_daily_prices() -> str:
    """Every listed stock's days up to the last final one; what is left waits for the next turn."""
    return str(collect_days(clock.now() + COLLECTING))


@job(time_limit_minutes=50)
def collect_minute_prices() -> str:
    """The same for the minutes of the stocks that anyone watches."""
    return str(collect_minutes(clock.now() + COLLECTING))


@job(quiet=True, time_limit_minutes=2)
def call_base_prices() -> int | None:
    """Base prices of everyone's stocks, whether a page is open or not."""
    return call_everyone()


@worker_ready.connect
def catch_up(**_: Any) -> None:
    """A worker that starts with an old list, or none, does not wait for tomorrow's turn."""
    if not Instrument.objects.filter(seen_at__gte=clock.now() - timedelta(hours=18)).exists():
        fill_ls_stk_info.delay()
