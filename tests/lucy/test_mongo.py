"""`transactional`: all or nothing, begun again after a write conflict, and news only after the commit."""

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.db import DatabaseError, connection, connections
from django_mongodb_backend import transaction

from brokers.models import AccountBook, AccountGrant, BrokerAccount
from lucy import mongo
from lucy.mongo import transactional
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db
THREADS = 8
ROUNDS = 5


def add_one(account: BrokerAccount) -> None:
    """Read, add, write: loses a count wherever two overlap."""
    book = AccountBook.objects.get(account=account)
    book.notice_seq += 1
    book.save()


def at_once(work: Callable[[], None]) -> list[BaseException]:
    """Runs `work` in eight threads that start together; what they raised."""
    start = threading.Barrier(THREADS)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            start.wait()
            for _ in range(ROUNDS):
                work()
        except DatabaseError as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.fixture
def book(db):
    return AccountBook.objects.get_or_create(account=make_account())[0]


@pytest.mark.race
def test_eight_threads_lose_counts_without_the_guard(book):
    def unguarded() -> None:
        with transaction.atomic():
            add_one(book.account)

    raised = at_once(unguarded)
    book.refresh_from_db()
    assert raised
    assert book.notice_seq < THREADS * ROUNDS


@pytest.mark.race
def test_eight_threads_count_every_one(book):
    guarded = transactional(add_one)
    assert not at_once(lambda: guarded(book.account))
    book.refresh_from_db()
    assert book.notice_seq == THREADS * ROUNDS


def test_a_failure_leaves_nothing(book):
    @transactional
    def work() -> None:
        add_one(book.account)
        raise KeyError("stop")

    with pytest.raises(KeyError):
        work()
    book.refresh_from_db()
    assert book.notice_seq == 0
    assert not cast(Any, connection).in_atomic_block_mongo


def test_an_inner_call_joins_the_outer_one(book):
    @transactional
    def outer() -> None:
        transactional(add_one)(book.account)
        raise KeyError("stop")

    with pytest.raises(KeyError):
        outer()
    book.refresh_from_db()
    assert book.notice_seq == 0


def test_news_goes_out_once_and_only_after_the_commit(book):
    heard: list[int] = []

    @transactional
    def work(*, fails: bool) -> None:
        transaction.on_commit(lambda: heard.append(1))
        add_one(book.account)
        assert heard == []
        if fails:
            raise KeyError("stop")

    with pytest.raises(KeyError):
        work(fails=True)
    assert heard == []
    work(fails=False)
    assert heard == [1]


def test_several_models_are_found_in_one_question(account):
    user = make_user()
    other = make_account(user)
    answers = mongo.find_each(
        (BrokerAccount, {"pk": [account.pk]}),
        (AccountBook, {"account_id": [account.pk, other.pk]}),
        (AccountGrant, {"account_id": [other.pk], "user_id": [user.pk]}),
        (AccountGrant, {"account_id": [account.pk], "user_id": [user.pk]}),
    )
    assert answers[0] == [account]
    assert answers[0][0].app_key == account.app_key
    assert {book.account_id for book in answers[1]} == {account.pk, other.pk}
    assert [grant.user_id for grant in answers[2]] == [user.pk]
    assert answers[3] == []
