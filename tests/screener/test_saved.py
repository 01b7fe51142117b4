"""Saved searches: due at their moments, comparing good runs only, telling who entered and who left."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from brokers.models import UserNotice
from lucy import clock
from screener.models import SavedScreen, Schedule, ScreenChange
from screener.services import due, saved
from screener.services.results import Question, question
from tests.factories import make_user
from tests.screener.screens import KAKAO, NAVER, SAMSUNG

pytestmark = pytest.mark.django_db
FRIDAY = date(2026, 11, 20)


def at(hour, minute, day=FRIDAY):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=clock.KST)


@pytest.fixture
def web(trader):
    client = Client()
    client.force_login(trader)
    return client


@pytest.fixture
def search(trader, screen):
    """A search that ran once: 삼성전자, 카카오, NAVER."""
    from screener.questions import query_of

    asked = question(screen, trader, query_of({"market": "all"}))
    assert isinstance(asked, Question)
    row = saved.save(trader, asked, "거래량 급증", Schedule.TEN_MINUTES, tell=True)
    assert saved.run(row)
    return row


def again(row):
    row.refresh_from_db()
    done = saved.run(row)
    row.refresh_from_db()
    return done


def told():
    return list(UserNotice.objects.order_by("seq").values_list("text", flat=True))


@pytest.mark.parametrize(
    ("schedule", "now", "moment"),
    [
        (Schedule.MORNING, at(8, 39), None),
        (Schedule.MORNING, at(8, 40), at(8, 40)),
        (Schedule.CLOSE, at(18, 0), at(15, 50)),
        (Schedule.EVENING, at(21, 30), at(21, 30)),
        (Schedule.TEN_MINUTES, at(9, 0), None),
        (Schedule.TEN_MINUTES, at(9, 13), at(9, 10)),
        (Schedule.TEN_MINUTES, at(15, 11), at(15, 10)),
        (Schedule.TEN_MINUTES, at(15, 40), None),
        (Schedule.HOURLY, at(10, 5), at(10, 0)),
        (Schedule.HOURLY, at(10, 20), None),
        (Schedule.CLOSE, at(18, 0, FRIDAY + timedelta(days=1)), None),
    ],
)
def test_moments(db, schedule, now, moment):
    assert due.last_moment(schedule, now) == moment


def test_a_moment_is_used_once(db):
    assert due.is_due(Schedule.CLOSE, None, at(16, 0))
    assert due.is_due(Schedule.CLOSE, at(15, 0), at(16, 0))
    assert not due.is_due(Schedule.CLOSE, at(15, 50), at(16, 0))
    assert not due.is_due(Schedule.NONE, None, at(16, 0))


def test_the_first_run_is_what_later_ones_are_compared_with(search):
    search.refresh_from_db()
    assert len(search.members) == 3
    assert told() == []
    assert again(search)
    assert told() == []


def test_who_enters_and_leaves_is_told_and_kept(search, source, trader):
    source.rows = [SAMSUNG, {**KAKAO, "price": 1}, {**NAVER, "symbol": "000660", "name": "SK하이닉스"}]
    assert again(search)
    assert told() == ["‘거래량 급증’: 진입 SK하이닉스 · 이탈 NAVER"]
    assert UserNotice.objects.get().url == reverse("screener:saved-one", args=[search.pk])
    change = ScreenChange.objects.get()
    assert (change.entered, change.left) == ([["000660", "SK하이닉스"]], [["035420", "NAVER"]])
    assert again(search)
    assert len(told()) == 1


def test_many_names_are_counted():
    rows = [(f"{number}", f"종목{number}") for number in range(8)]
    assert saved.words_of("x", saved.Change(rows, [])) == "‘x’: 진입 종목0, 종목1, 종목2, 종목3, 종목4 외 3"


def test_a_silent_or_half_read_source_changes_nothing_and_is_told_once(search, source):
    source.rows, source.complete = [SAMSUNG], False
    assert not again(search)
    assert "일부만 읽어" in search.error
    source.silence = "연결할 수 없습니다."
    for _ in range(4):
        assert not again(search)
    assert len(search.members) == 3
    assert told() == ["‘거래량 급증’ 검색이 3번 잇달아 실패했습니다: 연결할 수 없습니다."]
    source.silence, source.complete = "", True
    assert again(search)
    assert (search.failures, search.error) == (0, "")
    assert "이탈 카카오, NAVER" in told()[1]


def test_two_workers_run_it_once(search):
    rows = [SavedScreen.objects.get(pk=search.pk) for _ in range(2)]
    assert [saved.run(row) for row in rows] == [True, False]


def test_the_job_runs_what_is_due_and_survives_a_mistake(search, source):
    other = SavedScreen.objects.get(pk=search.pk)
    other.pk, other.name, other.started_at = None, "다른 것", None
    other.save()
    SavedScreen.objects.filter(pk=search.pk).update(started_at=at(9, 0))
    source.crashes = 1
    assert saved.run_due(at(10, 0)) == 1
    assert sorted(SavedScreen.objects.values_list("failures", flat=True)) == [0, 1]
    assert saved.run_due(at(9, 0)) == 0


def test_who_has_left_the_house_is_not_served(search, trader):
    trader.is_active = False
    trader.save()
    SavedScreen.objects.update(started_at=at(9, 0))
    assert saved.run_due(at(10, 0)) == 0


def test_a_search_is_saved_from_the_screens_page(web, screen, trader):
    address = reverse("screener:save", args=["test-volume"]) + "?asked=1&market=kospi"
    assert "시장 코스피" in web.get(address).content.decode()
    answer = web.post(address, {"name": "코스피", "schedule": "close", "tell": "on"})
    row = SavedScreen.objects.get()
    assert answer["HX-Redirect"] == reverse("screener:saved-one", args=[row.pk])
    assert (row.schedule, row.asked, row.tell) == ("close", {"market": "kospi"}, True)
    taken = web.post(address, {"name": "코스피"})
    assert taken.status_code == 422
    assert "이미 있습니다" in taken.content.decode()


def test_a_search_is_run_rescheduled_and_deleted_on_its_page(web, search, source):
    source.rows = [SAMSUNG]
    web.post(reverse("screener:saved-run", args=[search.pk]))
    page = web.get(reverse("screener:saved-one", args=[search.pk])).content.decode()
    assert "－이탈" in page
    assert '<a class="tag" href="/stocks/035720/">카카오</a>' in page
    address = reverse("screener:saved-one", args=[search.pk])
    assert web.post(address, {"name": "급증", "schedule": "evening"}).status_code == 302
    search.refresh_from_db()
    assert (search.name, search.schedule, search.tell) == ("급증", "evening", False)
    refused = web.post(address, {"name": "", "schedule": "close"})
    assert refused.status_code == 422
    assert "<h1>급증</h1>" in refused.content.decode()
    assert ">급증</b>" in web.get(reverse("screener:saved")).content.decode()
    web.post(reverse("screener:saved-delete", args=[search.pk]))
    assert not SavedScreen.objects.exists()


def test_anothers_search_is_not_there(search):
    other = Client()
    other.force_login(make_user())
    assert other.get(reverse("screener:saved-one", args=[search.pk])).status_code == 404
    assert other.post(reverse("screener:saved-run", args=[search.pk])).status_code == 404
    assert other.post(reverse("screener:saved-delete", args=[search.pk])).status_code == 404
    assert "거래량 급증" not in other.get(reverse("screener:saved")).content.decode()


def test_nobody_keeps_searches_without_signing_in(client, search):
    for name, args in (("saved", []), ("saved-one", [search.pk])):
        assert client.get(reverse(f"screener:{name}", args=args))["Location"].startswith("/accounts/sign-in/")
