"""HTTP routes: the admin, the pages of each app, the API and its papers."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from lucy import converters  # noqa: F401  # registers what the routes below name
from lucy.api_urls import ApiPageView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("api/v1/", include("lucy.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", ApiPageView.as_view(url_name="schema"), name="api-docs"),
    path("", include("brokers.urls")),
    path("blocks/", include("brokers.blocks.urls")),
    path("ipo/", include("ipo.urls")),
    path("settings/", include("lucy.jobs.urls")),
    path("find/", include("screener.urls")),
]
