"""Compare with the broker's own books, and record what was missed.

The broker's list of today's orders is read whole or not at all. From it follow: whose number an unanswered
request got, orders placed elsewhere, fills that no notice told, and what was cancelled or refused. A request
is given up only when a list that was read well after it was sent does not know it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.models import User
from brokers.adapters import client_for
from brokers.adapters.base import OrderLine, Receipt
from brokers.models import (
    AccountHealth,
    BrokerAccount,
    ChangeStatus,
    Discrepancy,
    EventKind,
    Fill,
    FillSource,
    NoticeKind,
    Order,
    OrderChange,
    OrderNumber,
    OrderStatus,
    Resolution,
)
from brokers.models import DiscrepancyKind as Kind
from brokers.models.orders import ENDED, WORKING
from brokers.services import discrepancies, fills, orders
from brokers.services.effects import order_notice, progress_of, store
from brokers.services.journal import Journal
from brokers.terms import RequestKind
from lucy import clock
from lucy.errors import LucyError
from lucy.mongo import connection, transactional

ANSWER_TAKES_AT_MOST = timedelta(seconds=30)  # after that no process is still waiting for the reply
LIST_LAGS_AT_MOST = timedelta(seconds=15)  # how late an order may appear in the broker's list
LOOK_AGAIN_SECONDS = 0.2
CLOCKS_DIFFER_BY = timedelta(seconds=60)
AT_ONCE = 100  # lines of one transaction


@dataclass(slots=True)
class Reconciliation:
    """What one comparison found and did."""

    lines: int = 0
    answered: int = 0  # orders whose lost reply was found
    adopted: int = 0  # orders placed elsewhere
    filled: int = 0  # orders that got fills from totals
    ended: int = 0  # orders found cancelled, refused
    given_up: int = 0  # requests the broker never got
    unclear: list[str] = field(default_factory=list)  # orders with several candidates: a person decides

    @property
    def changes(self) -> int:
        return self.answered + self.adopted + self.filled + self.ended + self.given_up


def reconcile(account: BrokerAccount) -> Reconciliation:
    """Bring today's orders and fills of `account` up to the broker's list; raises `BrokerError`."""
    asked_at = clock.now()
    day = clock.trade_date()
    result = compare(account, day, client_for(account).day_orders(), asked_at)
    AccountHealth.objects.update_or_create(account=account, defaults={"last_reconciled_at": clock.now()})
    return result


def compare(account: BrokerAccount, day: date, lines: list[OrderLine], asked_at: datetime) -> Reconciliation:
    """Settle everything that the whole list of a day's orders, asked for at `asked_at`, proves."""
    result = Reconciliation(lines=len(lines))
    known = _known_numbers(account, day)
    _find_answers(account, day, lines, known, result)
    _place_changes(account, lines, known)
    _adopt_strangers(account, day, lines, known, result)
    _settle(account, lines, known, asked_at, result)
    _show_unlisted(account, day, lines, known, asked_at)
    _give_up(account, day, asked_at, result)
    _forget_doubts(account)
    return result


def _forget_doubts(account: BrokerAccount) -> None:
    """An order that was unclear and has found its answer by itself needs nobody's choice any more."""
    waiting = account.discrepancies.filter(kind=Kind.UNCLEAR, resolution="").select_related("order")
    for row in waiting:
        if row.order is not None and row.order.status != OrderStatus.UNKNOWN:
            discrepancies.gone(account, Kind.UNCLEAR, row.subject)


def _known_numbers(account: BrokerAccount, day: date) -> dict[str, object]:
    """Number -> our order's key."""
    rows = OrderNumber.objects.filter(account=account, trade_date=day)
    return dict(rows.values_list("number", "order_id"))


# --- lost replies -----------------------------------------------------------------------------------------


