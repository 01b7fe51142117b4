"""One token and one pace per app key, shared by all processes.

The pace is a bucket per app key (and per TR where the broker counts those) kept in Redis, so that every
process sees the same one. `per_second` is a promise about any one second: a bucket of `burst` that refills
with `per_second - burst + 1` never lets more through, because brokers refuse bursts before they refuse rates.
"""

import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, Protocol

import redis

from brokers.adapters.base import BrokerError, RateLimited

logger = logging.getLogger(__name__)

Lane = Literal["order", "question"]

LONGEST_WAIT_SECONDS: dict[Lane, float] = {"order": 5.0, "question": 15.0}
REDIS_TIMEOUT_SECONDS = 0.25
REDIS_RETRY_SECONDS = 2.0  # how long a lost Redis is left alone, so that orders do not wait for it one by one
LOCAL_SHARE = 0.3  # of the pace, for each process while they cannot see one another

# Each bucket is one number: when it would be full again (GCRA), in microseconds of Redis' own clock.
# An order takes its place in the future and waits for it, so it pushes every question back; a question takes
# only what is free now. Answers: >= 0 taken, start after that long; < 0 nothing taken, that long to go.
_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local longest = tonumber(ARGV[1])
local full, delay = {}, 0
for i, key in ipairs(KEYS) do
  full[i] = tonumber(redis.call('GET', key) or 0)
  delay = math.max(delay, full[i] - now - tonumber(ARGV[2 * i + 1]))
end
delay = math.ceil(delay)
if delay > longest then return -delay end
for i, key in ipairs(KEYS) do
  local after = math.max(full[i], now + delay) + tonumber(ARGV[2 * i])
  redis.call('SET', key, string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1000)
end
return delay
"""


@dataclass(frozen=True, slots=True)
class _Bucket:
    key: str
    interval_us: int  # between two requests in the long run
    order_slack_us: int  # how far ahead of that an order may run
    question_slack_us: int

    def slack_us(self, lane: Lane) -> int:
        return self.order_slack_us if lane == "order" else self.question_slack_us


def _bucket(key: str, per_second: float, reserve: int) -> _Bucket:
    burst = max(1, int(per_second) // 4)
    interval = round(1_000_000 / (per_second - burst + 1))
    kept = min(reserve, burst - 1)  # a question always has a turn when nobody else wants one
    return _Bucket(key, interval, (burst - 1) * interval, (burst - 1 - kept) * interval)


class Pace:
    """The broker's calls per second for one app key, kept across processes; safe to share by threads."""

    def __init__(
        self, redis_url: str, app_key: str, per_second: float, reserve: int = 2, factor: float = 1.0
    ) -> None:
        """`per_second` is 0 where the broker counts only per TR; `reserve` of a burst are orders' own.

        `factor` multiplies every rate: a corporate contract has several times the published ones.
        """
        self._factor = factor
        self._name = "pace:" + hashlib.sha256(app_key.encode()).hexdigest()[:24]
        self._reserve = reserve
        self._common = [_bucket(self._name, per_second * factor, reserve)] if per_second else []
        self._by_tr: dict[tuple[str, float], list[_Bucket]] = {}
        self._shared = _shared_buckets(redis_url)
        self._local = _LocalBuckets()

    def wait(self, lane: Lane, *, tr: str = "", per_second: float | None = None) -> None:
        """Return when the request may leave; `RateLimited` when its turn is too far away.

        With `tr` and `per_second` the TR's own rate is kept besides the key's.
        """
        buckets = self._buckets(tr, per_second) if tr and per_second else self._common
        if not buckets:
            return
        patience = LONGEST_WAIT_SECONDS[lane]
        if lane == "order":
            self._wait_in_line(buckets, patience)
        else:
            self._wait_for_gap(buckets, patience)

    def _wait_in_line(self, buckets: Sequence[_Bucket], patience: float) -> None:
        delay = self._take("order", buckets, patience)
        if delay < 0:
            raise RateLimited(f"orders are queued for {-delay:.1f} s, more than {patience:.0f} s")
        if delay:
            time.sleep(delay)

    def _wait_for_gap(self, buckets: Sequence[_Bucket], patience: float) -> None:
        give_up = time.monotonic() + patience
        while (delay := self._take("question", buckets, 0.0)) < 0:
            # A little apart, or all that wait would come back at the same moment.
            pause = -delay * random.uniform(1.0, 1.2)  # noqa: S311
            if time.monotonic() + pause > give_up:
                raise RateLimited(f"no free call within {patience:.0f} s")
            time.sleep(pause)

    def _take(self, lane: Lane, buckets: Sequence[_Bucket], longest: float) -> float:
        """Seconds to wait for the place taken; negative: nothing taken, that long until it would do."""
        longest_us = round(longest * 1_000_000)
        delay_us = self._shared.take(lane, buckets, longest_us)
        if delay_us is None:
            delay_us = self._local.take(lane, buckets, longest_us)
        return delay_us / 1_000_000

    def _buckets(self, tr: str, per_second: float) -> list[_Bucket]:
        known = self._by_tr.get((tr, per_second))
        if known is None:
            own = _bucket(f"{self._name}:{tr}", per_second * self._factor, self._reserve)
            known = [*self._common, own]
            self._by_tr[tr, per_second] = known
        return known


