"""A block's rows, saved before anything leaves; then it is sent, or a second person is asked."""

from datetime import timedelta

from django.db import IntegrityError
from django.db.models import F

from accounts.models import User
from brokers.blocks.models import AllocationShare, Approval, Block, BlockChild, BlockRule, Fund, Plan
from brokers.blocks.models.approvals import DEFAULT_MINUTES
from brokers.blocks.preview import Wish, cost_of
from brokers.blocks.services import approvals, checking, plans, sending, trail
from brokers.blocks.services.previewing import Preview, children_wanted, fund_parts, preview
from brokers.blocks.services.sending import client_order_id
from brokers.blocks.terms import Basis, BlockStatus, EventKind
from brokers.terms import Side
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional

REPEAT_WINDOW = timedelta(seconds=10)


def place_block(
    user: User, client_block_id: str, plan: Plan, wish: Wish, *, confirmed: bool = False
) -> Block:
    """Check and store a block; send it, or ask a second person first. The same id again is the same block.

    Raises `LucyError` where no block was made: `block_refused` (409, `troubles` in the details),
    `plan_replaced`, `confirm_repeat`, `client_block_id_reused`, and what `preview` raises.
    """
    if earlier := _same_id(user, client_block_id):
        return _same_block(earlier, plan, wish)
    try:
        block = _checked(user, client_block_id, plan, wish, confirmed)
    except (LucyError, IntegrityError):
        if earlier := _same_id(user, client_block_id):  # it came twice at once; the other one sends it
            return _same_block(earlier, plan, wish)
        raise
    if not block.needs_approval:
        sending.start(block)
    return block


def _checked(user: User, client_block_id: str, plan: Plan, wish: Wish, confirmed: bool) -> Block:
    """The block, stored: what forbids it is raised, with nothing stored."""
    plans.require_in_force(plan)
    found = preview(user, plan, wish, whole=True)
    if found.troubles:
        raise checking.refused(found.troubles, "점검에 걸려 주문하지 않았습니다.")
    if not confirmed:
        _require_no_repeat(user, plan, found)
    return _store(user, client_block_id, found)


def _same_id(user: User, client_block_id: str) -> Block | None:
    return mongo.find(Block, user_id=user.pk, client_block_id=client_block_id)


def _same_block(block: Block, plan: Plan, wish: Wish) -> Block:
    asked = (wish.symbol, wish.side, wish.order_type, wish.price, wish.amount, wish.targets is not None)
    stored = (block.symbol, block.side, block.order_type, block.price, block.amount, block.has_targets)
    alike = block.plan_id == plan.pk and asked == stored and wish.quantity in {None, block.quantity}
    if alike and (wish.targets is None or _targets_of(block) == {k: v for k, v in wish.targets.items() if v}):
        return block
    raise LucyError(
        "client_block_id_reused",
        "같은 고객 블록 ID로 다른 블록이 이미 있습니다.",
        status=409,
        block=str(block.pk),
    )


def _targets_of(block: Block) -> dict[int, int]:
    rows = mongo.find_all(AllocationShare, block_id=[block.pk])
    return {row.position: row.ordered for row in rows}


def _require_no_repeat(user: User, plan: Plan, found: Preview) -> None:
    same = Block.objects.filter(
        plan=plan,
        user=user,
        symbol=found.wish.symbol,
        side=found.wish.side,
        price=found.wish.price,
        ordered_quantity=found.divided.ordered,
        created_at__gte=clock.now() - REPEAT_WINDOW,
    )
    if same.exists():
        raise LucyError(
            "confirm_repeat", "10초 안에 같은 블록이 있습니다. 한 번 더 주문하려면 확인하세요.", status=409
        )


