"""One pace and one token for all processes."""

import logging
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from brokers.adapters.base import RateLimited, Unreachable
from brokers.adapters.limits import LONGEST_WAIT_SECONDS, KeptToken, MemoryTokenStore, Pace, Token
from tests.brokers.adapters.conftest import running_redis

CALLER = """
import sys, time
from brokers.adapters.limits import Pace
pace = Pace(sys.argv[1], "shared-key", 20)
until = time.time() + 1.5
while time.time() < until:
    pace.wait("order")
    print(time.time())
"""


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)  # a bucket of its own for each test


def test_two_processes_together_stay_below_the_rate_in_any_second(pace_redis_url: str):
    callers = [
        subprocess.Popen([sys.executable, "-c", CALLER, pace_redis_url], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    moments = sorted(float(line) for caller in callers for line in caller.communicate()[0].split())
    busiest = max(sum(start <= moment < start + 0.98 for moment in moments) for start in moments)
    assert len(moments) >= 20
    assert busiest <= 20


def test_orders_overtake_waiting_questions(pace_redis_url: str, key: str):
    pace = Pace(pace_redis_url, key, 2)
    done: list[str] = []

    def question() -> None:
        pace.wait("question")
        done.append("question")

    pace.wait("order")  # uses up what is free
    asking = [threading.Thread(target=question) for _ in range(3)]
    for thread in asking:
        thread.start()
    time.sleep(0.1)
    for _ in range(2):
        pace.wait("order")
        done.append("order")
    for thread in asking:
        thread.join()
    assert done[:2] == ["order", "order"]


def test_questions_leave_the_reserve_to_orders(pace_redis_url: str, key: str):
    pace = Pace(pace_redis_url, key, 20, reserve=3)
    started = time.monotonic()
    for _ in range(2):
        pace.wait("question")
    before_wait = time.monotonic() - started
    for _ in range(3):
        pace.wait("order")
    assert before_wait < 0.05
    assert time.monotonic() - started < 0.06


def test_an_order_too_far_back_in_the_queue_is_refused_at_once(
    pace_redis_url: str, key: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(LONGEST_WAIT_SECONDS, "order", 0.6)
    pace = Pace(pace_redis_url, key, 4)
    waiting = [threading.Thread(target=pace.wait, args=["order"]) for _ in range(3)]
    for thread in waiting:
        thread.start()
    time.sleep(0.05)
    started = time.monotonic()
    with pytest.raises(RateLimited):
        pace.wait("order")
    assert time.monotonic() - started < 0.1
    for thread in waiting:
        thread.join()


def test_a_tr_has_a_rate_of_its_own_besides_the_keys(pace_redis_url: str, key: str):
    pace = Pace(pace_redis_url, key, 0)
    started = time.monotonic()
    for _ in range(3):
        pace.wait("question", tr="t8430", per_second=4)
    one_tr = time.monotonic() - started
    pace.wait("question", tr="t1102", per_second=4)
    pace.wait("order")  # no common rate: nothing to wait for
    assert one_tr >= 0.5
    assert time.monotonic() - started - one_tr < 0.05


def test_the_app_key_itself_is_not_in_redis(pace_redis_url: str):
    import redis

    Pace(pace_redis_url, "my-app-key", 20).wait("order")
    with redis.Redis.from_url(pace_redis_url) as client:
        assert not [name for name in client.scan_iter() if b"my-app-key" in name]


def test_orders_still_go_slower_while_redis_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    url = f"unix://{tmp_path}/redis.sock"
    pace = Pace(url, "lonely", 20)
    with caplog.at_level(logging.INFO):
        started = time.monotonic()
        for _ in range(6):
            pace.wait("order")
        lasted = time.monotonic() - started
    assert 0.2 < lasted < 2
    assert caplog.text.count("Redis is away") == 1


def test_the_pace_is_shared_again_when_redis_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch
):
    monkeypatch.setattr("brokers.adapters.limits.REDIS_RETRY_SECONDS", 0.0)
    pace = Pace(f"unix://{tmp_path}/redis.sock", "returning", 100)
    pace.wait("order")
    with running_redis(tmp_path), caplog.at_level(logging.INFO):
        pace.wait("order")
    assert "Redis is back" in caplog.text


def token(value: str, **left: float) -> Token:
    return Token(value, datetime.now(UTC) + timedelta(**left))


def never() -> Token:
    raise AssertionError("no token was needed")


def throttled() -> Token:
    raise RateLimited("접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)", code="EGW00133")


def test_a_fresh_token_is_not_issued_again():
    store = MemoryTokenStore()
    store.renew(lambda: token("one", hours=24), None)
    assert store.renew(never, None).value == "one"


def test_whoever_comes_second_gets_the_token_of_the_first():
    store = MemoryTokenStore()
    store.renew(lambda: token("new", hours=24), None)
    assert store.renew(never, "old").value == "new"


def test_a_refused_token_is_replaced():
    store = MemoryTokenStore()
    store.renew(lambda: token("one", hours=24), None)
    assert store.renew(lambda: token("two", hours=24), "one").value == "two"


def test_a_throttled_issue_keeps_the_token_that_still_holds():
    store = MemoryTokenStore()
    store.renew(lambda: token("one", minutes=2), None)
    assert store.renew(throttled, None).value == "one"
    with pytest.raises(RateLimited):
        store.renew(throttled, "one")


def test_many_threads_issue_one_token():
    store, issued = MemoryTokenStore(), []

    def issue() -> Token:
        time.sleep(0.02)
        issued.append(1)
        return token("one", hours=24)

    threads = [threading.Thread(target=KeptToken(store, issue).value) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(issued) == 1


def test_a_token_near_its_end_is_renewed_and_used_when_that_fails(caplog: pytest.LogCaptureFixture):
    store = MemoryTokenStore()
    store.renew(lambda: token("old", minutes=2), None)
    tries = []

    def away() -> Token:
        tries.append(1)
        raise Unreachable("no token")

    kept = KeptToken(store, away)
    assert [kept.value(), kept.value()] == ["old", "old"]
    assert len(tries) == 1  # not at every order
    assert KeptToken(store, lambda: token("new", hours=24)).value() == "new"


def test_a_token_shows_no_value():
    assert "secret" not in repr(token("secret", hours=1))