def _find_answers(
    account: BrokerAccount,
    day: date,
    lines: list[OrderLine],
    known: dict[str, object],
    result: Reconciliation,
) -> None:
    """Give unanswered orders the numbers that can only be theirs."""
    free = [line for line in lines if line.kind == RequestKind.NEW and line.order_no not in known]
    waiting = [*_unanswered(account, day), *_given_up(account, day)]
    contested = _in_flight(account, day)
    free = [line for line in free if not any(_fits(order, line) for order in contested)]
    candidates = {order.pk: [line for line in free if _fits(order, line)] for order in waiting}
    claims: dict[str, int] = defaultdict(int)
    for fitting in candidates.values():
        for line in fitting:
            claims[line.order_no] += 1
    for order in waiting:
        fitting = candidates[order.pk]
        if len(fitting) == 1 and claims[fitting[0].order_no] == 1 and _in_time(order, fitting[0]):
            line = fitting[0]
            orders.accept_order(order, Receipt(line.order_no, line.branch), actor="대사")
            known[line.order_no] = order.pk
            result.answered += 1
            _repaired(order, Kind.REPLY_FOUND, "응답 없음", f"주문번호 {line.order_no}")
        elif fitting and order.status != OrderStatus.REJECTED:
            result.unclear.append(str(order.pk))
            discrepancies.found(
                account,
                Kind.UNCLEAR,
                str(order.pk),
                order=order,
                ours="응답 없음",
                theirs=f"같은 주문 {len(fitting)}건",
                candidates=[_candidate(line) for line in fitting],
            )


def _repaired(order: Order, kind: Kind, ours: str, theirs: str) -> None:
    discrepancies.repaired(order.account, kind, order=order, ours=ours, theirs=theirs)


def _candidate(line: OrderLine) -> dict[str, Any]:
    """What a person needs to see to choose."""
    return {
        "order_no": line.order_no,
        "ordered_at": line.ordered_at.isoformat(),
        "quantity": line.quantity,
        "price": str(line.price),
        "filled": line.filled_quantity,
        "status": line.status_text,
    }


def _unanswered(account: BrokerAccount, day: date) -> Iterable[Order]:
    gone = Q(status=OrderStatus.SENT, sent_at__lt=clock.now() - ANSWER_TAKES_AT_MOST)
    return Order.objects.select_related("account").filter(
        Q(status=OrderStatus.UNKNOWN) | gone, account=account, trade_date=day, broker_order_no=""
    )


def _in_flight(account: BrokerAccount, day: date) -> list[Order]:
    """Orders whose reply may still come: a line that could be theirs is nobody else's."""
    young = Order.objects.filter(
        account=account,
        trade_date=day,
        status=OrderStatus.SENT,
        sent_at__gte=clock.now() - ANSWER_TAKES_AT_MOST,
    )
    return list(young)


def _given_up(account: BrokerAccount, day: date) -> Iterable[Order]:
    """Orders that an earlier list did not know: a later one may, and then they are no strangers."""
    return Order.objects.select_related("account").filter(
        account=account,
        trade_date=day,
        status=OrderStatus.REJECTED,
        note_code=orders.NOT_AT_BROKER,
        broker_order_no="",
    )


def _fits(order: Order, line: OrderLine) -> bool:
    return (line.symbol, line.side, line.quantity) == (order.symbol, order.side, order.quantity) and (
        line.price or None
    ) == (order.price or None)


def _in_time(order: Order, line: OrderLine) -> bool:
    """Ordered when ours was sent, as far as two clocks tell; else a person looks at it."""
    sent_at = order.sent_at or order.created_at
    return sent_at - CLOCKS_DIFFER_BY <= line.ordered_at <= sent_at + ANSWER_TAKES_AT_MOST + CLOCKS_DIFFER_BY


# --- numbers of changes, and of strangers -----------------------------------------------------------------


def _place_changes(account: BrokerAccount, lines: list[OrderLine], known: dict[str, object]) -> None:
    """Link the numbers of modifies and cancels to the orders they changed, in the order they were made."""
    answered = set(
        OrderChange.objects.filter(account=account, status=ChangeStatus.ACCEPTED).values_list(
            "broker_order_no", flat=True
        )
    )
    for line in lines:
        if line.kind == RequestKind.NEW or line.original_no not in known:
            continue
        if line.order_no not in known or line.order_no in answered:
            order = Order.objects.select_related("account").get(pk=known[line.original_no])
            _place_change(account, order, line)
            known[line.order_no] = order.pk


