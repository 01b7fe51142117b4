"""The whole house full: what the database takes of each page and list, with 10 thousand and a million orders.

`python -m bench.desk` is a process of its own that counts every command pymongo sends (a listener has to be
there before the first connection), fills a database of its own and asks page after page as one trader who
sees all of it and as back office. `BENCH_QUICK=1` leaves the million out.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench.figures import Figure, percentile

SIZES = (10_000, 1_000_000)  # orders; two fills and a notice each
MOST_MILLISECONDS = 50
ROUNDS = 20
DATABASE = "bench_desk"


def figures() -> list[Figure]:
    """A figure per page: the 95th percentile at the largest size, beside that at the smallest."""
    sizes = SIZES[:1] if os.environ.get("BENCH_QUICK") else SIZES
    command = [sys.executable, "-m", "bench.desk", *map(str, sizes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=_own_database())
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [_figure(name, small, told[-1][name], sizes[-1]) for name, small in told[0].items()]


def _own_database() -> dict[str, str]:
    return os.environ | {"MONGODB_NAME": DATABASE}


def _figure(name: str, small: float, large: float, size: int) -> Figure:
    return Figure(
        f"database part of {name}, {size:,}",
        "ms p95",
        large,
        small,
        f"with {SIZES[0]:,}",
        large,
        MOST_MILLISECONDS,
        "milliseconds",
    )


def main(sizes: list[int]) -> None:
    from bench.clockwork import Clockwork  # before Django connects

    clockwork = Clockwork()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from bench.crowd import Crowd

    crowd = Crowd()
    for size in sizes:
        crowd.grow_to(size)
        print(json.dumps(dict(_measured(crowd, clockwork)), ensure_ascii=False), flush=True)


def _measured(crowd: Any, clockwork: Any) -> Iterator[tuple[str, float]]:
    """Page and p95 of the milliseconds that MongoDB's answers took."""
    for name, browser, address in crowd.visits():
        taken = []
        for _ in range(ROUNDS):
            with clockwork.counting() as spent:
                answer = browser.get(address)
            assert answer.status_code == 200, (name, answer.status_code)
            taken.append(spent.milliseconds)
        yield name, round(percentile(taken, 95), 2)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
