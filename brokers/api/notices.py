"""Notices: what happened, numbered per account."""

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import LONGEST_SEQ, KeyField
from brokers.api.paging import PageInput, by_number, newest_first, page_of
from brokers.api.shapes import NoticeShape
from brokers.api.views import ApiView
from brokers.models import NoticeKind
from brokers.selectors import notice_snapshot, notices_of
from brokers.services.notices import mark_read
from lucy.errors import errors


class NoticesView(ApiView):
    class Filters(PageInput):
        account = KeyField(required=False)
        kind = serializers.ChoiceField(NoticeKind.choices, required=False)
        after = serializers.IntegerField(
            required=False,
            min_value=0,
            max_value=LONGEST_SEQ,
            help_text="With `account`: what came after this number, oldest first.",
        )

        def validate(self, attrs: dict[str, object]) -> dict[str, object]:
            if "after" in attrs and "account" not in attrs:
                raise serializers.ValidationError({"account": "after를 쓰려면 account가 필요합니다."})
            return attrs

    @extend_schema(
        operation_id="notices_list",
        tags=["notices"],
        parameters=[Filters],
        responses={200: page_of(NoticeShape), **errors(400, 401, 429)},
        description="Notices of all accounts you may see, newest first. Each account numbers its own without "
        "gaps: with `account` and `after` a reader who was away gets what was missed, oldest first.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        rows = notices_of(self.user).filter(
            **{name: data[name] for name in ("account", "kind") if name in data}
        )
        if "after" in data:
            return by_number(rows.filter(seq__gt=data["after"]), data["limit"], notice_snapshot, request)
        return newest_first(rows, "created_at", data, notice_snapshot, request)


class ReadNoticesView(ApiView):
    @extend_schema_serializer(component_name="ReadNotices")
    class Input(serializers.Serializer[None]):
        account = KeyField()
        seq = serializers.IntegerField(min_value=0, max_value=LONGEST_SEQ)

    @extend_schema(
        operation_id="notices_read",
        tags=["notices"],
        request=Input,
        responses={204: None, **errors(400, 401, 404, 429)},
        description="You have read this account's notices up to and including `seq`.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        mark_read(self.user, self.seen_account(form.validated_data["account"]), form.validated_data["seq"])
        return Response(status=204)
