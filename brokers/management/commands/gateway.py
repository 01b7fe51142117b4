import asyncio
import sys
from typing import Any

from django.core.management.base import BaseCommand

from brokers.gateway import Gateway
from lucy.process import run_until_told

# The threads that record fills wait for MongoDB several times a batch; after each answer they should get the
# interpreter back from the loop that reads the sockets sooner than in Python's usual 5 ms.
SWITCH_SECONDS = 0.0003


class Command(BaseCommand):
    help = "Hold the brokers' sockets and record orders' news and fills, until told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        asyncio.run(run_until_told([Gateway().run()]))
