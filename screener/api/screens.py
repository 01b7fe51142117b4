"""The screens, and what they find."""

from typing import Any

from django import forms
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokers.api.views import ApiView
from lucy.errors import LucyError, errors
from screener import questions, screens
from screener.api.shapes import rows_shape, rows_snapshot, screen_shape, screen_snapshot, screens_shape
from screener.screens import Screen
from screener.selectors import find_screen
from screener.services import results
from screener.services.results import Question
from screener.tables import View, arrange


class ScreenView(ApiView):
    def screen(self, key: str) -> Screen:
        found = find_screen(self.user, key)
        if found is None:
            raise Http404
        return found

    def question(self, screen: Screen, data: Any) -> Question:
        """Raises `LucyError` (400) that names each wrong parameter."""
        asked = results.question(screen, self.user, data)
        if not isinstance(asked, Question):
            wrong = {name: [str(word) for word in words] for name, words in asked.errors.items()}
            raise serializers.ValidationError(wrong)
        return asked


class ScreensView(ScreenView):
    @extend_schema(
        operation_id="screens_list",
        tags=["screens"],
        responses={200: screens_shape, **errors(401, 429)},
        description="Every screen of the sources; own ones are under `own/`. Questions may depend on the "
        "user's accounts, so they are told by each screen.",
    )
    def get(self, request: Request) -> Response:
        return Response([screen_snapshot(screen, None) for screen in screens.all_screens()])


class OneScreenView(ScreenView):
    @extend_schema(
        operation_id="screens_one",
        tags=["screens"],
        responses={200: screen_shape, **errors(401, 404, 429)},
        description="A screen with its columns and its questions, which are parameters of `rows/`.",
    )
    def get(self, request: Request, key: str) -> Response:
        screen = self.screen(key)
        return Response(screen_snapshot(screen, self._form(screen)))

    def _form(self, screen: Screen) -> forms.Form | None:
        try:
            return screen.form_class(user=self.user)
        except LucyError:  # its choices are a broker's to tell, and it is silent
            return None


class RowsView(ScreenView):
    @extend_schema_serializer(component_name="ScreenRowsQuestion")
    class Shown(serializers.Serializer[None]):
        refresh = serializers.BooleanField(default=False, help_text="Ask the source, however fresh.")
        search = serializers.CharField(required=False, max_length=60)
        order = serializers.CharField(
            required=False, max_length=60, help_text="A column's key; `-key` falls."
        )
        limit = serializers.IntegerField(min_value=1, max_value=1000, default=200)
        start = serializers.IntegerField(
            min_value=0, max_value=1_000_000, default=0, help_text="`next` of the part before."
        )

    @extend_schema(
        operation_id="screens_rows",
        tags=["screens"],
        parameters=[Shown],
        responses={200: rows_shape, **errors(400, 401, 404, 429, 502, 503, 504)},
        description="What the screen finds for its questions (more parameters, by the names that the screen "
        "tells). The source is asked unless its last answer is fresh; when it is silent, or broke off, the "
        "last good result comes with `silence` or `partial`.",
    )
    def get(self, request: Request, key: str) -> Response:
        shown = self.Shown(data=request.query_params)
        shown.is_valid(raise_exception=True)
        screen = self.screen(key)
        data = questions.data_for(screen.form_class, request.query_params)
        asked = self.question(screen, data)
        form = shown.validated_data
        answer = results.known(asked)
        if form["start"] == 0 and (form["refresh"] or not results.is_fresh(answer, screen)):
            answer = results.ask(asked)
        order = form.get("order", "")
        text = form.get("search", "")
        view = View(sort=order.removeprefix("-"), down=order.startswith("-"), text=text)
        rows = arrange(screen, answer.result.rows, view) if answer.result else []
        return Response(rows_snapshot(answer, rows, form["start"], form["limit"]))
