"""Accounts at the paper broker and in Lucy, each with a trader of its own, and shares to sell."""

from dataclasses import dataclass
from datetime import timedelta

from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from brokers.models import AccountGrant, BrokerAccount
from chaos.blocks import ISSUES
from chaos.broker import Broker, Facts
from chaos.plan import CODES

CASH = 50_000_000_000
SHARES = 4_000  # of each issue, enough for every sale of a run


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    account: BrokerAccount
    token: str


def make_people(broker: Broker, count: int, first: int = 1) -> list[Person]:
    """Half of them at KIS, half at LS; for each an account with cash and shares."""
    people = []
    broker.post("/matching", automatic=False)  # the market must not be faster than the filling by hand
    for index in range(count):
        name = ("kis", "ls")[index % 2]
        wanted = {"broker": name, "server": "real", "first": first + index, "count": 1, "cash": CASH}
        (facts,) = broker.post("/accounts", **wanted)
        give_shares(broker, facts["number"])
        people.append(_person(facts))
    broker.post("/matching", automatic=True)
    return people


def give_shares(broker: Broker, number: str) -> None:
    """Bought past Lucy before it knows the account, as a customer's holdings are."""
    for code in (*CODES, *ISSUES):
        price = broker.get(f"/issues/{code}")["price"]
        order = broker.post(f"/accounts/{number}/orders", code=code, side="buy", quantity=SHARES, price=price)
        broker.post(f"/accounts/{number}/orders/{order['number']}/fill")


def _person(facts: Facts) -> Person:
    account = BrokerAccount.objects.create(
        broker=facts["broker"],
        server=facts["server"],
        number=facts["number"],
        name=f"시험 {facts['number'][-4:]}",
        hts_id=facts["hts_id"],
        app_key=facts["app_key"],
        app_secret=facts["app_secret"],
    )
    user = User.objects.create_user(f"chaos-{facts['number']}")
    AccountGrant.objects.create(account=account, user=user, can_trade=True)
    return Person(user, account, token_of(user))


def token_of(user: User) -> str:
    """Good for a day."""
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(days=1))
    return str(token)
