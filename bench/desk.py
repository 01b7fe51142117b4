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
MOST_DOCUMENTS = 20_000  # a day's fills are added up, a list reads its fifty
ROUNDS = 20
DATABASE = "bench_desk"

Measured = dict[str, tuple[float, int]]  # page -> milliseconds, documents


def figures() -> list[Figure]:
    """A figure per page: the 95th percentile at the largest size, beside that at the smallest."""
    sizes = SIZES[:1] if os.environ.get("BENCH_QUICK") else SIZES
    command = [sys.executable, "-m", "bench.desk", *map(str, sizes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=_own_database())
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    small, large = told[0], told[-1]
    pages = [_figure(name, small[name][0], large[name][0], sizes[-1]) for name in small]
    return [*pages, _reading(small, large, sizes[-1])]


def _reading(small: Measured, large: Measured, size: int) -> Figure:
    """Says on a busy machine too whether a page's work grows with what is stored."""
    name = max(large, key=lambda page: large[page][1])
    return Figure(
        f"documents read for {name} (the most), {size:,}",
        "documents",
        large[name][1],
        small[name][1],
        f"with {SIZES[0]:,}",
        large[name][1],
        MOST_DOCUMENTS,
        "documents",
    )


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


def _measured(crowd: Any, clockwork: Any) -> Iterator[tuple[str, tuple[float, int]]]:
    """Page; p95 of the milliseconds that MongoDB's answers took, and how many documents it read for them."""
    for name, browser, address in crowd.visits():
        taken = []
        for _ in range(ROUNDS):
            with clockwork.counting() as spent:
                answer = browser.get(address)
            assert answer.status_code == 200, (name, answer.status_code)
            taken.append(spent.milliseconds)
        read = crowd.documents_read(lambda browser=browser, address=address: browser.get(address))
        yield name, (round(percentile(taken, 95), 2), read)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
