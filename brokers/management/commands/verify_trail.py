from typing import Any

from django.core.management.base import BaseCommand, CommandError

from brokers.models import BrokerAccount
from brokers.services.trail import Flaw, flaws_of


class Command(BaseCommand):
    help = "Check each account's trail against its hash chain, and name every row that does not fit."

    def handle(self, *args: Any, **options: Any) -> None:
        found: list[Flaw] = []
        checked = 0
        for account in BrokerAccount.objects.order_by("pk"):
            count, flaws = flaws_of(account)
            checked += count
            found += flaws
        for flaw in found:
            self.stdout.write(str(flaw))
        if found:
            raise CommandError(f"{len(found)} flaws in {checked} rows.")
        self.stdout.write(f"{checked} rows, every seal holds.")
