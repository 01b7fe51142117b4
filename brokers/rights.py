"""Who may see and who may trade an account: the one place of object-level permission."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import User
from brokers.models import AccountGrant, BrokerAccount
from lucy import mongo
from lucy.errors import LucyError


def accounts_of(user: User | AnonymousUser) -> QuerySet[BrokerAccount]:
    """The accounts a user may see: those granted; back office and administrators see all."""
    if not isinstance(user, User):
        return BrokerAccount.objects.none()
    if user.has_perm("brokers.see_every_account"):
        return BrokerAccount.objects.order_by("broker", "name")
    return BrokerAccount.objects.filter(pk__in=_granted(user)).order_by("broker", "name")


def tradable_accounts_of(user: User | AnonymousUser) -> QuerySet[BrokerAccount]:
    """The accounts a user may trade: only by grant, whatever the user's role."""
    if not isinstance(user, User):
        return BrokerAccount.objects.none()
    return BrokerAccount.objects.filter(pk__in=_granted(user, can_trade=True)).order_by("broker", "name")


def require_trading(user: User, account: BrokerAccount) -> None:
    """Raises `LucyError` (403) unless `user` may trade `account`."""
    if not mongo.find(AccountGrant, user_id=user.pk, account_id=account.pk, can_trade=True):
        raise LucyError(
            "may_not_trade", "이 계좌로 주문할 권한이 없습니다. 관리자에게 요청하세요.", status=403
        )


def _granted(user: User, **conditions: bool) -> list[object]:
    return list(AccountGrant.objects.filter(user=user, **conditions).values_list("account_id", flat=True))


def may_settle(user: User, account: BrokerAccount) -> bool:
    """Who may say which of the broker's orders is ours: those who trade the account, and back office."""
    granted = AccountGrant.objects.filter(user=user, account=account, can_trade=True).exists()
    return granted or user.has_perm("brokers.resolve_discrepancy")
