"""Celery shells: one call inwards each."""

from celery import shared_task

from jobs import services


@shared_task
def forget_old_runs() -> int:
    """Old rows of the jobs' history, once a night."""
    return services.forget_old_runs()
