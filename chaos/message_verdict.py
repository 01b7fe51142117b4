"""What other houses were told of allocations: all of it, final, and never less than before."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from brokers.blocks.models import AllocationShare, Block, WebhookDelivery
from brokers.blocks.selectors import share_snapshot, shares_of
from brokers.blocks.terms import BlockStatus, DeliveryState, WebhookEvent
from chaos.broker import Facts
from chaos.managers import BlockDoor
from chaos.receiver import Receiver
from chaos.verdict import Verdict

REPORT_SECONDS = 30.0


def compare_messages(receiver: Receiver, verdict: Verdict) -> None:
    """Every stored message reached the other house, and what it said goes with the books."""
    verdict.unexplained += [f"a message came with the signature {signed}" for signed in receiver.forged]
    heard = {_name(message) for message in receiver.taken}
    stored: dict[Any, list[WebhookDelivery]] = defaultdict(list)
    for row in WebhookDelivery.objects.order_by("revision", "created_at", "pk"):
        stored[row.block_id].append(row)
    for block in Block.objects.order_by("created_at"):
        rows = stored[block.pk]
        _compare_told(block, rows, heard, verdict)
        _compare_growth(block, [json.loads(row.body) for row in rows], verdict)
    verdict.counts["messages stored"] += sum(map(len, stored.values()))
    verdict.counts["messages taken, times"] += len(receiver.taken)


def _name(message: Facts) -> tuple[str, str, int]:
    return message["block"]["id"], message["event"], message["revision"]


def _compare_told(
    block: Block, rows: Sequence[WebhookDelivery], heard: set[tuple[str, str, int]], verdict: Verdict
) -> None:
    name = f"block {block.client_block_id}"
    for row in rows:
        if row.state != DeliveryState.DELIVERED or (str(block.pk), row.event, row.revision) not in heard:
            verdict.lost.append(f"{name}: {row.event} #{row.revision} is {row.state} and was not heard")
    finals = [row for row in rows if row.event == WebhookEvent.FINAL]
    if bool(finals) != (block.status == BlockStatus.FINAL):
        verdict.unexplained.append(f"{name}: {block.status}, and {len(finals)} final messages")
    if rows:
        last = json.loads(rows[-1].body)
        if last["allocations"] != [share_snapshot(share) for share in shares_of(block)]:
            verdict.unexplained.append(f"{name}: message #{last['revision']} is not its allocation")
    elif block.filled_quantity:
        verdict.lost.append(f"{name}: nobody was told of {block.filled_quantity} shares")


def _compare_growth(block: Block, messages: Sequence[Facts], verdict: Verdict) -> None:
    """A share once given is never taken back."""
    had: dict[int, int] = defaultdict(int)
    for message in messages:
        for told in message["allocations"]:
            leg, shares = told["position"], told["filled"]
            if shares < had[leg]:
                words = f"leg {leg} had {had[leg]} shares, then {shares} at #{message['revision']}"
                verdict.unexplained.append(f"block {block.client_block_id}: {words}")
            had[leg] = shares


def compare_report(door: BlockDoor, verdict: Verdict) -> None:
    """The day's report as the API tells it to who may see every fund, against the stored shares."""
    told = {(row["block"], row["position"]): row for row in _report(door, verdict)}
    shares = list(AllocationShare.objects.filter(filled__gt=0).select_related("block", "fund"))
    for share in shares:
        row = told.pop((str(share.block_id), share.position), None)
        final = share.block.status == BlockStatus.FINAL
        if row is None or row["final"] != final or not share_snapshot(share).items() <= row.items():
            verdict.unexplained.append(f"block {share.block.client_block_id}: the report says {row}")
    verdict.unexplained += [f"the report has {row}, nothing stored does" for row in told.values()]
    verdict.counts["rows of the report compared"] += len(shares)


def _report(door: BlockDoor, verdict: Verdict) -> Iterator[Facts]:
    """All pages."""
    path = "/api/v1/allocations/"
    while path:
        status, page = door.ask(path, None, REPORT_SECONDS) or (0, {})
        if status != 200:
            verdict.unexplained.append(f"the report answers {status}: {page}")
            return
        yield from page["results"]
        following = urlsplit(page.get("next") or "")
        path = f"{following.path}?{following.query}" if following.path else ""
