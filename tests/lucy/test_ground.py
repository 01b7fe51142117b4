"""The ground of all tests: the database is swept, site and browser answer, the gateway follows."""

import pytest

from accounts.models import User
from brokers.models import AccountHealth
from tests.factories import PASSWORD, make_user
from tests.services import eventually


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_finds_nothing_of_the_one_before(turn):
    assert not User.objects.exists()
    make_user("kim")


@pytest.mark.browser
def test_a_user_signs_in(page, trader):
    page.goto("/accounts/sign-in/")
    page.fill("[name=username]", trader.username)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url("**/")
    assert "sessionid" in {cookie["name"] for cookie in page.context.cookies()}


@pytest.mark.browser
def test_a_session_signs_in(new_page, trader):
    page = new_page(trader)
    page.goto("/")
    assert "sign-in" not in page.url


def test_the_gateway_takes_up_accounts(gateway, account, ls_account):
    eventually(lambda: AccountHealth.objects.filter(socket="up").count() == 2)