@transactional
def _place_change(account: BrokerAccount, order: Order, line: OrderLine) -> None:
    journal = Journal(account)
    fills.link_number(order, line.order_no, line.kind)
    change = _change_of(order, line)
    refused = line.rejected_quantity > 0
    if change:
        status = ChangeStatus.REJECTED if refused else ChangeStatus.CONFIRMED
        OrderChange.objects.filter(pk=change.pk).update(broker_order_no=line.order_no, status=status)
    order.refresh_from_db()
    newest = fills.is_later(line.order_no, order.broker_order_no)
    if line.kind == RequestKind.MODIFY and order.is_open and newest and not refused:
        terms = {"price": line.price or None, "order_type": line.order_type}
        store(order, progress_of(order), broker_order_no=line.order_no, **terms)
        journal.event(order, EventKind.MODIFIED, "대사", f"{line.original_no} → {line.order_no}")
    fills.claim_parked(order, line.order_no, journal)
    journal.write()


def _change_of(order: Order, line: OrderLine) -> OrderChange | None:
    """The request of ours that this number answers: the one that waits, or one given up too early."""
    same = OrderChange.objects.filter(order=order, kind=line.kind, original_no=line.original_no)
    waiting = Q(broker_order_no="", status__in=[ChangeStatus.SENT, ChangeStatus.UNKNOWN])
    given_up = Q(broker_order_no="", note__startswith=f"[{orders.NOT_AT_BROKER}]")
    return (
        same.filter(broker_order_no=line.order_no).first()
        or same.filter(waiting).first()
        or same.filter(given_up).first()
    )


def _adopt_strangers(
    account: BrokerAccount,
    day: date,
    lines: list[OrderLine],
    known: dict[str, object],
    result: Reconciliation,
) -> None:
    """Numbers that no request of ours can have made are orders placed elsewhere."""
    waiting = Order.objects.filter(
        account=account, trade_date=day, status__in=[OrderStatus.SENT, OrderStatus.UNKNOWN]
    )
    ours = {(order.symbol, order.side) for order in waiting}
    strangers = [
        line
        for line in lines
        if line.kind == RequestKind.NEW
        and line.order_no not in known
        and (line.symbol, line.side) not in ours
    ]
    for batch in _batches(strangers):
        result.adopted += _adopt(account, batch, known)
    _place_changes(account, lines, known)


def _batches(lines: list[OrderLine]) -> Iterable[list[OrderLine]]:
    """As many as one transaction takes at once: it must stay short, for all others of the account wait."""
    return (lines[start : start + AT_ONCE] for start in range(0, len(lines), AT_ONCE))


@transactional
def _adopt(account: BrokerAccount, lines: list[OrderLine], known: dict[str, object]) -> int:
    """Take the lines' orders into the books, unless a notice was faster; how many there were."""
    numbers = [line.order_no for line in lines]
    faster = OrderNumber.objects.filter(account=account, trade_date=lines[0].trade_date, number__in=numbers)
    known |= dict(faster.values_list("number", "order_id"))
    journal = Journal(account)
    strangers = [_stranger(line) for line in lines if line.order_no not in known]
    if not strangers:
        return 0
    adopted = fills.adopt_all(account, strangers, journal)
    for order in adopted:
        journal.notice(NoticeKind.ORDER, order, *order_notice(order, "외부 주문 접수"))
    journal.write()
    rows = [(order, "없음", f"주문번호 {order.broker_order_no}") for order in adopted]
    discrepancies.repaired_all(account, Kind.ELSEWHERE, rows)
    connection.on_commit(lambda: known.update({order.broker_order_no: order.pk for order in adopted}))
    return len(adopted)


