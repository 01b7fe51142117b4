"""Celery shells: one call inwards each."""

from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup

from lucy.jobs import services


@shared_task
def forget_old_runs() -> int:
    """Old rows of the jobs' history, once a night."""
    return services.forget_old_runs()


@celeryd_after_setup.connect
def look_back(sender: str, **_: Any) -> None:
    """Before a worker takes its first task; `sender` is its name."""
    services.give_up_runs_of(sender)
