"""Celery shells: one call inwards each. Their times are edited by staff."""

from celery import shared_task

from lucy.site import SiteError
from screener.models import JudalSettings
from screener.services.judal import run_judal


@shared_task(autoretry_for=(SiteError,), retry_backoff=300, max_retries=3)
def judal_fetch(trigger: str = "") -> int:
    """Judal's themes and stocks, once a day after the close; 0 while it is switched off."""
    if not trigger and JudalSettings.objects.filter(enabled=False).exists():
        return 0
    return run_judal(trigger=trigger).stocks
