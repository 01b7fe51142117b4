"""What all operations share: who asks, how often, and the one way to an account or an order."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404
from rest_framework.views import APIView

from accounts.models import User
from accounts.rights import user_of
from accounts.throttles import UserThrottle
from brokers.api.fields import key_in_address
from brokers.models import BrokerAccount, Order
from brokers.rights import accounts_of
from brokers.selectors import order_of
from lucy import mongo
from lucy.errors import LucyError


class ApiView(APIView):
    throttle_classes = [UserThrottle]

    @property
    def user(self) -> User:
        return user_of(self.request)

    def seen_account(self, account_id: object) -> BrokerAccount:
        """An account the user may see; another's is a 404."""
        account = accounts_of(self.user).filter(pk=account_id).first()
        if account is None:
            raise Http404
        return account

    @contextmanager
    def account_to_trade(self, account_id: object) -> Iterator[BrokerAccount]:
        """The account for a service that checks the right to trade: its 403 is a 404 for who may not see it.

        In this order, because asking first what the user may see would slow every order down.
        """
        account = mongo.find(BrokerAccount, pk=account_id)
        if account is None:
            raise Http404
        try:
            yield account
        except LucyError as error:
            if error.code == "may_not_trade":
                self.seen_account(account_id)
            raise

    def account_in_address(self, account_id: str) -> BrokerAccount:
        return self.seen_account(key_in_address(account_id))

    def order_in_address(self, order_id: str) -> Order:
        order = order_of(self.user, order_id)
        if order is None:
            raise Http404
        return order
