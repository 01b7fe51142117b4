"""Telling other systems of allocations: saved with what they tell, signed, repeated until taken.

Each message says the whole allocation as of its `revision`: a receiver keeps the highest it has seen, and so
needs neither order nor completeness. Signature: `Lucy-Signature: t=<unix seconds>,v1=<hex>`, an HMAC-SHA256
of `<t>.<body>` with the webhook's secret; a receiver refuses a `t` that is minutes old.
"""

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import requests
from django.db.models import QuerySet
from django.utils import timezone

from brokers.blocks.models import AllocationShare, Block, Fund, Webhook, WebhookDelivery
from brokers.blocks.rights import may_see_plan
from brokers.blocks.selectors import block_snapshot, share_snapshot
from brokers.blocks.terms import DeliveryState, WebhookEvent
from lucy import clock, mongo, outward
from lucy.mongo import connection

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600.0
MOST_ATTEMPTS = 15  # about eight hours
LEFT_ALONE = timedelta(seconds=60)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def enqueue(block: Block, event: WebhookEvent, shares: Sequence[AllocationShare]) -> None:
    """Save a message for every address that may hear of this block. Part of the caller's transaction."""
    hooks = [
        hook for hook in Webhook.objects.filter(is_active=True).select_related("user") if _hears(hook, block)
    ]
    if not hooks:
        return
    funds = {fund.pk: fund for fund in mongo.find_all(Fund, pk={share.fund_id for share in shares})}
    for share in shares:
        share.fund = funds[share.fund_id]
    body = json.dumps(
        {
            "event": event,
            "revision": block.revision,
            "block": block_snapshot(block),
            "allocations": [share_snapshot(share) for share in shares],
        },
        ensure_ascii=False,
    )
    now = clock.now()
    rows = [
        WebhookDelivery(
            webhook_id=hook.pk,
            block_id=block.pk,
            event=event,
            revision=block.revision,
            body=body,
            due_at=now,
            created_at=now,
        )
        for hook in hooks
    ]
    mongo.insert(*rows)
    keys = [str(row.pk) for row in rows]
    connection.on_commit(lambda: _hand_over(keys), robust=True)


def _hears(hook: Webhook, block: Block) -> bool:
    return hook.user.is_active and may_see_plan(hook.user, block.plan_id)


def _hand_over(keys: Sequence[str]) -> None:
    """To a worker, at once; with the queue away the sweep finds them."""
    from brokers.blocks.tasks import deliver_webhook

    for key in keys:
        deliver_webhook.apply_async((key,), retry=False)


def deliver(key: Any) -> bool:
    """One attempt at one message; True when it was taken, or there is nothing to do."""
    row = WebhookDelivery.objects.filter(pk=key).select_related("webhook").first()
    if row is None or row.state != DeliveryState.WAITING or not _claim(row):
        return True
    if not row.webhook.is_active:
        mongo.change((row, {"state": DeliveryState.GIVEN_UP, "answer": "웹훅이 꺼져 있음"}))
        return True
    answer, taken = _post(row)
    if taken:
        now = clock.now()
        mongo.change((row, {"state": DeliveryState.DELIVERED, "answer": answer, "delivered_at": now}))
        return True
    over = row.attempts >= MOST_ATTEMPTS
    state = DeliveryState.GIVEN_UP if over else DeliveryState.WAITING
    mongo.change((row, {"state": state, "answer": answer, "due_at": clock.now() + pause_after(row.attempts)}))
    return over


def _claim(row: WebhookDelivery) -> bool:
    """Of two workers with the same message one sends it; a worker that dies gives it back after a minute."""
    due = row.due_at
    return mongo.change_if(
        row,
        {"state": [DeliveryState.WAITING], "due_at": [due], "attempts": [row.attempts]},
        attempts=row.attempts + 1,
        due_at=clock.now() + LEFT_ALONE,
    )


def pause_after(attempts: int) -> timedelta:
    """Twice as long each time."""
    return timedelta(seconds=min(FIRST_PAUSE_SECONDS * 2 ** (attempts - 1), LONGEST_PAUSE_SECONDS))


def _post(row: WebhookDelivery) -> tuple[str, bool]:
    body = row.body.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Lucy-Event": row.event,
        "Lucy-Delivery": str(row.pk),
        "Lucy-Signature": signature(row.webhook.secret, body, int(timezone.now().timestamp())),
    }
    try:
        status, beginning = outward.post(row.webhook.url, body, headers)
    except requests.RequestException as silence:
        return str(silence)[:300], False
    return f"{status} {beginning}".strip(), 200 <= status < 300


def signature(secret: str, body: bytes, at: int) -> str:
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def deliver_due() -> int:
    """Attempt everything whose time has come; says how many messages there were."""
    due = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=clock.now())
    keys = list(due.order_by("due_at").values_list("pk", flat=True)[:500])
    for key in keys:
        deliver(key)
    return len(keys)


def again(chosen: QuerySet[WebhookDelivery]) -> int:
    """Start over with messages that were given up."""
    rows = chosen.filter(state=DeliveryState.GIVEN_UP)
    keys = [str(key) for key in rows.values_list("pk", flat=True)[:500]]
    WebhookDelivery.objects.filter(pk__in=keys).update(
        state=DeliveryState.WAITING, attempts=0, due_at=clock.now()
    )
    _hand_over(keys)
    return len(keys)
