"""One MongoDB transaction around a function, begun again after a write conflict."""

import functools
import random
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError
from django.db import connection as django_connection
from django_mongodb_backend import transaction
from pymongo.errors import PyMongoError

P = ParamSpec("P")
R = TypeVar("R")

# The MongoDB backend, as itself: Django's own type knows no sessions and no collections.
connection: Any = django_connection

ATTEMPTS = 50
LONGEST_PAUSE_SECONDS = 0.05
COMMIT_AGAIN_SECONDS = 10.0


def transactional(work: Callable[P, R]) -> Callable[P, R]:
    """Run `work` in one transaction; on a write conflict run all of it again.

    `work` therefore touches the database only: what leaves the house waits for `on_commit`. Inside another
    transaction it simply joins. A commit whose outcome is unknown is asked for again (MongoDB makes that
    harmless); any other failure leaves nothing behind.
    """

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block_mongo:
            return work(*args, **kwargs)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _attempt(work, args, kwargs)
            except (DatabaseError, PyMongoError) as error:
                if attempt == ATTEMPTS or not _may_repeat(error):
                    raise
                time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.001 * 2**attempt)))  # noqa: S311
        raise AssertionError("unreachable")

    return run


def _attempt(work: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
    outcome: list[R] = []
    try:
        with transaction.atomic():
            outcome.append(work(*args, **kwargs))
    except PyMongoError as error:
        if not (outcome and error.has_error_label("UnknownTransactionCommitResult")):
            raise
        _commit_again()
    finally:
        _drop_dead_session()
    return outcome[0]


def _commit_again() -> None:
    """Ask for the same commit until its outcome is known: MongoDB applies it at most once."""
    deadline = time.monotonic() + COMMIT_AGAIN_SECONDS
    while True:
        try:
            connection.session.commit_transaction()
        except PyMongoError as error:
            if time.monotonic() > deadline or not error.has_error_label("UnknownTransactionCommitResult"):
                raise
            time.sleep(LONGEST_PAUSE_SECONDS)
        else:
            connection.run_and_clear_commit_hooks()
            return


def _drop_dead_session() -> None:
    """The backend leaves its session behind when a commit fails with a raw pymongo error."""
    if connection.session is not None and not connection.in_atomic_block_mongo:
        connection.session.end_session()
        connection.session = None
        connection.run_on_commit = []


def _may_repeat(error: BaseException) -> bool:
    """MongoDB labels what may be begun again; Django wraps the original as the cause."""
    original = error if isinstance(error, PyMongoError) else error.__cause__
    return isinstance(original, PyMongoError) and original.has_error_label("TransientTransactionError")
