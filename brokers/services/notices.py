"""Notices on their way to people: published when saved, read again by whoever was away."""

from collections.abc import Sequence

from accounts.models import User
from brokers.models import BrokerAccount, Notice, NoticeRead
from brokers.selectors import notice_snapshot
from lucy.fanout import fanout


def account_group(account_id: object) -> str:
    """The channel group of everyone who watches an account."""
    return f"account.{account_id}"


def rights_group(user_id: object) -> str:
    """The channel group of one user's own sockets."""
    return f"user.{user_id}"


def tell_rights_changed(user_id: object) -> None:
    """The user's open sockets look again at what they may show."""
    fanout.send(rights_group(user_id), {"type": "rights.changed"})


def publish(notices: Sequence[Notice]) -> None:
    """Tell the browsers; they are saved already, so a layer that is away loses nothing."""
    for notice in notices:
        fanout.send(
            account_group(notice.account_id), {"type": "notice.published", "notice": notice_snapshot(notice)}
        )


def mark_read(user: User, account: BrokerAccount, seq: int) -> None:
    """The user has read this account's notices up to and including `seq`."""
    mark, created = NoticeRead.objects.get_or_create(user=user, account=account, defaults={"seq": seq})
    if not created:
        NoticeRead.objects.filter(pk=mark.pk, seq__lt=seq).update(seq=seq)
