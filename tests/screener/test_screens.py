"""A screen as a page: asked, kept, shown again when its source is silent, remembered per user."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from brokers.models import Tag
from brokers.services import watch
from screener.models import ScreenResult
from screener.screens import all_screens
from screener.selectors import tabs_of
from tests.factories import make_user
from tests.screener.screens import KAKAO, NAVER, SAMSUNG, make_instruments, registered

pytestmark = pytest.mark.django_db
KEY = "test-volume"


@pytest.fixture
def web(trader):
    client = Client()
    client.force_login(trader)
    return client


def url(name, query="asked=1&market=all"):
    return f"{reverse(f'screener:{name}', args=[KEY])}?{query}"


def text(answer):
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def names(page):
    return [name for name in ("삼성전자", "카카오", "NAVER") if f">{name}</a>" in page]


def test_the_page_asks_first_values_and_shows_what_comes(web, screen, source):
    page = text(web.get(reverse("screener:screen", args=[KEY])))
    assert "묻고 있습니다" in page
    assert source.asked == []
    found = text(web.get(url("result")))
    assert names(found) == ["삼성전자", "카카오", "NAVER"]
    assert source.asked[0][1] == {"market": "all", "least": None}
    assert names(text(web.get(url("screen")))) == names(found)


def test_a_wrong_question_is_not_asked(web, screen, source):
    page = text(web.get(url("screen", "asked=1&market=nasdaq&least=-1")))
    assert page.count("field-error") == 2
    assert web.get(url("result", "asked=1&market=nasdaq")).status_code == 404
    assert source.asked == []


def test_a_silent_source_leaves_the_last_good_result_with_its_age(web, screen, source):
    text(web.get(url("result")))
    source.silence = "증권사에 연결할 수 없습니다."
    found = text(web.get(url("result")))
    assert "증권사에 연결할 수 없습니다." in found
    assert "읽은 마지막 결과" in found
    assert found.index("다시 조회") < found.index('id="table-rows"')  # its age is read before its rows
    assert names(found) == ["삼성전자", "카카오", "NAVER"]


def test_without_a_good_result_the_silence_stands_alone(web, screen, source):
    source.silence = "증권사에 연결할 수 없습니다."
    found = text(web.get(url("result")))
    assert "보여 줄 결과가 아직 없습니다" in found
    assert "증권사에 연결할 수 없습니다." in found


def test_a_half_read_run_is_never_shown_as_whole(web, screen, source):
    text(web.get(url("result")))
    source.rows, source.complete = [SAMSUNG], False
    found = text(web.get(url("result")))
    assert "1행에서 끊겨" in found
    assert names(found) == ["삼성전자", "카카오", "NAVER"]
    assert names(text(web.get(url("rows")))) == ["삼성전자", "카카오", "NAVER"]
    source.complete = True
    assert names(text(web.get(url("result")))) == ["삼성전자"]


def test_a_first_run_that_broke_off_says_so(web, screen, source):
    source.rows, source.complete = [KAKAO], False
    for _ in range(2):
        found = text(web.get(url("result")))
        assert "일부만 읽은 결과입니다" in found
        assert names(found) == ["카카오"]
    assert ScreenResult.objects.get().complete is False


def test_one_users_rows_are_not_anothers(web, screen, source):
    text(web.get(url("result")))
    other = Client()
    other.force_login(make_user())
    assert "묻고 있습니다" in text(other.get(url("screen")))
    assert other.get(url("rows")).status_code == 404
    assert other.get(url("export")).status_code == 404


def test_a_shared_result_is_everyones(web, source):
    with registered(source, shared=True):
        text(web.get(url("result")))
        other = Client()
        other.force_login(make_user())
        assert names(text(other.get(url("rows")))) == ["삼성전자", "카카오", "NAVER"]


def test_the_table_is_remembered_and_the_search_is_not(web, screen, trader):
    text(web.get(url("result")))
    controls = {
        "t.sort": "-price",
        "t.q": "오",
        "t.column": ["name", "price"],
        "t.least.volume": "500",
        "t.has.symbol": "0",
    }
    page = text(web.post(url("rows"), controls))
    assert names(page) == ["카카오"]
    assert "거래량 500 이상" in page
    page = text(web.get(url("rows")))
    assert page.index("삼성전자") < page.index("카카오")
    assert "NAVER" not in page
    assert 'data-sort="rate"' not in page
    csv = web.get(url("export")).content.decode()
    assert csv == "\ufeff종목명,시세 현재가\r\n삼성전자,70000\r\n카카오,50000\r\n"


def test_odd_controls_are_left_out(web, screen):
    text(web.get(url("result")))
    odd = {"t.sort": "-nothing", "t.column": ["none"], "t.least.price": "NaN", "t.most.price": "1e99"}
    assert len(names(text(web.post(url("rows"), odd)))) == 3


def test_a_long_result_comes_in_parts(web, screen, source):
    source.rows = [{**SAMSUNG, "symbol": f"{number:06d}"} for number in range(150)]
    page = text(web.get(url("result")))
    assert page.count("screen-row") == 100
    more = text(web.get(url("rows") + "&from=100&t.sort="))
    assert more.count("screen-row") == 50
    assert "<table" not in more


def test_a_row_goes_to_the_watch_list(web, screen, trader):
    make_instruments()
    assert "관심에 담음" in text(web.post(reverse("screener:follow"), {"symbol": "005930"}))
    assert [row.symbol for row in watch.watched_by(trader, Tag.FOLLOWED)] == ["005930"]
    assert "종목 목록에 없는 코드입니다" in text(web.post(reverse("screener:follow"), {"symbol": "999999"}))
    assert "관심 담기" in text(web.get(url("result")))
    assert text(web.get(url("result"))).count("bi-star-fill") == 1


def test_who_may_not_trade_has_no_ticket_in_the_row(web, screen, account):
    assert 'data-ticket="buy" data-symbol' in text(web.get(url("result")))
    watcher = Client()
    watcher.force_login(make_user())
    assert 'data-ticket="buy" data-symbol' not in text(watcher.get(url("result")))


def test_the_list_of_issues_is_a_screen(web):
    make_instruments(SAMSUNG, NAVER)
    found = text(web.get(reverse("screener:result", args=["listed"]) + "?asked=1"))
    assert names(found) == ["삼성전자", "NAVER"]
    assert "가격 제한폭" in found


def test_every_screen_is_on_the_first_page_and_every_page_in_the_menu(web):
    page = text(web.get(reverse("screener:index")))
    menu, rest = page.split("</header>", 1)
    for screen in all_screens():
        address = reverse("screener:screen", args=[screen.key])
        assert f'href="{address}"' in rest
        assert (f'href="{address}"' in menu) == (tabs_of(screen)[:1] in ((), (screen,)))


def test_screens_of_one_page_are_tabs_of_it(web):
    page = text(web.get(reverse("screener:screen", args=["ls-volume"])))
    assert "<h1>LS-상위종목</h1>" in page
    strip = page.split('aria-label="LS-상위종목">')[1].split("</nav>")[0]
    assert re.findall(r">([^<]+)</a>", strip) == [
        *("등락률", "거래량", "거래급증", "시간외등락률", "시간외거래량"),
        *("예상체결량", "단일가예상등락률", "거래대금"),
    ]
    assert re.findall(r'href="([^"]+)" aria-current="page">([^<]+)<', strip) == [
        ("/find/ls-volume/", "거래량")
    ]
    assert all(screen.tab and len(tabs_of(screen)) > 1 for screen in all_screens() if screen.tabs)


def test_nobody_finds_stocks_without_signing_in(client, screen):
    for name in ("screen", "result", "rows", "export"):
        assert client.get(url(name))["Location"].startswith("/accounts/sign-in/")
    assert client.get(reverse("screener:index"))["Location"].startswith("/accounts/sign-in/")
    assert client.post(reverse("screener:follow"))["Location"].startswith("/accounts/sign-in/")
