"""What only one broker lists (rankings, opinions, watch groups, conditions), asked with a user's own account.

Every refusal and silence comes out as a `LucyError`.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db.models import QuerySet

from accounts.models import User
from brokers.adapters import kis_lists, ls_lists
from brokers.adapters.kis.lists import KisLists
from brokers.adapters.ls.lists import LsLists
from brokers.models import BrokerAccount
from brokers.rights import accounts_of
from brokers.services.desk import answered
from brokers.terms import Broker, Server
from lucy.errors import LucyError

T = TypeVar("T")


def kis_accounts(user: User) -> QuerySet[BrokerAccount]:
    """The user's accounts that KIS answers: its paper server lists nothing (kis.md §4)."""
    return accounts_of(user).filter(broker=Broker.KIS, server=Server.REAL).exclude(app_key="")


def ls_accounts(user: User) -> QuerySet[BrokerAccount]:
    return accounts_of(user).filter(broker=Broker.LS).exclude(app_key="")


def kis_account(user: User, key: str = "") -> BrokerAccount:
    """The account with that key, or the first; `LucyError` where the user has none."""
    found = next((one for one in kis_accounts(user) if key in ("", str(one.pk))), None)
    if found is None:
        raise LucyError(
            "no_kis_account",
            "한국투자증권 실전 계좌가 있어야 볼 수 있습니다. 모의 계좌에서는 제공되지 않습니다. "
            "관리자에게 계좌 등록이나 권한을 요청하세요.",
            status=409,
        )
    return found


def ls_account(user: User) -> BrokerAccount:
    """The user's first; `LucyError` where there is none."""
    found = ls_accounts(user).first()
    if found is None:
        raise LucyError(
            "no_ls_account",
            "LS증권 계좌가 있어야 볼 수 있습니다. 관리자에게 계좌 등록이나 권한을 요청하세요.",
            status=409,
        )
    return found


def from_kis(account: BrokerAccount, question: Callable[[KisLists], T]) -> T:
    return answered(lambda: question(kis_lists(account)))


def from_ls(account: BrokerAccount, question: Callable[[LsLists], T]) -> T:
    return answered(lambda: question(ls_lists(account)))
