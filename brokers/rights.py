"""Who may see and who may trade an account: the one place of object-level permission."""

from bson import ObjectId
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import User
from brokers.models import AccountGrant, BrokerAccount
from lucy import mongo
from lucy.errors import LucyError

_Grant = tuple[ObjectId, bool]
_REMEMBERED = "_remembered_grants"


def accounts_of(user: User | AnonymousUser) -> QuerySet[BrokerAccount]:
    """The accounts a user may see: those granted; back office and administrators see all."""
    if not isinstance(user, User):
        return BrokerAccount.objects.none()
    if user.has_perm("brokers.see_every_account"):
        return BrokerAccount.objects.order_by("broker", "name")
    return BrokerAccount.objects.filter(pk__in=_granted(user)).order_by("broker", "name")


def visible_ids(user: User) -> list[ObjectId]:
    """The keys of `accounts_of`, without asking for the accounts where the grants name them."""
    if user.has_perm("brokers.see_every_account"):
        return list(BrokerAccount.objects.values_list("pk", flat=True))
    return _granted(user)


def tradable_accounts_of(user: User | AnonymousUser) -> QuerySet[BrokerAccount]:
    """The accounts a user may trade: only by grant, whatever the user's role."""
    if not isinstance(user, User):
        return BrokerAccount.objects.none()
    return BrokerAccount.objects.filter(pk__in=_granted(user, to_trade=True)).order_by("broker", "name")


def require_trading(user: User, account: BrokerAccount) -> None:
    """Raises `LucyError` (403) unless `user` may trade `account`."""
    if not mongo.find(AccountGrant, user_id=user.pk, account_id=account.pk, can_trade=True):
        raise may_not_trade()


def may_not_trade() -> LucyError:
    return LucyError("may_not_trade", "이 계좌로 주문할 권한이 없습니다. 관리자에게 요청하세요.", status=403)


def remember_grants(user: User) -> None:
    """Ask for the grants once for as long as this object lives: no longer than a page's request."""
    vars(user)[_REMEMBERED] = _grants_of(user)


def _granted(user: User, *, to_trade: bool = False) -> list[ObjectId]:
    known: list[_Grant] | None = vars(user).get(_REMEMBERED)
    grants = _grants_of(user) if known is None else known
    return [account for account, can_trade in grants if can_trade or not to_trade]


def _grants_of(user: User) -> list[_Grant]:
    return list(AccountGrant.objects.filter(user=user).values_list("account_id", "can_trade"))


def may_settle(user: User, account: BrokerAccount) -> bool:
    """Who may say which of the broker's orders is ours: those who trade the account, and back office."""
    granted = AccountGrant.objects.filter(user=user, account=account, can_trade=True).exists()
    return granted or user.has_perm("brokers.resolve_discrepancy")
