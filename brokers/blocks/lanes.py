"""A lane per account: what is asked of one broker never waits for another.

A lane does one thing after the other, because its account has one pace at its broker anyway, and because a
leg that follows must know how the one before it ended (the plan's rule may stop it).
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

MOST_LANES = 400
_lanes: dict[Any, ThreadPoolExecutor] = {}
_lock = threading.Lock()


def lane_of(account_key: Any) -> ThreadPoolExecutor:
    """The account's thread in this process, kept with its database connection."""
    with _lock:
        lane = _lanes.get(account_key)
        if lane is None:
            while len(_lanes) >= MOST_LANES:
                _lanes.pop(next(iter(_lanes))).shutdown(wait=False)  # what it has taken is still done
            lane = ThreadPoolExecutor(1, thread_name_prefix=f"lane-{account_key}")
            _lanes[account_key] = lane
        return lane


def side_by_side(work: Mapping[Any, Callable[[], T]]) -> dict[Any, T]:
    """Run each account's work in its lane; returns when all have ended, raises what one of them raised."""
    futures: dict[Any, Future[T]] = {key: lane_of(key).submit(deed) for key, deed in work.items()}
    return {key: future.result() for key, future in futures.items()}
