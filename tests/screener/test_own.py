"""나의 조건: built in a form, kept, judged over what is stored, shared and copied."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from brokers.models import DayOpening, Fill, PriceChunk, PriceHistory, Tag
from brokers.services import watch
from brokers.terms import Side
from lucy import clock
from lucy.errors import LucyError
from screener import own as rules
from screener.models import OwnScreen, SavedScreen
from screener.services import own
from tests.factories import make_account, make_user
from tests.screener.prices import keep_closes
from tests.screener.screens import KAKAO, NAVER, SAMSUNG, make_instruments, registered

pytestmark = pytest.mark.django_db
RISING = {
    "joint": "all",
    "groups": [{"joint": "all", "terms": [{"condition": "streak", "values": {"days": "2"}}]}],
}


@pytest.fixture(autouse=True)
def market():
    """삼성전자 rises, 카카오 falls, NAVER has no history."""
    make_instruments()
    keep_closes("005930", 100, 110, 121)
    keep_closes("035720", 121, 110, 100)


@pytest.fixture
def web(trader):
    client = Client()
    client.force_login(trader)
    return client


def rule(condition, **values):
    terms = [{"condition": condition, "values": values}]
    return {"joint": "all", "groups": [{"joint": "all", "terms": terms}]}


def make_fill(account, number, symbol, side, quantity, day):
    at = clock.day_start(day)
    return Fill.objects.create(
        account=account,
        trade_date=day,
        broker_order_no=str(number),
        fill_no=str(number),
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=100,
        executed_at=at,
        recorded_at=at,
    )


def result(client, row):
    answer = client.get(reverse("screener:result", args=[own.key_of(row)]) + "?asked=1")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_own_screen_has_the_same_table(web, trader):
    row = own.save(trader, "오르는 것", rule("change", days="1", limit="5", op="least"))
    page = web.get(reverse("screener:screen", args=[own.key_of(row)])).content.decode()
    assert "1일 등락률 5% 이상" in page
    found = result(web, row)
    assert ">삼성전자</a>" in found
    assert ">카카오</a>" not in found
    assert "+10.00%" in found
    assert "2026-11-20 일봉까지로 판정했습니다" in found


def test_marks_are_those_of_whoever_looks(trader):
    watch.watch(trader, "035720", Tag.HELD)
    row = own.save(trader, "보유", rule("mark", mark="held"), shared=True)
    fetch = own.screen_of(row).fetch
    assert [one["name"] for one in fetch(trader, {}).rows] == ["카카오"]
    assert fetch(make_user(), {}).rows == []


def test_holdings_are_last_known_ones_of_whoever_looks(trader):
    """A day's opening and the fills since; an account that was never read is named."""
    first, second = (make_account(trader, name=name) for name in ("가", "나"))
    day = date(2026, 11, 20)
    opened_at = datetime(2026, 11, 20, 8, 1, tzinfo=clock.KST)
    DayOpening.objects.create(
        account=first, trade_date=day, holdings={"005930": 9, "035720": 5}, cash=0, taken_at=opened_at
    )
    for number, symbol, side in ((1, "035720", Side.SELL), (2, "035420", Side.BUY)):
        make_fill(first, number, symbol, side, 5, day + timedelta(days=number - 1))
    row = own.save(trader, "보유", rule("holding"), shared=True)
    screen = own.screen_of(row)
    assert screen.about == "내 계좌의 보유수량 1주 이상"
    assert screen.column("c0").label == "보유(주)"
    mine = screen.fetch(trader, {})
    assert [(one["name"], one["c0"]) for one in mine.rows] == [("삼성전자", 9), ("NAVER", 5)]
    assert f"{first} 11-20 08:01에 읽은 잔고와 그 뒤의 체결로" in " ".join(mine.notes)
    assert f"빼고 판정했습니다: {second}." in " ".join(mine.notes)
    others = screen.fetch(make_user(), {})
    assert others.rows == []
    assert "보유 조건은 아무 종목에도" in " ".join(others.notes)


def test_other_screens_last_good_results_are_conditions(web, trader, source):
    source.rows = [SAMSUNG, KAKAO, NAVER]
    with registered(source):
        row = own.save(trader, "순위", rule("column", column="test-volume.volume", limit="1000", op="least"))
        assert "아직 조회한 적이 없어" in result(web, row)
        web.get(reverse("screener:result", args=["test-volume"]) + "?asked=1&market=all")
        found = result(web, row)
        assert ">카카오</a>" in found
        assert ">삼성전자</a>" not in found
        assert "‘시험 거래량’ (시장 전체): " in found
        row = own.save(trader, "있음", rule("in_screen", screen="test-volume"))
        assert ">NAVER</a>" in result(web, row)
    assert "고쳐야 하는 조건" in web.get(reverse("screener:own")).content.decode()  # the screen is no more
    assert "화면을 고르세요" in result(web, row)


