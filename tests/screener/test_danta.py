"""단타머신: read only, and it says so."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from brokers.models import Tag
from brokers.services import watch
from tests.factories import make_user
from tests.screener.screens import make_instruments

pytestmark = pytest.mark.django_db


def test_it_says_that_nothing_is_traded_and_shows_the_rules(trader):
    make_instruments()
    row = watch.watch(trader, "005930", Tag.DAY_TRADE)
    watch.base_prices(row, Decimal(60_000), None)
    watch.watch(trader, "035720", Tag.FOLLOWED)
    watch.watch(make_user(), "035420", Tag.DAY_TRADE)
    web = Client()
    web.force_login(trader)
    page = web.get(reverse("screener:danta")).content.decode()
    assert "자동매매는 켜져 있지 않습니다" in page
    assert page.count("<dd>1종목</dd>") == 2
    assert 'method="post" action="/find' not in page  # nothing to switch on
    table = web.get(reverse("screener:result", args=["day-trade"]) + "?asked=1").content.decode()
    assert "60,000" in table
    assert ">카카오</a>" not in table
    assert ">NAVER</a>" not in table


def test_nobody_sees_it_without_signing_in(client, db):
    assert client.get(reverse("screener:danta"))["Location"].startswith("/accounts/sign-in/")