def _stranger(line: OrderLine) -> fills.Stranger:
    return fills.Stranger(
        line.trade_date,
        line.order_no,
        line.symbol,
        line.side,
        line.order_type,
        line.quantity,
        line.price or None,
        line.branch,
    )


# --- quantities -------------------------------------------------------------------------------------------


def _settle(
    account: BrokerAccount,
    lines: list[OrderLine],
    known: dict[str, object],
    asked_at: datetime,
    result: Reconciliation,
) -> None:
    _claim_parked(account)
    told, moving = _filled_by_number(account, lines, asked_at)
    differing = [
        line
        for line in lines
        if line.order_no in known and told.get(line.order_no, 0) != line.filled_quantity
    ]
    missed = [line for line in differing if told.get(line.order_no, 0) < line.filled_quantity]
    if missed and _is_busy(account, missed, asked_at):
        missed = _still_missed(account, missed, told)
    for batch in _batches(missed):
        result.filled += _settle_lines(account, batch, told, known)
    for line in differing:
        if told[line.order_no] > line.filled_quantity and line.order_no not in moving:
            _tell_extra(account, line, told[line.order_no])
    open_orders = _open_or_doubtful(account, known)
    by_order: dict[object, list[OrderLine]] = defaultdict(list)
    for line in lines:
        if known.get(line.order_no) in open_orders:
            by_order[known[line.order_no]].append(line)
    for key, chain in by_order.items():
        order = open_orders[key]
        if order.in_doubt or order.open_quantity > _still_open(chain):
            result.ended += _end(order, chain)


def _is_busy(account: BrokerAccount, missed: list[OrderLine], asked_at: datetime) -> bool:
    """Whether notices were coming when the list was read: then some of what it counts is on its way."""
    since = asked_at - timedelta(seconds=settings.NOTICES_LAG_SECONDS)
    noticed = Fill.objects.filter(account=account, source=FillSource.NOTICE, recorded_at__gte=since)
    return any(line.ordered_at >= since for line in missed) or noticed.exists()


def _still_missed(account: BrokerAccount, missed: list[OrderLine], told: dict[str, int]) -> list[OrderLine]:
    """What no notice has told when all that were on their way have come; brings `told` up to date.

    A total that is stored before its notices would turn each of them into a doubt, and a doubt is a question
    to the broker.
    """
    give_up = monotonic() + settings.NOTICES_LAG_SECONDS
    while missed and monotonic() < give_up:
        sleep(LOOK_AGAIN_SECONDS)
        told |= _filled_of(account, missed)
        missed = [line for line in missed if told.get(line.order_no, 0) < line.filled_quantity]
    return missed


def _filled_of(account: BrokerAccount, lines: list[OrderLine]) -> dict[str, int]:
    """Shares filled by number in our books."""
    sums: dict[str, int] = defaultdict(int)
    rows = Fill.objects.filter(
        account=account,
        trade_date__in={line.trade_date for line in lines},
        broker_order_no__in=[line.order_no for line in lines],
    )
    for number, quantity in rows.values_list("broker_order_no", "quantity"):
        sums[number] += quantity
    return sums


def _open_or_doubtful(account: BrokerAccount, known: dict[str, object]) -> dict[object, Order]:
    keys = set(known.values())
    working = Order.objects.filter(account=account, status__in=set(OrderStatus) - ENDED)
    doubtful = Order.objects.filter(pk__in=keys, in_doubt=True)
    return {order.pk: order for order in [*working, *doubtful] if order.pk in keys}


def _claim_parked(account: BrokerAccount) -> None:
    """Fills that waited for their order's number go to the order that has it by now."""
    for fill in Fill.objects.filter(account=account, order=None):
        if order := fills.find_order(account, fill.trade_date, fill.broker_order_no):
            _claim(order, fill.broker_order_no)


@transactional
def _claim(order: Order, number: str) -> None:
    journal = Journal(order.account)
    fills.claim_parked(order, number, journal)
    journal.write()


def _still_open(chain: Iterable[OrderLine]) -> int:
    return sum(line.open_quantity for line in chain if line.kind != RequestKind.CANCEL)