class _SharedBuckets:
    """The buckets in Redis, one round trip a request."""

    def __init__(self, redis_url: str) -> None:
        client = redis.Redis.from_url(
            redis_url,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        )
        self._script = client.register_script(_TAKE)
        self._away_until = 0.0
        self._away = False

    def take(self, lane: Lane, buckets: Sequence[_Bucket], longest_us: int) -> int | None:
        """As the script answers; None while Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        numbers = [number for bucket in buckets for number in (bucket.interval_us, bucket.slack_us(lane))]
        try:
            delay = int(self._script(keys=[bucket.key for bucket in buckets], args=[longest_us, *numbers]))
        except redis.RedisError as failure:
            self._lose(failure)
            return None
        if self._away:
            self._away = False
            logger.info("Redis is back: the pace is shared again")
        return delay

    def _lose(self, failure: redis.RedisError) -> None:
        self._away_until = time.monotonic() + REDIS_RETRY_SECONDS
        if not self._away:
            self._away = True
            logger.error("Redis is away (%s): each process keeps a slower pace of its own", failure)


@lru_cache(maxsize=8)
def _shared_buckets(redis_url: str) -> _SharedBuckets:
    return _SharedBuckets(redis_url)


class _LocalBuckets:
    """The same buckets inside this process, slower, for as long as Redis is away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: dict[str, float] = {}

    def take(self, lane: Lane, buckets: Sequence[_Bucket], longest_us: int) -> int:
        with self._lock:
            now = time.monotonic() * 1_000_000
            delay = max(0.0, *(self._delay(bucket, lane, now) for bucket in buckets))
            if delay > longest_us:
                return -round(delay)
            for bucket in buckets:
                full_at = max(self._full_at.get(bucket.key, 0.0), now + delay)
                self._full_at[bucket.key] = full_at + bucket.interval_us / LOCAL_SHARE
            return round(delay)

    def _delay(self, bucket: _Bucket, lane: Lane, now: float) -> float:
        # The burst stays below its share too: the slack counts in the faster intervals of the whole pace.
        return self._full_at.get(bucket.key, 0.0) - now - bucket.slack_us(lane)


RENEW_EARLY = timedelta(minutes=5)
RENEW_AGAIN_SECONDS = 60.0  # KIS issues one token a minute; LS' new one may end at the same 07:00 as the old


@dataclass(frozen=True, slots=True)
class Token:
    value: str = field(repr=False)
    expires_at: datetime

    def is_fresh(self) -> bool:
        """Far enough from its end to be used without a thought."""
        return datetime.now(UTC) + RENEW_EARLY < self.expires_at

    def is_valid(self) -> bool:
        return datetime.now(UTC) < self.expires_at


class TokenStore(Protocol):
    """Where all processes keep the one token of an app key."""

    def get(self) -> Token | None: ...
    def renew(self, issue: Callable[[], Token], refused: str | None) -> Token:
        """Replace the token under a lock that all processes share; `refused` is the value that failed.

        Whoever comes second gets what the first has fetched. The decision is `renewed`.
        """


def renewed(held: Token | None, issue: Callable[[], Token], refused: str | None) -> Token:
    """The token to go on with, asked for only if needed; call it under the store's lock."""
    usable = held if held is not None and held.value != refused else None
    if usable and usable.is_fresh():
        return usable
    try:
        return issue()
    except RateLimited:
        # KIS issues one a minute (EGW00133); the old one works until its end.
        if usable and usable.is_valid():
            return usable
        raise


class KeptToken:
    """A client's copy of the shared token, so that an order need not look it up; safe to share by threads."""

    def __init__(self, store: TokenStore, issue: Callable[[], Token]) -> None:
        self._store = store
        self._issue = issue
        self._token: Token | None = None
        self._next_renewal = 0.0

    def value(self) -> str:
        """The token to sign with, renewed early when its end is near."""
        token = self._token
        if token is None or not token.is_fresh():
            token = self._token = self._looked_up()
        return token.value

    def renew(self, refused: str | None) -> Token:
        """A token other than the refused one."""
        self._token = self._store.renew(self._issue, refused)
        return self._token

    def _looked_up(self) -> Token:
        held = self._store.get()
        if held is None or not held.is_valid():
            return self._store.renew(self._issue, None)
        if held.is_fresh() or time.monotonic() < self._next_renewal:
            return held
        self._next_renewal = time.monotonic() + RENEW_AGAIN_SECONDS
        try:
            return self._store.renew(self._issue, None)
        except BrokerError as failure:
            logger.warning("token not renewed, the old one holds until %s: %s", held.expires_at, failure)
            return held


class MemoryTokenStore:
    """A `TokenStore` for one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    def get(self) -> Token | None:
        return self._token

    def renew(self, issue: Callable[[], Token], refused: str | None) -> Token:
        with self._lock:
            self._token = renewed(self._token, issue, refused)
            return self._token
