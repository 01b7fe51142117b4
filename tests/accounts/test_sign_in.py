"""The sign-in page, sign-out, and the pause that grows with each failure at every door."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.lockout import LONGEST_PAUSE, pause_after, spoken
from accounts.roles import BACK_OFFICE
from tests.accounts.callers import browser_of, make_staff
from tests.factories import PASSWORD, make_user, stored

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sign-in/"
ADMIN = "/admin/login/"
TOKEN = "/api/v1/token/"
WRONG = "wrong"


def try_page(client, username="kim", password=WRONG, path=PAGE, **extra):
    return client.post(path, {"username": username, "password": password}, **extra)


def try_token(client, username="kim", password=WRONG):
    body = {"username": username, "password": password}
    return client.post(TOKEN, body, content_type="application/json")


def pass_time(**span):
    """Let it be as if the failures were that much older."""
    for attempt in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=attempt.pk).update(
            attempt_time=attempt.attempt_time - timedelta(**span)
        )


def test_a_trader_signs_in_and_out(client, trader):
    assert "로그인" in client.get(PAGE).content.decode()
    response = try_page(client, password=PASSWORD)
    assert (response.status_code, response["Location"]) == (302, reverse("brokers:desk"))
    assert client.session["_auth_user_id"] == str(trader.pk)
    assert client.get(reverse("accounts:sign-out")).status_code == 405
    assert client.post(reverse("accounts:sign-out"))["Location"] == PAGE
    assert "_auth_user_id" not in client.session


def test_a_wrong_password_is_told_in_korean_and_kept_nowhere(client, trader, caplog):
    with caplog.at_level(logging.DEBUG):
        response = try_page(client, password="my-secret-word")
    assert response.status_code == 400
    assert "아이디 또는 비밀번호가 맞지 않습니다." in response.content.decode()
    assert "my-secret-word" not in response.content.decode() + caplog.text
    assert "my-secret-word" not in str(stored(AccessAttempt.objects.get()))
    failure = AccessFailureLog.objects.get()
    assert (failure.username, failure.ip_address, failure.path_info) == ("kim", "127.0.0.1", PAGE)


def test_sign_in_never_leaves_the_house(client, trader):
    body = {"username": "kim", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post(PAGE, body)["Location"] == reverse("brokers:desk")


def test_the_fifth_failure_starts_a_pause_that_even_the_right_password_waits_for(client, trader):
    for _ in range(4):
        assert try_page(client).status_code == 400
    response = try_page(client)
    assert response.status_code == 429
    assert "1분 뒤에 다시 시도하세요" in response.content.decode()
    assert try_page(client, password=PASSWORD).status_code == 429
    pass_time(seconds=61)
    assert try_page(client, password=PASSWORD).status_code == 302


def test_the_pause_doubles_and_tries_within_it_do_not_lengthen_it(client, trader):
    for _ in range(5):
        try_page(client)
    for _ in range(3):
        try_page(client)  # refused unread
    assert AccessAttempt.objects.get().failures_since_start == 5
    pass_time(seconds=61)
    response = try_page(client)
    assert "2분 뒤에" in response.content.decode()
    assert AccessFailureLog.objects.filter(locked_out=True).count() == 3
    assert [pause_after(n).total_seconds() for n in (4, 5, 6, 7)] == [0, 60, 120, 240]
    assert pause_after(1000) == LONGEST_PAUSE


def test_all_doors_share_the_pause(client, trader):
    for path in (PAGE, ADMIN, PAGE, ADMIN, PAGE):
        try_page(client, path=path)
    assert "1분 뒤에" in try_page(client, path=ADMIN, password=PASSWORD).content.decode()
    response = try_token(client, password=PASSWORD)
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "sign_in_paused"
    assert 0 < int(response["Retry-After"]) <= 60


def test_tries_at_the_token_address_shut_the_page_too(client, trader):
    codes = [try_token(client).json()["error"]["code"] for _ in range(5)]
    assert codes == ["sign_in_failed"] * 4 + ["sign_in_paused"]
    assert try_page(client, password=PASSWORD).status_code == 429


def test_others_do_not_wait(client, trader):
    make_user("lee")
    for _ in range(6):
        try_page(client)
    assert try_page(client, username="lee", password=PASSWORD).status_code == 302
    elsewhere = try_page(Client(), password=PASSWORD, REMOTE_ADDR="10.0.0.9")
    assert elsewhere.status_code == 302


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(trader, settings):
    """What stands before it the caller wrote; without a proxy nothing of it is believed."""

    def seen_by_proxy(address, password=WRONG):
        told = f"10.0.0.{seen_by_proxy.written}, {address}"  # type: ignore[attr-defined]
        seen_by_proxy.written += 1  # type: ignore[attr-defined]
        return try_page(Client(), password=password, HTTP_X_FORWARDED_FOR=told)

    seen_by_proxy.written = 1  # type: ignore[attr-defined]
    settings.PROXIES = 1
    for _ in range(5):
        seen_by_proxy("203.0.113.9")
    assert seen_by_proxy("203.0.113.9", PASSWORD).status_code == 429
    assert AccessAttempt.objects.get().ip_address == "203.0.113.9"
    assert seen_by_proxy("203.0.113.10", PASSWORD).status_code == 302
    assert AccessLog.objects.get().ip_address == "203.0.113.10"
    settings.PROXIES = 0
    seen_by_proxy("203.0.113.9")
    assert AccessAttempt.objects.filter(ip_address="127.0.0.1").count() == 1


def test_success_ends_the_count(client, trader):
    for _ in range(4):
        try_page(client)
    assert try_token(client, password=PASSWORD).status_code == 200
    assert not AccessAttempt.objects.exists()
    assert try_page(client).status_code == 400


def test_yesterdays_failures_are_forgotten(client, trader):
    for _ in range(6):
        try_page(client)
    pass_time(hours=25)
    assert try_page(client).status_code == 400
    assert AccessAttempt.objects.get().failures_since_start == 1


@pytest.mark.race
def test_failures_at_once_all_count(trader):
    def fail(number):
        try:
            return try_page(Client(), HTTP_USER_AGENT="one").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(fail, range(4))) == {400}
        assert set(threads.map(fail, range(8))) <= {400, 429}
    assert AccessAttempt.objects.get().failures_since_start >= 5


def test_nobody_gets_in_inactive(client, trader):
    trader.is_active = False
    trader.save()
    assert try_page(client, password=PASSWORD).status_code == 400
    assert try_token(client, password=PASSWORD).status_code == 401


@pytest.mark.parametrize("username", ["", "x" * 151, "a\x00b", "$where", "{'$gt': ''}"])
def test_odd_names_are_refused_not_broken(client, trader, username):
    assert try_page(client, username=username, password=PASSWORD).status_code == 400


def test_a_signed_in_person_needs_no_sign_in_page(trader):
    assert browser_of(trader).get(PAGE)["Location"] == reverse("brokers:desk")


def test_the_admin_is_for_staff(client, trader):
    assert "관리자 화면" in try_page(client, path=ADMIN, password=PASSWORD).content.decode()
    staff = make_staff(BACK_OFFICE)
    response = client.post(f"{ADMIN}?next=/admin/", {"username": staff.username, "password": PASSWORD})
    assert response["Location"] == "/admin/"


def test_a_span_is_spoken_as_people_wait():
    words = [spoken(timedelta(seconds=s)) for s in (0.2, 59, 59.5, 61, 3600)]
    assert words == ["1초", "59초", "1분", "1분 1초", "60분"]
