"""How often a caller may ask: one counter a minute in Redis, whatever the limit."""

import logging
import time
from math import ceil
from typing import Any

from redis.exceptions import ConnectionError as RedisIsAway
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class CountingThrottle(SimpleRateThrottle):
    """A fixed window and one increment, where DRF's own keeps (and rewrites) a list of every request.

    With Redis away all may pass: orders are worth more than the limit.
    """

    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = self.get_cache_key(request, view)
        window, self.passed = divmod(time.time(), self.duration)
        try:
            return self._count(f"{key}_{window:.0f}") <= self.num_requests
        except RedisIsAway:
            logger.warning("Redis is away: requests are not counted")
            return True

    def wait(self) -> float:
        return float(ceil(self.duration - self.passed))

    def _count(self, key: str) -> int:
        """Add one; a counter that is not there yet begins at one and goes with its window."""
        if self.cache.add(key, 1, timeout=2 * self.duration):
            return 1
        return int(self.cache.incr(key))


class UserThrottle(CountingThrottle):
    scope = "user"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        who: Any = request.user.pk if request.user.is_authenticated else self.get_ident(request)
        return f"throttle_user_{who}"


class SignInThrottle(CountingThrottle):
    """By address alone: whoever signs in is not known yet."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"throttle_sign_in_{self.get_ident(request)}"
