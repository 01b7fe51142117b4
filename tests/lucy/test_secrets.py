"""Secrets at rest: a token in the database, plain text in Python, and keys that can be exchanged."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command

from brokers.models import BrokerAccount
from lucy import secrets
from tests.factories import make_account, stored


@pytest.fixture
def keys(settings):
    """Sets the Fernet keys in force."""

    def use(*keys: str) -> None:
        settings.FIELD_KEYS = list(keys)
        secrets._box.cache_clear()

    yield use
    secrets._box.cache_clear()


@pytest.mark.django_db
def test_a_secret_comes_back_and_is_not_in_the_database():
    account = make_account(app_secret="가나다 very secret")
    assert BrokerAccount.objects.get(pk=account.pk).app_secret == "가나다 very secret"
    row = stored(account)
    assert "very secret" not in str(row)
    assert row["app_secret"].startswith("gAAAA")


@pytest.mark.django_db
def test_an_empty_secret_stays_empty():
    account = make_account(app_key="")
    assert BrokerAccount.objects.get(pk=account.pk).app_key == ""
    assert stored(account)["app_key"] == ""


def test_a_new_first_key_still_reads_what_the_old_one_wrote(keys):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    keys(old)
    token = secrets.encrypt("secret")
    keys(new, old)
    assert secrets.decrypt(token) == "secret"
    keys(new)
    with pytest.raises(InvalidToken):
        secrets.decrypt(token)


def test_rotation_leaves_nothing_to_the_old_key(keys):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    keys(old)
    token = secrets.encrypt("secret")
    keys(new, old)
    rotated = secrets.under_newest_key(token)
    keys(new)
    assert secrets.decrypt(rotated) == "secret"


@pytest.mark.django_db
def test_every_secret_is_put_under_the_new_key(keys):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    keys(old)
    account = make_account(app_key="the key", app_secret="the secret")
    make_account(app_key="", app_secret="")
    keys(new, old)
    call_command("rotate_keys", stdout=StringIO())
    keys(new)
    account.refresh_from_db()
    assert (account.app_key, account.app_secret) == ("the key", "the secret")
