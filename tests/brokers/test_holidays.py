"""The public holidays of data.go.kr: every form of its answer, what is kept, what never leaks."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from brokers import godata
from brokers.godata import GodataError, GodataSilent, SpecialDay, parse
from brokers.models import EventDay, ServiceKey
from brokers.services.calendar import keep_days, refresh_holidays
from brokers.tasks import holiday_godata
from lucy import clock
from lucy.errors import LucyError
from tests.factories import stored

DATA = Path(__file__).parent / "data" / "godata"
KEY = "abc+/def=="


def page(name):
    return parse((DATA / name).read_text())


def test_a_year_as_json():
    days = page("2026.json").days
    assert (len(days), days[0]) == (6, SpecialDay(date(2026, 1, 1), "01", "1월1일", True))


def test_a_month_as_xml():
    names = [(day.day.day, day.name) for day in page("201509.xml").days]
    assert names == [(26, "추석"), (27, "추석"), (28, "추석"), (29, "대체공휴일")]


def test_one_day_comes_as_an_object_and_none_as_an_empty_string():
    assert [day.name for day in page("single.json").days] == ["삼일절"]
    assert page("empty.json").days == ()


def test_an_unknown_key_is_named():
    with pytest.raises(GodataError, match="등록되지 않은 키") as refused:
        page("unknown_key.xml")
    assert refused.value.code == "30"
    assert not isinstance(refused.value, GodataSilent)


def answer(code="00", items="", **changes):
    body = {"items": items, "totalCount": 1}
    return json.dumps(
        {"response": {"header": {"resultCode": code, "resultMsg": "x"}, "body": body}} | changes
    )


ITEM = {"locdate": 20260101, "dateName": "새해", "isHoliday": "Y"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Unexpected errors", "neither JSON nor XML"),
        ("<a><b>", "unreadable XML"),
        ("[]", "no object"),
        ("{}", "lacks 'response'"),
        (answer("22"), "하루 호출 한도 초과"),
        (answer(items={"items": 1}), "lacks 'item'"),
        (answer(items={"item": {**ITEM, "dateName": ""}}), "lacks dateName"),
        (answer(items={"item": {**ITEM, "locdate": "2026"}}), "is no date"),
        (answer(items={"item": [3]}), "no object"),
        (
            json.dumps({"OpenAPI_ServiceResponse": {"cmmMsgHeader": {"returnReasonCode": "31"}}}),
            "기한이 지난 키",
        ),
    ],
)
def test_what_is_wrong_is_named(text, words):
    with pytest.raises(GodataError, match=words):
        parse(text)


def test_an_entity_is_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    text = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><response><header>&x;</header></response>'
    with pytest.raises(GodataError) as refused:
        parse(text)
    assert "hidden" not in str(refused.value)


# --- over the wire ----------------------------------------------------------------------------------------


class Portal(BaseHTTPRequestHandler):
    asked: list[dict[str, list[str]]] = []
    replies: dict[str, tuple[int, str]] = {}

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.asked.append(query)
        status, text = self.replies.get(query["solYear"][0], (200, (DATA / "empty.json").read_text()))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def portal(monkeypatch) -> Iterator[type[Portal]]:
    Portal.asked, Portal.replies = [], {}
    server = HTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(godata, "ADDRESS", f"http://127.0.0.1:{server.server_port}/getRestDeInfo")
    yield Portal
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def _key(db):
    ServiceKey.objects.create(service="godata", value=KEY)


@pytest.mark.django_db
@pytest.mark.usefixtures("_key")
def test_the_job_stores_this_year_and_the_next(portal):
    year = str(clock.trade_date().year)
    portal.replies[year] = 200, (DATA / "2026.json").read_text()
    assert holiday_godata() == 6
    assert EventDay.objects.count() == 6
    assert [query["serviceKey"] for query in portal.asked] == [[KEY], [KEY]]
    assert [query["solYear"][0] for query in portal.asked] == [year, str(int(year) + 1)]
    assert holiday_godata() == 6
    assert EventDay.objects.count() == 6


@pytest.mark.django_db
def test_a_key_in_its_encoded_form_is_decoded(portal):
    ServiceKey.objects.create(service="godata", value="abc%2B%2Fdef%3D%3D")
    refresh_holidays()
    assert portal.asked[0]["serviceKey"] == [KEY]


@pytest.mark.django_db
def test_without_a_key_the_job_says_where_to_put_it():
    with pytest.raises(LucyError, match="외부 서비스 키"):
        refresh_holidays()


@pytest.mark.django_db
@pytest.mark.usefixtures("_key")
@pytest.mark.parametrize(
    ("reply", "kind"),
    [((500, "Unexpected errors"), GodataSilent), ((401, "Unauthorized"), GodataError)],
)
def test_an_error_wipes_nothing_and_hides_the_key(portal, reply, kind):
    EventDay.objects.create(locdate=date(2026, 1, 1), date_name="새해", source="godata")
    portal.replies[str(clock.trade_date().year)] = reply
    with pytest.raises(kind) as trouble:
        refresh_holidays()
    assert KEY not in str(trouble.value)
    assert EventDay.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("_key")
def test_silence_hides_the_key_too(monkeypatch):
    monkeypatch.setattr(godata, "ADDRESS", "http://127.0.0.1:1/")
    with pytest.raises(GodataSilent) as trouble:
        refresh_holidays()
    assert "abc" not in str(trouble.value)
    assert trouble.value.__cause__ is None


@pytest.mark.django_db
def test_a_new_list_keeps_what_staff_decided():
    day = SpecialDay(date(2026, 12, 24), "01", "임시공휴일", True)
    keep_days([day])
    assert clock.closed_because(day.day) == "임시공휴일"
    EventDay.objects.update(closed=False)
    keep_days([day, SpecialDay(date(2026, 12, 24), "02", "기념일", False)])
    assert clock.is_trading_day(day.day)
    assert EventDay.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("_key")
def test_the_key_is_encrypted_at_rest():
    assert KEY not in str(stored(ServiceKey.objects.get()))
