"""`/api/v1/`: each app's operations; an address that is none of them is answered in the API's own shape."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@method_decorator(csp_replace({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class ApiPageView(SpectacularSwaggerSplitView):
    """The OpenAPI document to read and to try; its template has a style inside, its script comes apart."""


class NothingHereView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        raise NotFound

    post = put = patch = delete = get


urlpatterns = [
    path("", ApiPageView.as_view(url_name="schema"), name="api-page"),
    path("", include("accounts.api_urls")),
    path("", include("brokers.api_urls")),
    path("", include("brokers.blocks.api_urls")),
    path("", include("ipo.api_urls")),
    path("", include("screener.api_urls")),
    re_path(r"", NothingHereView.as_view()),
]