@transactional
def _settle_lines(
    account: BrokerAccount, lines: list[OrderLine], told: dict[str, int], known: dict[str, object]
) -> int:
    """Add what the broker's totals have beyond our fills; how many orders got some."""
    added = fills.settle_totals(account, lines, known)
    orders_of = {order.pk: order for order in Order.objects.filter(pk__in={known[n] for n in added})}
    rows = [
        (
            orders_of[known[line.order_no]],
            f"체결 {told.get(line.order_no, 0):,}주",
            f"체결 {line.filled_quantity:,}주",
        )
        for line in lines
        if line.order_no in added
    ]
    discrepancies.repaired_all(account, Kind.FILLS_MISSED, rows)
    return len(rows)


def _tell_extra(account: BrokerAccount, line: OrderLine, told: int) -> None:
    """Fills beyond the broker's total are a person's matter, unless they are what an older total said."""
    order = fills.find_order(account, line.trade_date, line.order_no)
    if order and order.from_total_quantity:
        fills.settle_total(account, line)
        told = sum(_fills_of(account, line).values_list("quantity", flat=True))
    if told > line.filled_quantity:
        ours, theirs = f"체결 {told:,}주", f"체결 {line.filled_quantity:,}주"
        discrepancies.found(account, Kind.FILLS_EXTRA, line.order_no, order=order, ours=ours, theirs=theirs)


def _fills_of(account: BrokerAccount, line: OrderLine) -> QuerySet[Fill]:
    return Fill.objects.filter(account=account, trade_date=line.trade_date, broker_order_no=line.order_no)


def _filled_by_number(
    account: BrokerAccount, lines: list[OrderLine], asked_at: datetime
) -> tuple[dict[str, int], set[str]]:
    """Shares filled by number in our books, all in one read; and the numbers filled since `asked_at`."""
    sums: dict[str, int] = defaultdict(int)
    moving = set()
    dates = {line.trade_date for line in lines}
    rows = Fill.objects.filter(account=account, trade_date__in=dates)
    for number, quantity, recorded_at in rows.values_list("broker_order_no", "quantity", "recorded_at"):
        sums[number] += quantity
        if recorded_at >= asked_at:
            moving.add(number)
    return sums, moving


@transactional
def _end(order: Order, chain: list[OrderLine]) -> bool:
    """End what the broker's list says has ended; True when something did."""
    order.refresh_from_db()
    still_open = _still_open(chain)
    if order.in_doubt:
        Order.objects.filter(pk=order.pk).update(in_doubt=False)
    gone = order.open_quantity - still_open
    if not order.is_open or gone <= 0:
        return False
    journal = Journal(order.account)
    rejected = any(line.rejected_quantity for line in chain if line.kind != RequestKind.CANCEL)
    progress = progress_of(order)
    store(order, progress.reject() if rejected and not still_open else progress.cancel(gone))
    word = "거부" if rejected else "취소"
    journal.event(
        order, EventKind.REJECTED if rejected else EventKind.CANCELLED, "대사", f"{word} {gone:,}주"
    )
    journal.notice(NoticeKind.ORDER, order, *order_notice(order, f"{word} 확인"))
    journal.write()
    _repaired(order, Kind.ENDED, f"미체결 {gone:,}주", f"{word} {gone:,}주")
    return True


def _show_unlisted(
    account: BrokerAccount, day: date, lines: list[OrderLine], known: dict[str, object], asked_at: datetime
) -> None:
    """An order that works in our books and stands in no list is a person's matter."""
    listed = {known.get(line.order_no) for line in lines}
    working = Order.objects.filter(
        account=account,
        trade_date=day,
        status__in=WORKING,
        updated_at__lt=asked_at - LIST_LAGS_AT_MOST,
    ).exclude(broker_order_no="")
    missing = {str(order.pk): order for order in working if order.pk not in listed}
    for subject, order in missing.items():
        ours = f"주문번호 {order.broker_order_no}, 미체결 {order.open_quantity:,}주"
        discrepancies.found(account, Kind.NOT_LISTED, subject, order=order, ours=ours, theirs="없음")
    for row in account.discrepancies.filter(kind=Kind.NOT_LISTED, resolution=""):
        if row.subject not in missing:
            discrepancies.gone(account, Kind.NOT_LISTED, row.subject)


