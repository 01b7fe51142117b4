"""Four eyes: a second person looks, and the checks run again, before a block leaves."""

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from brokers.blocks.models import AllocationShare, Approval, Block, BlockChild, Fund
from brokers.blocks.rights import approvers, require_approving
from brokers.blocks.selectors import approval_of, shares_of
from brokers.blocks.services import checking, sending, trail
from brokers.blocks.services.checking import Wanted
from brokers.blocks.terms import ApprovalState, BlockStatus, ChildState, EventKind
from brokers.models import UserNoticeKind
from brokers.services.notices import notify
from brokers.terms import Side
from lucy import clock, mongo
from lucy.errors import LucyError
from lucy.mongo import transactional

S = BlockStatus
_GONE = {"open": 0, "bound": 0}


def tell_approvers(block: Block, approval: Approval, funds: Sequence[Fund]) -> None:
    """In the bell of everyone who may approve this block."""
    text = f"승인 요청 · {block.user.get_username()}: {block} · {approval.reasons[0]}"
    for user in approvers([fund.pk for fund in funds], but=block.user):
        notify(
            user,
            UserNoticeKind.APPROVAL,
            text,
            url=reverse("blocks:block", args=[block.pk]),
            key=f"ask-{block.pk}",
        )


def approve(block: Block, user: User, note: str = "") -> Block:
    """Let the block leave.

    Raises `LucyError`: `own_block`, `may_not_approve` (403), `not_awaiting`, `lapsed`, `block_refused` (409:
    the checks of now say no; the question stays open).
    """
    require_approving(user, block)
    approval = _open_question(block)
    if troubles := _checked_again(block):
        raise checking.refused(troubles, "지금 다시 점검하니 걸립니다.")
    _decide(block, approval, user, ApprovalState.APPROVED, note)
    sending.start(block)
    return block


def refuse(block: Block, user: User, note: str) -> Block:
    """Say no, with a reason; nothing leaves."""
    require_approving(user, block)
    if not note.strip():
        raise LucyError("invalid", "거절하는 이유를 적으세요.", field="note")
    _decide(block, _open_question(block), user, ApprovalState.REFUSED, note.strip())
    return block


def withdraw(block: Block, user: User) -> Block:
    """The requester takes back what has not left yet."""
    if block.user_id != user.pk:
        raise LucyError("not_yours", "요청한 사람만 철회할 수 있습니다.", status=403)
    approval = approval_of(block)
    if approval is None or block.status != S.AWAITING:
        raise LucyError("not_awaiting", "승인을 기다리는 블록이 아닙니다.", status=409)
    _decide(block, approval, user, ApprovalState.WITHDRAWN, "")
    return block


def lapse_overdue() -> int:
    """Close the questions that nobody answered in time; says how many."""
    rows = Approval.objects.filter(state=ApprovalState.PENDING, expires_at__lte=clock.now())
    overdue = list(rows.select_related("block", "block__user")[:500])
    for approval in overdue:
        _decide(approval.block, approval, None, ApprovalState.LAPSED, "")
    return len(overdue)


def _open_question(block: Block) -> Approval:
    approval = approval_of(block)
    if approval is None or approval.state != ApprovalState.PENDING:
        raise LucyError("not_awaiting", "승인을 기다리는 블록이 아닙니다.", status=409)
    if approval.expires_at <= clock.now():
        _decide(block, approval, None, ApprovalState.LAPSED, "")
        raise LucyError("lapsed", "승인 시간이 지났습니다. 요청한 사람이 새로 내야 합니다.", status=409)
    return approval


def _checked_again(block: Block) -> list[checking.Trouble]:
    """The children's checks of this moment, for who asked; the fund's figures bind this block already."""
    children = mongo.find_all(BlockChild, block_id=[block.pk])
    shares = shares_of(block)
    accounts = {share.account_id: share.account for share in shares}
    wanted = [
        Wanted(
            child.position,
            accounts[child.account_id],
            sending.request_of(block, child),
        )
        for child in children
    ]
    side = Side(block.side)
    funds = list({share.fund_id: share.fund for share in shares}.values())
    rules = checking.issue_rules(block.symbol, side, funds)
    barred = checking.closed(funds) + checking.forbidden(block.symbol, funds, rules)
    return barred + checking.troubles_of(block.user, wanted)


_OUTCOMES = {
    ApprovalState.APPROVED: (S.STAGED, EventKind.APPROVED, "승인되었습니다"),
    ApprovalState.REFUSED: (S.REFUSED, EventKind.REFUSED, "거절되었습니다"),
    ApprovalState.LAPSED: (S.LAPSED, EventKind.LAPSED, "승인 시간이 지났습니다"),
    ApprovalState.WITHDRAWN: (S.WITHDRAWN, EventKind.WITHDRAWN, "철회했습니다"),
}


@transactional
def _decide(block: Block, approval: Approval, user: User | None, state: ApprovalState, note: str) -> None:
    """One answer, once: of two that answer at once the second is told that it is over."""
    now = clock.now()
    status, kind, words = _OUTCOMES[state]
    taken = mongo.change_if(
        approval,
        {"state": [ApprovalState.PENDING]},
        state=state,
        decided_by_id=user.pk if user else None,
        decided_at=now,
        note=note,
    )
    if not taken or not block.move_to(status, updated_at=now):
        raise LucyError("not_awaiting", "이미 결정된 블록입니다.", status=409)
    actor = user.get_username() if user else "Lucy"
    trail.note(block, kind, actor, note)
    if status != S.STAGED:
        BlockChild.objects.filter(block=block, state=ChildState.STAGED).update(
            state=ChildState.HELD, note=words
        )
        AllocationShare.objects.filter(block=block).update(updated_at=now, **_GONE)
        Block.objects.filter(pk=block.pk).update(open_quantity=0)
    if user is None or user.pk != block.user_id:
        said = f" · {note}" if note else ""
        notify(
            block.user,
            UserNoticeKind.BLOCK,
            f"블록이 {words} · {block.symbol} {block.ordered_quantity:,}주 ({actor}){said}",
            url=reverse("blocks:block", args=[block.pk]),
            key=f"{state}-{block.pk}",
        )
