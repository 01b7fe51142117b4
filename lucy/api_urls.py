"""`/api/v1/`: each app's operations; an address that is none of them is answered in the API's own shape."""

from django.urls import include, path, re_path
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class NothingHereView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        raise NotFound

    post = put = patch = delete = get


urlpatterns = [
    path("", include("accounts.api_urls")),
    path("", include("brokers.api_urls")),
    re_path(r"", NothingHereView.as_view()),
]
