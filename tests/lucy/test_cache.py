"""The cache of every request shares the process's connections to Redis."""

import redis
from django.conf import settings
from django.core.cache import caches

REQUESTS = 5


def test_a_request_opens_no_connection_of_its_own():
    server = redis.Redis.from_url(settings.REDIS_URL)
    caches.create_connection("default").set("warm", 1)
    before = server.info("stats")["total_connections_received"]
    for _ in range(REQUESTS):
        own = caches.create_connection("default")  # what Django does for each request under ASGI
        own.set("kept", "here", timeout=5)
        assert own.get("kept") == "here"
    assert server.info("stats")["total_connections_received"] - before < REQUESTS
