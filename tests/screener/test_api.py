"""`/api/v1/screens/`."""

import pytest
from rest_framework.test import APIClient

from accounts.services import issue_tokens
from screener.models import OwnScreen, Schedule
from screener.questions import query_of
from screener.services import saved, snapshots
from screener.services.results import Question, question
from tests.factories import make_user
from tests.screener.prices import keep_closes
from tests.screener.screens import KAKAO, SAMSUNG, make_instruments, registered

pytestmark = pytest.mark.django_db
ROWS = "/api/v1/screens/test-volume/rows/"
TERM = {"condition": "streak", "values": {"days": "2"}}
RULE = {"joint": "all", "groups": [{"joint": "all", "terms": [TERM]}]}


def api_of(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_tokens(user).access_token}")
    return client


@pytest.fixture
def api(trader):
    return api_of(trader)


def test_screens_tell_their_columns_and_questions(api, screen):
    assert "test-volume" in [one["key"] for one in api.get("/api/v1/screens/").json()]
    told = api.get("/api/v1/screens/test-volume/").json()
    assert told["columns"][3] == {
        "key": "rate",
        "label": "등락률",
        "kind": "rate",
        "group": "시세",
        "unit": "",
    }
    assert told["questions"][0] == {
        "name": "market",
        "label": "시장",
        "choices": {"all": "전체", "kospi": "코스피"},
    }
    assert api.get("/api/v1/screens/nothing/").status_code == 404


def test_rows_are_asked_sorted_and_parted(api, screen, source):
    told = api.get(ROWS, {"market": "kospi", "order": "-price", "limit": 2}).json()
    assert [row["name"] for row in told["results"]] == ["NAVER", "삼성전자"]
    assert told["results"][1]["rate"] == "1.5"
    assert (told["total"], told["next"], told["complete"]) == (3, 2, True)
    assert source.asked[0][1]["market"] == "kospi"
    told = api.get(ROWS, {"market": "kospi", "order": "-price", "limit": 2, "start": 2}).json()
    assert [row["name"] for row in told["results"]] == ["카카오"]
    assert len(source.asked) == 1


def test_a_wrong_question_names_the_parameter(api, screen):
    refused = api.get(ROWS, {"market": "x"})
    assert refused.status_code == 400
    assert list(refused.json()["error"]["details"]) == ["market"]


def test_silence_and_broken_off_runs_are_told(api, screen, source):
    source.silence = "연결할 수 없습니다."
    assert api.get(ROWS).status_code == 503
    source.silence = ""
    api.get(ROWS)
    source.rows, source.complete = [SAMSUNG], False
    told = api.get(ROWS).json()
    assert (told["partial"], told["total"]) == (1, 3)
    source.silence = "연결할 수 없습니다."
    assert api.get(ROWS).json()["silence"] == "연결할 수 없습니다."


def test_an_own_screen_is_made_run_changed_and_deleted(api, trader):
    make_instruments()
    keep_closes("005930", 100, 110, 121)
    made = api.post("/api/v1/screens/own/", {"name": "상승", "rule": RULE}, format="json")
    assert made.status_code == 201
    told = made.json()
    assert told["sentence"] == "2일 이상 연속 상승"
    rows = api.get(f"/api/v1/screens/{told['key']}/rows/").json()
    assert [row["symbol"] for row in rows["results"]] == ["005930"]
    address = f"/api/v1/screens/own/{told['id']}/"
    wrong = api.put(address, {"name": "상승", "rule": {"joint": "x"}}, format="json")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_rule")
    taken = api.post("/api/v1/screens/own/", {"name": "상승", "rule": RULE}, format="json")
    assert taken.status_code == 409
    other = api_of(make_user())
    assert other.get(address).status_code == 404
    api.put(address, {"name": "상승", "shared": True, "rule": RULE}, format="json")
    assert other.get(address).json()["mine"] is False
    assert other.put(address, {"name": "x", "rule": RULE}, format="json").status_code == 404
    assert other.delete(address).status_code == 404
    assert api.delete(address).status_code == 204
    assert not OwnScreen.objects.exists()


def test_conditions_tell_their_inputs(api):
    told = {one["key"]: one for one in api.get("/api/v1/screens/conditions/").json()}
    assert [one["key"] for one in told["rsi"]["inputs"]] == ["days", "limit", "op"]


