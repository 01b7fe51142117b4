"""Korean time: the one place that knows KST."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

KST = ZoneInfo("Asia/Seoul")


def now() -> datetime:
    """The present, aware, to the millisecond that MongoDB keeps."""
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def trade_date() -> date:
    """Today in Seoul: the date that order numbers and fills are counted under."""
    return now().astimezone(KST).date()


def day_start() -> datetime:
    """Midnight in Seoul, today."""
    return now().astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)
