"""Every read of accounts, orders, fills and notices; what a user may not see is not in it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import Model, Q, QuerySet

from accounts.models import User
from brokers import paging
from brokers.hangul import is_initials
from brokers.models import (
    AccountBook,
    AccountHealth,
    BrokerAccount,
    BrokerToken,
    Discrepancy,
    Fill,
    Inbox,
    Instrument,
    Notice,
    NoticeKind,
    NoticeRead,
    Order,
    OrderEvent,
    UserNotice,
    UserNoticeKind,
)
from brokers.models.accounts import SocketState
from brokers.models.notices import STAFF_KINDS
from brokers.models.orders import OPEN
from brokers.models.tokens import key_hash
from brokers.paging import Part
from brokers.reports import DayReport, day_report
from brokers.rights import accounts_of, visible_ids
from brokers.terms import InstrumentKind
from lucy import clock

M = TypeVar("M", bound=Model)

ROWS_AT_ONCE = 1_000  # of a list that goes into a file
MOST_NAMES = 300  # that begin alike; enough to rank, bounded
OWN = "own"  # beside the accounts' ids: the notices that belong to no account
MISSED_AT_ONCE = 200  # notices sent to a browser that comes back; more are read as a list


def orders_of(user: User) -> QuerySet[Order]:
    return Order.objects.filter(account_id__in=visible_ids(user)).order_by("-created_at", "-id")


def todays_orders(user: User) -> QuerySet[Order]:
    return orders_of(user).filter(created_at__gte=clock.day_start())


def open_orders(user: User) -> QuerySet[Order]:
    return orders_of(user).filter(status__in=OPEN)


def order_of(user: User, order_id: str) -> Order | None:
    """The order, if there is one with this id and the user may see it."""
    try:
        key = ObjectId(order_id)
    except (InvalidId, TypeError):
        return None
    return orders_of(user).filter(pk=key).first()


def fills_of(user: User) -> QuerySet[Fill]:
    return Fill.objects.filter(account_id__in=visible_ids(user)).order_by("-executed_at", "-id")


def notices_of(user: User) -> QuerySet[Notice]:
    """News of the accounts the user may see."""
    return Notice.objects.filter(account_id__in=visible_ids(user)).order_by("-created_at", "-id")


def own_notices_of(user: User) -> QuerySet[UserNotice]:
    """News for this user that belongs to no account."""
    return UserNotice.objects.filter(user=user).order_by("-created_at", "-id")


def every_notice_of(user: User, kind: str = "") -> list[QuerySet[Any]]:
    """The tables to read as one list (`paging.newest_of_all`): of the accounts, and of the user's own."""
    if kind in NoticeKind.values:
        return [notices_of(user).filter(kind=kind)]
    if kind:
        return [own_notices_of(user).filter(kind=kind)]
    return [notices_of(user), own_notices_of(user)]


def kinds_for(user: User) -> list[tuple[str, str]]:
    """The kinds of news this user can get, with their names."""
    own = [kind for kind in UserNoticeKind if user.is_staff or kind not in STAFF_KINDS]
    return [(kind.value, str(kind.label)) for kind in (*NoticeKind, *own)]


def newest_notices(user: User, kind: str = "", after: paging.Cursor | None = None, size: int = 30) -> Part:
    """One part of all of a user's news, with accounts and orders."""
    part = paging.newest_of_all(every_notice_of(user, kind), "created_at", after, size)
    with_related([row for row in part.rows if isinstance(row, Notice)], "account", "order")
    return part


def trail_of(order: Order) -> QuerySet[OrderEvent]:
    return OrderEvent.objects.filter(order=order).order_by("seq")


def report_of(account: BrokerAccount, day: date) -> DayReport:
    """The end-of-day report of one account."""
    start = clock.day_start(day)
    # What bounds the indexes: orders are written down and filled within a day of the day they trade on.
    near = start - timedelta(days=1), start + timedelta(days=2)
    orders = Order.objects.filter(account=account, trade_date=day, created_at__range=near)
    orders = orders.order_by("created_at", "id")
    found = Fill.objects.filter(account=account, trade_date=day, executed_at__range=near)
    fills = list(found.order_by("executed_at", "id"))
    differences = Discrepancy.objects.filter(
        account=account, found_at__gte=start, found_at__lt=start + timedelta(days=1)
    ).order_by("found_at")
    kinds = kinds_of({fill.symbol for fill in fills})
    return day_report(list(orders), fills, list(differences), account.rates, kinds)


