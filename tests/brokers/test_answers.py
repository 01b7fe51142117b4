"""A broker's answers for a page: never waited for long, the last good one kept, one call for all who ask."""

import threading

import pytest
import redis

from brokers.services import answers, shared
from brokers.services.answers import Question, ask, ask_all
from lucy.errors import LucyError

pytestmark = pytest.mark.django_db
DOWN = LucyError("broker_unreachable", "증권사에 연결할 수 없습니다.", status=504)


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch):
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.2)


def down():
    raise DOWN


def test_a_good_answer_outlives_the_silence_after_it(account):
    good = ask(Question(account, "balance", lambda: 7))
    assert (good.value, good.silence) == (7, None)
    first = ask(Question(account, "balance", down))
    again = ask(Question(account, "balance", down))
    assert (first.value, first.at, first.silence) == (7, good.at, DOWN)
    assert again.since == first.since >= good.at  # counted from the first time without an answer
    back = ask(Question(account, "balance", lambda: 8))
    assert (back.value, back.since) == (8, None)
    assert ask(Question(account, "balance", down)).since > first.since


def test_one_that_never_answered_has_nothing_to_show(account):
    answer = ask(Question(account, "balance", down))
    assert (answer.value, answer.at, answer.silence) == (None, None, DOWN)


def test_a_slow_broker_is_asked_once_and_heard_later(account, ls_account, monkeypatch):
    calls, gate = [], threading.Event()

    def slow():
        calls.append(1)
        assert gate.wait(30)
        return 5

    asked = [Question(account, "balance", slow), Question(ls_account, "balance", lambda: 6)]
    late, quick = ask_all(asked)
    assert (late.value, late.is_out, late.silence.code, quick.value) == (None, True, "broker_slow", 6)
    again = ask(asked[0])
    assert (again.is_out, again.since) == (True, late.since)
    gate.set()
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 30)
    assert ask(asked[0]).value == 5
    assert len(calls) <= 2  # the second only if the first had come back by then


def test_who_waited_takes_what_came_meanwhile(account):
    question = Question(account, "balance", lambda: 7)
    ask(question)
    asked_anew = Question(account, "balance", down)
    assert (ask(asked_anew, waited=True).value, ask(asked_anew, waited=True).silence) == (7, None)
    assert ask(asked_anew).silence is DOWN


def test_a_mistake_of_ours_is_not_taken_for_silence(account):
    with pytest.raises(ZeroDivisionError):
        ask(Question(account, "balance", lambda: 1 // 0))


def test_without_redis_every_answer_is_still_given(account, monkeypatch):
    def lost(*_, **__):
        raise redis.ConnectionError

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCacheClient.get_client", lost)
    assert ask(Question(account, "balance", lambda: 7)).value == 7
    assert ask(Question(account, "balance", down)).silence is DOWN
    assert shared.shared("x", 1, lambda: 3) == 3


def test_ten_at_once_cost_one_call(db):
    calls, gate, told = [], threading.Barrier(10), []

    def slow():
        calls.append(1)
        return threading.Event().wait(0.1) or 9

    def one():
        gate.wait()
        told.append(shared.shared("quote:test", 5, slow))

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told, len(calls)) == ([9] * 10, 1)


def test_the_next_one_asks_when_the_first_got_no_answer(db):
    with pytest.raises(LucyError):
        shared.shared("quote:test", 5, down)
    assert shared.shared("quote:test", 5, lambda: 4) == 4
