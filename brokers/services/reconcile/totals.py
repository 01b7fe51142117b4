"""Quantities: fills that no notice told, orders that ended unseen, orders that no list knows."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from time import monotonic, sleep

from django.conf import settings

from brokers.adapters.base import OrderLine
from brokers.models import (
    BrokerAccount,
    EventKind,
    Fill,
    FillSource,
    NoticeKind,
    Order,
    OrderStatus,
)
from brokers.models import DiscrepancyKind as Kind
from brokers.models.orders import ENDED, WORKING
from brokers.services import discrepancies
from brokers.services.booking import claim_parked
from brokers.services.effects import order_notice, progress_of, store
from brokers.services.journal import Journal
from brokers.services.numbers import find_order
from brokers.services.reconcile import patience
from brokers.services.reconcile.common import (
    Reconciliation,
    batches,
    repaired,
)
from brokers.services.totals import settle_total, settle_totals
from brokers.terms import RequestKind
from lucy import mongo
from lucy.mongo import transactional

LOOK_AGAIN_SECONDS = 0.2


def settle(
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
    # Now, not after the waiting: a fill that comes meanwhile is news that this list cannot know.
    beyond = [
        line
        for line in differing
        if told[line.order_no] > line.filled_quantity and line.order_no not in moving
    ]
    if missed and _is_busy(account, missed, asked_at):
        missed = _still_missed(account, missed, told)
    for batch in batches(missed):
        result.filled += _settle_lines(account, batch, told, known)
    for line in beyond:
        _tell_extra(account, line, told[line.order_no])
    _forget_extra(account, lines, beyond)
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
    working = mongo.find_all(Order, account_id=[account.pk], status=set(OrderStatus) - ENDED)
    doubtful = mongo.find_all(Order, pk=keys, in_doubt=[True])
    found = {order.pk: order for order in [*working, *doubtful] if order.pk in keys}
    for order in found.values():
        order.account = account
    return found


def _claim_parked(account: BrokerAccount) -> None:
    """Fills that waited for their order's number go to the order that has it by now."""
    for fill in Fill.objects.filter(account=account, order=None):
        if order := find_order(account, fill.trade_date, fill.broker_order_no):
            _claim(order, fill.broker_order_no)


@transactional
def _claim(order: Order, number: str) -> None:
    journal = Journal(order.account)
    claim_parked(order, number, journal)
    journal.write()


def _still_open(chain: Iterable[OrderLine]) -> int:
    return sum(line.open_quantity for line in chain if line.kind != RequestKind.CANCEL)


@transactional
def _settle_lines(
    account: BrokerAccount, lines: list[OrderLine], told: dict[str, int], known: dict[str, object]
) -> int:
    """Add what the broker's totals have beyond our fills; how many orders got some."""
    added = settle_totals(account, lines, known)
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
    order = find_order(account, line.trade_date, line.order_no)
    if order and order.from_total_quantity:
        settle_total(account, line)
        told = _filled_of(account, [line]).get(line.order_no, 0)
    if told > line.filled_quantity:
        ours, theirs = f"체결 {told:,}주", f"체결 {line.filled_quantity:,}주"
        discrepancies.found(account, Kind.FILLS_EXTRA, _named(line), order=order, ours=ours, theirs=theirs)


def _named(line: OrderLine) -> str:
    """A number with its day: the next day it is another order's."""
    return f"{line.trade_date:%Y%m%d}-{line.order_no}"


def _forget_extra(account: BrokerAccount, lines: list[OrderLine], beyond: list[OrderLine]) -> None:
    """What was beyond an earlier list stands in this one."""
    agreeing = {_named(line) for line in lines} - {_named(line) for line in beyond}
    for row in account.discrepancies.filter(kind=Kind.FILLS_EXTRA, resolution=""):
        if row.subject in agreeing:
            discrepancies.gone(account, Kind.FILLS_EXTRA, row.subject)


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
    # A modify or cancel that was refused leaves its order alive: it refuses nothing else.
    rejected = any(line.rejected_quantity for line in chain if line.kind == RequestKind.NEW)
    progress = progress_of(order)
    store(order, progress.reject() if rejected and not still_open else progress.cancel(gone))
    word = "거부" if rejected else "취소"
    journal.event(
        order, EventKind.REJECTED if rejected else EventKind.CANCELLED, "대사", f"{word} {gone:,}주"
    )
    journal.notice(NoticeKind.ORDER, order, *order_notice(order, f"{word} 확인"))
    journal.write()
    repaired(order, Kind.ENDED, f"미체결 {gone:,}주", f"{word} {gone:,}주")
    return True


def show_unlisted(
    account: BrokerAccount, day: date, lines: list[OrderLine], known: dict[str, object], asked_at: datetime
) -> int:
    """An order that works in our books and stands in no list is a person's matter; how many there are."""
    listed = {known.get(line.order_no) for line in lines}
    working = Order.objects.filter(
        account=account,
        trade_date=day,
        status__in=WORKING,
        updated_at__lt=asked_at - patience.LIST_LAGS_AT_MOST,
    ).exclude(broker_order_no="")
    missing = {str(order.pk): order for order in working if order.pk not in listed}
    for subject, order in missing.items():
        ours = f"주문번호 {order.broker_order_no}, 미체결 {order.open_quantity:,}주"
        discrepancies.found(account, Kind.NOT_LISTED, subject, order=order, ours=ours, theirs="없음")
    for row in account.discrepancies.filter(kind=Kind.NOT_LISTED, resolution=""):
        if row.subject not in missing:
            discrepancies.gone(account, Kind.NOT_LISTED, row.subject)
    return len(missing)


def show_still_working(
    account: BrokerAccount, lines: list[OrderLine], known: dict[str, object], asked_at: datetime
) -> None:
    """An order that has ended in our books and may still be filled at the broker is a person's matter."""
    open_shares: dict[object, int] = defaultdict(int)
    for line in lines:
        if line.open_quantity and line.kind != RequestKind.CANCEL and line.order_no in known:
            open_shares[known[line.order_no]] += line.open_quantity
    ended = mongo.find_all(Order, pk=list(open_shares), status=ENDED) if open_shares else []
    lagging = asked_at - patience.LIST_LAGS_AT_MOST
    working = {str(order.pk): order for order in ended if order.updated_at < lagging}
    for subject, order in working.items():
        ours, theirs = order.get_status_display(), f"미체결 {open_shares[order.pk]:,}주"
        discrepancies.found(account, Kind.STILL_WORKING, subject, order=order, ours=ours, theirs=theirs)
    for row in account.discrepancies.filter(kind=Kind.STILL_WORKING, resolution=""):
        if row.subject not in working:
            discrepancies.gone(account, Kind.STILL_WORKING, row.subject)
