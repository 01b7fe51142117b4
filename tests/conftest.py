"""What every test may ask for: a real MongoDB and Redis, real commits, the paper broker."""

from collections.abc import Iterator
from typing import Any

import pytest

from lucy.embedded import ServiceError
from tests import services


def pytest_configure() -> None:
    """Before pytest-django sets Django up; DJANGO_SETTINGS_MODULE is therefore not in `pyproject.toml`."""
    try:
        services.start()
    except ServiceError as error:
        services.stop()
        pytest.exit(str(error), returncode=3)
    from django.conf import settings

    assert settings.DATABASES  # read now: pytest-django sets Django up when settings are there


def pytest_unconfigure() -> None:
    services.stop()


class Broom:
    """Empties the test database to what the migrations left; MongoDB has no rollback of a whole test."""

    def __init__(self) -> None:
        from django.db import connection

        backend: Any = connection
        self.database = backend.database
        self.kept = {name: self._keys(name) for name in self._collections()}

    def _collections(self) -> list[str]:
        return [name for name in self.database.list_collection_names() if not name.startswith("system.")]

    def _keys(self, name: str) -> list[Any]:
        return [row["_id"] for row in self.database[name].find({}, {"_id": 1})]

    def sweep(self) -> None:
        from pymongo import WriteConcern

        quick = WriteConcern(w=1, j=False)
        for name in self._collections():
            kept = self.kept.get(name)
            collection = self.database[name].with_options(write_concern=quick)
            collection.delete_many({"_id": {"$nin": kept}} if kept else {})


@pytest.fixture(scope="session")
def broom(django_db_setup: None, django_db_blocker: Any) -> Broom:
    with django_db_blocker.unblock():
        return Broom()


@pytest.fixture
def _django_db_helper(broom: Broom, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's own rolls back or flushes by SQL; this one commits and sweeps after the test."""
    with django_db_blocker.unblock():
        yield
        broom.sweep()
        flush_redis()


def flush_redis() -> None:
    from django.core.cache import cache

    cache.clear()  # FLUSHDB: channel layer, queue and pace live in the same database


@pytest.fixture
def trader(db: None) -> Any:
    """A user of the group `trader`."""
    from tests.factories import make_user

    return make_user("kim", groups=("trader",))


@pytest.fixture
def account(trader: Any) -> Any:
    """A KIS account that `trader` trades."""
    from tests.factories import make_account

    return make_account(trader)


@pytest.fixture
def ls_account(trader: Any) -> Any:
    """An LS account that `trader` trades."""
    from brokers.terms import Broker
    from tests.factories import make_account

    return make_account(trader, broker=Broker.LS)
