"""Password change and 사용자 정보."""

from datetime import time

import pytest
from django.urls import reverse

from accounts.callers import device_of
from accounts.models import BrowserSession, NoticePreference, TokenChain
from accounts.roles import BACK_OFFICE
from accounts.services import issue_tokens, renew_tokens
from brokers.models import UserNotice, UserNoticeKind
from brokers.services.notices import notify
from tests.accounts.callers import browser_of, make_staff, script_of
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


# --- how to be told -----------------------------------------------------------------------------------------


def test_kinds_are_chosen_and_what_is_unwanted_is_not_told(trader):
    browser = browser_of(trader)
    body = {"wanted": ["ipo"], "toast": ["fill"], "sound": ["fill", "warning"]}
    hours = {"quiet_from": "22:00", "quiet_until": "07:30"}
    assert browser.post("/accounts/notices/", body | hours)["Location"] == PROFILE
    wish = NoticePreference.objects.get(user=trader)
    assert set(wish.unwanted) == {"price", "screen", "approval", "block"}
    assert "ipo" in wish.without_toast
    assert "fill" not in wish.without_toast
    assert (wish.with_sound, wish.quiet) == (["fill", "warning"], ["22:00", "07:30"])
    assert wish.quiet_until == time(7, 30)
    assert notify(trader, UserNoticeKind.IPO, "내일 청약")
    assert not notify(trader, UserNoticeKind.PRICE, "기준가에 닿음")
    assert UserNotice.objects.count() == 1
    page = browser.get(PROFILE)
    assert page.context["feed_start"]["quiet"] == ["22:00", "07:30"]
    assert 'value="22:00"' in page.content.decode()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"quiet_from": "22:00"}, "함께"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "같습니다"),
        ({"quiet_from": "밤"}, "시작"),
        ({"wanted": ["job"]}, ""),  # of the staff
        ({"toast": ["warning"]}, ""),  # always shown
    ],
)
def test_a_wish_that_cannot_be_is_refused_and_kept_on_the_page(trader, body, told):
    response = browser_of(trader).post("/accounts/notices/", body)
    assert response.status_code == 422
    assert told in response.content.decode()
    assert not NoticePreference.objects.exists()


def test_staff_choose_kinds_of_the_house(db):
    page = browser_of(make_staff(BACK_OFFICE)).get(PROFILE).content.decode()
    assert "작업 실패" in page


# --- where I am signed in -----------------------------------------------------------------------------------


def test_browsers_are_listed_without_their_keys_and_ended_one_by_one(trader):
    here, there, third = browser_of(trader), browser_of(trader), browser_of(trader)
    strangers = browser_of(make_user("lee"))
    key = there.cookies["sessionid"].value
    page = here.get(PROFILE).content.decode()
    assert page.count("지금 이 기기") == 1
    assert all(row.session_key not in page for row in BrowserSession.objects.all())
    handle = BrowserSession.objects.get(pk=key).handle
    assert strangers.post(f"/accounts/browsers/{handle}/end/").status_code == 404
    assert there.get(PROFILE).status_code == 200
    assert here.post(f"/accounts/browsers/{handle}/end/")["Location"] == PROFILE
    assert there.get(PROFILE).status_code == 302
    here.post("/accounts/browsers/end/")
    assert third.get(PROFILE).status_code == 302
    assert here.get(PROFILE).status_code == 200
    assert strangers.get(PROFILE).status_code == 200


def test_a_script_is_one_line_however_often_it_renews_and_is_revoked_by_its_owner(trader):
    refresh = renew_tokens(str(renew_tokens(str(issue_tokens(trader)))))
    other = make_user("lee")
    mine = TokenChain.objects.get(user=trader)
    theirs = browser_of(other)
    assert theirs.post(f"/accounts/tokens/{mine.pk}/revoke/").status_code == 404
    here = browser_of(trader)
    assert mine.jti not in here.get(PROFILE).content.decode()
    assert here.post(f"/accounts/tokens/{mine.pk}/revoke/")["Location"] == PROFILE
    assert not TokenChain.objects.exists()
    answer = script_of(other).post("/api/v1/token/refresh/", {"refresh": str(refresh)}, format="json")
    assert answer.status_code == 401


def test_all_scripts_are_cut_off_at_once(trader):
    script = script_of(trader)
    browser_of(trader).post("/accounts/tokens/revoke/")
    assert script.get("/api/v1/accounts/").status_code == 401
    assert not TokenChain.objects.exists()


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
            "Chrome · Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_1) AppleWebKit/605 Version/17.1 Safari/605",
            "Safari · macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 SamsungBrowser/23.0 Chrome/115 Safari/537",
            "삼성 인터넷 · Android",
        ),
        ("python-requests/2.32.0", "python-requests"),
        ("", "알 수 없는 프로그램"),
    ],
)
def test_devices_have_names(agent, device):
    assert device_of(agent) == device