def kinds_of(symbols: Collection[str]) -> dict[str, str]:
    """The kinds of the issues that the list has, by code."""
    return dict(Instrument.objects.filter(symbol__in=list(symbols)).values_list("symbol", "kind"))


def differences_of(user: User) -> QuerySet[Discrepancy]:
    """What differs from the brokers' books and is not settled, newest first; few by their nature."""
    return Discrepancy.objects.filter(account_id__in=visible_ids(user), resolution="").order_by("-found_at")


def with_related(rows: Sequence[Any], *fields: str) -> None:
    """Set the rows' `fields` (account, order, user): one question each, however many rows."""
    for field in fields:
        related = rows[0]._meta.get_field(field).related_model if rows else BrokerAccount
        keys = {getattr(row, f"{field}_id") for row in rows} - {None}
        found = {row.pk: row for row in _without_secrets(related).filter(pk__in=keys)} if keys else {}
        for row in rows:
            setattr(row, field, found.get(getattr(row, f"{field}_id")))


def in_turn(rows: QuerySet[M], *fields: str) -> Iterator[M]:
    """The rows one after the other, never all at once, with what they point to."""
    found = rows.iterator(chunk_size=ROWS_AT_ONCE)
    while some := list(islice(found, ROWS_AT_ONCE)):
        with_related(some, *fields)
        yield from some


