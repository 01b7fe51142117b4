"""A block's trail: rows numbered without gaps, inside the transaction that does what they tell."""

from django.db.models import F

from brokers.blocks.models import Block, BlockEvent
from brokers.blocks.terms import EventKind
from lucy import clock, mongo


def note(block: Block, kind: EventKind, actor: str, text: str = "") -> BlockEvent:
    """Append one row. Two transactions that note at once cannot both move the block: one begins again."""
    Block.objects.filter(pk=block.pk).update(trail_seq=F("trail_seq") + 1)
    seq = Block.objects.values_list("trail_seq", flat=True).get(pk=block.pk)
    block.trail_seq = seq
    event = BlockEvent(block_id=block.pk, seq=seq, kind=kind, actor=actor, text=text, at=clock.now())
    mongo.insert(event)
    return event
