"""Password change and 사용자 정보."""

import pytest
from django.urls import reverse

from tests.accounts.callers import browser_of, script_of
from tests.factories import PASSWORD, make_account, make_user

pytestmark = pytest.mark.django_db

PROFILE = "/accounts/"
NEW = "quite-another-word"


def change(client, old=PASSWORD, new=NEW):
    body = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(reverse("accounts:password"), body)


def test_a_new_password_ends_other_sessions_and_every_token(trader):
    here, elsewhere, script = browser_of(trader), browser_of(trader), script_of(trader)
    assert script.get("/api/v1/accounts/").status_code == 200
    assert change(here)["Location"] == PROFILE
    assert here.get(PROFILE).status_code == 200
    assert elsewhere.get(PROFILE).status_code == 302
    assert script.get("/api/v1/accounts/").status_code == 401
    trader.refresh_from_db()
    assert trader.check_password(NEW)


@pytest.mark.parametrize(("old", "new"), [("wrong", NEW), (PASSWORD, "short"), (PASSWORD, "1234567890")])
def test_a_refused_password_changes_nothing(trader, old, new):
    script = script_of(trader)
    assert change(browser_of(trader), old, new).status_code == 200
    trader.refresh_from_db()
    assert trader.check_password(PASSWORD)
    assert script.get("/api/v1/accounts/").status_code == 200


@pytest.mark.parametrize("name", ["profile", "password"])
def test_pages_are_for_the_signed_in(client, db, name):
    response = client.get(reverse(f"accounts:{name}"))
    assert response["Location"].startswith("/accounts/sign-in/")


def test_the_profile_shows_own_accounts_and_their_state_without_secrets(trader):
    mine = make_account(trader, name="내 계좌", app_key="KEYKEYKEY", app_secret="SECRETSECRET", paused=True)
    make_account(make_user(), name="남의 계좌")
    page = browser_of(trader).get(PROFILE).content.decode()
    assert "내 계좌" in page
    assert mine.shown_number in page
    assert "일시정지" in page
    assert "남의 계좌" not in page
    assert "KEYKEYKEY" not in page
    assert "SECRETSECRET" not in page


def test_name_and_mail_can_be_changed_and_nothing_else(trader):
    body = {"last_name": "김", "first_name": "철수", "email": "kim@example.com", "username": "root"}
    response = browser_of(trader).post(PROFILE, body | {"is_superuser": "on", "is_staff": "on"})
    assert response["Location"] == PROFILE
    trader.refresh_from_db()
    assert (trader.last_name, trader.first_name, trader.email) == ("김", "철수", "kim@example.com")
    assert (trader.username, trader.is_staff, trader.is_superuser) == ("kim", False, False)


def test_a_wrong_mail_address_is_told(trader):
    response = browser_of(trader).post(PROFILE, {"email": "nowhere"})
    assert response.status_code == 200
    assert "이메일" in response.content.decode()
    trader.refresh_from_db()
    assert trader.email == ""
