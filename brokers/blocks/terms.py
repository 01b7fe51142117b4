"""The fixed words of block orders."""

from django.db.models import TextChoices


class Mode(TextChoices):
    """Where a block executes."""

    OWN = "own", "각자 계좌"  # each leg in its own account
    SHARED = "shared", "한 계좌, 평균단가 배분"  # one account; its fills are allocated at one average price


class Basis(TextChoices):
    """What a leg's figure means."""

    WEIGHT = "weight", "비중 (%)"
    QUANTITY = "quantity", "수량 (주)"


class Rounding(TextChoices):
    """How whole lots come out of shares that are not whole (`allocation.py`)."""

    QUOTA = "quota", "쿼터법"
    LARGEST_REMAINDER = "largest_remainder", "최대잔여법"
    DOWN = "down", "내림 (우수리는 남김)"


class OnTrouble(TextChoices):
    """What becomes of the legs that have not left when one is refused or its answer is lost."""

    GO_ON = "go_on", "나머지는 계속"
    STOP = "stop", "나머지는 멈춤"


class BlockStatus(TextChoices):
    AWAITING = "awaiting", "승인 대기"
    STAGED = "staged", "전송 대기"
    SENDING = "sending", "전송 중"
    WORKING = "working", "진행 중"
    FINAL = "final", "배분 확정"
    REFUSED = "refused", "승인 거절"
    LAPSED = "lapsed", "승인 만료"
    WITHDRAWN = "withdrawn", "철회"


NEXT_STATUSES: dict[BlockStatus, frozenset[BlockStatus]] = {
    BlockStatus.AWAITING: frozenset(
        {BlockStatus.STAGED, BlockStatus.REFUSED, BlockStatus.LAPSED, BlockStatus.WITHDRAWN}
    ),
    BlockStatus.STAGED: frozenset({BlockStatus.SENDING, BlockStatus.WITHDRAWN}),
    BlockStatus.SENDING: frozenset({BlockStatus.WORKING}),
    BlockStatus.WORKING: frozenset({BlockStatus.FINAL}),
    BlockStatus.FINAL: frozenset(),  # a late fill is still counted, and told as a correction
    BlockStatus.REFUSED: frozenset(),
    BlockStatus.LAPSED: frozenset(),
    BlockStatus.WITHDRAWN: frozenset(),
}
WAITING = frozenset({BlockStatus.AWAITING, BlockStatus.STAGED})
AT_BROKERS = frozenset({BlockStatus.SENDING, BlockStatus.WORKING})
CANCELLABLE = AT_BROKERS | {BlockStatus.STAGED}  # nobody began to send it: its process died
ENDED = frozenset(status for status, targets in NEXT_STATUSES.items() if not targets)


class ChildState(TextChoices):
    """What happened to one child on its way out; from `ORDERED` on its order tells the rest."""

    STAGED = "staged", "전송 대기"
    ORDERED = "ordered", "주문함"
    REFUSED = "refused", "나가지 않음"  # Lucy said no before an order existed
    HELD = "held", "보내지 않음"  # stopped by the plan's rule, or cancelled before it left


class ApprovalState(TextChoices):
    PENDING = "pending", "대기"
    APPROVED = "approved", "승인"
    REFUSED = "refused", "거절"
    LAPSED = "lapsed", "만료"
    WITHDRAWN = "withdrawn", "철회"


class IssueStance(TextChoices):
    """What an asset manager says about an issue."""

    FORBIDDEN = "forbidden", "금지"
    WARNED = "warned", "주의 (두 사람 확인)"


class EventKind(TextChoices):
    MADE = "made", "작성"
    ASKED = "asked", "승인 요청"
    APPROVED = "approved", "승인"
    REFUSED = "refused", "승인 거절"
    LAPSED = "lapsed", "승인 만료"
    WITHDRAWN = "withdrawn", "철회"
    SENDING = "sending", "전송 시작"
    RESUMED = "resumed", "전송 재개"
    HELD = "held", "전송 멈춤"
    SENT = "sent", "전송 끝"
    CANCEL = "cancel", "취소 요청"
    MODIFY = "modify", "정정 요청"
    FINAL = "final", "배분 확정"
    CORRECTED = "corrected", "배분 정정"


class WebhookEvent(TextChoices):
    FILL = "block.fill", "체결·배분"
    FINAL = "block.final", "배분 확정"


class DeliveryState(TextChoices):
    WAITING = "waiting", "보내는 중"
    DELIVERED = "delivered", "전달됨"
    GIVEN_UP = "given_up", "포기"
