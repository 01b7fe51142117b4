"""Kept results, laid beside later ones."""

import pytest
from django.test import Client
from django.urls import reverse

from screener.models import Snapshot
from tests.factories import make_user
from tests.screener.screens import KAKAO, NAVER, SAMSUNG

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(trader):
    client = Client()
    client.force_login(trader)
    return client


def url(name):
    return reverse(f"screener:{name}", args=["test-volume"]) + "?asked=1&market=all"


@pytest.fixture
def kept(web, screen):
    """삼성전자, 카카오, NAVER as they were."""
    web.get(url("result"))
    web.post(url("keep"), {"name": "아침"})
    return Snapshot.objects.get()


def compared(web, kept, **query):
    return web.get(reverse("screener:snapshot", args=[kept.pk]), query).content.decode()


def test_a_later_result_shows_who_entered_left_and_changed(web, kept, source):
    source.rows = [{**SAMSUNG, "price": 71_000}, KAKAO, {**NAVER, "symbol": "000660", "name": "SK하이닉스"}]
    web.get(url("result"))
    page = compared(web, kept)
    assert page.count("mark-entered") == 1
    assert page.count("mark-left") == 1
    assert page.count("mark-changed") == 1
    assert '<s class="was" title="이전">70,000</s>' in page
    assert ">카카오</a>" not in page  # unchanged
    rows = reverse("screener:snapshot-rows", args=[kept.pk]) + "?with="
    page = web.post(rows, {"t.sort": "-price", "t.q": "하이"}).content.decode()
    assert "mark-entered" in page
    assert "삼성전자" not in page


def test_nothing_is_compared_with_a_half_read_result(web, kept, source):
    source.rows, source.complete = [SAMSUNG], False
    web.get(url("result"))
    assert "mark-left" not in compared(web, kept)


def test_two_kept_results_are_compared(web, kept, source):
    source.rows = [SAMSUNG, KAKAO]
    web.get(url("result"))
    web.post(url("keep"), {"name": "저녁"})
    evening = Snapshot.objects.get(name="저녁")
    source.rows = [SAMSUNG, KAKAO, NAVER]
    web.get(url("result"))
    assert "mark-left" in compared(web, kept, **{"with": str(evening.pk)})
    assert "달라진 것이 없습니다" in compared(web, kept)
    assert web.get(reverse("screener:snapshot", args=[kept.pk]), {"with": "x"}).status_code == 404


def test_only_a_whole_result_is_kept_once_by_a_name(web, screen, source):
    source.complete = False
    web.get(url("result"))
    refused = web.post(url("keep"), {"name": "반쪽"})
    assert refused.status_code == 422
    assert "끝까지 읽은 결과가 없어" in refused.content.decode()
    source.complete = True
    web.get(url("result"))
    assert web.post(url("keep"), {"name": "하나"}).status_code == 204
    assert "이미 있습니다" in web.post(url("keep"), {"name": "하나"}).content.decode()
    assert Snapshot.objects.count() == 1


def test_anothers_snapshot_is_not_there(web, kept):
    other = Client()
    other.force_login(make_user())
    for name in ("snapshot", "snapshot-rows", "snapshot-delete"):
        assert other.get(reverse(f"screener:{name}", args=[kept.pk])).status_code == 404
    assert "아침" not in other.get(reverse("screener:snapshots")).content.decode()
    assert "아침" in web.get(reverse("screener:snapshots")).content.decode()
    web.post(reverse("screener:snapshot-delete", args=[kept.pk]))
    assert not Snapshot.objects.exists()
