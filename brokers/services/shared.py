"""One broker call for all who ask the same at the same moment, over all processes.

Redis keeps the answer for a moment; who comes first asks, the others wait for that answer. Without Redis
everyone asks alone.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar, cast

import redis
from django.core.cache import cache

T = TypeVar("T")

logger = logging.getLogger(__name__)

ASKING_SECONDS = 3  # after which another one asks, whatever became of the first
LOOK_AGAIN_SECONDS = 0.02


def shared(key: str, seconds: int, ask: Callable[[], T]) -> T:
    """What `ask` returned at most `seconds` ago, for whoever asked; raises what `ask` raises."""
    try:
        found, is_mine = _kept_or_mine(key)
    except redis.RedisError as lost:
        logger.warning("Redis does not share broker answers: %s", lost)
        return ask()
    return _asked(key, seconds, ask) if is_mine else cast(T, found)


def _kept_or_mine(key: str) -> tuple[object, bool]:
    """The kept answer, or the duty to ask; answers are never None."""
    give_up = time.monotonic() + ASKING_SECONDS
    while True:
        found = cache.get(key)
        if found is not None:
            return found, False
        if cache.add(_turn(key), 1, timeout=ASKING_SECONDS) or time.monotonic() > give_up:
            return found, True
        time.sleep(LOOK_AGAIN_SECONDS)


def _asked(key: str, seconds: int, ask: Callable[[], T]) -> T:
    answer = None
    try:
        answer = ask()
    finally:
        try:
            if answer is not None:
                cache.set(key, answer, timeout=seconds)
            cache.delete(_turn(key))
        except redis.RedisError as lost:
            logger.warning("Redis does not keep a broker's answer: %s", lost)
    return answer


def _turn(key: str) -> str:
    return f"{key}:turn"
