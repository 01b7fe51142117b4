from typing import Any

from django.urls import path

from brokers.consumers import OrderFeed

websocket_urlpatterns: list[Any] = [path("ws/", OrderFeed.as_asgi())]  # type: ignore[arg-type]  # as Channels has it