@transactional
def _store(user: User, client_block_id: str, found: Preview) -> Block:
    _take_turn(found)
    now, wish, plan = clock.now(), found.wish, found.plan
    block = Block(
        plan=plan,
        user=user,
        client_block_id=client_block_id,
        symbol=wish.symbol,
        name=found.name,
        side=wish.side,
        order_type=wish.order_type,
        price=wish.price,
        quantity=found.divided.wanted,
        amount=wish.amount,
        ordered_quantity=found.divided.ordered,
        open_quantity=found.divided.ordered,
        has_targets=wish.targets is not None,
        worst_value=found.worst_value,
        status=BlockStatus.AWAITING if found.reasons else BlockStatus.STAGED,
        needs_approval=bool(found.reasons),
        trade_date=clock.trade_date(),
        created_at=now,
        updated_at=now,
    )
    plans.freeze(plan)
    mongo.insert(block)
    mongo.insert(*_children(block, found))
    mongo.insert(*_shares(block, found))
    trail.note(block, EventKind.MADE, user.get_username(), _in_words(block, found))
    if found.reasons:
        approval = _ask(block, found)
        approvals.tell_approvers(block, approval, [part.fund for part in found.funds])
    return block


def _take_turn(found: Preview) -> None:
    """Look at the funds, and their money, once more, alone with them.

    Every block moves its funds' rows: of two that want the same won at once MongoDB lets one through, and the
    other begins again and sees what the first one bound.
    """
    keys = [part.fund.pk for part in found.funds]
    Fund.objects.filter(pk__in=keys).update(turns=F("turns") + 1)
    funds = {fund.pk: fund for fund in mongo.find_all(Fund, pk=keys)}  # edited since, perhaps
    for line in found.lines:
        line.leg.fund = funds[line.leg.fund_id]
    wish = found.wish
    parts = fund_parts(found.lines, wish.side, found.worst, found.kind)
    rules = checking.issue_rules(wish.symbol, wish.side, [part.fund for part in parts])
    if troubles := checking.fund_troubles(wish.side, wish.symbol, parts, rules):
        raise checking.refused(troubles, "그 사이 펀드가 바뀌어 주문하지 않았습니다.")


def _children(block: Block, found: Preview) -> list[BlockChild]:
    funds = {line.leg.position: line.leg.fund for line in found.lines}
    return [
        BlockChild(
            block_id=block.pk,
            position=one.position,
            fund=funds.get(one.position),
            account=one.account,
            quantity=one.request.quantity,
            client_order_id=client_order_id(block.pk, one.position),
        )
        for one in children_wanted(found.plan, found.wish, found.lines)
    ]


def _shares(block: Block, found: Preview) -> list[AllocationShare]:
    """A row a leg with shares. Quantities that were given are what fills are allocated by, else the parts."""
    told = block.has_targets or found.plan.basis == Basis.QUANTITY
    return [
        AllocationShare(
            block_id=block.pk,
            position=line.leg.position,
            fund=line.leg.fund,
            account=line.account,
            weight=line.quantity if told else line.leg.weight,
            cap=line.quantity if told else line.leg.cap,
            symbol=block.symbol,
            side=block.side,
            ordered=line.quantity,
            open=line.quantity,
            bound=cost_of(Side(block.side), line.quantity, found.worst, line.account.rates).total,
            created_at=block.created_at,
            trade_date=block.trade_date,
        )
        for line in found.lines
        if line.quantity
    ]


def _in_words(block: Block, found: Preview) -> str:
    price = f" {block.price:,}원" if block.price is not None else ""
    left = f", 남김 {found.divided.left_over:,}주" if found.divided.left_over else ""
    what = f"{block.get_side_display()} {block.symbol} {block.ordered_quantity:,}주"
    return f"{what} {block.get_order_type_display()}{price}, {found.plan}{left}"


def _ask(block: Block, found: Preview) -> Approval:
    rule = BlockRule.objects.first()
    minutes = rule.approval_minutes if rule else DEFAULT_MINUTES
    approval = Approval(
        block_id=block.pk,
        reasons=found.reasons,
        asked_at=block.created_at,
        expires_at=block.created_at + timedelta(minutes=minutes),
    )
    mongo.insert(approval)
    trail.note(block, EventKind.ASKED, block.user.get_username(), " ".join(found.reasons))
    return approval
