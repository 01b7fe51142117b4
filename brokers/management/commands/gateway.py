import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from brokers.gateway import Gateway
from lucy.process import run_until_told


class Command(BaseCommand):
    help = "Hold the brokers' sockets and record orders' news and fills, until told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(run_until_told([Gateway().run()]))
