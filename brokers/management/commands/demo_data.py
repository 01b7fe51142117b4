"""People, accounts and funds to practise with, only where every account speaks to the paper broker."""

from argparse import ArgumentParser
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from brokers.blocks.demo import make_demo_funds
from brokers.models import AccountGrant, BrokerAccount
from brokers.paper import demo
from brokers.terms import Broker, Server

PASSWORD = "only-for-practice"  # noqa: S105  (shown on purpose; refused with real brokers)


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    name: str
    role: str
    group: str
    is_staff: bool = False
    is_superuser: bool = False


PEOPLE = (
    Person("trader", "김트레이더", "trades the real-profile KIS and LS accounts", "trader"),
    Person("trader2", "이트레이더", "trades the paper-profile KIS and LS accounts", "trader"),
    Person(
        "staff", "박백오피스", "back office: sees every account, trades none", "back office", is_staff=True
    ),
    Person(
        "admin",
        "최관리자",
        "administrator: the admin site",
        "administrator",
        is_staff=True,
        is_superuser=True,
    ),
)

ACCOUNTS = (
    (
        "trader",
        {
            "broker": Broker.KIS,
            "server": Server.REAL,
            "number": demo.KIS_REAL_ACCOUNT,
            "name": "연습 KIS",
            "hts_id": demo.KIS_REAL_HTS_ID,
            "app_key": demo.KIS_REAL_APP_KEY,
            "app_secret": demo.KIS_REAL_APP_SECRET,
        },
    ),
    (
        "trader",
        {
            "broker": Broker.LS,
            "server": Server.REAL,
            "number": demo.LS_REAL_ACCOUNT,
            "name": "연습 LS",
            "hts_id": demo.LS_REAL_HTS_ID,
            "app_key": demo.LS_REAL_APP_KEY,
            "app_secret": demo.LS_REAL_APP_SECRET,
        },
    ),
    (
        "trader2",
        {
            "broker": Broker.KIS,
            "server": Server.PAPER,
            "number": demo.KIS_PAPER_ACCOUNT,
            "name": "모의 KIS",
            "hts_id": demo.KIS_PAPER_HTS_ID,
            "app_key": demo.KIS_PAPER_APP_KEY,
            "app_secret": demo.KIS_PAPER_APP_SECRET,
        },
    ),
    (
        "trader2",
        {
            "broker": Broker.LS,
            "server": Server.PAPER,
            "number": demo.LS_PAPER_ACCOUNT,
            "name": "모의 LS",
            "hts_id": demo.LS_PAPER_HTS_ID,
            "app_key": demo.LS_PAPER_APP_KEY,
            "app_secret": demo.LS_PAPER_APP_SECRET,
        },
    ),
)


class Command(BaseCommand):
    help = "Makes what is missing of the demo users, accounts and funds; changes nothing that is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lock", action="store_true", help="close the demo sign-ins instead")

    def handle(self, *, lock: bool, verbosity: int, **_: Any) -> None:
        if lock:
            self.stdout.write(f"Closed {close_demo_sign_ins()} demo sign-ins.")
            return
        if settings.BROKERS != "practice":
            raise CommandError("Demo users have a known password: they are not made where LUCY_BROKERS=live.")
        for person in PEOPLE:
            make_person(person)
        for username, values in ACCOUNTS:
            make_account(username, values)
        make_demo_funds(User.objects.get(username=PEOPLE[0].username))
        if verbosity:
            self.stdout.write("\n".join(sign_ins()))


def sign_ins() -> list[str]:
    """The demo sign-ins, a line each."""
    return [f"{person.username:<8} {PASSWORD}   {person.role}" for person in PEOPLE]


def open_demo_sign_ins() -> list[str]:
    """Demo users who could still sign in with the known password."""
    users = User.objects.filter(username__in=[person.username for person in PEOPLE], is_active=True)
    return [user.username for user in users if user.check_password(PASSWORD)]


def close_demo_sign_ins() -> int:
    return User.objects.filter(username__in=open_demo_sign_ins()).update(is_active=False)


def make_person(person: Person) -> None:
    if User.objects.filter(username=person.username).exists():
        return
    user = User.objects.create_user(
        person.username,
        password=PASSWORD,
        email=f"{person.username}@example.com",
        first_name=person.name[1:],
        last_name=person.name[:1],
        is_staff=person.is_staff,
        is_superuser=person.is_superuser,
    )
    user.groups.add(Group.objects.get_or_create(name=person.group)[0])


def make_account(username: str, values: dict[str, str]) -> None:
    key = {name: values[name] for name in ("broker", "server", "number")}
    account, is_new = BrokerAccount.objects.get_or_create(**key, defaults=values)
    if is_new:
        trader = User.objects.get(username=username)
        AccountGrant.objects.get_or_create(account=account, user=trader, defaults={"can_trade": True})
