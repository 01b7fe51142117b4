"""`/api/v1/ipo/`: what programs get, page by page, and how errors read."""

from datetime import date, timedelta

import pytest

from ipo.services.forecasts import make_formula
from ipo.services.reminders import mark
from lucy import clock
from tests.accounts.callers import error_of, script_of
from tests.ipo.rows import make_history, make_listings, make_offering, make_spac

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(trader):
    script = script_of(trader)

    def get(path, status=200, **query):
        reply = script.get(f"/api/v1/ipo/{path}", query)
        assert reply.status_code == status, reply.content
        return reply

    return get


@pytest.mark.parametrize("path", ["offerings/", "calendar/", "history/", "forecast/", "forecast/formula/"])
def test_nobody_without_a_token(client, path):
    assert client.get(f"/api/v1/ipo/{path}").status_code == 401


def test_offers_come_newest_first_in_pages(read):
    made = [make_offering().no for _ in range(5)]
    first = read("offerings/", limit=3).json()
    assert [one["no"] for one in first["results"]] == made[:1:-1]
    second = read("offerings/", limit=3, cursor=first["results"][-1]["no"]).json()
    assert [one["no"] for one in second["results"]] == made[1::-1]
    assert second["next"] is None
    assert f"cursor={made[2]}" in first["next"]


def test_an_offer_tells_exact_numbers_and_its_forecast(read, trader):
    make_listings()
    make_formula(trader)
    offering = make_offering(sections={"company": {"chief": "최재혁"}})
    told = read(f"offerings/{offering.no}/").json()
    assert (told["offer_price"], told["institution_ratio"], told["sales_eok"]) == (
        "10000",
        "1238.00",
        "148.77",
    )
    assert told["sections"]["company"]["chief"] == "최재혁"
    assert told["forecast"]["low_price"] <= told["forecast"]["price"] <= told["forecast"]["high_price"]
    spac = make_spac()
    none = read(f"offerings/{spac.no}/").json()["forecast"]
    assert none["price"] is None
    assert "스팩" in none["why_none"]
    assert error_of(read("offerings/1/", status=404))["code"] == "not_found"


def test_offers_are_narrowed(read):
    make_offering(name="니어스랩")
    long_ago = date(2024, 1, 5)
    days = ("subscription_start", "subscription_end", "payment_on", "refund_on", "listing_on")
    make_offering(name="옛회사", **dict.fromkeys(days, long_ago))
    names = lambda **query: [one["name"] for one in read("offerings/", **query).json()["results"]]  # noqa: E731
    assert names(phase="ahead") == ["니어스랩"]
    assert names(phase="past") == ["옛회사"]
    assert names(q="니어스") == ["니어스랩"]
    assert names(underwriter="삼성증권") == []
    assert error_of(read("offerings/", status=400, phase="x"))["code"] == "invalid"


def test_the_calendar_between_two_days(read, trader):
    days = {"subscription_start": date(2026, 9, 18), "subscription_end": date(2026, 9, 21)}
    rest = {"payment_on": date(2026, 9, 23), "refund_on": date(2026, 9, 23), "listing_on": date(2026, 10, 1)}
    offering = make_offering(**days, **rest)
    told = read("calendar/", first="2026-09-21", last="2026-09-30").json()
    assert [(one["kind"], one["first"]) for one in told["events"]] == [
        ("청약", "2026-09-18"),
        ("납입", "2026-09-23"),
        ("환불", "2026-09-23"),
    ]
    assert "2026-09-25" in [one["day"] for one in told["holidays"]]
    assert read("calendar/", first="2026-09-21", marked="true").json()["events"] == []
    mark(trader, offering)
    only = read("calendar/", first="2026-09-21", marked="true", kind="상장").json()["events"]
    assert [one["no"] for one in only] == [offering.no]


@pytest.mark.parametrize(
    "query", [{"first": "soon"}, {"first": "2026-09-21", "last": "2026-09-01"}, {"first": "9998-12-31"}]
)
def test_odd_days_are_refused(read, query):
    assert error_of(read("calendar/", status=400, **query))["code"] == "invalid"


def test_history_in_pages(read):
    made = [make_history().company for _ in range(3)]
    first = read("history/", limit=2).json()
    assert [one["company"] for one in first["results"]] == made[:0:-1]
    assert first["results"][0]["multiple"] == 2.1
    cursor = first["next"].split("cursor=")[1].split("&")[0]
    assert [one["company"] for one in read("history/", limit=2, cursor=cursor).json()["results"]] == made[:1]
    assert error_of(read("history/", status=400, cursor="x"))["code"] == "invalid"


def test_the_formula_and_what_it_said(read, trader):
    assert error_of(read("forecast/formula/", status=404))["code"] == "no_formula"
    offering = make_offering(listing_on=clock.trade_date() + timedelta(days=9))
    make_listings()
    make_formula(trader)
    formula = read("forecast/formula/").json()
    assert (formula["version"], formula["n"], len(formula["coefficients"])) == (1, 40, 3)
    assert formula["words"].startswith("예상 배수 =")
    (told,) = read("forecast/", offering=offering.no).json()["results"]
    assert (told["no"], told["version"]) == (offering.no, 1)
    assert read("forecast/", offering=1).json()["results"] == []
