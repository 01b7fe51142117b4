"""The socket of a browser or script: who gets in, what it hears, how it catches up."""

import json
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from accounts.services import end_sessions, issue_tokens, revoke_every_token
from brokers.adapters.base import Receipt
from brokers.models import AccountGrant, OrderStatus
from brokers.services.orders import accept_order
from tests import services
from tests.accounts.callers import browser_of
from tests.factories import make_account, make_order, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def dial(site, **headers):
    return connect(f"{site.replace('http', 'ws')}/ws/", additional_headers=headers, open_timeout=10)


def with_token(site, user):
    return dial(site, Authorization=f"Bearer {issue_tokens(user).access_token}")


def hear(socket, kind="notice"):
    while (message := json.loads(socket.recv(timeout=10)))["type"] != kind:
        pass
    return message


def news(account, user, number):
    order = make_order(account, user, status=OrderStatus.SENT)
    accept_order(order, Receipt(number))
    return order


def test_nobody_gets_in_without_signing_in(site):
    with dial(site, Origin=site) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_a_session_is_not_believed_from_another_origin(site, trader):
    cookie = f"sessionid={services.session_of(trader)}"
    with pytest.raises(InvalidStatus):
        dial(site, Cookie=cookie, Origin="http://elsewhere.example")
    with dial(site, Cookie=cookie, Origin=site) as socket:
        assert hear(socket, "hello")["accounts"] == {}


def test_news_comes_live_with_its_order(site, account, trader):
    with with_token(site, trader) as socket:
        assert hear(socket, "hello")["accounts"] == {str(account.pk): 0}
        order = news(account, trader, "1")
        notice = hear(socket)
    assert (notice["seq"], notice["account"]) == (1, str(account.pk))
    assert notice["data"]["order"]["id"] == str(order.pk)


def test_who_was_away_asks_for_what_is_missing(site, account, trader):
    for number in "123":
        news(account, trader, number)
    with with_token(site, trader) as socket:
        assert hear(socket, "hello")["accounts"] == {str(account.pk): 3}
        socket.send(json.dumps({"resume": {str(account.pk): 1}}))
        assert [hear(socket)["seq"], hear(socket)["seq"]] == [2, 3]


def test_another_traders_news_is_never_told(site, account, trader):
    other = make_user("lee")
    own = make_account(other)
    with with_token(site, other) as socket:
        hear(socket, "hello")
        news(account, trader, "1")
        socket.send(json.dumps({"resume": {str(account.pk): 0}}))
        news(own, other, "2")
        assert hear(socket)["account"] == str(own.pk)


def test_a_right_that_is_taken_back_ends_the_news(site, account, trader):
    with with_token(site, trader) as socket:
        hear(socket, "hello")
        AccountGrant.objects.get(account=account, user=trader).delete()
        assert hear(socket, "hello")["accounts"] == {}
        socket.send(json.dumps({"resume": {str(account.pk): 0}}))
        socket.send("nonsense")
        assert hear(socket, "error")["code"] == "invalid"


def test_a_session_or_token_that_ended_ends_the_connection(site, account, trader):
    cookie = f"sessionid={services.session_of(trader)}"
    with dial(site, Cookie=cookie, Origin=site) as page, with_token(site, trader) as script:
        hear(page, "hello")
        hear(script, "hello")
        end_sessions(trader)
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(timeout=10)
        assert closed.value.rcvd.code == 4401
        hear(script, "hello")  # still there
        revoke_every_token(trader)
        with pytest.raises(ConnectionClosed):
            script.recv(timeout=10)


def ended(socket):
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    return closed.value.rcvd.code


def test_who_is_stopped_hears_no_more(site, account, trader):
    with with_token(site, trader) as script:
        hear(script, "hello")
        trader.is_active = False
        trader.save()
        assert ended(script) == 4401


def test_signing_out_ends_the_other_windows_of_that_browser(site, trader):
    client = browser_of(trader)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    with dial(site, Cookie=cookie, Origin=site) as page:
        hear(page, "hello")
        client.post("/accounts/sign-out/")
        assert ended(page) == 4401


def test_a_token_opens_the_news_no_longer_than_everything_else(site, trader):
    token = issue_tokens(trader).access_token
    token.set_exp(lifetime=timedelta(seconds=2))
    with dial(site, Authorization=f"Bearer {token}") as script:
        hear(script, "hello")
        assert ended(script) == 4401


def test_a_role_that_is_taken_back_ends_the_news(site, account):
    """By a change of the person's groups, of the group's permissions, of the person's own."""
    seeing = Permission.objects.get(codename="see_every_account")
    role = Group.objects.create(name="onlookers")
    role.permissions.add(seeing)
    own = make_user()
    own.user_permissions.add(seeing)
    users = [make_user(groups=("onlookers",)), make_user(groups=("onlookers",)), own]
    with ExitStack() as stack:
        left, kept, alone = (stack.enter_context(with_token(site, user)) for user in users)
        for socket in (left, kept, alone):
            assert hear(socket, "hello")["accounts"] == {str(account.pk): 0}
        users[0].groups.clear()
        own.user_permissions.remove(seeing)
        assert hear(left, "hello")["accounts"] == hear(alone, "hello")["accounts"] == {}
        role.permissions.remove(seeing)
        assert hear(kept, "hello")["accounts"] == {}


@pytest.mark.parametrize(
    "said", ["", "[]", '{"resume": []}', '{"resume": {"x": "y"}}', '{"resume": {"x": 1e400}}']
)
def test_nonsense_does_not_end_the_connection(site, account, trader, said):
    with with_token(site, trader) as socket:
        hear(socket, "hello")
        socket.send(said)
        news(account, trader, "1")
        assert hear(socket)["seq"] == 1
