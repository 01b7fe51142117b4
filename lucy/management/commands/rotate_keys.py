"""After a new first key in `LUCY_FIELD_KEYS`: every secret at rest under that key; the old one can go."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection

from lucy.secrets import EncryptedTextField, under_newest_key


class Command(BaseCommand):
    help = "Encrypts every secret in the database again, with the first of LUCY_FIELD_KEYS."

    def handle(self, **_: Any) -> None:
        for table, column in encrypted_columns():
            self.stdout.write(f"{table}.{column}: {rotate(table, column)} rotated")


def encrypted_columns() -> Iterator[tuple[str, str]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model._meta.db_table, str(field.column)


def rotate(table: str, column: str) -> int:
    """How many were rotated; one that someone changed meanwhile is under the newest key already."""
    backend: Any = connection
    collection = backend.database[table]
    rotated = 0
    for row in collection.find({column: {"$nin": ["", None]}}, {column: 1}):
        again = {"$set": {column: under_newest_key(row[column])}}
        rotated += collection.update_one({"_id": row["_id"], column: row[column]}, again).modified_count
    return rotated
