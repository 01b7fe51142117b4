from django.urls import include, path

urlpatterns = [
    path("", include("accounts.api_urls")),
    path("", include("brokers.api_urls")),
]
