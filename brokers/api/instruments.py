"""Listed issues by code or name."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.shapes import InstrumentShape
from brokers.api.views import ApiView
from brokers.selectors import find_instruments
from lucy.errors import errors


class InstrumentsView(ApiView):
    class Question(serializers.Serializer[None]):
        search = serializers.CharField(
            max_length=60, help_text="Code, name, part of it, or its initials (초성)."
        )
        limit = serializers.IntegerField(min_value=1, max_value=50, default=10)

    @extend_schema(
        operation_id="instruments_list",
        tags=["market"],
        parameters=[Question],
        responses={200: InstrumentShape(many=True), **errors(400, 401, 429)},
        description="Issues that match, best first.",
    )
    def get(self, request: Request) -> Response:
        form = self.Question(data=request.query_params)
        form.is_valid(raise_exception=True)
        found = find_instruments(form.validated_data["search"], form.validated_data["limit"])
        return Response([InstrumentShape(instrument).data for instrument in found])
