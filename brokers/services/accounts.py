"""What staff do with a broker account: try it, renew its token, pause it."""

from datetime import datetime

from brokers.adapters import client_for
from brokers.models import BrokerAccount
from lucy.clock import KST


def test_connection(account: BrokerAccount) -> str:
    """Ask the broker for the balance, and say what came; raises `BrokerError`."""
    balance = client_for(account).balance()
    return f"예수금 {balance.cash.deposit:,}원, 보유 {len(balance.holdings)}종목"


def renew_token(account: BrokerAccount) -> datetime:
    """A fresh token for all processes; until when it holds, in KST. Raises `BrokerError`."""
    return client_for(account).renew_token().astimezone(KST)


def pause(account: BrokerAccount) -> None:
    """No new orders, no stream; what works at the broker goes on working and can be cancelled."""
    BrokerAccount.objects.filter(pk=account.pk).update(paused=True)


def resume(account: BrokerAccount) -> None:
    BrokerAccount.objects.filter(pk=account.pk).update(paused=False)
