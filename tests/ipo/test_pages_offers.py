"""공모주-상세: what a card shows, who is set apart, why there is no forecast, stars."""

from datetime import timedelta

import pytest

from brokers.models import UserNotice
from ipo.models import OfferingMark
from ipo.services.forecasts import make_formula
from ipo.services.reminders import remind
from lucy import clock
from tests.factories import make_user
from tests.ipo.rows import make_listings, make_offering, make_spac

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client, trader):
    client.force_login(trader)

    def read(**query):
        return client.get("/ipo/", query).content.decode()

    return read


def test_who_is_not_signed_in_is_sent_to_the_door(client):
    for address in ("/ipo/", "/ipo/calendar/", "/ipo/history/", "/ipo/forecast/", "/ipo/source/"):
        assert client.get(address).status_code == 302


def test_a_card_shows_the_figures_and_the_days_ahead(page):
    make_offering(name="니어스랩")
    shown = page()
    for words in ("니어스랩", "1,238:1", "6.92%", "148.77억", "D-1", "10,000원", "한도 16,000~20,000주"):
        assert words in shown, words


def test_without_a_formula_it_says_so_and_with_one_it_tells_the_interval(page, trader):
    make_offering()
    assert "아직 만든 예측식이 없습니다" in page()
    make_listings()
    make_formula(trader)
    shown = page()
    assert "예상 상장일 최고가" in shown
    assert "90% 구간" in shown


def test_what_is_missing_for_a_forecast_is_named(page, trader):
    make_listings()
    make_formula(trader)
    make_offering(institution_ratio=None, lockup_percent=0)  # 0.00% that means nothing yet
    shown = page()
    assert "아직 나오지 않은 것: 기관경쟁률, 의무보유확약" in shown
    assert "0%" not in shown.split('class="offers"')[1]


def test_spacs_stand_apart_and_get_no_number(page, trader):
    make_listings()
    make_formula(trader)
    make_spac()
    shown = page()
    assert "예상 상장일 최고가" not in shown
    assert shown.index('class="spacs"') < shown.index("신한스팩99호")


def test_search_and_underwriter_narrow(page):
    make_offering(name="니어스랩")
    make_offering(name="브릴스", underwriter_names="IBK투자증권", industry="로봇")
    assert "브릴스" not in page(q="니어스")
    assert "니어스랩" not in page(q="로봇")
    assert "니어스랩" not in page(agent="IBK투자증권", q="브릴스")
    assert "이 조건에 맞는 공모주가 없습니다" in page(q="없는 이름")


def test_the_past_has_a_list_of_its_own(page):
    today = clock.trade_date()
    days = ("subscription_start", "subscription_end", "payment_on", "refund_on", "listing_on")
    make_offering(name="옛회사", **{day: today - timedelta(days=30) for day in days})
    assert "옛회사" not in page()
    assert "옛회사" in page(phase="past")


def test_nonsense_in_the_address_narrows_nothing(page):
    make_offering(name="니어스랩")
    assert "니어스랩" in page(phase="future", agent="", before="x", q="")


def test_a_change_of_the_filters_brings_only_the_cards(client, trader):
    client.force_login(trader)
    make_offering(name="니어스랩")
    shown = client.get("/ipo/", headers=HTMX).content.decode()
    assert "니어스랩" in shown
    assert "<html" not in shown


def test_every_parsed_section_can_be_reached(client, trader):
    offering = make_offering(
        sections={
            "company": {"name": "니어스랩", "code": "012345", "chief": "최재혁", "sales_million": "14877.00"},
            "schedule": {
                "forecast_start": "2026-06-15",
                "forecast_end": "2026-06-19",
                "allotments": [{"group": "우리사주조합", "shares_low": 40000, "shares_high": 40000}],
            },
            "figures": [
                {
                    "title": "재무비율",
                    "periods": ["2024-12-31", "2025-12-31"],
                    "rows": [
                        {"group": "안정성", "label": "부채비율", "unit": "%", "values": ["120.5", None]}
                    ],
                }
            ],
            "filings": [{"filed_on": "2026-06-23", "title": "증권신고서", "number": "20260623000235"}],
            "unread": ["재무비율: no heading"],
            "something_new": {"odd": "<b>값</b>"},
        }
    )
    client.force_login(trader)
    shown = client.get(f"/ipo/{offering.no}/").content.decode()
    for words in (
        *(
            "최재혁",
            "14,877",
            "2026-06-15~2026-06-19",
            "우리사주조합",
            "40,000",
            "안정성 · 부채비율 (%)",
            "120.5",
        ),
        *("2026-06-23", "증권신고서", "20260623000235", "재무비율: no heading", "something_new"),
    ):
        assert words in shown, words
    assert "<b>값</b>" not in shown
    assert "<html" not in client.get(f"/ipo/{offering.no}/", headers=HTMX).content.decode()
    assert client.get("/ipo/1/").status_code == 404


def test_a_star_goes_on_and_off_for_its_owner_only(client, trader):
    offering = make_offering()
    client.force_login(trader)
    address = f"/ipo/{offering.no}/mark/"
    assert 'aria-pressed="true"' in client.post(address, {"marked": "1"}, headers=HTMX).content.decode()
    client.post(address, {"marked": "1"})
    assert OfferingMark.objects.get().user == trader
    client.force_login(make_user("lee"))
    client.post(address, {"marked": "0"})
    assert OfferingMark.objects.count() == 1
    assert client.get(address).status_code == 405


def test_reminders_come_once_for_each_day(client, trader):
    offering = make_offering(name="니어스랩")
    today = clock.trade_date()
    client.force_login(trader)
    client.post(f"/ipo/{offering.no}/mark/", {"marked": "1"})  # its subscription starts tomorrow
    told = UserNotice.objects.get(user=trader)
    assert told.text.startswith("니어스랩: 내일")
    assert told.url == f"/ipo/{offering.no}/"
    assert remind() == 0
    assert remind(offering.refund_on) == 1
    assert remind(offering.listing_on) == 1
    assert remind(offering.listing_on) == 0
    offering.subscription_start = today + timedelta(days=9)  # the source moves it: told again
    offering.save()
    assert remind(today + timedelta(days=8)) == 1
    assert UserNotice.objects.filter(user=trader).count() == 4


def test_nobody_is_reminded_of_what_they_did_not_mark(trader):
    make_offering()
    assert remind() == 0
