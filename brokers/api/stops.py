"""The kill switch: what is stopped, stop, release."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from brokers.api.fields import KeyField
from brokers.api.views import ApiView
from brokers.models import BrokerAccount, Scope, TradingStop
from brokers.services import gate, kill
from brokers.services.kill import Target
from lucy.errors import LucyError, errors


class StopShape(serializers.Serializer[TradingStop]):
    scope = serializers.ChoiceField(Scope.choices)
    account = serializers.CharField(source="account_id", allow_null=True)
    user = serializers.CharField(source="user_id", allow_null=True)
    target = serializers.CharField(source="target_name", help_text="The scope in words.")
    reason = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class CancelOutcomeShape(serializers.Serializer[kill.CancelOutcome]):
    order = serializers.CharField(source="order.pk")
    done = serializers.BooleanField(help_text="Whether the broker took the cancel.")
    text = serializers.CharField(allow_blank=True)


class StoppedShape(serializers.Serializer[kill.Stopped]):
    stop = StopShape()
    cancels = CancelOutcomeShape(many=True)
    in_flight = serializers.IntegerField(
        help_text="Orders already on their way that could not be cancelled yet: no number came in time."
    )


class TargetInput(serializers.Serializer[None]):
    scope = serializers.ChoiceField(Scope.choices)
    account = KeyField(required=False, allow_null=True, default=None, help_text="With scope `account`.")
    user = KeyField(
        required=False, allow_null=True, default=None, help_text="With scope `user`; yourself if left out."
    )
    reason = serializers.CharField(max_length=200)


def _shown(user: User) -> list[dict[str, Any]]:
    return [dict(StopShape(stop).data) for stop in gate.stops_seen_by(user)]


class StopsView(ApiView):
    @extend_schema_serializer(component_name="StopOrders")
    class Input(TargetInput):
        cancel_working = serializers.BooleanField(
            default=False, help_text="Also ask the brokers to cancel every working order of the scope."
        )

    @extend_schema(
        operation_id="stops_list",
        tags=["stops"],
        responses={200: StopShape(many=True), **errors(401, 429)},
        description="What is stopped now: the whole system, accounts you see, yourself. While anything that "
        "an order belongs to is stopped, placing and modifying answer 423 `stopped`; cancels go on.",
    )
    def get(self, request: Request) -> Response:
        return Response(_shown(self.user))

    @extend_schema(
        operation_id="stops_stop",
        tags=["stops"],
        request=Input,
        responses={201: StoppedShape, **errors(400, 401, 403, 404, 429)},
        description="Let no order of the scope leave from now on. Needs the permission "
        "`brokers.operate_kill_switch`; without it you stop yourself only. Stopping what is stopped changes "
        "nothing.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        done = kill.stop(
            Scope(data["scope"]),
            _target(self.user, data),
            by=self.user,
            reason=data["reason"],
            cancel_working=data["cancel_working"],
        )
        return Response(StoppedShape(done).data, status=201)


class ReleaseView(ApiView):
    @extend_schema_serializer(component_name="ReleaseOrders")
    class Input(TargetInput):
        pass

    @extend_schema(
        operation_id="stops_release",
        tags=["stops"],
        request=Input,
        responses={200: StopShape(many=True), **errors(400, 401, 403, 404, 409, 429)},
        description="Let orders of the scope leave again; answers what is still stopped. Needs "
        "`brokers.operate_kill_switch`, for one's own stop too.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        kill.release(Scope(data["scope"]), _target(self.user, data), by=self.user, reason=data["reason"])
        return Response(_shown(self.user))


def _target(user: User, data: dict[str, Any]) -> Target:
    """The row that the scope names. To who may not operate the switch, others' rows are not there."""
    scope, operates = Scope(data["scope"]), user.has_perm(gate.MAY_OPERATE)
    if scope == Scope.SYSTEM:
        return None
    if scope == Scope.USER and data["user"] in {None, user.pk}:
        return user
    if not operates:
        raise LucyError("may_not_stop", "자신의 주문만 중단할 수 있습니다.", status=403)
    model: type[BrokerAccount | User] = BrokerAccount if scope == Scope.ACCOUNT else User
    found = model._default_manager.filter(pk=data[scope.value]).first()
    if found is None:
        raise LucyError("not_found", "찾을 수 없습니다.", status=404)
    return found
