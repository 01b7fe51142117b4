"""Traders and accounts to measure with: the same at the paper broker and in Lucy."""

from dataclasses import dataclass
from typing import Any

import requests

from accounts.models import User
from accounts.services import issue_tokens
from brokers.models import AccountGrant, AccountHealth, BrokerAccount
from lucy import clock

CASH = 10**13


@dataclass(frozen=True, slots=True)
class Trader:
    user: User
    account: BrokerAccount
    token: str  # a JWT for scripts and sockets


def make_traders(control: str, broker: str, count: int, first: int = 1) -> list[Trader]:
    """One user per account, each trading that account alone."""
    wanted = {"broker": broker, "server": "real", "count": count, "first": first, "cash": CASH}
    reply = requests.post(f"{control}/accounts", json=wanted, timeout=30)
    reply.raise_for_status()
    return [_trader(facts) for facts in reply.json()]


def _trader(facts: dict[str, Any]) -> Trader:
    account = BrokerAccount.objects.create(
        broker=facts["broker"],
        server=facts["server"],
        number=facts["number"],
        name=facts["name"],
        hts_id=facts["hts_id"],
        app_key=facts["app_key"],
        app_secret=facts["app_secret"],
    )
    AccountHealth.objects.create(account=account, last_reconciled_at=clock.now())
    user = User.objects.create_user(f"bench-{facts['number']}")
    AccountGrant.objects.create(account=account, user=user, can_trade=True)
    return Trader(user, account, str(issue_tokens(user).access_token))
