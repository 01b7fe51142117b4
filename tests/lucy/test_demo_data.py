"""Demo data: enough to practise with, made once, and never where real brokers are."""

from io import StringIO

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command

from accounts.models import User
from brokers.blocks.models import Fund, Plan
from brokers.blocks.rights import plans_of
from brokers.blocks.selectors import legs_of
from brokers.management.commands.demo_data import PASSWORD, PEOPLE, sign_ins
from brokers.models import AccountGrant, BrokerAccount
from brokers.rights import tradable_accounts_of

pytestmark = pytest.mark.django_db


def demo_data(**options: bool) -> str:
    out = StringIO()
    call_command("demo_data", stdout=out, **options)
    return out.getvalue()


def test_the_traders_trade_two_accounts_each_and_staff_none():
    demo_data()
    of = {user.username: list(tradable_accounts_of(user)) for user in User.objects.all()}
    assert [(account.broker, account.server) for account in of["trader"]] == [("kis", "real"), ("ls", "real")]
    assert [(account.broker, account.server) for account in of["trader2"]] == [
        ("kis", "paper"),
        ("ls", "paper"),
    ]
    assert of["staff"] == of["admin"] == []


def test_the_trader_has_funds_and_a_plan_over_both_brokers():
    demo_data()
    plan = plans_of(User.objects.get(username="trader")).get()
    legs = [(leg.fund.code, leg.account.broker, leg.weight) for leg in legs_of(plan)]
    assert legs == [("DEMO-1", "kis", 6_000), ("DEMO-2", "ls", 4_000)]


def test_a_trader_who_trades_other_accounts_gets_no_funds():
    demo_data()
    Plan.objects.all().delete()
    Fund.objects.all().delete()
    AccountGrant.objects.all().delete()
    demo_data()
    assert not Fund.objects.exists()


def test_it_prints_sign_ins_that_work():
    assert demo_data().splitlines() == sign_ins()
    for person in PEOPLE:
        user = User.objects.get(username=person.username)
        assert user.check_password(PASSWORD)
        assert [group.name for group in user.groups.all()] == [person.group]
        validate_password(PASSWORD, user)


def test_a_second_time_changes_nothing():
    demo_data()
    User.objects.filter(username="trader").update(first_name="바뀜", password="changed")
    AccountGrant.objects.all().delete()
    demo_data()
    assert User.objects.get(username="trader").first_name == "바뀜"
    assert User.objects.count() == 4
    assert BrokerAccount.objects.count() == 4
    assert Fund.objects.count() == 2
    assert not AccountGrant.objects.exists()


def test_it_is_refused_with_real_brokers(settings):
    settings.BROKERS = "live"
    with pytest.raises(CommandError, match="LUCY_BROKERS=live"):
        demo_data()
    assert not User.objects.exists()


def test_a_live_start_is_refused_while_demo_sign_ins_are_open(settings):
    demo_data()
    settings.BROKERS = "live"
    with pytest.raises(CommandError, match=r"The demo users .*trader.* can sign in"):
        call_command("prepare")
    assert demo_data(lock=True) == "Closed 4 demo sign-ins.\n"
    call_command("prepare")
