"""What every answer tells a browser to refuse; where a forged or misled request ends."""

import csv
import io

import pytest
from django.test import Client

from brokers.exports import csv_lines
from lucy.sheets import harmless
from tests.accounts.callers import browser_of
from tests.factories import PASSWORD, make_account

pytestmark = pytest.mark.django_db

SITE = ("/", "/orders/", "/accounts/", "/ipo/", "/admin/", "/api/v1/accounts/", "/nowhere/")


def policy(answer):
    rules = (rule.split() for rule in answer["Content-Security-Policy"].split(";") if rule.strip())
    return {name: set(sources) for name, *sources in rules}


@pytest.mark.parametrize("address", SITE)
def test_only_our_own_scripts_and_no_frame(trader, address):
    answer = browser_of(trader).get(address)
    rules = policy(answer)
    assert rules["default-src"] == {"'self'"}
    assert not rules["script-src"] & {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:"}
    assert rules["object-src"] == rules["frame-ancestors"] == {"'none'"}
    assert rules["base-uri"] == rules["form-action"] == rules["connect-src"] == {"'self'"}
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer


def test_a_public_site_speaks_https_only(settings, trader):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    client = Client()
    assert client.get("/accounts/sign-in/")["Location"].startswith("https://")
    told = client.get("/accounts/sign-in/", secure=True)["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains; preload"


def test_the_session_is_kept_from_scripts_and_other_sites(trader):
    client = Client()
    answer = client.post("/accounts/sign-in/", {"username": "kim", "password": PASSWORD})
    cookie = answer.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_leads_nowhere_else(trader, target):
    body = {"username": "kim", "password": PASSWORD, "next": target}
    assert Client().post(f"/accounts/sign-in/?next={target}", body)["Location"] == "/"


def test_a_part_of_a_page_that_lost_its_session_leads_nowhere_else():
    shown = {"HX-Request": "true", "HX-Current-URL": "https://evil.example//evil.example/orders/"}
    answer = Client().get("/health/", headers=shown)
    assert answer.status_code == 401
    assert answer["HX-Redirect"].startswith("/accounts/sign-in/?")


@pytest.mark.parametrize(
    "address", ["/notices/read/", "/accounts/notices/", "/accounts/browsers/end/", "/ticket/place/"]
)
def test_another_site_cannot_post_in_our_name(trader, address):
    client = Client(enforce_csrf_checks=True)
    client.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(address, {}).status_code == 403


def test_a_session_does_not_open_the_api_to_another_site(trader):
    account = make_account(trader)
    client = Client(enforce_csrf_checks=True)
    client.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    body = {"account": str(account.pk), "seq": 1}
    assert client.post("/api/v1/notices/read/", body, content_type="application/json").status_code == 403


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("x")'])
def test_no_text_becomes_a_formula(text):
    assert harmless(text) == f"'{text}"
    lines = "".join(csv_lines(["이름"], [[text]]))
    assert list(csv.reader(io.StringIO(lines, newline="")))[1] == [f"'{text}"]


def test_other_texts_stay_as_they_are():
    assert [harmless(text) for text in ("삼성전자", "", "005930", "A=B")] == ["삼성전자", "", "005930", "A=B"]
