"""``python -m brokers.paper``: run the paper broker until SIGTERM or SIGINT.

When it is ready it prints one line of JSON with its addresses.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from brokers.paper.server import HOSTS, PaperBroker
from brokers.paper.switches import Switches


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m brokers.paper", description="KIS and LS on this machine")
    parser.add_argument("--host", default="127.0.0.1")
    for name in HOSTS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=0, help="port; 0 = a free one")
    parser.add_argument("--state-dir", type=Path, help="directory of the memory; without it nothing is kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=1.0, help="seconds between market steps; 0 = still")
    parser.add_argument("--scheduled", action="store_true", help="keep Korean trading hours and holidays")
    parser.add_argument("--no-demo", action="store_true", help="without the demo accounts")
    parser.add_argument("--no-limits", action="store_true", help="without rate limits and token throttle")
    return parser.parse_args(words)


def make_broker(options: argparse.Namespace) -> PaperBroker:
    switches = Switches()
    if options.no_limits:
        switches.change(
            {"kis_rate_real": 0, "kis_rate_paper": 0, "kis_token_interval": 0, "ls_rate_factor": 0}
        )
    return PaperBroker(
        host=options.host,
        **{name: getattr(options, name) for name in HOSTS},
        state_dir=options.state_dir,
        seed=options.seed,
        scheduled=options.scheduled,
        pace_seconds=options.pace,
        demo=not options.no_demo,
        switches=switches,
    )


async def run(options: argparse.Namespace) -> None:
    told = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, told.set)
    broker = make_broker(options)
    await broker.start()
    addresses = {name: broker.url(name) for name in HOSTS}
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()
    await told.wait()
    await broker.stop()


if __name__ == "__main__":
    asyncio.run(run(arguments()))
