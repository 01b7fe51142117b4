"""Notices: what happened, numbered per account, and those of no account per user."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import LONGEST_SEQ, KeyField
from brokers.api.paging import PageInput, by_number, newest_of_all, page_of
from brokers.api.shapes import NoticeShape
from brokers.api.views import ApiView
from brokers.models import NoticeKind, UserNoticeKind
from brokers.selectors import any_notice_snapshot, every_notice_of, notices_of, own_notices_of
from brokers.services.notices import mark_own_read, mark_read
from lucy.errors import errors

EVERY_KIND = [*NoticeKind.choices, *UserNoticeKind.choices]


class NoticesView(ApiView):
    class Filters(PageInput):
        account = KeyField(required=False)
        own = serializers.BooleanField(default=False, help_text="Only those that belong to no account.")
        kind = serializers.ChoiceField(EVERY_KIND, required=False)
        after = serializers.IntegerField(
            required=False,
            min_value=0,
            max_value=LONGEST_SEQ,
            help_text="With `account` or `own`: what came after this number, oldest first.",
        )

        def validate(self, attrs: dict[str, object]) -> dict[str, object]:
            if "after" in attrs and "account" not in attrs and not attrs["own"]:
                raise serializers.ValidationError({"account": "after를 쓰려면 account나 own이 필요합니다."})
            if "account" in attrs and attrs["own"]:
                raise serializers.ValidationError({"own": "account와 함께 쓸 수 없습니다."})
            return attrs

    @extend_schema(
        operation_id="notices_list",
        tags=["notices"],
        parameters=[Filters],
        responses={200: page_of(NoticeShape), **errors(400, 401, 429)},
        description="Notices of all accounts you may see and your own (`account` null), newest first. "
        "Each of them numbers without gaps: with `account` or `own`, and `after`, a reader who was away gets "
        "what was missed, oldest first.",
    )
    def get(self, request: Request) -> Response:
        form = self.Filters(data=request.query_params)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        lists = self._lists(data)
        if "after" in data:
            rows = lists[0].filter(seq__gt=data["after"])
            return by_number(rows, data["limit"], any_notice_snapshot, request)
        return newest_of_all(lists, "created_at", data, any_notice_snapshot, request)

    def _lists(self, data: dict[str, Any]) -> list[QuerySet[Any]]:
        """The tables that hold what was asked for; one when an account or the user's own was."""
        kind = {"kind": data["kind"]} if "kind" in data else {}
        if data["own"]:
            return [own_notices_of(self.user).filter(**kind)]
        if "account" in data:
            return [notices_of(self.user).filter(account=data["account"], **kind)]
        return every_notice_of(self.user, data.get("kind", ""))


class ReadNoticesView(ApiView):
    @extend_schema_serializer(component_name="ReadNotices")
    class Input(serializers.Serializer[None]):
        account = KeyField(required=False, help_text="Without it: your own, of no account.")
        seq = serializers.IntegerField(min_value=0, max_value=LONGEST_SEQ)

    @extend_schema(
        operation_id="notices_read",
        tags=["notices"],
        request=Input,
        responses={204: None, **errors(400, 401, 404, 429)},
        description="You have read this account's notices, or your own, up to and including `seq`.",
    )
    def post(self, request: Request) -> Response:
        form = self.Input(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        if "account" in data:
            mark_read(self.user, self.seen_account(data["account"]), data["seq"])
        else:
            mark_own_read(self.user, data["seq"])
        return Response(status=204)
