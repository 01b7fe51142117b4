"""Funds over REST: an ERP makes them, tells what they have and want, and what they may not trade."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import SymbolField
from brokers.blocks.api import shapes
from brokers.blocks.api.views import TAGS, BlockView
from brokers.blocks.models import Fund, FundHolding, FundTarget, IssueRule
from brokers.blocks.rights import funds_of
from brokers.blocks.selectors import Position, position_of, positions_of
from brokers.blocks.services import funds
from brokers.blocks.services.funds import MOST_ROWS, MOST_SHARES, Books, Head, Restriction
from brokers.blocks.terms import IssueStance
from brokers.terms import Side
from lucy.errors import errors

HEAD = ("name", "order_value", "day_value", "four_eyes", "is_active")
REFUSALS = errors(400, 401, 403, 404, 409, 429)


class WonField(serializers.DecimalField):
    def __init__(self, least: int = 0, **kwargs: Any) -> None:
        super().__init__(max_digits=15, decimal_places=0, min_value=least, **kwargs)


def fund_snapshot(fund: Fund, position: Position) -> dict[str, Any]:
    return {
        "id": str(fund.pk),
        "code": fund.code,
        "name": fund.name,
        "cash": f"{position.cash.normalize():f}",
        "holdings": {symbol: shares for symbol, shares in position.shares.items() if shares},
        "as_of": fund.as_of.isoformat(),
        "order_value": None if fund.order_value is None else f"{fund.order_value:f}",
        "day_value": None if fund.day_value is None else f"{fund.day_value:f}",
    }


def detail_of(fund: Fund) -> dict[str, Any]:
    """A fund with its books as told, its targets and its own restrictions."""
    held = FundHolding.objects.filter(fund=fund).order_by("symbol").values_list("symbol", "quantity")
    wanted = FundTarget.objects.filter(fund=fund).order_by("symbol").values_list("symbol", "percent")
    rules = IssueRule.objects.filter(fund=fund).order_by("symbol", "side")
    return fund_snapshot(fund, position_of(fund)) | {
        "four_eyes": fund.four_eyes,
        "is_active": fund.is_active,
        "books": {"cash": f"{fund.cash:f}", "as_of": fund.as_of.isoformat(), "holdings": dict(held)},
        "targets": {symbol: f"{percent.normalize():f}" for symbol, percent in wanted},
        "restrictions": list(rules.values("symbol", "side", "stance", "reason")),
    }


class FundView(BlockView):
    """What operations on one fund share: the way to it, by key or by code."""

    def fund(self, name: str) -> Fund:
        by = {"pk": ObjectId(name)} if ObjectId.is_valid(name) else {"code": name}
        found = funds_of(self.user).filter(**by).first()
        if found is None:
            raise Http404
        return found

    def stored(
        self, name: str, request: Request, form_of: Any, store: Callable[[Fund, Any], Any]
    ) -> Response:
        fund = self.fund(name)
        form = form_of(data=request.data)
        form.is_valid(raise_exception=True)
        store(fund, form.validated_data)
        return Response(detail_of(self.fund(str(fund.pk))))


@extend_schema_serializer(component_name="MakeFund")
class MakeInput(serializers.Serializer[None]):
    code = serializers.RegexField(r"^[0-9A-Za-z._-]{1,20}$", help_text="1 to 20 of 0-9 A-Z a-z . _ -")
    name = serializers.CharField(max_length=60)
    cash = WonField()
    as_of = serializers.DateTimeField(help_text="The moment that `cash` holds for.")
    order_value = WonField(1, required=False, allow_null=True, default=None, help_text="Most won of a block.")
    day_value = WonField(1, required=False, allow_null=True, default=None, help_text="Most won of a day.")
    four_eyes = serializers.BooleanField(default=False, help_text="Every block of it needs a second person.")
    is_active = serializers.BooleanField(default=True)


@extend_schema_serializer(component_name="ChangeFund")
class HeadInput(serializers.Serializer[None]):
    """What is not sent stays as it is; null takes a limit away."""

    name = serializers.CharField(max_length=60, required=False)
    order_value = WonField(1, required=False, allow_null=True)
    day_value = WonField(1, required=False, allow_null=True)
    four_eyes = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)


@extend_schema_serializer(component_name="FundBooks")
class BooksInput(serializers.Serializer[None]):
    cash = WonField()
    as_of = serializers.DateTimeField(help_text="The moment that all of it holds for.")
    holdings = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=MOST_SHARES),
        help_text="Shares by symbol, all of them: what is not named is not held.",
    )


@extend_schema_serializer(component_name="FundTargets")
class TargetsInput(serializers.Serializer[None]):
    targets = serializers.DictField(
        child=serializers.DecimalField(
            max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100)
        ),
        help_text="Percent of the net value by symbol, all of them; the rest is cash.",
    )


class RestrictionInput(serializers.Serializer[None]):
    symbol = SymbolField()
    side = serializers.ChoiceField([*Side.choices, ("", "both")], default="", allow_blank=True)
    stance = serializers.ChoiceField(IssueStance.choices)
    reason = serializers.CharField(max_length=200)


@extend_schema_serializer(component_name="FundRestrictions")
class RestrictionsInput(serializers.Serializer[None]):
    restrictions = serializers.ListField(
        child=RestrictionInput(), max_length=MOST_ROWS, help_text="The fund's own, all of them."
    )


class FundsView(BlockView):
    @extend_schema(
        operation_id="funds_list",
        tags=TAGS,
        responses={200: shapes.FundShape(many=True), **errors(401, 429)},
        description="The funds you may see, with what each has free now.",
    )
    def get(self, request: Request) -> Response:
        found = list(funds_of(self.user)[:300])
        positions = positions_of(found)
        return Response([fund_snapshot(fund, positions[fund.pk]) for fund in found])

    @extend_schema(
        operation_id="funds_make",
        tags=TAGS,
        request=MakeInput,
        responses={201: shapes.FundDetailShape, **errors(400, 401, 403, 429)},
        description="Make a fund (`may_not_make_fund` without the right). Who orders for it is decided in "
        "the admin; its holdings are told by `books`.",
    )
    def post(self, request: Request) -> Response:
        form = MakeInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        head = Head(**{name: data[name] for name in HEAD})
        made = funds.make_fund(self.user, data["code"], head, data["cash"], data["as_of"])
        return Response(detail_of(made), status=201)


class OneFundView(FundView):
    @extend_schema(
        operation_id="funds_read",
        tags=TAGS,
        responses={200: shapes.FundDetailShape, **errors(401, 404, 429)},
        description="One fund by its id or its code: what it has free now, its books as they were told, its "
        "targets, its own restrictions.",
    )
    def get(self, request: Request, fund_id: str) -> Response:
        return Response(detail_of(self.fund(fund_id)))

    @extend_schema(
        operation_id="funds_change",
        tags=TAGS,
        request=HeadInput,
        responses={200: shapes.FundDetailShape, **REFUSALS},
        description="Change a fund's name, limits or switches (`may_not_keep_fund` without the right).",
    )
    def patch(self, request: Request, fund_id: str) -> Response:
        def store(fund: Fund, data: dict[str, Any]) -> None:
            now = {name: getattr(fund, name) for name in HEAD}
            funds.change_fund(self.user, fund, Head(**(now | data)))

        return self.stored(fund_id, request, HeadInput, store)


class FundBooksView(FundView):
    @extend_schema(
        operation_id="funds_books",
        tags=TAGS,
        request=BooksInput,
        responses={200: shapes.FundDetailShape, **REFUSALS},
        description="Tell what a fund has, all of it as of one moment. Lucy adds what blocks made since then "
        "do. `blocks_open` (409): a block from before that moment still works.",
    )
    def put(self, request: Request, fund_id: str) -> Response:
        def store(fund: Fund, data: dict[str, Any]) -> None:
            funds.set_books(self.user, fund, Books(data["cash"], data["as_of"], data["holdings"]))

        return self.stored(fund_id, request, BooksInput, store)


class FundTargetsView(FundView):
    @extend_schema(
        operation_id="funds_targets",
        tags=TAGS,
        request=TargetsInput,
        responses={200: shapes.FundDetailShape, **REFUSALS},
        description="Set what a fund wants to hold (for who may order for it).",
    )
    def put(self, request: Request, fund_id: str) -> Response:
        return self.stored(
            fund_id,
            request,
            TargetsInput,
            lambda fund, data: funds.set_targets(self.user, fund, data["targets"]),
        )


class FundRestrictionsView(FundView):
    @extend_schema(
        operation_id="funds_restrictions",
        tags=TAGS,
        request=RestrictionsInput,
        responses={200: shapes.FundDetailShape, **REFUSALS},
        description="Set what a fund may not trade, or only with a second person.",
    )
    def put(self, request: Request, fund_id: str) -> Response:
        def store(fund: Fund, data: dict[str, Any]) -> None:
            rules = [
                Restriction(
                    row["symbol"],
                    Side(row["side"]) if row["side"] else None,
                    IssueStance(row["stance"]),
                    row["reason"],
                )
                for row in data["restrictions"]
            ]
            funds.restrict(self.user, fund, rules)

        return self.stored(fund_id, request, RestrictionsInput, store)
