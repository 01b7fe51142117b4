"""Files of the pages, as a browser gets them."""

from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpResponseBase
from django.test import AsyncClient
from django.urls import reverse

from accounts.models import User


def downloaded(user: User, name: str, kind: str, **query: Any) -> tuple[HttpResponseBase, bytes]:
    """The answer and all of its body: the site answers asynchronously, and sends a file while it is made."""
    browser = AsyncClient()

    async def get() -> tuple[HttpResponseBase, bytes]:
        await browser.aforce_login(user, backend="django.contrib.auth.backends.ModelBackend")
        answer = await browser.get(reverse(name, args=[kind]), query)
        if not answer.streaming:
            return answer, answer.content
        pieces: Any = answer.streaming_content  # type: ignore[attr-defined]
        if hasattr(pieces, "__aiter__"):
            return answer, b"".join([piece async for piece in pieces])
        return answer, b"".join(pieces)

    return async_to_sync(get)()
