"""Saved searches with their changes, and kept results beside later ones."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.fields import key_in_address
from brokers.api.paging import PageInput, newest_first, page_of
from brokers.api.views import ApiView
from lucy.errors import LucyError, errors
from screener import questions
from screener.api.shapes import plain
from screener.models import SavedScreen, Schedule, ScreenChange, Snapshot
from screener.rights import saved_of, snapshots_of
from screener.selectors import find_screen
from screener.services import results, snapshots
from screener.services import saved as searches
from screener.services.results import Question


class SavedShape(serializers.Serializer[None]):
    id = serializers.CharField()
    name = serializers.CharField()
    screen = serializers.CharField(help_text="The screen's key.")
    asked = serializers.DictField(help_text="Its questions, as parameters of `rows/`.")
    schedule = serializers.ChoiceField(Schedule.choices, allow_blank=True)
    tell = serializers.BooleanField()
    found = serializers.IntegerField(allow_null=True, help_text="Rows of the last good run.")
    good_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_blank=True, help_text="Why the last run failed.")


class SavedInput(serializers.Serializer[None]):
    name = serializers.CharField(max_length=60)
    screen = serializers.CharField(max_length=60, help_text="The screen's key.")
    asked = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True),
        default=dict,
        help_text="Its questions; what is missing is left empty.",
    )
    schedule = serializers.ChoiceField(Schedule.choices, allow_blank=True, default="")
    tell = serializers.BooleanField(default=True)


class SavedChanges(serializers.Serializer[None]):
    name = serializers.CharField(max_length=60, required=False)
    schedule = serializers.ChoiceField(Schedule.choices, allow_blank=True, required=False)
    tell = serializers.BooleanField(required=False)


class EntriesShape(serializers.Serializer[None]):
    at = serializers.DateTimeField()
    entered = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    left = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class SnapshotShape(serializers.Serializer[None]):
    id = serializers.CharField()
    name = serializers.CharField()
    screen = serializers.CharField()
    asked = serializers.DictField()
    count = serializers.IntegerField()
    as_of = serializers.DateTimeField()
    kept_at = serializers.DateTimeField()


class ChangedShape(serializers.Serializer[None]):
    now = serializers.DictField()
    before = serializers.DictField()
    columns = serializers.ListField(child=serializers.CharField(), help_text="Whose values differ.")


class ComparisonShape(serializers.Serializer[None]):
    entered = serializers.ListField(child=serializers.DictField())
    left = serializers.ListField(child=serializers.DictField())
    changed = ChangedShape(many=True)
    same = serializers.IntegerField()


def _saved(row: SavedScreen) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "screen": row.screen,
        "asked": row.asked,
        "schedule": row.schedule,
        "tell": row.tell,
        "found": None if row.members is None else len(row.members),
        "good_at": row.good_at.isoformat() if row.good_at else None,
        "error": row.error,
    }


def _change(row: ScreenChange) -> dict[str, Any]:
    return {"at": row.at.isoformat(), "entered": row.entered, "left": row.left}


def _kept(row: Snapshot) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "screen": row.screen,
        "asked": row.asked,
        "count": row.count,
        "as_of": row.as_of.isoformat(),
        "kept_at": row.kept_at.isoformat(),
    }


class SavedScreensView(ApiView):
    @extend_schema(
        operation_id="screens_saved_list",
        tags=["screens"],
        responses={200: SavedShape(many=True), **errors(401, 429)},
        description="The user's saved searches.",
    )
    def get(self, request: Request) -> Response:
        return Response([_saved(row) for row in saved_of(self.user).order_by("name")])

    @extend_schema(
        operation_id="screens_saved_make",
        tags=["screens"],
        request=SavedInput,
        responses={201: SavedShape, **errors(400, 401, 404, 409, 429)},
        description="Save a screen's questions by name, with a schedule. 409 `name_taken`.",
    )
    def post(self, request: Request) -> Response:
        form = SavedInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        screen = find_screen(self.user, data["screen"])
        if screen is None:
            raise Http404
        asked = results.question(screen, self.user, questions.query_of(data["asked"]))
        if not isinstance(asked, Question):
            raise serializers.ValidationError(
                {"asked": [f"{name}: {words[0]}" for name, words in asked.errors.items()]}
            )
        row = searches.save(self.user, asked, data["name"], Schedule(data["schedule"]), tell=data["tell"])
        return Response(_saved(row), status=201)


class _OneSaved(ApiView):
    def saved(self, saved_id: str) -> SavedScreen:
        row = saved_of(self.user).filter(pk=key_in_address(saved_id)).first()
        if row is None:
            raise Http404
        return row


class OneSavedView(_OneSaved):
    @extend_schema(
        operation_id="screens_saved_one",
        tags=["screens"],
        responses={200: SavedShape, **errors(401, 404, 429)},
        description="A saved search.",
    )
    def get(self, request: Request, saved_id: str) -> Response:
        return Response(_saved(self.saved(saved_id)))

    @extend_schema(
        operation_id="screens_saved_change",
        tags=["screens"],
        request=SavedChanges,
        responses={200: SavedShape, **errors(400, 401, 404, 409, 429)},
        description="Another name, schedule or word of it; what is not sent stays. 409 `name_taken`. Its "
        "questions stay: save others by another name.",
    )
    def patch(self, request: Request, saved_id: str) -> Response:
        row = self.saved(saved_id)
        form = SavedChanges(data=request.data)
        form.is_valid(raise_exception=True)
        data = {"name": row.name, "schedule": row.schedule, "tell": row.tell} | form.validated_data
        row = searches.change(row, data["name"], Schedule(data["schedule"]), tell=data["tell"])
        return Response(_saved(row))

    @extend_schema(
        operation_id="screens_saved_delete",
        tags=["screens"],
        responses={204: None, **errors(401, 404, 429)},
        description="Delete a saved search with its changes.",
    )
    def delete(self, request: Request, saved_id: str) -> Response:
        self.saved(saved_id).delete()
        return Response(status=204)


class RunSavedView(_OneSaved):
    @extend_schema(
        operation_id="screens_saved_run",
        tags=["screens"],
        request=None,
        responses={200: SavedShape, **errors(400, 401, 404, 409, 429)},
        description="Run a saved search now; its `error` says why nothing good came. 409 `running`: another "
        "process runs it.",
    )
    def post(self, request: Request, saved_id: str) -> Response:
        row = self.saved(saved_id)
        ran = searches.run(row)
        row.refresh_from_db()
        if not ran and not row.error:
            raise LucyError("running", "다른 곳에서 실행하고 있습니다.", status=409)
        return Response(_saved(row))


class ChangesView(_OneSaved):
    @extend_schema(
        operation_id="screens_saved_changes",
        tags=["screens"],
        parameters=[PageInput],
        responses={200: page_of(EntriesShape), **errors(400, 401, 404, 429)},
        description="Who entered and who left a saved search, newest first; each as [identity, name].",
    )
    def get(self, request: Request, saved_id: str) -> Response:
        row = self.saved(saved_id)
        form = PageInput(data=request.query_params)
        form.is_valid(raise_exception=True)
        return newest_first(row.changes.all(), "at", form.validated_data, _change, request)


class SnapshotsView(ApiView):
    @extend_schema(
        operation_id="screens_snapshots_list",
        tags=["screens"],
        parameters=[PageInput],
        responses={200: page_of(SnapshotShape), **errors(400, 401, 429)},
        description="The results that the user kept, newest first.",
    )
    def get(self, request: Request) -> Response:
        form = PageInput(data=request.query_params)
        form.is_valid(raise_exception=True)
        return newest_first(snapshots_of(self.user), "kept_at", form.validated_data, _kept, request)


class CompareView(ApiView):
    @extend_schema(
        operation_id="screens_snapshots_compare",
        tags=["screens"],
        responses={200: ComparisonShape, **errors(401, 404, 409, 429)},
        description="A kept result against the last good one of the same question (409 when there is none).",
    )
    def get(self, request: Request, snapshot_id: str) -> Response:
        row = snapshots_of(self.user).filter(pk=key_in_address(snapshot_id)).first()
        screen = find_screen(self.user, row.screen) if row else None
        if row is None or screen is None:
            raise Http404
        asked = results.question(screen, self.user, questions.query_of(row.asked))
        later = results.known(asked).result if isinstance(asked, Question) else None
        if later is None or not later.complete:
            raise LucyError("no_result", "비교할 마지막 결과가 없습니다. 먼저 조회하세요.", status=409)
        found = snapshots.side_by_side(screen, row.result(), later)
        changed = [
            {"now": plain([one.now])[0], "before": plain([one.before])[0], "columns": list(one.columns)}
            for one in found.changed
        ]
        told = {"entered": plain(found.entered), "left": plain(found.left), "changed": changed}
        return Response(told | {"same": found.same})
