"""What a broker tells about an order other than a fill: confirmed changes, refusals, orders of strangers."""

from brokers.adapters.base import OrderNews, OrderReport
from brokers.models import (
    BrokerAccount,
    ChangeStatus,
    EventKind,
    NoticeKind,
    Order,
    OrderChange,
    OrderNumber,
)
from brokers.services import booking, numbers, strangers
from brokers.services.effects import order_notice, progress_of, store
from brokers.services.journal import Journal
from brokers.terms import OrderType, RequestKind
from lucy.mongo import transactional


def record_news(account: BrokerAccount, report: OrderReport) -> bool:
    """Store what happened to an order number.

    False when the number may belong to a request of ours that still waits for its answer, or to nothing we
    know: then only the broker's list can place it, and the caller should reconcile soon.
    """
    return _DEEDS[report.news](account, report)


@transactional
def _accepted(account: BrokerAccount, report: OrderReport) -> bool:
    if numbers.find_order(account, report.trade_date, report.order_no):
        return True
    if report.request != RequestKind.NEW:
        return True  # the confirmation follows as a report of its own
    if numbers.may_be_ours(account, report):
        return False
    journal = Journal(account)
    stranger = strangers.Stranger(
        report.trade_date,
        report.order_no,
        report.symbol,
        report.side,
        report.order_type,
        report.quantity,
        report.price or None,
    )
    order = strangers.adopt(account, stranger, journal)
    journal.notice(NoticeKind.ORDER, order, *order_notice(order, "외부 주문 접수"))
    journal.write()
    return True


def _subject(account: BrokerAccount, report: OrderReport) -> Order | None:
    """The order a report is about: by the number it changed, or by its own."""
    original = report.original_no and numbers.find_order(account, report.trade_date, report.original_no)
    return original or numbers.find_order(account, report.trade_date, report.order_no)


def _confirm(order: Order, report: OrderReport, status: ChangeStatus) -> OrderChange | None:
    """The request of ours that this report answers, moved to `status`; None when somebody else asked."""
    waiting = OrderChange.objects.filter(order=order, kind=report.request).exclude(
        status__in=[ChangeStatus.CONFIRMED, ChangeStatus.REJECTED]
    )
    change = (
        waiting.filter(broker_order_no=report.order_no).first()
        or waiting.filter(broker_order_no="", original_no=report.original_no).first()
    )
    if change is not None:
        change.status, change.broker_order_no = status, report.order_no
        if report.reason:
            change.note = report.reason
        change.save()
    return change


@transactional
def _modified(account: BrokerAccount, report: OrderReport) -> bool:
    order = _subject(account, report)
    if order is None:
        return False
    if order.broker_order_no == report.order_no:
        return True  # told again
    journal = Journal(account)
    numbers.link_number(order, report.order_no, RequestKind.MODIFY)
    change = _confirm(order, report, ChangeStatus.CONFIRMED)
    if not numbers.is_later(report.order_no, order.broker_order_no):  # overtaken by a later modify's news
        booking.claim_parked(order, report.order_no, journal)
        journal.write()
        return True
    kind = OrderType(change.order_type if change else report.order_type)
    price = change.price if change else (report.price or order.price)
    if not kind.has_price:
        price = None
    store(order, progress_of(order), broker_order_no=report.order_no, price=price, order_type=kind)
    words = f"{report.original_no} → {report.order_no}" + (f", {price:,}원" if price else "")
    journal.event(order, EventKind.MODIFIED, account.get_broker_display(), words)
    booking.claim_parked(order, report.order_no, journal)
    journal.notice(NoticeKind.ORDER, order, *order_notice(order, "정정 확인"))
    journal.write()
    return True


@transactional
def _cancelled(account: BrokerAccount, report: OrderReport) -> bool:
    order = _subject(account, report)
    if order is None:
        return False
    if not order.is_open:
        _confirm(order, report, ChangeStatus.CONFIRMED)
        return True
    if _is_done(order, report):
        return True  # told again
    journal = Journal(account)
    if report.order_no != report.original_no:
        numbers.link_number(order, report.order_no, RequestKind.CANCEL)
    change = _confirm(order, report, ChangeStatus.CONFIRMED)
    shares = report.quantity or (change.quantity if change else 0)
    if not shares:
        # KIS tells no quantity, and the cancel was made elsewhere: the broker's list knows how many.
        Order.objects.filter(pk=order.pk).update(in_doubt=True)
        journal.write()
        return False
    _end(order, shares, journal, "취소 확인", report.reason)
    journal.write()
    return True


def _is_done(order: Order, report: OrderReport) -> bool:
    """Whether this cancel was taken off the order before: a repeat must not take a part of it twice."""
    change = OrderChange.objects.filter(order=order, broker_order_no=report.order_no).first()
    if change is not None:
        return change.status == ChangeStatus.CONFIRMED
    cancels = OrderNumber.objects.filter(order=order, number=report.order_no, kind=RequestKind.CANCEL)
    return cancels.exists()


@transactional
def _killed(account: BrokerAccount, report: OrderReport) -> bool:
    order = _subject(account, report)
    if order is None:
        return False
    if order.is_open:
        journal = Journal(account)
        _end(order, report.quantity or order.open_quantity, journal, "조건 미충족 잔량 취소", report.reason)
        journal.write()
    return True


def _end(order: Order, shares: int, journal: Journal, words: str, reason: str) -> None:
    store(order, progress_of(order).cancel(shares))
    journal.event(order, EventKind.CANCELLED, journal.account.get_broker_display(), f"{words} {shares:,}주")
    journal.notice(NoticeKind.ORDER, order, *order_notice(order, words, reason))


@transactional
def _rejected(account: BrokerAccount, report: OrderReport) -> bool:
    order = _subject(account, report)
    if order is None:
        return False
    journal = Journal(account)
    broker = account.get_broker_display()
    reason = report.reason or "거래소 거부"
    if report.request != RequestKind.NEW:
        if _confirm(order, report, ChangeStatus.REJECTED):
            journal.event(order, EventKind.CHANGE_REJECTED, broker, reason)
            journal.notice(NoticeKind.ORDER, order, *order_notice(order, "정정·취소 거부", reason))
    elif order.is_open:
        store(order, progress_of(order).reject(), note=reason)
        journal.event(order, EventKind.REJECTED, broker, reason)
        journal.notice(NoticeKind.ORDER, order, *order_notice(order, "거부", reason))
    journal.write()
    return True


_DEEDS = {
    OrderNews.ACCEPTED: _accepted,
    OrderNews.MODIFIED: _modified,
    OrderNews.CANCELLED: _cancelled,
    OrderNews.REJECTED: _rejected,
    OrderNews.KILLED: _killed,
}
