"""Which gateway holds which account: a row with an end, moved by one conditional update."""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q

from brokers.models import AccountLease, BrokerAccount
from lucy import clock


def hold(account: BrokerAccount, holder: str) -> bool:
    """Take or keep the account for `holder`; False while another gateway's lease runs."""
    until = clock.now() + timedelta(seconds=settings.LEASE_SECONDS)
    free = Q(holder=holder) | Q(until__lt=clock.now())
    if AccountLease.objects.filter(free, account=account).update(holder=holder, until=until):
        return True
    if AccountLease.objects.filter(account=account).exists():
        return False
    try:
        AccountLease.objects.create(account=account, holder=holder, until=until)
    except IntegrityError:  # another gateway was a moment faster
        return False
    return True


def release(account: BrokerAccount, holder: str) -> None:
    """Give the account back at once, so that another gateway need not wait for the lease to end."""
    AccountLease.objects.filter(account=account, holder=holder).update(until=clock.now())
