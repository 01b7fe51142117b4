"""Who asks in a test: a browser with a session, or a script with a token."""

from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import give_role, issue_tokens
from tests.factories import make_user


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def script_of(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_tokens(user).access_token}")
    return client


def make_staff(role: str, username: str = "") -> User:
    user = make_user(username)
    give_role(user, role)
    return user


def error_of(response):
    """The error of a reply, which has the one shape and nothing else."""
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    return body["error"]
