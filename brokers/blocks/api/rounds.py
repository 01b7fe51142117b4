"""Many blocks at once over REST: a rebalance or a basket is looked at first, then just that is placed."""

import csv
import io
from typing import Any
from uuid import uuid4

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import KeyField, PriceField, RequestIdField, SharesField, SymbolField, key_in_address
from brokers.blocks.api import round_shapes as shapes
from brokers.blocks.api.views import TAGS, BlockView
from brokers.blocks.basket_files import HEADINGS, MOST_ROWS
from brokers.blocks.models import Basket, BasketRow, Plan
from brokers.blocks.rights import may_see_plan
from brokers.blocks.selectors import block_snapshot
from brokers.blocks.services import baskets, rebalancing
from brokers.blocks.services.basket_rows import Judged, judge
from brokers.blocks.services.plans import require_in_force
from brokers.blocks.services.previewing import Preview
from brokers.blocks.services.rebalancing import FundRound, Step, key_of
from brokers.terms import Side
from lucy.errors import errors

REFUSALS = errors(400, 401, 403, 404, 409, 429, 503)
NAME = "client_basket_id"  # a column of its own: the same rows under another name are another basket


def _won(value: Any) -> str:
    return f"{value:.0f}"


def _percent(value: Any) -> str | None:
    return None if value is None else f"{value:.4f}"


def _block(found: Preview) -> dict[str, Any]:
    return {
        "key": key_of(found.wish),
        "symbol": found.wish.symbol,
        "side": found.wish.side,
        "price": _won(found.price),
        "quantity": found.divided.ordered,
        "targets": found.wish.targets or {},
        "troubles": [trouble.as_dict() for trouble in found.troubles],
        "approval_reasons": found.reasons,
    }


class RoundView(BlockView):
    """What placing many blocks shares: the plan, in the version in force."""

    def plan_to_order(self, key: str) -> Plan:
        plan = self.plan(key)
        require_in_force(plan)
        return plan


# --- rebalance ----------------------------------------------------------------------------------------------


def _step(step: Step) -> dict[str, Any]:
    line, trade = step.line, step.trade
    return {
        "symbol": line.symbol,
        "price": _won(line.price),
        "owned": line.owned,
        "buying": line.coming,
        "selling": line.leaving,
        "target": _percent(step.target),
        "before": _percent(step.before),
        "after": _percent(step.after),
        "side": trade.side if trade else None,
        "quantity": trade.quantity if trade else 0,
    }


def _fund_round(found: FundRound) -> dict[str, Any]:
    return {
        "fund": found.fund.code,
        "net": _won(found.proposal.net),
        "cash": _won(found.free),
        "cash_after": _won(found.cash_after),
        "off_before": _percent(found.off[0]),
        "off_after": _percent(found.off[1]),
        "steps": [_step(step) for step in found.steps],
    }


