"""The browser's socket: what happens on the accounts a user may see, live and caught up."""

import asyncio
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.models import User
from accounts.tokens import seconds_left, signed_in_still
from brokers import selectors
from brokers.rights import accounts_of
from brokers.services.notices import account_group, rights_group

SIGNED_OUT = 4401
LONGEST_SLEEP_SECONDS = 3600.0


class OrderFeed(AsyncJsonWebsocketConsumer):
    """News of the user's accounts. Listening starts before the first read, so nothing falls between.

    To the browser: `hello` (the newest notice number per account, and of the user's `own`),
    `notice`, `health`.
    From it: `{"resume": {account or "own": last number seen}}` at any time; what was missed is sent again.
    """

    user: User
    ending: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        user = self.scope.get("user")
        if not isinstance(user, User):
            await self.accept()
            await self.close(code=SIGNED_OUT)
            return
        self.user = user
        await self._join(rights_group(user.pk))
        for group in await self._account_groups():
            await self._join(group)
        await self.accept()
        self.ending = asyncio.create_task(self._end_in_time())
        await self._hello()

    async def disconnect(self, code: int) -> None:
        if self.ending is not None:
            self.ending.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Empty and binary messages are answered like any other nonsense; Channels would hang up."""
        await self.receive_json(await self.decode_json(text_data or ""))

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        seen = content.get("resume") if isinstance(content, dict) else None
        if not isinstance(seen, dict):
            await self.send_json({"type": "error", "code": "invalid", "message": "resume가 필요합니다."})
            return
        numbers = {
            str(account): seq for account, seq in seen.items() if type(seq) is int and 0 <= seq < 2**63
        }
        for notice in await database_sync_to_async(selectors.notices_since)(self.user, numbers):
            await self.send_json({"type": "notice", **notice})

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None

    async def notice_published(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "notice", **event["notice"]})

    async def health_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "health", "account": event["account"]})

    async def rights_changed(self, event: dict[str, Any]) -> None:
        """A grant or role came or went, or a session ended: listen to exactly what may be seen now."""
        user = await signed_in_still(self.scope)  # type: ignore[arg-type]  # a TypedDict to channels
        if user is None:
            await self.close(code=SIGNED_OUT)
            return
        self.user = user  # the one before remembers permissions
        wanted = set(await self._account_groups()) | {rights_group(self.user.pk)}
        for group in set(self.groups) - wanted:
            await self.channel_layer.group_discard(group, self.channel_name)
            self.groups.remove(group)
        for group in wanted - set(self.groups):
            await self._join(group)
        await self._hello()

    async def _end_in_time(self) -> None:
        """No socket outlives the token or session that opened it."""
        while left := await seconds_left(self.scope):  # type: ignore[arg-type]  # a TypedDict to channels
            await asyncio.sleep(min(left, LONGEST_SLEEP_SECONDS))
        await self.close(code=SIGNED_OUT)

    async def _join(self, group: str) -> None:
        await self.channel_layer.group_add(group, self.channel_name)
        self.groups.append(group)  # Channels leaves them on disconnect

    async def _account_groups(self) -> list[str]:
        keys = await database_sync_to_async(
            lambda: list(accounts_of(self.user).values_list("pk", flat=True))
        )()
        return [account_group(key) for key in keys]

    async def _hello(self) -> None:
        heads = await database_sync_to_async(selectors.notice_heads)(self.user)
        own = await database_sync_to_async(selectors.own_head)(self.user)
        await self.send_json({"type": "hello", "accounts": heads, "own": own})
