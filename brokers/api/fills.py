"""Fills."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import KeyField
from brokers.api.orders import PeriodInput, narrowed
from brokers.api.paging import newest_first, page_of
from brokers.api.shapes import FillShape
from brokers.api.views import ApiView
from brokers.selectors import fill_snapshot, fills_of
from lucy.errors import errors


class FillsView(ApiView):
    class Filters(PeriodInput):
        order = KeyField(required=False)

    @extend_schema(
        operation_id="fills_list",
        tags=["fills"],
        parameters=[Filters],
        responses={200: page_of(FillShape), **errors(400, 401, 429)},
        description="Fills of all accounts you may see, newest first.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        rows = narrowed(fills_of(self.user), data, "executed_at", "account", "symbol", "side", "order")
        return newest_first(rows, "executed_at", data, fill_snapshot, request)
