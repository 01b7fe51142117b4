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
