"""How states of blocks and their children are written."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from brokers.blocks.models import Block, BlockChild
from brokers.blocks.terms import BlockStatus, ChildState
from brokers.costs import Estimate
from brokers.templatetags.lucy import status

register = template.Library()

TONES = {
    BlockStatus.AWAITING: "doubt",
    BlockStatus.STAGED: "wait",
    BlockStatus.SENDING: "wait",
    BlockStatus.WORKING: "live",
    BlockStatus.FINAL: "done",
    BlockStatus.REFUSED: "bad",
    BlockStatus.LAPSED: "off",
    BlockStatus.WITHDRAWN: "off",
}
CHILD_TONES = {ChildState.STAGED: "wait", ChildState.REFUSED: "bad", ChildState.HELD: "off"}


@register.simple_tag
def block_status(block: Block) -> SafeString:
    return format_html(
        '<span class="state state-{}">{}</span>', TONES[BlockStatus(block.status)], block.get_status_display()
    )


@register.simple_tag
def child_status(child: BlockChild) -> SafeString:
    """The order's state once there is one."""
    if child.order is not None:
        return status(child.order)
    tone = CHILD_TONES.get(ChildState(child.state), "wait")
    return format_html('<span class="state state-{}">{}</span>', tone, child.get_state_display())


@register.filter
def points(value: Decimal | None) -> str:
    """A distance in basis points, signed."""
    if value is None:
        return "–"
    rounded = value.quantize(Decimal("0.1"))
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded)} bp"


@register.filter
def named(names: dict[str, str], symbol: object) -> str:
    """The name of an issue whose code was typed; nothing for what is none."""
    return names.get(str(symbol or "").strip().upper(), "")


@register.filter
def charges(cost: Estimate) -> Decimal:
    """Commission and tax, won."""
    return cost.fee + cost.tax
