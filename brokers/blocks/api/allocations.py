"""A day's allocations over REST: the report a page at a time, with the sums over all of it."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import SymbolField
from brokers.api.paging import PageInput, newest_first
from brokers.api.views import ApiView
from brokers.blocks.allocated import Chosen, SideSum, Sums, shares_in, sums_of
from brokers.blocks.api import shapes
from brokers.blocks.models import AllocationShare, Fund
from brokers.blocks.rights import funds_of
from brokers.blocks.selectors import share_snapshot
from brokers.blocks.terms import BlockStatus
from brokers.terms import Side
from lucy import clock
from lucy.errors import errors


class AllocationsView(ApiView):
    class Filters(PageInput):
        day = serializers.DateField(required=False, help_text="Today where none is given.")
        fund = serializers.CharField(required=False, max_length=20, help_text="The fund's code.")
        symbol = SymbolField(required=False)
        side = serializers.ChoiceField(Side.choices, required=False)
        final = serializers.BooleanField(required=False, allow_null=True, default=None)

    @extend_schema(
        operation_id="allocations_list",
        tags=["blocks"],
        parameters=[Filters],
        responses={200: shapes.AllocationsShape, **errors(400, 401, 404, 429)},
        description="What your funds got on a day, newest block first, as in the allocation report.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        chosen = Chosen(
            self.user,
            data.get("day") or clock.trade_date(),
            self._fund(data.get("fund", "")),
            [data["symbol"]] if "symbol" in data else None,
            data.get("side", ""),
            data["final"],
        )
        related = ("block", "fund")
        page = newest_first(shares_in(chosen), "created_at", data, _snapshot, request, *related).data
        return Response({"day": chosen.day.isoformat(), "sums": _sums(sums_of(chosen)), **page})

    def _fund(self, code: str) -> Fund | None:
        if not code:
            return None
        found = funds_of(self.user).filter(code=code).first()
        if found is None:
            raise Http404
        return found


def _snapshot(share: AllocationShare) -> dict[str, Any]:
    final = share.block.status == BlockStatus.FINAL
    more = {"block": str(share.block_id), "symbol": share.symbol, "side": share.side, "final": final}
    return share_snapshot(share) | more


def _sums(sums: Sums) -> dict[str, Any]:
    return {"buy": _side(sums.buys), "sell": _side(sums.sells), "net": f"{sums.net.normalize():f}"}


def _side(side: SideSum) -> dict[str, Any]:
    won = {name: f"{getattr(side, name).normalize():f}" for name in ("amount", "fee", "tax")}
    return {"shares": side.shares, **won}