def _without_secrets(model: type[Model]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.all()
    return rows.defer("app_key", "app_secret") if model is BrokerAccount else rows


def notice_heads(user: User) -> dict[str, int]:
    """The newest notice number of each account the user may see."""
    books = AccountBook.objects.filter(account_id__in=visible_ids(user))
    return {str(account): seq for account, seq in books.values_list("account_id", "notice_seq")}


def own_head(user: User) -> int:
    """The newest number of the user's own notices."""
    return Inbox.objects.filter(user=user).values_list("seq", flat=True).first() or 0


def notices_since(user: User, seen: Mapping[str, int]) -> list[dict[str, Any]]:
    """What was published after the numbers `seen` per account (`OWN`: the user's own), oldest first.

    At most `MISSED_AT_ONCE` of each table, the newest.
    """
    visible = {str(account) for account in visible_ids(user)}
    missed = Q()
    for account, seq in seen.items():
        if account in visible:
            missed |= Q(account_id=ObjectId(account), seq__gt=seq)
    told: list[dict[str, Any]] = []
    if missed:
        rows = Notice.objects.filter(missed).order_by("-created_at", "-seq")[:MISSED_AT_ONCE]
        told += [notice_snapshot(notice) for notice in reversed(rows)]
    if OWN in seen:
        own = UserNotice.objects.filter(user=user, seq__gt=seen[OWN]).order_by("-seq")[:MISSED_AT_ONCE]
        told += [user_notice_snapshot(notice) for notice in reversed(own)]
    return told


def unread_count(user: User) -> int:
    """How many notices the user has not read: heads minus marks, no counting of rows."""
    marks = {
        str(account): seq
        for account, seq in NoticeRead.objects.filter(user=user).values_list("account_id", "seq")
    }
    unread = sum(max(0, head - marks.get(account, 0)) for account, head in notice_heads(user).items())
    inbox = Inbox.objects.filter(user=user).values_list("seq", "read").first()
    return unread + (inbox[0] - inbox[1] if inbox else 0)


def find_instruments(text: str, limit: int = 10) -> list[Instrument]:
    """Issues whose code or name begins with `text`, whose name holds it, or whose initials (초성) match."""
    wanted = text.strip()
    if not wanted:
        return []
    if is_initials(wanted):
        return _shares_first(Instrument.objects.filter(initials__startswith=wanted))[:limit]
    begins = Instrument.objects.filter(
        Q(symbol__startswith=wanted.upper()) | Q(name__startswith=wanted) | Q(name__startswith=wanted.upper())
    )
    found = _shares_first(begins)[:limit]
    if len(found) < limit:
        known = [instrument.pk for instrument in found]
        holds = Instrument.objects.filter(name__icontains=wanted).exclude(pk__in=known)
        found += holds.order_by("name")[: limit - len(found)]
    return found


def _shares_first(rows: QuerySet[Instrument]) -> list[Instrument]:
    """Shares before funds and notes, short names before long ones: 삼성전자 before 삼성 레버리지 ETN."""
    order = [InstrumentKind.STOCK, InstrumentKind.ETF, InstrumentKind.ETN]
    found = list(rows.order_by("name")[:MOST_NAMES])
    return sorted(found, key=lambda row: (order.index(InstrumentKind(row.kind)), len(row.name), row.name))


@dataclass(frozen=True, slots=True)
class Health:
    """One account's connection, as the health strip shows it."""

    account: BrokerAccount
    token_expires_at: datetime | None
    socket: SocketState
    socket_since: datetime | None
    last_message_at: datetime | None
    last_reconciled_at: datetime | None
    error: str

    @property
    def socket_text(self) -> str:
        return str(self.socket.label)


def health_of(user: User) -> list[Health]:
    return _healths(list(accounts_of(user)))


def health_of_account(account: BrokerAccount) -> Health:
    (health,) = _healths([account])
    return health


def _healths(accounts: Sequence[BrokerAccount]) -> list[Health]:
    states = {row.account_id: row for row in AccountHealth.objects.filter(account__in=accounts)}
    hashes = {account.pk: key_hash(account.app_key) for account in accounts}
    tokens = dict(
        BrokerToken.objects.filter(key_hash__in=list(hashes.values())).values_list("key_hash", "expires_at")
    )
    return [_health(account, states.get(account.pk), tokens.get(hashes[account.pk])) for account in accounts]


def _health(account: BrokerAccount, state: AccountHealth | None, expires_at: datetime | None) -> Health:
    state = state or AccountHealth(account=account)
    return Health(
        account=account,
        token_expires_at=expires_at,
        socket=SocketState(state.socket),
        socket_since=state.socket_since,
        last_message_at=state.last_message_at,
        last_reconciled_at=state.last_reconciled_at,
        error=state.last_error,
    )


def order_snapshot(order: Order) -> dict[str, Any]:
    """An order as pages and scripts read it; money as strings, times in ISO 8601."""
    return {
        "id": str(order.pk),
        "client_order_id": order.client_order_id,
        "account": str(order.account_id),
        "origin": order.origin,
        "symbol": order.symbol,
        "name": order.name,
        "side": order.side,
        "order_type": order.order_type,
        "condition": order.condition,
        "venue": order.venue,
        "quantity": order.quantity,
        "price": _money(order.price),
        "status": order.status,
        "status_text": order.get_status_display(),
        "filled_quantity": order.filled_quantity,
        "open_quantity": order.open_quantity,
        "cancelled_quantity": order.cancelled_quantity,
        "expired_quantity": order.expired_quantity,
        "rejected_quantity": order.rejected_quantity,
        "filled_amount": _money(order.filled_amount),
        "average_price": _money(order.average_price),
        "broker_order_no": order.broker_order_no,
        "trade_date": order.trade_date.isoformat() if order.trade_date else None,
        "note": order.note,
        "note_code": order.note_code,
        "created_at": order.created_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
    }


def fill_snapshot(fill: Fill) -> dict[str, Any]:
    return {
        "id": str(fill.pk),
        "account": str(fill.account_id),
        "order": str(fill.order_id) if fill.order_id else None,
        "trade_date": fill.trade_date.isoformat(),
        "broker_order_no": fill.broker_order_no,
        "fill_no": fill.fill_no,
        "symbol": fill.symbol,
        "side": fill.side,
        "quantity": fill.quantity,
        "price": _money(fill.price),
        "executed_at": fill.executed_at.isoformat(),
        "source": fill.source,
    }


def notice_snapshot(notice: Notice) -> dict[str, Any]:
    return {
        "account": str(notice.account_id),
        "seq": notice.seq,
        "kind": notice.kind,
        "text": notice.text,
        "at": notice.created_at.isoformat(),
        "order": str(notice.order_id) if notice.order_id else None,
        "data": notice.data,
    }


def user_notice_snapshot(notice: UserNotice) -> dict[str, Any]:
    """The same shape; it belongs to no account, and its address lies in `data`."""
    return {
        "account": None,
        "seq": notice.seq,
        "kind": notice.kind,
        "text": notice.text,
        "at": notice.created_at.isoformat(),
        "order": None,
        "data": {"url": notice.url},
    }


def any_notice_snapshot(notice: Notice | UserNotice) -> dict[str, Any]:
    return notice_snapshot(notice) if isinstance(notice, Notice) else user_notice_snapshot(notice)


def _money(value: Any) -> str | None:
    """A Decimal without needless zeros: 70500, not 70500.0000."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
