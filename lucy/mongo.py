"""MongoDB beneath Django: one transaction around a function, and the short way to a collection.

`transactional` begins again after a write conflict. `insert`, `find` and `change` do what the ORM does for
one model, with the same field conversions, for less time: they carry the way of an order and of a fill.
"""

import functools
import random
import time
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, ParamSpec, TypeVar

from bson import ObjectId
from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError
from django.db import connection as django_connection
from django.db.models import Model
from django_mongodb_backend import transaction
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

P = ParamSpec("P")
R = TypeVar("R")

# The MongoDB backend, as itself: Django's own type knows no sessions and no collections.
connection: Any = django_connection

PATIENCE_SECONDS = 10.0  # longer than mongod keeps the transaction of a process that died in it
LONGEST_PAUSE_SECONDS = 0.05
COMMIT_AGAIN_SECONDS = 10.0
DUPLICATE_KEY = 11000


class WriteConflictError(DatabaseError):
    """What this transaction read has moved since; `transactional` begins it again."""


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
        give_up = time.monotonic() + PATIENCE_SECONDS
        longest_pause = 0.002
        while True:
            try:
                return _attempt(work, args, kwargs)
            except (DatabaseError, PyMongoError) as error:
                if time.monotonic() > give_up or not _may_repeat(error):
                    raise
            time.sleep(random.uniform(0, longest_pause))  # noqa: S311
            longest_pause = min(longest_pause * 2, LONGEST_PAUSE_SECONDS)

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
    if isinstance(error, WriteConflictError):
        return True
    original = error if isinstance(error, PyMongoError) else error.__cause__
    return isinstance(original, PyMongoError) and original.has_error_label("TransientTransactionError")


# --- the short way to a collection ------------------------------------------------------------------------

M = TypeVar("M", bound=Model)


def collection(model: type[Model]) -> Any:
    return connection.get_collection(model._meta.db_table)


def insert(*rows: Model) -> None:
    """Store new rows of one model; raises `IntegrityError` when a unique key is taken."""
    documents = [_document(row) for row in rows]
    for row, document in zip(rows, documents, strict=True):
        row.pk = document.setdefault("_id", ObjectId())
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS
    try:
        collection(type(rows[0])).insert_many(documents, session=connection.session)
    except BulkWriteError as error:
        if any(problem["code"] == DUPLICATE_KEY for problem in error.details["writeErrors"]):
            raise IntegrityError(str(error)) from error
        raise


def insert_or_find(row: M, *key: str) -> M | None:
    """Store a new row unless one with its values of `key` is there; that one is returned, else None."""
    document = _document(row)
    document.setdefault("_id", ObjectId())
    same = {_column(type(row), name): document[_column(type(row), name)] for name in key}
    rest = {column: value for column, value in document.items() if column not in same}
    there = collection(type(row)).find_one_and_update(
        same, {"$setOnInsert": rest}, upsert=True, session=connection.session
    )
    return _row(type(row), there) if there else None


def find(model: type[M], **match: Any) -> M | None:
    """The row whose columns equal `match` (foreign keys as `account_id`, the key as `pk`)."""
    wanted = {_column(model, name): _stored(model, name, value) for name, value in match.items()}
    document = collection(model).find_one(wanted, session=connection.session)
    return _row(model, document) if document else None


def find_all(model: type[M], **among: Collection[Any]) -> list[M]:
    """The rows whose columns are among the given values."""
    found = collection(model).find(_wanted(model, among), session=connection.session)
    return [_row(model, document) for document in found]


Question = tuple[type[Model], dict[str, Collection[Any]]]


def find_each(*questions: Question) -> list[list[Any]]:
    """The rows of several models in one round trip: a list for each question.

    A question is a model and, by column, the values wanted (as `find_all` takes them).
    """
    answers: list[list[Any]] = [[] for _ in questions]
    (first, among), *others = questions
    stages = _part(0, first, among)
    for number, (model, wanted) in enumerate(others, start=1):
        part = {"coll": model._meta.db_table, "pipeline": _part(number, model, wanted)}
        stages.append({"$unionWith": part})
    for document in collection(first).aggregate(stages, session=connection.session):
        number = document.pop(_QUESTION)
        answers[number].append(_row(questions[number][0], document))
    return answers


_QUESTION = "_question"


def _part(number: int, model: type[Model], among: dict[str, Collection[Any]]) -> list[dict[str, Any]]:
    return [{"$match": _wanted(model, among)}, {"$set": {_QUESTION: number}}]


def _wanted(model: type[Model], among: dict[str, Collection[Any]]) -> dict[str, Any]:
    return {
        _column(model, name): {"$in": [_stored(model, name, value) for value in values]}
        for name, values in among.items()
    }


def _row(model: type[M], document: dict[str, Any]) -> M:
    readers = _readers(model)
    values = [read(document.get(column)) for column, read in readers.values()]
    return model.from_db(DEFAULT_DB_ALIAS, list(readers), values)


def change(*changes: tuple[Model, dict[str, Any]]) -> None:
    """Store new values of some fields of rows of one model, and set them on the rows."""
    updates = []
    for row, fields in changes:
        model = type(row)
        stored = {_column(model, name): _stored(model, name, value) for name, value in fields.items()}
        updates.append(UpdateOne({"_id": row.pk}, {"$set": stored}))
    collection(type(changes[0][0])).bulk_write(updates, session=connection.session)
    for row, fields in changes:
        for name, value in fields.items():
            setattr(row, name, value)


def change_if(row: Model, condition: dict[str, Collection[Any]], **fields: Any) -> bool:
    """Store new values if the row's columns are still among those of `condition`; says whether they were.

    MongoDB checks and writes a document in one go: of two processes that try, one gets True.
    """
    model = type(row)
    wanted = {"_id": row.pk} | _wanted(model, condition)
    stored = {_column(model, name): _stored(model, name, value) for name, value in fields.items()}
    done = collection(model).update_one(wanted, {"$set": stored}, session=connection.session)
    if not done.matched_count:
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    return True


def _document(row: Model) -> dict[str, Any]:
    fields: Any = row._meta.concrete_fields
    values = ((f, f.pre_save(row, add=True)) for f in fields)
    return {
        f.column: f.get_db_prep_save(v, connection) for f, v in values if v is not None or not f.primary_key
    }


def _column(model: type[Model], name: str) -> str:
    return "_id" if name == "pk" else str(_field(model, name).column)


def _stored(model: type[Model], name: str, value: Any) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


@cache
def _field(model: type[Model], name: str) -> Any:
    meta: Any = model._meta
    if name == "pk":
        return meta.pk
    return next(field for field in meta.concrete_fields if name in {field.name, field.attname})


@cache
def _readers(model: type[Model]) -> dict[str, tuple[str, Callable[[Any], Any]]]:
    """Attribute -> (column, from stored to Python), as the backend's own compiler converts."""
    meta: Any = model._meta
    return {field.attname: (field.column, _reader(field)) for field in meta.concrete_fields}


def _reader(field: Any) -> Callable[[Any], Any]:
    expression = field.get_col(field.model._meta.db_table)
    steps = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]

    def read(value: Any) -> Any:
        for step in steps:
            value = step(value, expression, connection)
        return value

    return read
