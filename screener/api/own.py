"""Own screens and the conditions they are made of."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import key_in_address
from brokers.api.views import ApiView
from lucy.errors import LucyError, errors
from screener import own as rules
from screener.conditions import CONDITIONS, Condition
from screener.models import OwnScreen
from screener.rights import own_screen_seen_by, own_screens_of, own_screens_seen_by
from screener.services import own

_condition_shape = inline_serializer(
    "ScreenCondition",
    {
        "key": serializers.CharField(),
        "label": serializers.CharField(),
        "heading": serializers.CharField(),
        "inputs": serializers.ListField(
            child=serializers.DictField(),
            help_text="key, label, shape, initial, least, most, choices, unit.",
        ),
    },
    many=True,
)


class OwnShape(serializers.Serializer[None]):
    id = serializers.CharField()
    key = serializers.CharField(help_text="Its key among the screens: `/screens/<key>/rows/`.")
    name = serializers.CharField()
    mine = serializers.BooleanField()
    shared = serializers.BooleanField()
    rule = serializers.DictField()
    sentence = serializers.CharField(help_text="The rule in Korean; why it cannot be read, if so.")
    changed_at = serializers.DateTimeField()


class OwnInput(serializers.Serializer[None]):
    name = serializers.CharField(max_length=60)
    shared = serializers.BooleanField(default=False, help_text="Others may look and copy, not change.")
    rule = serializers.DictField(
        help_text='`{"joint": "all" | "any", "groups": [{"joint": …, "terms": [{"condition": key, '
        '"values": {…}, "negated": false}]}]}`; the conditions are under `conditions/`.'
    )


class OwnChanges(serializers.Serializer[None]):
    name = serializers.CharField(max_length=60, required=False)
    shared = serializers.BooleanField(required=False)
    rule = serializers.DictField(required=False)


def _snapshot(row: OwnScreen, view: ApiView) -> dict[str, Any]:
    known = own.names()
    try:
        words = rules.sentence(rules.read(row.rule, known), known)
    except LucyError as broken:
        words = broken.message
    return {
        "id": str(row.pk),
        "key": own.key_of(row),
        "name": row.name,
        "mine": row.user_id == view.user.pk,
        "shared": row.shared,
        "rule": row.rule,
        "sentence": words,
        "changed_at": row.changed_at.isoformat(),
    }


class ConditionsView(ApiView):
    @extend_schema(
        operation_id="screens_conditions",
        tags=["screens"],
        responses={200: _condition_shape, **errors(401, 429)},
        description="What an own screen may ask of a stock.",
    )
    def get(self, request: Request) -> Response:
        return Response([_condition(one) for one in CONDITIONS.values()])


def _condition(one: Condition) -> dict[str, Any]:
    told = [
        {
            "key": field.key,
            "label": field.label,
            "shape": field.shape.value,
            "initial": field.initial,
            "least": field.least,
            "most": field.most,
            "choices": dict(field.choices),
            "unit": field.unit,
        }
        for field in one.fields
    ]
    return {"key": one.key, "label": one.label, "heading": one.heading.label, "inputs": told}


class OwnScreensView(ApiView):
    @extend_schema(
        operation_id="screens_own_list",
        tags=["screens"],
        responses={200: OwnShape(many=True), **errors(401, 429)},
        description="The user's own screens, and those that others share.",
    )
    def get(self, request: Request) -> Response:
        rows = own_screens_seen_by(self.user).order_by("name")[:500]
        return Response([_snapshot(row, self) for row in rows])

    @extend_schema(
        operation_id="screens_own_make",
        tags=["screens"],
        request=OwnInput,
        responses={201: OwnShape, **errors(400, 401, 409, 429)},
        description="Make an own screen. `invalid_rule` says which value is wrong, `name_taken` is a 409.",
    )
    def post(self, request: Request) -> Response:
        form = OwnInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        row = own.save(self.user, data["name"], data["rule"], shared=data["shared"])
        return Response(_snapshot(row, self), status=201)


class OneOwnScreenView(ApiView):
    def mine(self, own_id: str) -> OwnScreen:
        row = own_screens_of(self.user).filter(pk=key_in_address(own_id)).first()
        if row is None:
            raise Http404
        return row

    @extend_schema(
        operation_id="screens_own_one",
        tags=["screens"],
        responses={200: OwnShape, **errors(401, 404, 429)},
        description="An own screen, or one that another shares.",
    )
    def get(self, request: Request, own_id: str) -> Response:
        row = own_screen_seen_by(self.user, own_id)
        if row is None:
            raise Http404
        return Response(_snapshot(row, self))

    @extend_schema(
        operation_id="screens_own_change",
        tags=["screens"],
        request=OwnInput,
        responses={200: OwnShape, **errors(400, 401, 404, 409, 429)},
        description="Change an own screen; another's is a 404.",
    )
    def put(self, request: Request, own_id: str) -> Response:
        row = self.mine(own_id)
        form = OwnInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        own.save(self.user, data["name"], data["rule"], shared=data["shared"], found=row)
        return Response(_snapshot(row, self))

    @extend_schema(
        operation_id="screens_own_patch",
        tags=["screens"],
        request=OwnChanges,
        responses={200: OwnShape, **errors(400, 401, 404, 409, 429)},
        description="Another name, rule or sharing; what is not sent stays.",
    )
    def patch(self, request: Request, own_id: str) -> Response:
        row = self.mine(own_id)
        form = OwnChanges(data=request.data)
        form.is_valid(raise_exception=True)
        data = {"name": row.name, "rule": row.rule, "shared": row.shared} | form.validated_data
        own.save(self.user, data["name"], data["rule"], shared=data["shared"], found=row)
        return Response(_snapshot(row, self))

    @extend_schema(
        operation_id="screens_own_delete",
        tags=["screens"],
        responses={204: None, **errors(401, 404, 429)},
        description="Delete an own screen, and the searches that are saved on it.",
    )
    def delete(self, request: Request, own_id: str) -> Response:
        own.delete(self.mine(own_id))
        return Response(status=204)
