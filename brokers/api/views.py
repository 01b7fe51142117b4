"""What all operations share: who asks, how often, and the one way to an account or an order."""

from django.http import Http404
from rest_framework.views import APIView

from accounts.models import User
from accounts.rights import user_of
from accounts.throttles import UserThrottle
from brokers.api.fields import key_in_address
from brokers.models import BrokerAccount, Order
from brokers.rights import accounts_of, tradable_accounts_of
from brokers.selectors import order_of


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

    def account_to_trade(self, account_id: object) -> BrokerAccount:
        """The short way for those who may; who merely sees it is told so by the service."""
        return tradable_accounts_of(self.user).filter(pk=account_id).first() or self.seen_account(account_id)

    def account_in_address(self, account_id: str) -> BrokerAccount:
        return self.seen_account(key_in_address(account_id))

    def order_in_address(self, order_id: str) -> Order:
        order = order_of(self.user, order_id)
        if order is None:
            raise Http404
        return order
