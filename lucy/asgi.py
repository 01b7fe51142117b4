"""HTTP and WebSocket entry."""

import os
from typing import Any

import django
from asgiref.sync import sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lucy.settings")
django.setup(set_prefix=False)

from accounts.tokens import SessionOrTokenMiddleware  # noqa: E402  (models need Django set up)
from brokers.routing import websocket_urlpatterns  # noqa: E402


class OneThreadHandler(ASGIHandler):
    """Runs a request's middleware and its view, which are all synchronous, in one visit to one thread.

    Django's own handler goes to the thread and back for each hook of each middleware, 17 times a request,
    which takes longer than the middleware itself.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


sockets: Any = URLRouter(websocket_urlpatterns)
application = ProtocolTypeRouter(
    {
        "http": OneThreadHandler(),
        "websocket": SessionOrTokenMiddleware(sockets),
    }
)
