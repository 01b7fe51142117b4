"""The life of a token: obtained, used, traded in once, taken back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import RevokedToken
from accounts.services import issue_tokens, revoke_every_token
from accounts.tasks import forget_old_sign_ins
from accounts.throttles import SignInThrottle
from accounts.tokens import user_of_token
from tests.accounts.callers import error_of, script_of
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def post(path, body, client=None):
    return (client or APIClient()).post(f"/api/v1/token/{path}", body, format="json")


def obtain():
    response = post("", {"username": "kim", "password": PASSWORD})
    assert response.status_code == 200
    return response.json()


def works(access):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client.get("/api/v1/accounts/").status_code == 200


def test_a_pair_is_obtained_and_opens_the_api(trader):
    tokens = obtain()
    assert set(tokens) == {"access", "refresh"}
    assert works(tokens["access"])
    assert not works(tokens["refresh"])
    assert user_of_token(tokens["access"]) == trader


def test_a_refresh_token_works_once(trader):
    tokens = obtain()
    traded = post("refresh/", {"refresh": tokens["refresh"]})
    assert traded.status_code == 200
    assert works(traded.json()["access"])
    again = post("refresh/", {"refresh": tokens["refresh"]})
    assert again.status_code == 401
    assert error_of(again)["code"] == "token_not_valid"
    assert post("refresh/", {"refresh": traded.json()["refresh"]}).status_code == 200


@pytest.mark.race
def test_of_many_trades_at_once_one_wins(trader):
    refresh = obtain()["refresh"]

    def trade(number):
        try:
            return post("refresh/", {"refresh": refresh}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(trade, range(8))) == [200] + [401] * 7


def test_one_refresh_token_is_taken_back(trader):
    first, second = obtain(), obtain()
    response = post("revoke/", {"refresh": first["refresh"]}, script_of(trader))
    assert response.status_code == 204
    assert post("refresh/", {"refresh": first["refresh"]}).status_code == 401
    assert post("refresh/", {"refresh": second["refresh"]}).status_code == 200
    assert post("revoke/", {"refresh": first["refresh"]}, script_of(trader)).status_code == 204


def test_everything_is_taken_back_at_once(trader):
    tokens = obtain()
    assert post("revoke/", {"everything": True}, script_of(trader)).status_code == 204
    assert not works(tokens["access"])
    assert post("refresh/", {"refresh": tokens["refresh"]}).status_code == 401
    assert works(obtain()["access"])  # within the same second


def test_taking_back_needs_a_token_and_says_what(trader):
    assert post("revoke/", {"everything": True}).status_code == 401
    response = post("revoke/", {}, script_of(trader))
    assert response.status_code == 400
    assert "refresh" in error_of(response)["details"]


def test_others_keep_their_tokens(trader):
    other = issue_tokens(make_user("lee"))
    revoke_every_token(trader)
    assert works(other.access_token)


@pytest.mark.parametrize("body", [{}, [], {"refresh": None}, {"refresh": 7}, {"refresh": {"$gt": ""}}])
def test_a_strange_body_is_a_400(db, body):
    response = post("refresh/", body)
    assert response.status_code in {400, 401}
    error_of(response)


@pytest.mark.parametrize("raw", ["", "x", "a.b.c", "\ud800", "Bearer", "x" * 9000])
def test_a_strange_token_is_a_401(db, raw):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}".encode("latin-1", "replace").decode("latin-1"))
    response = client.get("/api/v1/accounts/")
    assert response.status_code == 401
    error_of(response)


def test_no_token_is_a_401_that_says_how(db):
    response = APIClient().get("/api/v1/accounts/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert error_of(response)["code"] == "not_authenticated"


def test_tokens_of_the_gone_and_the_stopped_are_refused(trader):
    access, refresh = issue_tokens(trader).access_token, issue_tokens(trader)
    trader.is_active = False
    trader.save()
    assert not works(access)
    assert post("refresh/", {"refresh": str(refresh)}).status_code == 401
    trader.delete()
    assert not works(access)


def test_an_expired_or_forged_token_is_refused(trader):
    token = AccessToken.for_user(trader)
    token.set_exp(lifetime=-timedelta(seconds=1))
    assert not works(token)
    head, body, _seal = str(AccessToken.for_user(trader)).split(".")
    assert not works(f"{head}.{body}.AAAA")
    strange = AccessToken()
    strange["user_id"] = "no-object-id"
    assert not works(strange)


def test_signing_in_by_token_is_throttled(settings, trader):
    for _ in range(30):
        post("refresh/", {"refresh": "x"})
    response = post("refresh/", {"refresh": "x"})
    assert response.status_code == 429
    assert error_of(response)["code"] == "throttled"
    assert int(response["Retry-After"]) >= 1


def test_expired_revocations_are_swept(trader):
    token = RefreshToken.for_user(trader)
    now = timezone.now()
    RevokedToken.objects.create(jti=token["jti"], user=trader, expires_at=now - timedelta(seconds=1))
    RevokedToken.objects.create(jti="still", user=trader, expires_at=now + timedelta(hours=1))
    assert forget_old_sign_ins()["tokens"] == 1
    assert [row.jti for row in RevokedToken.objects.all()] == ["still"]


def test_an_address_that_the_caller_writes_opens_no_new_count(trader, monkeypatch):
    monkeypatch.setitem(SignInThrottle.THROTTLE_RATES, "sign_in", "1/min")
    body = {"username": "kim", "password": "wrong"}
    tries = [
        APIClient().post("/api/v1/token/", body, format="json", HTTP_X_FORWARDED_FOR=f"10.1.1.{number}")
        for number in range(4)
    ]
    assert 429 in [answer.status_code for answer in tries]  # a minute may begin in between