class RebalancePreviewView(BlockView):
    @extend_schema_serializer(component_name="LookAtRebalance")
    class Input(serializers.Serializer[None]):
        plan = KeyField()

    @extend_schema(
        operation_id="rebalance_preview",
        tags=TAGS,
        request=Input,
        responses={200: shapes.RoundShape, **REFUSALS},
        description="The trades that bring the plan's funds to their targets, within their cash after costs, "
        "and the blocks that follow. Nothing is stored; `look` places just these, for ten minutes.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        found = rebalancing.propose(self.user, self.plan(form.validated_data["plan"]), whole=True)
        return Response(
            {
                "look": found.sealed(self.user, str(uuid4())),
                "funds": [_fund_round(one) for one in found.funds],
                "blocks": [_block(one) for one in found.blocks],
                "troubles": [trouble.as_dict() for trouble in found.together],
                "crossed": found.crossed,
            }
        )


class RebalanceView(RoundView):
    @extend_schema_serializer(component_name="PlaceRebalance")
    class Input(serializers.Serializer[None]):
        look = serializers.CharField(max_length=500_000)
        leaves = serializers.ListField(
            child=serializers.CharField(max_length=20),
            required=False,
            help_text="The keys of the blocks that leave; all of them where it is left out.",
        )

    @extend_schema(
        operation_id="rebalance_place",
        tags=TAGS,
        request=Input,
        responses={200: shapes.RoundPlacedShape, **REFUSALS},
        description="Place what was looked at, or nothing of it (`block_refused`, 409). The same `look` "
        "again is the same blocks. `partly_placed` (409): the market moved between two of them.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        looked = rebalancing.looked_at(self.user, form.validated_data["look"])
        chosen = form.validated_data.get("leaves")
        wishes = [wish for wish in looked.wishes if chosen is None or key_of(wish) in chosen]
        made = rebalancing.place(self.user, self.plan_to_order(looked.plan_key), looked.name, wishes)
        return Response({"name": looked.name, "blocks": [block_snapshot(block) for block in made]})


# --- baskets ------------------------------------------------------------------------------------------------


class RowInput(serializers.Serializer[None]):
    """One order of a fund: `quantity` or `weight`, one of them."""

    fund = serializers.CharField(max_length=20, help_text="The fund's code.")
    symbol = SymbolField()
    side = serializers.ChoiceField(Side.choices)
    quantity = SharesField(required=False, allow_null=True, default=None)
    weight = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False, allow_null=True,
        default=None, help_text="Percent of the free cash (a buy) or of the free shares (a sale).",
    )  # fmt: skip
    price = PriceField(help_text="The limit; without one the last price.")


class BasketPreviewView(BlockView):
    @extend_schema_serializer(component_name="LookAtBasket")
    class Input(serializers.Serializer[None]):
        plan = KeyField()
        client_basket_id = RequestIdField()
        rows = serializers.ListField(child=RowInput(), min_length=1, max_length=MOST_ROWS)

    @extend_schema(
        operation_id="baskets_preview",
        tags=TAGS,
        request=Input,
        responses={200: shapes.JudgedShape, **REFUSALS},
        description="Every row with its own problems, and the blocks they come to. Nothing is stored; `look` "
        "(missing where something is wrong) places just this, for ten minutes.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        plan = self.plan(data["plan"])
        found = judge(self.user, plan, _text(data["client_basket_id"], data["rows"]))
        return Response(_judged(found) | {"look": self._look(found, data["client_basket_id"])})

    def _look(self, found: Judged, name: str) -> str | None:
        return baskets.sealed(self.user, baskets.looked(found, name)) if found.is_good else None


def _text(name: str, rows: list[dict[str, Any]]) -> str:
    """The rows as the file that they could have come in."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([*(names[0] for names in HEADINGS.values()), NAME])
    for row in rows:
        cells = ("" if row[column] is None else str(row[column]) for column in HEADINGS)
        lines.writerow([*cells, name])
    return text.getvalue()


def _judged(found: Judged) -> dict[str, Any]:
    rows = [
        {
            "number": number,
            "fund": row.cells["fund"],
            "symbol": row.symbol,
            "quantity": row.quantity,
            "price": None if row.price is None else _won(row.price),
            "problems": row.errors,
        }
        for number, row in enumerate(found.rows, start=1)
    ]
    return {
        "rows": rows,
        "blocks": [_block(one) for one in found.blocks],
        "troubles": [trouble.as_dict() for trouble in found.together],
        "crossed": found.crossed,
    }


def _basket(basket: Basket) -> dict[str, Any]:
    rows = BasketRow.objects.filter(basket=basket).order_by("number")
    return {
        "id": str(basket.pk),
        "plan": str(basket.plan_id),
        "client_basket_id": basket.file_name,
        "created_at": basket.created_at.isoformat(),
        "rows": [
            {
                "number": row.number - 1,  # the headings are a line of their own
                "fund": row.fund_code,
                "symbol": row.symbol,
                "side": row.side,
                "quantity": row.quantity,
                "price": _won(row.price),
                "block": str(row.block_id) if row.block_id else None,
                "note": row.note,
            }
            for row in rows
        ],
    }


class BasketsView(RoundView):
    @extend_schema_serializer(component_name="PlaceBasket")
    class Input(serializers.Serializer[None]):
        look = serializers.CharField(max_length=500_000)

    @extend_schema(
        operation_id="baskets_place",
        tags=TAGS,
        request=Input,
        responses={200: shapes.BasketShape, 201: shapes.BasketShape, **REFUSALS},
        description="Place what was looked at, or nothing of it (`block_refused`, 409). The same rows under "
        "the same `client_basket_id` are the same basket (200). Its blocks leave after this answer.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        what = baskets.looked_at(self.user, form.validated_data["look"])
        found, is_new = baskets.place(self.user, self.plan_to_order(what.plan_key), what)
        return Response(_basket(found), status=201 if is_new else 200)


class OneBasketView(BlockView):
    @extend_schema(
        operation_id="baskets_read",
        tags=TAGS,
        responses={200: shapes.BasketShape, **errors(401, 404, 429)},
        description="What became of a basket, row by row; a row without a block says why, or is on its way.",
    )
    def get(self, request: Request, basket_id: str) -> Response:
        found = Basket.objects.filter(pk=key_in_address(basket_id)).first()
        if found is None or not (found.user_id == self.user.pk or may_see_plan(self.user, found.plan_id)):
            raise Http404
        return Response(_basket(found))