def test_saved_searches_and_kept_results(api, trader, screen, source):
    asked = question(screen, trader, query_of({"market": "all"}))
    assert isinstance(asked, Question)
    row = saved.save(trader, asked, "급증", Schedule.CLOSE, tell=False)
    address = f"/api/v1/screens/saved/{row.pk}/"
    assert api.post(f"{address}run/").json()["found"] == 3
    kept = snapshots.keep(trader, asked, "아침")
    source.rows = [SAMSUNG, KAKAO]
    assert api.post(f"{address}run/").json()["found"] == 2
    assert api.get(f"{address}changes/").json()["results"][0]["left"] == [["035420", "NAVER"]]
    assert api.get("/api/v1/screens/saved/").json()[0]["schedule"] == "close"
    assert api.get("/api/v1/screens/snapshots/").json()["results"][0]["count"] == 3
    compared = api.get(f"/api/v1/screens/snapshots/{kept.pk}/compare/").json()
    assert ([one["name"] for one in compared["left"]], compared["same"]) == (["NAVER"], 2)
    other = api_of(make_user())
    assert other.post(f"{address}run/").status_code == 404
    assert other.get(f"{address}changes/").status_code == 404
    assert other.get(f"/api/v1/screens/snapshots/{kept.pk}/compare/").status_code == 404


def test_a_search_is_saved_and_deleted(api, screen):
    wanted = {"name": "급증", "screen": "test-volume", "asked": {"market": "kospi"}, "schedule": "hourly"}
    made = api.post("/api/v1/screens/saved/", wanted, format="json")
    assert (made.status_code, made.json()["asked"]) == (201, {"market": "kospi"})
    assert api.post("/api/v1/screens/saved/", wanted, format="json").status_code == 409
    wrong = api.post("/api/v1/screens/saved/", {**wanted, "asked": {"market": "x"}}, format="json")
    assert list(wrong.json()["error"]["details"]) == ["asked"]
    assert api.post("/api/v1/screens/saved/", {**wanted, "screen": "x"}, format="json").status_code == 404
    address = f"/api/v1/screens/saved/{made.json()['id']}/"
    assert api_of(make_user()).delete(address).status_code == 404
    assert api.delete(address).status_code == 204
    assert api.get("/api/v1/screens/saved/").json() == []


def test_a_saved_search_is_renamed_and_rescheduled(api, screen):
    wanted = {"name": "급증", "screen": "test-volume", "asked": {"market": "kospi"}, "schedule": "hourly"}
    address = (
        f"/api/v1/screens/saved/{api.post('/api/v1/screens/saved/', wanted, format='json').json()['id']}/"
    )
    api.post("/api/v1/screens/saved/", {**wanted, "name": "다른 것"}, format="json")
    assert api.post(f"{address}run/").json()["found"] == 3
    changed = api.patch(address, {"schedule": "evening"}, format="json").json()
    assert (changed["name"], changed["schedule"], changed["tell"]) == ("급증", "evening", True)
    assert api.patch(address, {"name": " 코스피 ", "tell": False}, format="json").status_code == 200
    told = api.get(address).json()
    assert (told["name"], told["schedule"], told["tell"], told["found"]) == ("코스피", "evening", False, 3)
    assert told["asked"] == {"market": "kospi"}
    for wrong, status in (({"name": "다른 것"}, 409), ({"name": " "}, 400), ({"schedule": "daily"}, 400)):
        assert api.patch(address, wrong, format="json").status_code == status
    assert api.get(address).json() == told
    other = api_of(make_user())
    assert other.patch(address, {"name": "x"}, format="json").status_code == 404
    assert other.get(address).status_code == 404


def test_what_cannot_be_scheduled_is_not_rescheduled_either(api, source):
    with registered(source, scheduled=False):
        wanted = {"name": "급증", "screen": "test-volume", "asked": {"market": "kospi"}}
        made = api.post("/api/v1/screens/saved/", wanted, format="json").json()
        answer = api.patch(f"/api/v1/screens/saved/{made['id']}/", {"schedule": "close"}, format="json")
        assert answer.json()["error"]["code"] == "not_scheduled"


def test_an_own_screen_is_shared_and_renamed_alone(api):
    made = api.post("/api/v1/screens/own/", {"name": "상승", "rule": RULE}, format="json").json()
    address = f"/api/v1/screens/own/{made['id']}/"
    shared = api.patch(address, {"shared": True}, format="json").json()
    assert (shared["shared"], shared["name"], shared["rule"]) == (True, "상승", made["rule"])
    assert api.patch(address, {"name": "오름"}, format="json").json()["shared"] is True
    assert api.patch(address, {"rule": {}}, format="json").status_code == 400
    assert api_of(make_user()).patch(address, {"shared": False}, format="json").status_code == 404


def test_nobody_reads_screens_without_a_token(screen):
    assert APIClient().get("/api/v1/screens/").status_code == 401
    assert APIClient().get(ROWS).status_code == 401
