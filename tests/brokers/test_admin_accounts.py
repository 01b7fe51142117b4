"""Broker accounts in the admin: keys go in and never come out; who may do what with which account."""

import logging
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from accounts.roles import ADMINISTRATOR, BACK_OFFICE
from brokers.models import AccountGrant, AccountHealth, BrokerAccount
from lucy.secrets import encrypt
from tests.accounts.callers import browser_of, make_staff
from tests.factories import make_account, make_order, make_user, stored

pytestmark = pytest.mark.django_db

LIST = "/admin/brokers/brokeraccount/"
KEY, SECRET = "PSkey0123456789", "s3cr3t/with+signs="


@pytest.fixture
def staff(db):
    return make_staff(BACK_OFFICE, "office")


def form(**changes):
    values = {
        "broker": "kis",
        "server": "real",
        "number": "50012345-01",
        "name": "운용 1호",
        "customer": "person",
        "hts_id": "kim01",
        "commission_percent": "0.0140527",
        "sales_tax_percent": "0.2",
        "new_app_key": KEY,
        "new_app_secret": SECRET,
        "grants-TOTAL_FORMS": "0",
        "grants-INITIAL_FORMS": "0",
    }
    return values | changes


def granting(user, can_trade=True, **changes):
    right = {"grants-TOTAL_FORMS": "1", "grants-0-user": str(user.pk)}
    return form(**right | ({"grants-0-can_trade": "on"} if can_trade else {}) | changes)


def add(user, **changes):
    return browser_of(user).post(f"{LIST}add/", form(**changes))


def act(user, action, *accounts):
    chosen = {"action": action, "_selected_action": [str(account.pk) for account in accounts]}
    return browser_of(user).post(LIST, chosen, follow=True).content.decode()


def everything_said(staff, caplog):
    """All that a person could see of an account: pages, history, logs."""
    client = browser_of(staff)
    account = BrokerAccount.objects.get()
    pages = [LIST, f"{LIST}{account.pk}/change/", f"{LIST}{account.pk}/history/", "/admin/", f"{LIST}?q=500"]
    told = [client.get(page).content.decode() for page in pages]
    return "\n".join([*told, caplog.text, *(entry.change_message for entry in LogEntry.objects.all())])


def test_an_account_is_added_with_its_keys_encrypted(staff):
    assert add(staff).status_code == 302
    account = BrokerAccount.objects.get()
    assert (account.number, account.app_key, account.app_secret) == ("5001234501", KEY, SECRET)
    assert KEY not in str(stored(account))
    assert SECRET not in str(stored(account))


def test_no_page_history_or_log_shows_a_secret(staff, caplog):
    with caplog.at_level(logging.DEBUG):
        add(staff)
        account = BrokerAccount.objects.get()
        browser_of(staff).post(f"{LIST}{account.pk}/change/", form(new_app_secret="brand-new-secret"))
        said = everything_said(staff, caplog)
    assert "앱 시크릿" in said  # the history names the field
    for secret in (KEY, SECRET, "brand-new-secret"):
        assert secret not in said
    assert "••••" in said


def test_nothing_typed_keeps_the_keys(staff):
    add(staff)
    account = BrokerAccount.objects.get()
    browser_of(staff).post(
        f"{LIST}{account.pk}/change/", form(new_app_key="", new_app_secret="", name="새 이름")
    )
    account = BrokerAccount.objects.get()
    assert (account.name, account.app_key, account.app_secret) == ("새 이름", KEY, SECRET)


def test_a_refused_form_does_not_repeat_the_keys(staff):
    page = add(staff, number="1").content.decode()
    assert "10자리" in page
    assert KEY not in page
    assert SECRET not in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "123456789"}, "10자리"),
        ({"number": "５００１２３４５０１"}, "10자리"),
        ({"number": "5001234501x"}, "10자리"),
        ({"broker": "ls", "number": "5001234501"}, "11자리"),
        ({"hts_id": ""}, "HTS ID가 필요"),
        ({"new_app_key": ""}, "증권사에서 받은 값"),
        ({"new_app_secret": "두 낱말"}, "빈칸이나 한글 없이"),
        ({"name": ""}, "필수"),
    ],
)
def test_what_is_wrong_is_named(staff, changes, words):
    response = add(staff, **changes)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not BrokerAccount.objects.exists()


