"""What the gateway sees of an account's connection, for the health strip."""

from datetime import datetime
from typing import Any

from brokers.models import AccountHealth
from brokers.models.accounts import SocketState
from brokers.services.notices import account_group
from lucy import clock
from lucy.fanout import fanout


def socket_changed(account_id: Any, state: SocketState) -> None:
    now = clock.now()
    changes: dict[str, Any] = {"socket": state, "socket_since": now}
    if state == SocketState.UP:
        changes |= {"last_message_at": now, "last_error": ""}
    _note(account_id, **changes)


def heard(account_id: Any, at: datetime) -> None:
    _note(account_id, last_message_at=at)


def trouble(account_id: Any, words: str) -> None:
    _note(account_id, last_error=words[:500], last_error_at=clock.now())


def _note(account_id: Any, **changes: Any) -> None:
    AccountHealth.objects.update_or_create(account_id=account_id, defaults=changes)
    fanout.send(account_group(account_id), {"type": "health.changed", "account": str(account_id)})
