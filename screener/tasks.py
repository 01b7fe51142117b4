"""Celery shells: one call inwards each. Their times are edited by staff."""

from celery import shared_task

from lucy.jobs.running import job
from lucy.site import SiteError
from screener.models import JudalSettings
from screener.services.judal import run_judal
from screener.services.results import forget_old_results
from screener.services.saved import forget_old_changes, run_due


@shared_task(autoretry_for=(SiteError,), retry_backoff=300, max_retries=3)
def judal_fetch(trigger: str = "") -> int:
    """Judal's themes and stocks, once a day after the close; 0 while it is switched off."""
    if not trigger and JudalSettings.objects.filter(enabled=False).exists():
        return 0
    return run_judal(trigger=trigger).stocks


@job(quiet=True)
def run_saved_screens() -> int | None:
    """Saved searches whose moment has come; the job looks every ten minutes, mostly for nothing."""
    return run_due() or None


@shared_task
def forget_old_screens() -> int:
    """Answers that nobody asked for in a month, and changes of half a year ago."""
    return forget_old_results() + forget_old_changes()
