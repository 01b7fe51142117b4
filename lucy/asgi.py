"""HTTP and WebSocket entry."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lucy.settings")
http = get_asgi_application()

from accounts.tokens import SessionOrTokenMiddleware  # noqa: E402  (models need Django set up)
from brokers.routing import websocket_urlpatterns  # noqa: E402

sockets: Any = URLRouter(websocket_urlpatterns)
application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SessionOrTokenMiddleware(sockets),
    }
)
