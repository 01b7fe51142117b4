"""Block orders over REST: what a fund's own system needs to place one, follow it and fetch its allocation."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import KeyField, PriceField, RequestIdField, SharesField, SymbolField
from brokers.api.orders import made_since
from brokers.api.paging import PageInput, newest_first, page_of
from brokers.api.views import ApiView
from brokers.blocks.api import shapes
from brokers.blocks.api.preview import preview_snapshot
from brokers.blocks.models import Block, Plan
from brokers.blocks.preview import Wish
from brokers.blocks.rights import blocks_of, plans_of
from brokers.blocks.selectors import (
    block_of,
    block_snapshot,
    child_snapshot,
    children_of,
    legs_of,
    newest_plans,
    share_snapshot,
    shares_of,
    trail_of,
)
from brokers.blocks.services import allocating, approvals, changes
from brokers.blocks.services.account_parts import account_parts
from brokers.blocks.services.previewing import preview
from brokers.blocks.services.staging import place_block
from brokers.blocks.terms import BlockStatus
from brokers.terms import OrderType, Side
from lucy import clock
from lucy.errors import errors

TAGS = ["blocks"]


class BlockView(ApiView):
    """What operations on blocks share: the one way to a block, a plan."""

    def block_in_address(self, block_id: str) -> Block:
        found = block_of(self.user, block_id)
        if found is None:
            raise Http404
        return found

    def plan(self, key: object) -> Plan:
        found = plans_of(self.user).select_related("executing_account").filter(pk=key).first()
        if found is None:
            raise Http404
        return found


def _plan(plan: Plan) -> dict[str, Any]:
    names = ("code", "version", "name", "mode", "basis", "rounding", "lot", "on_trouble")
    legs = [
        {
            "position": leg.position,
            "fund": leg.fund.code,
            "account": str(leg.account_id) if leg.account_id else None,
            "weight": leg.weight,
            "cap": leg.cap,
        }
        for leg in legs_of(plan)
    ]
    return {name: getattr(plan, name) for name in names} | {
        "id": str(plan.pk),
        "executing_account": str(plan.executing_account_id) if plan.executing_account_id else None,
        "frozen_at": plan.frozen_at.isoformat() if plan.frozen_at else None,
        "legs": legs,
    }


class PlansView(BlockView):
    @extend_schema(
        operation_id="plans_list",
        tags=TAGS,
        responses={200: shapes.PlanShape(many=True), **errors(401, 429)},
        description="The plans you may see, each in the version in force.",
    )
    def get(self, request: Request) -> Response:
        return Response([_plan(plan) for plan in newest_plans(self.user)])


class WishInput(serializers.Serializer[None]):
    """A block as it is asked for: `quantity`, `amount` or `targets`, one of them."""

    plan = KeyField()
    symbol = SymbolField()
    side = serializers.ChoiceField(Side.choices)
    order_type = serializers.ChoiceField(OrderType.choices, default=OrderType.LIMIT)
    price = PriceField()
    quantity = SharesField(required=False, allow_null=True, default=None)
    amount = serializers.DecimalField(
        max_digits=16, decimal_places=0, min_value=1, required=False, allow_null=True, default=None
    )
    targets = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=1_000_000_000),
        required=False,
        allow_null=True,
        default=None,
        help_text="Shares by leg position, in place of the plan's parts.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in ("quantity", "amount", "targets") if attrs[name] is not None]
        if len(given) > 1:
            raise serializers.ValidationError({given[1]: "quantity, amount, targets 가운데 하나만 보내세요."})
        if attrs["targets"] and not all(name.isascii() and name.isdigit() for name in attrs["targets"]):
            raise serializers.ValidationError({"targets": "열쇠는 항목의 순서(숫자)입니다."})
        return attrs


def _wish(data: dict[str, Any]) -> Wish:
    targets = data["targets"]
    return Wish(
        symbol=data["symbol"],
        side=Side(data["side"]),
        order_type=OrderType(data["order_type"]),
        price=data["price"],
        quantity=data["quantity"],
        amount=data["amount"],
        targets=None if targets is None else {int(name): shares for name, shares in targets.items()},
    )


class PreviewView(BlockView):
    @extend_schema(
        operation_id="blocks_preview",
        tags=TAGS,
        request=WishInput,
        responses={200: shapes.PreviewShape, **errors(400, 401, 403, 404, 429, 503)},
        description="What a block would become: each leg's shares and costs, what is left over and why, what "
        "the checks say; funds and broker accounts before and after. Nothing is stored.",
    )
    def post(self, request: Request) -> Response:
        form = WishInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        found = preview(self.user, self.plan(data["plan"]), _wish(data), whole=True)
        return Response(preview_snapshot(found, account_parts(self.user, found)))


class BlocksView(BlockView):
    class Filters(PageInput):
        plan = KeyField(required=False)
        symbol = SymbolField(required=False)
        status = serializers.ChoiceField(BlockStatus.choices, required=False)
        client_block_id = RequestIdField(required=False)

    @extend_schema_serializer(component_name="PlaceBlock")
    class Input(WishInput):
        client_block_id = RequestIdField()
        confirm_repeat = serializers.BooleanField(default=False)

    @extend_schema(
        operation_id="blocks_list",
        tags=TAGS,
        parameters=[Filters],
        responses={200: page_of(shapes.BlockShape), **errors(400, 401, 429)},
        description="The blocks you may see, newest first.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        exact = {name: data[name] for name in ("plan", "symbol", "status", "client_block_id") if name in data}
        return newest_first(blocks_of(self.user).filter(**exact), "created_at", data, block_snapshot, request)

    @extend_schema(
        operation_id="blocks_place",
        tags=TAGS,
        request=Input,
        responses={
            200: shapes.BlockShape,
            201: shapes.BlockShape,
            **errors(400, 401, 403, 404, 409, 423, 429, 503),
        },
        description="Place a block. All legs are checked as a whole first: `block_refused` (409) tells every "
        "trouble and nothing leaves. `awaiting` means that a second person must approve it. Legs leave after "
        "this answer; follow the block. The same `client_block_id` again is the same block (200).",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        started = clock.now()
        block = place_block(
            self.user,
            data["client_block_id"],
            self.plan(data["plan"]),
            _wish(data),
            confirmed=data["confirm_repeat"],
        )
        return Response(block_snapshot(block), status=made_since(started, block.created_at))


def _detail(block: Block) -> dict[str, Any]:
    trail = [
        {
            "seq": event.seq,
            "kind": event.kind,
            "actor": event.actor,
            "text": event.text,
            "at": event.at.isoformat(),
        }
        for event in trail_of(block)
    ]
    return block_snapshot(block) | {
        "children": [child_snapshot(child) for child in children_of(block)],
        "allocations": [share_snapshot(share) for share in shares_of(block)],
        "trail": trail,
    }


class OneBlockView(BlockView):
    @extend_schema(
        operation_id="blocks_read",
        tags=TAGS,
        responses={200: shapes.BlockDetailShape, **errors(401, 404, 429)},
        description="One block as of now: its orders, its allocation, its trail.",
    )
    def get(self, request: Request, block_id: str) -> Response:
        allocating.refresh(self.block_in_address(block_id).pk)
        return Response(_detail(self.block_in_address(block_id)))


class DecideView(BlockView):
    @extend_schema_serializer(component_name="DecideBlock")
    class Input(serializers.Serializer[None]):
        answer = serializers.ChoiceField(["approve", "refuse", "withdraw"])
        note = serializers.CharField(max_length=300, default="", allow_blank=True)

    @extend_schema(
        operation_id="blocks_decide",
        tags=TAGS,
        request=Input,
        responses={200: shapes.BlockShape, **errors(400, 401, 403, 404, 409, 429)},
        description="The second person's answer (`refuse` with a note), or the requester's withdrawal. The "
        "checks run again at the approval.",
    )
    def post(self, request: Request, block_id: str) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        block, note = self.block_in_address(block_id), form.validated_data["note"]
        match form.validated_data["answer"]:
            case "approve":
                approvals.approve(block, self.user, note)
            case "refuse":
                approvals.refuse(block, self.user, note)
            case "withdraw":
                approvals.withdraw(block, self.user)
        return Response(block_snapshot(self.block_in_address(block_id)))


class CancelBlockView(BlockView):
    @extend_schema_serializer(component_name="CancelBlock")
    class Input(serializers.Serializer[None]):
        client_request_id = RequestIdField()

    @extend_schema(
        operation_id="blocks_cancel",
        tags=TAGS,
        request=Input,
        responses={200: shapes.OutcomesShape, **errors(400, 401, 403, 404, 409, 429)},
        description="Hold what has not left, ask the brokers to cancel all that works; each order's outcome.",
    )
    def post(self, request: Request, block_id: str) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        name = form.validated_data["client_request_id"]
        outcomes = changes.cancel_block(self.block_in_address(block_id), self.user, name)
        return Response({"outcomes": [outcome.as_dict() for outcome in outcomes]})


class ModifyBlockView(BlockView):
    @extend_schema_serializer(component_name="ModifyBlock")
    class Input(serializers.Serializer[None]):
        client_request_id = RequestIdField()
        order_type = serializers.ChoiceField(OrderType.choices, default=OrderType.LIMIT)
        price = PriceField()

    @extend_schema(
        operation_id="blocks_modify",
        tags=TAGS,
        request=Input,
        responses={200: shapes.OutcomesShape, **errors(400, 401, 403, 404, 409, 429)},
        description="Ask for another price or type for all that is open in every order; each one's outcome.",
    )
    def post(self, request: Request, block_id: str) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        outcomes = changes.modify_block(
            self.block_in_address(block_id),
            self.user,
            data["client_request_id"],
            price=data["price"],
            order_type=OrderType(data["order_type"]),
        )
        return Response({"outcomes": [outcome.as_dict() for outcome in outcomes]})
