"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from lucy import clock


def everywhere(request: HttpRequest) -> dict[str, Any]:
    return {"practice": settings.BROKERS == "practice", "today": clock.trade_date()}
