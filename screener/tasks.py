"""Celery shells: one call inwards each. Their times are edited by staff."""

from celery import Task, shared_task

from lucy.jobs.running import asked_by, job
from lucy.site import SiteError
from screener.services.judal import fetch_judal
from screener.services.results import forget_old_results
from screener.services.saved import forget_old_changes, run_due


@shared_task(bind=True, autoretry_for=(SiteError,), retry_backoff=300, max_retries=3)
def judal_fetch(self: "Task[..., int]") -> int:
    """Judal's themes and stocks, once a day after the close, or when someone asks for it."""
    return fetch_judal(asked_by=asked_by(self))


@job(quiet=True)
def run_saved_screens() -> int | None:
    """Saved searches whose moment has come; the job looks every ten minutes, mostly for nothing."""
    return run_due() or None


@shared_task
def forget_old_screens() -> int:
    """Answers that nobody asked for in a month, and changes of half a year ago."""
    return forget_old_results() + forget_old_changes()
