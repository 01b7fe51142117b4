from django.urls import path

from brokers.consumers import OrderFeed

websocket_urlpatterns = [path("ws/", OrderFeed.as_asgi())]