def test_ls_needs_no_hts_id(staff):
    assert add(staff, broker="ls", number="200-01-123456", hts_id="").status_code == 302
    assert BrokerAccount.objects.get().number == "20001123456"


def test_the_same_account_twice_is_refused(staff):
    add(staff)
    assert add(staff, name="또").status_code == 200
    assert BrokerAccount.objects.count() == 1


def test_an_account_with_orders_stays_the_account_it_is(staff, trader):
    account = make_account(trader)
    make_order(account, trader)
    browser_of(staff).post(f"{LIST}{account.pk}/change/", form(number="50099999-01", name="새 이름"))
    again = BrokerAccount.objects.get()
    assert (again.number, again.name) == (account.number, "새 이름")
    chief = make_staff(ADMINISTRATOR)
    assert browser_of(chief).post(f"{LIST}{account.pk}/delete/", {"post": "yes"}).status_code == 403


def test_error_reports_hide_what_was_typed(staff, monkeypatch):
    def explode(*_args, **_kwargs):
        raise RuntimeError("the disk is full")

    view = admin.site._registry[BrokerAccount].changeform_view
    request = RequestFactory().post(f"{LIST}add/", form())
    for name, value in {"user": staff, "session": {}, "_dont_enforce_csrf_checks": True}.items():
        setattr(request, name, value)
    monkeypatch.setattr(BrokerAccount, "save", explode)
    with pytest.raises(RuntimeError) as crash:
        view(request, None)
    report = ExceptionReporter(request, crash.type, crash.value, crash.tb)
    for told in (report.get_traceback_text(), report.get_traceback_html()):
        assert "hts_id" in told
        assert SECRET not in told
        assert KEY not in told


def test_rights_are_granted_with_the_account(staff, trader):
    assert browser_of(staff).post(f"{LIST}add/", granting(trader)).status_code == 302
    right = AccountGrant.objects.get()
    assert (right.user, right.can_trade) == (trader, True)


def test_back_office_cannot_grant_to_itself(staff):
    page = browser_of(staff).post(f"{LIST}add/", granting(staff)).content.decode()
    assert "자신의 계좌 권한" in page
    assert not AccountGrant.objects.exists()
    chief = make_staff(ADMINISTRATOR)
    assert browser_of(chief).post(f"{LIST}add/", granting(chief)).status_code == 302


def test_the_connection_is_tested_and_the_token_renewed(paper, account, ls_account, staff):
    page = act(staff, "test_connection", account, ls_account)
    assert page.count("연결됨, 예수금") == 2
    assert act(staff, "renew_token", account).count("새 토큰") >= 1


def test_a_broker_that_cannot_be_reached_is_told_without_secrets(account, staff, settings):
    nowhere = ("http://127.0.0.1:1", "ws://127.0.0.1:1")
    settings.BROKER_ADDRESSES = dict.fromkeys(settings.BROKER_ADDRESSES, nowhere)
    page = act(staff, "test_connection", account)
    assert "증권사 오류" in page
    assert account.app_key not in page
    assert account.app_secret not in page


def test_a_key_that_cannot_be_decrypted_is_told(account, staff):
    garbled = encrypt("x")[:-8] + "AAAAAAA="
    backend: Any = connection
    backend.database["brokers_brokeraccount"].update_many({}, {"$set": {"app_key": garbled}})
    assert "저장된 키를 풀 수 없습니다" in act(staff, "test_connection", account)
    assert browser_of(staff).get(f"{LIST}{account.pk}/change/").status_code == 200


def test_an_account_is_paused_and_opened_again(account, staff):
    act(staff, "pause", account)
    assert BrokerAccount.objects.get().paused
    act(staff, "resume", account)
    assert not BrokerAccount.objects.get().paused
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "일시정지함",
        "다시 열었음",
    ]


def test_traders_and_lookers_change_nothing(account, trader):
    assert browser_of(trader).get(LIST).status_code == 302
    looker = make_user(is_staff=True)
    assert browser_of(looker).get(LIST).status_code == 403
    act(looker, "pause", account)
    assert not BrokerAccount.objects.get().paused


def test_an_account_is_reconciled_by_hand(client, staff, paper, account):
    client.force_login(staff)
    chosen = {"action": "reconcile", "_selected_action": [str(account.pk)]}
    assert "맞춰 봄" in client.post(LIST, chosen, follow=True).content.decode()
    assert AccountHealth.objects.get(account=account).last_reconciled_at is not None