def test_without_history_price_conditions_say_so(trader):
    PriceChunk.objects.all().delete()
    PriceHistory.objects.all().delete()
    with pytest.raises(LucyError, match="가격 이력이 아직 없습니다"):
        own.run(trader, rules.read(RISING, own.names()))


def fields(**more):
    first = {"joint": "all", "g0.joint": "all", "g0.t0.condition": "streak", "g0.t0.was": "streak"}
    return {**first, "g0.t0.days": "2", "g0.t0.way": "up", **more}


def test_the_form_says_what_it_would_find(web):
    page = web.post(reverse("screener:own-draft"), fields()).content.decode()
    assert "2일 이상 연속 상승" in page
    assert "지금 1종목" in page
    assert "삼성전자" in page
    page = web.post(reverse("screener:own-draft"), fields(**{"g0.t0.days": "많이"})).content.decode()
    assert "숫자를 넣으세요" in page


def test_buttons_add_and_drop_rows_and_groups(web):
    page = web.post(reverse("screener:own-draft"), fields(do="add-term:0")).content.decode()
    assert page.count("builder-row") == 2
    page = web.post(reverse("screener:own-draft"), fields(do="add-group")).content.decode()
    assert page.count("builder-group") == 2
    page = web.post(reverse("screener:own-draft"), fields(do="drop-term:0:0")).content.decode()
    assert page.count("builder-row") == 1  # there is always one to begin with
    for odd in ("drop-term:9:9", "add-term:x", "drop-group:", "eval"):
        assert (
            web.post(reverse("screener:own-draft"), fields(do=odd)).content.decode().count("builder-row") == 1
        )


def test_another_condition_begins_with_its_own_first_values(web):
    page = web.post(reverse("screener:own-draft"), fields(**{"g0.t0.condition": "rsi"})).content.decode()
    assert "RSI(14)가 30 이하" in page
    other = {"g0.t0.condition": "rsi", "g0.t0.negated": "on"}
    page = web.post(reverse("screener:own-draft"), fields(**other)).content.decode()
    assert "[RSI(14)가 30 이하] 아님" in page


def test_a_screen_is_saved_changed_and_deleted(web, trader):
    answer = web.post(reverse("screener:own-save"), fields(name="상승", shared="on"))
    row = OwnScreen.objects.get()
    assert answer["HX-Redirect"] == reverse("screener:screen", args=[own.key_of(row)])
    assert (row.name, row.shared) == ("상승", True)
    taken = web.post(reverse("screener:own-save"), fields(name="상승"))
    assert taken.status_code == 422
    assert "이미 있습니다" in taken.content.decode()
    web.post(reverse("screener:own-change", args=[row.pk]), fields(name="하락", **{"g0.t0.way": "down"}))
    row.refresh_from_db()
    assert (row.name, row.shared) == ("하락", False)
    assert ">카카오</a>" in result(web, row)
    assert "지웁니다" in web.get(reverse("screener:own-delete", args=[row.pk])).content.decode()
    web.post(reverse("screener:own-delete", args=[row.pk]))
    assert not OwnScreen.objects.exists()


def test_others_see_and_copy_what_is_shared_and_change_nothing(trader, web):
    other = make_user()
    row = own.save(other, "비밀", RISING)
    key = own.key_of(row)
    assert web.get(reverse("screener:screen", args=[key])).status_code == 404
    assert web.post(reverse("screener:own-copy", args=[row.pk])).status_code == 404
    own.save(other, "공개", RISING, shared=True, found=row)
    assert "공개" in web.get(reverse("screener:own")).content.decode()
    assert ">삼성전자</a>" in result(web, row)
    for name in ("own-edit", "own-delete"):
        assert web.get(reverse(f"screener:{name}", args=[row.pk])).status_code == 404
    assert web.post(reverse("screener:own-change", args=[row.pk]), fields(name="x")).status_code == 404
    web.post(reverse("screener:own-copy", args=[row.pk]))
    web.post(reverse("screener:own-copy", args=[row.pk]))
    mine = OwnScreen.objects.filter(user=trader).order_by("name")
    assert [(one.name, one.shared) for one in mine] == [("공개", False), ("공개 (2)", False)]


def test_searches_on_a_deleted_screen_go_with_it(trader, web):
    row = own.save(trader, "상승", RISING, shared=True)
    SavedScreen.objects.create(user=make_user(), name="x", screen=own.key_of(row), created_at=clock.now())
    assert "1개" in web.get(reverse("screener:own-delete", args=[row.pk])).content.decode()
    own.delete(row)
    assert not SavedScreen.objects.exists()


def test_nobody_builds_without_signing_in(client):
    for name in ("own", "own-new"):
        assert client.get(reverse(f"screener:{name}"))["Location"].startswith("/accounts/sign-in/")
    for name in ("own-draft", "own-save"):
        assert client.post(reverse(f"screener:{name}"))["Location"].startswith("/accounts/sign-in/")
