"""Notices on their way to people: published when saved, read again by whoever was away."""

from collections.abc import Sequence
from functools import partial

from bson import ObjectId
from django.db.models import F
from django.dispatch import Signal
from pymongo import ReturnDocument

from accounts.models import NoticePreference, User
from brokers.models import AccountBook, BrokerAccount, Inbox, Notice, NoticeRead, UserNotice, UserNoticeKind
from brokers.rights import accounts_of
from brokers.selectors import notice_snapshot, user_notice_snapshot
from lucy import clock, mongo
from lucy.fanout import fanout
from lucy.mongo import connection, transactional

# Told the saved `notices` after their commit, in whichever process recorded them. A receiver must be quick
# (an order's or a fill's way leads through it); one that fails harms nobody.
published = Signal()


def account_group(account_id: object) -> str:
    """The channel group of everyone who watches an account."""
    return f"account.{account_id}"


def rights_group(user_id: object) -> str:
    """The channel group of one user's own sockets."""
    return f"user.{user_id}"


def tell_rights_changed(user_id: object) -> None:
    """The user's open sockets look again at what they may show, and whether they may stay."""
    fanout.send(rights_group(user_id), {"type": "rights.changed"})


def publish(notices: Sequence[Notice]) -> None:
    """Tell the browsers; they are saved already, so a layer that is away loses nothing."""
    for notice in notices:
        fanout.send(
            account_group(notice.account_id), {"type": "notice.published", "notice": notice_snapshot(notice)}
        )
    published.send_robust(sender=Notice, notices=notices)


def mark_read(user: User, account: BrokerAccount, seq: int) -> None:
    """The user has read this account's notices up to and including `seq`."""
    mark, created = NoticeRead.objects.get_or_create(user=user, account=account, defaults={"seq": seq})
    if not created:
        NoticeRead.objects.filter(pk=mark.pk, seq__lt=seq).update(seq=seq)


# --- a user's own -------------------------------------------------------------------------------------------


def notify(user: User, kind: UserNoticeKind, text: str, *, url: str = "", key: str = "") -> bool:
    """Tell one user something that belongs to no account: at once in bell, toast and list, and kept.

    `text` is one Korean sentence; `url` a path of our own (`reverse(...)`) that shows more; `key` names the
    happening, such as `"price:005930:2026-11-20:buy"`: the same key again tells nothing (without one every
    call tells). Returns whether the user was told: not twice, and not what the user does not want to hear.
    Inside a transaction it joins, and is heard after it.
    Raises `ValueError` for an address that is not our own.
    """
    if kind in NoticePreference.of(user).unwanted:
        return False
    if url and (not url.startswith("/") or url.startswith(("//", "/\\"))):
        raise ValueError(f"{url} is no path of our own")
    return _store(user, kind, text, url, key or str(ObjectId()))


def notify_staff(kind: UserNoticeKind, text: str, *, url: str = "", key: str = "") -> int:
    """Tell everyone who may open the admin; returns how many were told."""
    staff = User.objects.filter(is_staff=True, is_active=True)
    return sum(notify(user, kind, text, url=url, key=key) for user in staff)


@transactional
def _store(user: User, kind: UserNoticeKind, text: str, url: str, key: str) -> bool:
    """Of two that tell the same key at once, one cannot move the inbox, begins again and finds the key."""
    if UserNotice.objects.filter(user=user, key=key).exists():
        return False
    notice = UserNotice(user=user, kind=kind, text=text, url=url, key=key, created_at=clock.now())
    notice.seq = _next_number(user)
    mongo.insert(notice)
    connection.on_commit(partial(_publish_own, notice), robust=True)
    return True


def _next_number(user: User) -> int:
    inbox = mongo.collection(Inbox).find_one_and_update(
        {"user_id": user.pk},
        {"$inc": {"seq": 1}, "$setOnInsert": {"read": 0}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=connection.session,
    )
    return int(inbox["seq"])


def _publish_own(notice: UserNotice) -> None:
    fanout.send(
        rights_group(notice.user_id),
        {"type": "notice.published", "notice": user_notice_snapshot(notice)},
    )


def mark_own_read(user: User, seq: int) -> None:
    """The user has read the notices of no account up to and including `seq`."""
    Inbox.objects.filter(user=user, read__lt=seq).update(read=seq)


def mark_everything_read(user: User) -> None:
    """All up to now, in every account the user sees and of the user's own."""
    for book in AccountBook.objects.filter(account__in=list(accounts_of(user))).select_related("account"):
        mark_read(user, book.account, book.notice_seq)
    Inbox.objects.filter(user=user).update(read=F("seq"))
