"""`manage.py paper …`: the paper broker, the same as `python -m brokers.paper …`."""

import asyncio
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from brokers.paper.__main__ import arguments, run


class Command(BaseCommand):
    help = "Runs the paper broker: KIS and LS on this machine (`-- --help` lists its options)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("words", nargs=REMAINDER)

    def handle(self, *, words: list[str], **_: Any) -> None:
        asyncio.run(run(arguments([word for word in words if word != "--"])))
