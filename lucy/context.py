"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from brokers.models import TradingStop
from brokers.services.gate import stops_seen_by
from lucy import clock


def everywhere(request: HttpRequest) -> dict[str, Any]:
    def stops() -> list[TradingStop]:
        """Asked for by the pages that show them."""
        user = getattr(request, "user", None)
        return stops_seen_by(user) if isinstance(user, User) else []

    return {"practice": settings.BROKERS == "practice", "today": clock.trade_date(), "stops": stops}
