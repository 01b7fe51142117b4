"""Django's Redis cache on one pool of connections for the whole process.

Under ASGI every request gets a cache object of its own, and without this a new connection to Redis with it:
more than the rest of a short request.
"""

from functools import cache
from typing import Any

import redis


@cache
def _pool(url: str, **options: Any) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(url, **options)


class SharedPool:
    """What the cache's `pool_class` asks for its pools."""

    from_url = staticmethod(_pool)