# --- requests the broker never got ------------------------------------------------------------------------


def _give_up(account: BrokerAccount, day: date, asked_at: datetime, result: Reconciliation) -> None:
    """Refuse what cannot have arrived: never sent, or sent long before a list that does not know it."""
    never_sent = Order.objects.select_related("account").filter(
        account=account, status=OrderStatus.PENDING, created_at__lt=asked_at - ANSWER_TAKES_AT_MOST
    )
    for order in never_sent:
        reason = "전송되지 않은 주문입니다."
        result.given_up += orders.reject_order(
            order, EventKind.REJECTED, "대사", "never_sent", reason, only_from=OrderStatus.PENDING
        )
    not_listed = "증권사의 주문 목록에 없습니다."
    for order in _unanswered(account, day):
        in_doubt_long = _doubted_since(order) < asked_at - LIST_LAGS_AT_MOST
        if not in_doubt_long or str(order.pk) in result.unclear:
            continue
        if orders.reject_order(order, EventKind.REJECTED, "대사", orders.NOT_AT_BROKER, not_listed):
            _repaired(order, Kind.NEVER_ARRIVED, "응답 없음", "목록에 없음")
            result.given_up += 1
    for change in _unanswered_changes(account, day, asked_at):
        if orders.reject_change(change, orders.NOT_AT_BROKER, not_listed):
            words = f"{change.get_kind_display()} 응답 없음"
            _repaired(change.order, Kind.NEVER_ARRIVED, words, "목록에 없음")
            result.given_up += 1


def _doubted_since(order: Order) -> datetime:
    """When the last byte of its request can have left: from then on the broker's list has its time to lag."""
    at_latest = (order.sent_at or order.created_at) + ANSWER_TAKES_AT_MOST
    return min(order.updated_at, at_latest) if order.status == OrderStatus.UNKNOWN else at_latest


def _unanswered_changes(account: BrokerAccount, day: date, asked_at: datetime) -> Iterable[OrderChange]:
    gone = Q(status=ChangeStatus.SENT, created_at__lt=asked_at - ANSWER_TAKES_AT_MOST - LIST_LAGS_AT_MOST)
    lost = Q(status=ChangeStatus.UNKNOWN, created_at__lt=asked_at - ANSWER_TAKES_AT_MOST)
    return OrderChange.objects.select_related("account", "order").filter(
        gone | lost, account=account, order__trade_date=day, broker_order_no=""
    )


# --- what only a person can say ----------------------------------------------------------------------------


def choose(discrepancy: Discrepancy, number: str, by: User) -> None:
    """A person says which of the broker's orders is ours; an empty `number` says none of them.

    Raises `LucyError` when the row is settled already or the number is no candidate, `BrokerError` when the
    broker cannot be asked.
    """
    order = discrepancy.order
    if discrepancy.resolution or order is None or order.status not in {OrderStatus.UNKNOWN, OrderStatus.SENT}:
        raise LucyError("already_settled", "이미 해결된 차이입니다.", status=409)
    if not number:
        reason = f"{by.get_username()}: 증권사 주문 목록에 이 주문이 없음을 확인"
        orders.reject_order(order, EventKind.REJECTED, by.get_username(), "not_at_broker", reason)
    else:
        if number not in {candidate["order_no"] for candidate in discrepancy.candidates}:
            raise LucyError("no_candidate", "후보에 없는 주문번호입니다.", number=number)
        line = client_for(order.account).order_line(number)
        branch = line.branch if line else ""
        orders.accept_order(order, Receipt(number, branch), actor=by.get_username())
    note = f"주문번호 {number}" if number else "증권사에 없음"
    discrepancies.settled(discrepancy, Resolution.CHOSEN, by, note)
