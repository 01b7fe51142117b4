"""A model field whose value is encrypted at rest, and the keys it uses (`LUCY_FIELD_KEYS`)."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@cache
def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def encrypt(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Raises `cryptography.fernet.InvalidToken` when no key in force made the token."""
    return _box().decrypt(token.encode()).decode()


def under_newest_key(token: str) -> str:
    """The same secret, encrypted with the first of the keys in force (key rotation)."""
    return _box().rotate(token.encode()).decode()


class EncryptedTextField(models.TextField[str, str]):
    """Plain text in Python, a Fernet token in the database; empty stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return decrypt(value) if value else value
