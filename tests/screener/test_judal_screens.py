"""주달 on the page: search, themes, a theme's stocks, two runs; the last whole run stays with its age."""

import dataclasses
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from lucy import clock
from lucy.errors import LucyError
from lucy.site import Pace, Site
from screener import screens
from screener.models import JudalRun
from screener.services import own, results
from screener.services.judal import run_judal
from screener.services.results import Question
from tests.local_site import served
from tests.screener import judal_pages as pages
from tests.screener.judal_pages import LocalJudal, Theme
from tests.screener.prices import keep_closes
from tests.screener.screens import make_instruments

pytestmark = pytest.mark.django_db


@pytest.fixture
def local(settings, tmp_path):
    settings.JUDAL_DIR = tmp_path
    with served(LocalJudal()) as running:
        yield running


def run(local):
    return run_judal(site=Site(local.url, Pace(pause_seconds=0, attempts=1)))


def ask(user, key, query="asked=1"):
    question = results.question(screens.get(key), user, QueryDict(query))
    assert isinstance(question, Question), question.errors
    return question.screen.fetch(user, question.form.cleaned_data)


def names(result):
    return [row.get("name") or row["theme"] for row in result.rows]


def test_the_search(local, trader):
    done = run(local)
    everything = ask(trader, "judal")
    assert names(everything) == ["삼성전자", "유한양행", "삼천당제약", "미래에셋증권2우B", "SM C&C"]
    assert everything.as_of == done.ended_at
    row = everything.rows[1]
    assert (row["themes"], row["market"], row["market_value"]) == ("제약, 반도체", "코스피", 98_176)
    assert (row["from_low_52w"], row["from_high_52w"]) == (Decimal("132.95"), Decimal("-18.29"))
    assert names(ask(trader, "judal", "")) == names(everything)[:4]  # 5,000억, 1,000 to 250,000 won
    assert names(ask(trader, "judal", "asked=1&market=kosdaq")) == ["삼천당제약", "SM C&C"]
    assert names(ask(trader, "judal", "asked=1&price_from=100000&price_to=125000")) == ["유한양행"]
    known = {column.key for column in screens.get("judal").columns}
    assert all(row.keys() == known for row in everything.rows)


def test_own_conditions_look_into_the_whole_run_whatever_was_searched(local, trader):
    make_instruments()
    keep_closes("005930", 100, 110)
    terms = [{"condition": "in_screen", "values": {"screen": "judal"}}]
    row = own.save(trader, "주달", {"joint": "all", "groups": [{"joint": "all", "terms": terms}]})
    assert own.screen_of(row).fetch(trader, {}).rows == []  # nothing was read yet
    run(local)
    ask(trader, "judal", "asked=1&market=kosdaq")
    assert [one["name"] for one in own.screen_of(row).fetch(trader, {}).rows] == ["삼성전자"]


def test_the_first_themes_of_a_list(local, trader):
    for number in range(9):
        local.themes.append(Theme(2_000 + number, f"다른{number}", (pages.SMCNC,), f"{5 + number}.00%"))
    run(local)
    rising = ask(trader, "judal", "asked=1&lists=changeRateDesc")
    assert names(rising) == ["삼성전자", "유한양행", "SM C&C"]  # nine others, and 반도체 as the tenth
    both = ask(trader, "judal", "asked=1&lists=changeRateDesc&lists=changeRateAsc")
    assert len(both.rows) == 5


def test_the_themes_and_their_stocks(local, trader):
    run(local)
    themes = ask(trader, "judal-themes")
    assert names(themes) == ["제약", "여행", "원자재(구리)", "우선주/배당", "반도체"]
    first = themes.rows[0]
    assert (first["stocks"], first["change_rate"], first["rising"]) == (2, Decimal("1.51"), 2)
    stocks = ask(trader, "judal-theme", "asked=1&theme=903")
    assert names(stocks) == ["삼성전자", "유한양행"]
    assert stocks.rows[0]["reason"] == "삼성전자 편입사유"
    wrong = results.question(screens.get("judal-theme"), trader, QueryDict("asked=1&theme=1"))
    assert not isinstance(wrong, Question)


def test_two_runs_side_by_side(local, trader):
    run(local)
    with pytest.raises(LucyError, match="두 수집이 없습니다"):
        ask(trader, "judal-compare")
    dearer = dataclasses.replace(pages.YUHAN, price=134_640, change=12_240)
    local.themes = [
        Theme(225, "제약", (dearer,)),
        Theme(903, "반도체", (pages.SAMSUNG,)),
        Theme(53, "여행", (pages.SMCNC,)),
        Theme(77, "로봇", (pages.PREFERRED,)),
    ]
    run(local)
    rows = {row["symbol"]: row for row in ask(trader, "judal-compare").rows}
    assert rows["000100"]["moved"] == Decimal("10.00")
    assert rows["000100"]["themes_left"] == "반도체"
    assert (rows["000250"]["state"], rows["000250"]["price_before"]) == ("빠짐", 130_900)
    assert rows["00680K"]["themes_entered"] == "로봇"
    themes = {row["theme"]: row for row in ask(trader, "judal-theme-compare").rows}
    assert (themes["로봇"]["state"], themes["원자재(구리)"]["state"]) == ("들어옴", "빠짐")
    assert (themes["제약"]["stocks_before"], themes["제약"]["stocks_after"]) == (2, 1)


def test_the_last_whole_run_stays_and_says_what_went_wrong(local, trader):
    with pytest.raises(LucyError, match="아직 끝까지 읽은 적이 없습니다"):
        ask(trader, "judal")
    done = run(local)
    local.special["themeIdx=53"] = lambda: (500, "")
    run(local)
    JudalRun.objects.create(name="2099_01_01_15_53_00", started_at=clock.now())  # reading right now
    result = ask(trader, "judal")
    assert result.as_of == done.ended_at
    assert "일부만 읽어 버렸습니다" in result.notes[0]


def test_the_history_of_readings(local, trader):
    done = run(local)
    local.special["themeIdx=53"] = lambda: (500, "")
    run(local)
    half, whole = ask(trader, "judal-runs").rows
    assert (half["status"], half["why"], half.get("compared")) == (
        "일부 실패",
        "여행: BadStatus: HTTP 500",
        None,
    )
    assert (whole["name"], whole["themes"], whole["stocks"], whole["why"]) == (done.name, 5, 5, "")
    web = Client()
    web.force_login(trader)
    page = web.get(f"{reverse('screener:result', args=['judal-runs'])}?asked=1").content.decode()
    assert page.count("/find/judal-compare/?after=") == 1
    assert f"/find/judal-compare/?after={done.name}" in page


def test_a_page_with_its_files(local, trader):
    run(local)
    web = Client()
    web.force_login(trader)
    page = web.get(reverse("screener:screen", args=["judal"])).content.decode()
    assert "상승중인 테마" in page
    table = web.get(f"{reverse('screener:result', args=['judal'])}?asked=1").content.decode()
    assert "유한양행" in table
    themes = web.get(f"{reverse('screener:result', args=['judal-themes'])}?asked=1").content.decode()
    assert "/find/judal-theme/?theme=225" in themes
    written = web.get(f"{reverse('screener:export', args=['judal'])}?asked=1").content.decode("utf-8-sig")
    assert written.splitlines()[0].startswith("종목명,종목코드,시가총액")
    assert "SM C&C" in written
