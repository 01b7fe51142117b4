"""The session engine (`SESSION_ENGINE`): Django's own in the database, with whose each session is."""

from typing import Any

from bson import ObjectId
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from accounts.callers import caller_of
from accounts.models import BrowserSession
from lucy import clock

SIGNED_IN = "signed_in"


class SessionStore(DatabaseStore):
    """The row's columns follow from the session's data, so they stay right when the key changes."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row: Any = super().create_model_instance(data)
        told = data.get(SIGNED_IN, {})
        row.user_id = ObjectId(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.address, row.agent = told.get("address", ""), told.get("agent", "")
        row.signed_in_at = parse_datetime(told["at"]) if told else None
        return row  # type: ignore[no-any-return]


@receiver(user_logged_in)
def note_the_caller(request: HttpRequest, **_: Any) -> None:
    caller = caller_of(request)
    request.session[SIGNED_IN] = {
        "at": clock.now().isoformat(),
        "address": caller.address,
        "agent": caller.agent,
    }
