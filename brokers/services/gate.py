"""The gate of the kill switch: every order passes it; `kill.py` shuts and opens it.

The stops are read from the database each time (a handful of rows, one indexed question), so a stop holds in
every process from the moment it is stored. Cancels do not pass the gate.
"""

from collections.abc import Iterable

from accounts.models import User
from brokers.models import BrokerAccount, Scope, TradingStop
from brokers.models.stops import keys_over
from brokers.rights import accounts_of
from lucy import mongo
from lucy.errors import LucyError

MAY_OPERATE = "brokers.operate_kill_switch"
LOOK_HOLDS_SECONDS = 0.1  # an order that is not on its way by then looks again


def require_running(stop: TradingStop | None) -> None:
    """Raises `LucyError` (423, `stopped`) while anything that an order belongs to is stopped."""
    if stop:
        raise LucyError("stopped", words_of(stop), status=423, scope=stop.scope, reason=stop.reason)


def stop_over(account: BrokerAccount, user: User) -> TradingStop | None:
    """The widest stop that holds for orders of `user` on `account`."""
    return widest(mongo.find_all(TradingStop, key=keys_over(account.pk, user.pk)))


def widest(stops: Iterable[TradingStop]) -> TradingStop | None:
    return min(stops, key=lambda stop: _WIDEST_FIRST.index(Scope(stop.scope)), default=None)


_WIDEST_FIRST = (Scope.SYSTEM, Scope.ACCOUNT, Scope.USER)
_WHAT = {Scope.SYSTEM: "모든 주문", Scope.ACCOUNT: "이 계좌의 주문", Scope.USER: "이 사용자의 주문"}


def words_of(stop: TradingStop) -> str:
    what = _WHAT[Scope(stop.scope)]
    return f"{what}이 중단되었습니다. 사유: {stop.reason} ({stop.by}). 취소는 할 수 있습니다."


def stops_seen_by(user: User) -> list[TradingStop]:
    """The stops a user is told of: the system's, the user's own, those of accounts seen; operators: all."""
    stops = list(TradingStop.objects.select_related("account", "user").order_by("at"))
    if not stops or user.has_perm(MAY_OPERATE):
        return stops
    seen = set(accounts_of(user).values_list("pk", flat=True))
    return [
        stop
        for stop in stops
        if stop.scope == Scope.SYSTEM or stop.account_id in seen or stop.user_id == user.pk
    ]
