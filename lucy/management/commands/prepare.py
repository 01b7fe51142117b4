"""What must be so before the processes start: a migrated database, demo data in practice, none of it live."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from brokers.management.commands.demo_data import open_demo_sign_ins


class Command(BaseCommand):
    help = "Migrates the database if anything is to do; in practice mode adds the demo data."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        if has_work():
            call_command("migrate", interactive=False, verbosity=0)
            self.stdout.write("migrated the database")
        if settings.BROKERS == "practice":
            call_command("demo_data", verbosity=0)
        elif names := open_demo_sign_ins():
            raise CommandError(
                f"The demo users {', '.join(names)} can sign in here with a known password while "
                "LUCY_BROKERS=live; run `manage.py demo_data --lock` first."
            )


def has_work() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
