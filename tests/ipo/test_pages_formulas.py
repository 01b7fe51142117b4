"""예측: a formula made by a click, why it is in use, and what became of what it said."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ipo import forecast
from ipo.board.formulas import comparisons, deal_of_history, score
from ipo.models import Forecast, ForecastModel, OfferingHistory
from ipo.services.forecasts import make_formula, write_down_forecasts
from lucy import clock
from tests.ipo.rows import make_history, make_listings, make_offering, make_spac

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client, trader):
    client.force_login(trader)
    return client


def make(client):
    return client.post("/ipo/forecast/make/", follow=True).content.decode()


def test_a_click_makes_a_version_with_all_that_is_behind_it(keeper, trader):
    make_listings()
    make_history(company="신한스팩17호")
    shown = make(keeper)
    model = ForecastModel.objects.get()
    assert (model.version, model.in_use, model.author, model.n) == (1, True, trader, 40)
    expected = forecast.fit(forecast.usable(deal_of_history(row) for row in OfferingHistory.objects.all())[0])
    assert model.fit() == expected
    assert len(model.rows) == 40
    assert model.left_out[0]["name"] == "신한스팩17호"
    for words in ("1판", "예상 배수 =", "교차검증 오차", "중앙값의 오차", "사용 중", "스팩"):
        assert words in shown, words


def test_the_rows_behind_a_formula_come_in_parts(keeper, trader):
    listings = make_listings(130)
    model = make_formula(trader)
    assert listings[0].company not in keeper.get("/ipo/forecast/").content.decode()
    address = f"/ipo/forecast/{model.pk}/rows/"
    first, rest = (keeper.get(address, {"from": start}).content.decode() for start in ("", "100"))
    assert (first.count("<tr><td>"), rest.count("<tr><td>")) == (100, 30)
    assert f"{address}?from=100" in first
    assert "더 보기" not in rest


def test_too_few_rows_make_nothing_and_say_why(keeper):
    make_listings(10)
    make_history(first_day_high=None)
    shown = make(keeper)
    assert "쓸 수 있는 기록이 10건입니다" in shown
    assert "쓰지 못한 기록 1건: 상장일 최고가 없음" in shown
    assert not ForecastModel.objects.exists()


def test_a_later_version_replaces_the_one_in_use_and_can_be_undone(keeper):
    make_listings()
    make(keeper)
    make(keeper)
    first, second = ForecastModel.objects.order_by("version")
    assert (first.in_use, second.in_use) == (False, True)
    assert "이 식을 쓰기" in keeper.get("/ipo/forecast/", {"version": "1"}).content.decode()
    keeper.post(f"/ipo/forecast/{first.pk}/use/")
    assert ForecastModel.objects.get(in_use=True) == first
    assert keeper.get("/ipo/forecast/", {"version": "x"}).status_code == 200


def test_forecasts_are_written_down_when_something_changed(keeper):
    make_listings()
    offering = make_offering()
    make_spac()
    make_offering(institution_ratio=None)
    make_offering(listing_on=clock.trade_date())  # too late to say anything
    make(keeper)
    assert [one.offering for one in Forecast.objects.select_related("offering")] == [offering]
    assert write_down_forecasts() == 0
    offering.institution_ratio = Decimal(300)
    offering.save()
    assert write_down_forecasts() == 1
    latest, earlier = Forecast.objects.order_by("-at")
    assert latest.multiple != earlier.multiple
    assert latest.inputs["기관경쟁률"] == "300"
    assert "예측의 변화" in keeper.get(f"/ipo/{offering.no}/").content.decode()


def test_the_last_forecast_before_the_listing_is_compared(keeper):
    make_listings()
    listing = clock.trade_date() - timedelta(days=1)
    offering = make_offering(code="0156T0", listing_on=clock.trade_date() + timedelta(days=3))
    make(keeper)
    told = Forecast.objects.get()
    told.at = clock.day_start(listing) - timedelta(hours=1)
    told.save()
    Forecast.objects.create(
        **{
            field.name: getattr(told, field.name)
            for field in Forecast._meta.fields
            if field.name not in {"id", "at", "price"}
        },
        at=clock.now(),
        price=1,
    )
    offering.listing_on = listing
    offering.save()
    assert comparisons() == []  # nobody knows the high yet
    make_history(code="0156T0", first_day_high=told.price)
    (found,) = comparisons()
    assert (found.told, found.high, found.inside) == (told, told.price, True)
    assert abs(found.miss) < 0.001
    counted = score([found])
    assert counted is not None
    assert (counted.n, counted.inside) == (1, 1)
    assert offering.name in keeper.get("/ipo/forecast/").content.decode()


def test_without_anything_the_page_says_what_to_do(keeper):
    shown = keeper.get("/ipo/forecast/").content.decode()
    assert "아직 예측식이 없습니다" in shown
    assert "아직 견줄 것이 없습니다" in shown
    assert keeper.get("/ipo/source/").status_code == 200
