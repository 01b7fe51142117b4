"""A broker's answers for a page: asked in a thread, waited for a moment, the last good one kept.

A page waits for no broker longer than `PATIENCE_SECONDS`. An answer that comes later is kept for the next
look, and while a question is out nobody in this process puts it again: ten reloads of a page whose broker is
slow cost one call. Threads are the broker's own, so that a slow one takes none of another's.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillOut
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

import redis
from django.core.cache import cache

from brokers.adapters import base, history
from brokers.models import BrokerAccount
from lucy import clock
from lucy.errors import LucyError

T = TypeVar("T")

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.3  # a page comes within 3 s
CAME_MEANWHILE = timedelta(seconds=10)
KEPT_SECONDS = 7 * 24 * 60 * 60
THREADS_A_BROKER = 12
# Answers are kept as Python objects: other versions of their classes must not read them.
SHAPES = hashlib.sha256(
    b"".join(Path(source).read_bytes() for source in (__file__, base.__file__, history.__file__))
).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked of an account's broker; `name` tells questions of one account apart."""

    account: BrokerAccount
    name: str
    put: Callable[[], T]  # raises `LucyError` for the broker's no or silence

    @property
    def key(self) -> str:
        return f"answer:{SHAPES}:{self.account.pk}:{self.name}"


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The newest good answer, which is old when `silence` says why there is no newer one."""

    value: T | None
    at: datetime | None  # when `value` came
    silence: LucyError | None = None
    since: datetime | None = None  # from when on there was none
    is_out: bool = False  # the question was put and may still be answered


@dataclass(frozen=True, slots=True)
class _Out(Generic[T]):
    """A question on its way."""

    answer: Future[Answer[T]]
    asked_at: datetime


_out: dict[str, _Out[object]] = {}
_pools: dict[tuple[str, str], ThreadPoolExecutor] = {}
_lock = threading.RLock()  # a question answered at once comes back while it is being put


def ask(question: Question[T], *, waited: bool = False) -> Answer[T]:
    (answer,) = ask_all([question], waited=waited)
    return answer


def ask_all(questions: Iterable[Question[T]], *, waited: bool = False) -> list[Answer[T]]:
    """Side by side; each has its own answer, and together they take no longer than one.

    A page that `waited` comes back for what was still out: an answer that came meanwhile is what it wants,
    and asking a slow broker anew would make it wait for ever.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    asked = [(question, _came_meanwhile(question) if waited else None) for question in questions]
    put = [(question, came or _put(question)) for question, came in asked]
    return [one if isinstance(one, Answer) else _awaited(question, one, give_up) for question, one in put]


def _came_meanwhile(question: Question[T]) -> Answer[T] | None:
    kept = _kept(question)
    is_new = kept is not None and kept.at is not None and clock.now() - kept.at < CAME_MEANWHILE
    return kept if is_new else None


def _put(question: Question[T]) -> _Out[T]:
    with _lock:
        out = _out.get(question.key)
        if out is None:
            future = _pool(question.account).submit(_answered, question)
            out = _out[question.key] = _Out(future, clock.now())  # type: ignore[arg-type]
            future.add_done_callback(lambda _: _come(question.key))
        return out  # type: ignore[return-value]


def _come(key: str) -> None:
    with _lock:
        _out.pop(key, None)


def _pool(account: BrokerAccount) -> ThreadPoolExecutor:
    whose = account.broker, account.server
    if whose not in _pools:
        _pools[whose] = ThreadPoolExecutor(THREADS_A_BROKER, thread_name_prefix=f"ask-{'-'.join(whose)}")
    return _pools[whose]


def _answered(question: Question[T]) -> Answer[T]:
    """In the thread: ask, and keep what came of it."""
    try:
        value = question.put()
    except LucyError as silence:
        return _last_good(question, silence)
    answer = Answer(value, clock.now())
    _keep(question, answer)
    return answer


def _awaited(question: Question[T], out: _Out[T], give_up: float) -> Answer[T]:
    try:
        return out.answer.result(max(0.0, give_up - time.monotonic()))
    except StillOut:
        words = f"{question.account.get_broker_display()}의 답을 기다리고 있습니다. 오는 대로 보입니다."
        slow = LucyError("broker_slow", words, status=504)
        kept = _last_good(question, slow)
        return Answer(kept.value, kept.at, slow, min(kept.since or out.asked_at, out.asked_at), is_out=True)


def _keep(question: Question[T], answer: Answer[T]) -> None:
    try:
        cache.set(question.key, answer, timeout=KEPT_SECONDS)
        cache.delete(_silent(question))
    except redis.RedisError as lost:
        logger.warning("Redis does not keep an answer of %s: %s", question.account, lost)


def _last_good(question: Question[T], silence: LucyError) -> Answer[T]:
    """The kept answer with the reason for its age; silence is counted from the first time without one."""
    since, kept = _silent_since(question), _kept(question)
    return Answer(kept.value if kept else None, kept.at if kept else None, silence, since)


def _kept(question: Question[T]) -> Answer[T] | None:
    try:
        kept: Answer[T] | None = cache.get(question.key)
    except redis.RedisError as lost:
        logger.warning("Redis knows no earlier answer of %s: %s", question.account, lost)
        return None
    return kept


def _silent_since(question: Question[T]) -> datetime:
    now = clock.now()
    try:
        cache.add(_silent(question), now, timeout=KEPT_SECONDS)
        since: datetime = cache.get(_silent(question)) or now
    except redis.RedisError as lost:
        logger.warning("Redis does not know since when %s is silent: %s", question.account, lost)
        return now
    return since


def _silent(question: Question[T]) -> str:
    return f"{question.key}:silent"
