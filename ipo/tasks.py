"""Celery shells: one call inwards each. Their times are edited in the admin."""

from celery import Task, shared_task

from ipo.models import ScrapeSettings
from ipo.services.forecasts import write_down_forecasts
from ipo.services.listings import any_account, fill_history
from ipo.services.reminders import remind
from ipo.services.site38 import reparse_raw, run_site38
from lucy.errors import LucyError
from lucy.jobs.running import asked_by
from lucy.site import SiteError


@shared_task(bind=True, autoretry_for=(SiteError,), retry_backoff=300, max_retries=3)
def site38_work(self: "Task[..., int]") -> int:
    """38커뮤니케이션's offers, once a day (the original's job of this name), or when someone asks for it.

    0 while it is switched off and nobody asked.
    """
    trigger = asked_by(self)
    if not trigger and ScrapeSettings.objects.filter(source="site38", enabled=False).exists():
        return 0
    return run_site38(trigger=trigger).saved


@shared_task(bind=True)
def site38_reparse(self: "Task[..., int]") -> int:
    """The kept pages once more, after a parser was mended."""
    return reparse_raw(trigger=asked_by(self)).saved


@shared_task
def ipo_forecasts() -> int:
    """What the formula says of each offer still to list, written down before anyone knows better."""
    return write_down_forecasts()


@shared_task
def ipo_reminders() -> int:
    """Tomorrow's subscriptions, today's refunds and listings, to whoever marked the offer."""
    return remind()


@shared_task(autoretry_for=(LucyError,), retry_backoff=300, max_retries=3)
def ipo_listings() -> int:
    """New listings into the history, with the day's high where a broker tells it."""
    return fill_history(any_account()).highs
