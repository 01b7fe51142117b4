"""Accounts, holdings, prices, fills and notices over REST."""

from decimal import Decimal

import pytest
from bson import ObjectId

from brokers.api.shapes import AccountWithHealthShape, FillShape, NoticeShape
from brokers.models import Fill, Instrument, Notice, NoticeRead
from lucy import clock
from tests.accounts.callers import error_of, script_of
from tests.factories import grant, make_account, make_order, make_user

pytestmark = pytest.mark.django_db


def get(user, address, **query):
    return script_of(user).get(f"/api/v1/{address}", query)


def fill(account, order=None, number="1", **changes):
    now = clock.now()
    values = {
        "account": account,
        "order": order,
        "trade_date": clock.trade_date(),
        "broker_order_no": "77",
        "fill_no": number,
        "symbol": "005930",
        "side": "buy",
        "quantity": 1,
        "price": Decimal("70100"),
        "executed_at": now,
        "recorded_at": now,
    }
    return Fill.objects.create(**values | changes)


def notices(account, count):
    return [
        Notice.objects.create(account=account, seq=seq, kind="fill", text=f"n{seq}", created_at=clock.now())
        for seq in range(1, count + 1)
    ]


def test_accounts_say_who_may_trade_and_no_secret(trader):
    mine = make_account(trader, app_key="KEYKEYKEY", app_secret="SECRETSECRET")
    seen = make_account(watchers=(trader,))
    make_account(make_user())
    response = get(trader, "accounts/")
    told = {row["id"]: row["may_trade"] for row in response.json()}
    assert told == {str(mine.pk): True, str(seen.pk): False}
    one = get(trader, f"accounts/{mine.pk}/")
    assert set(one.json()) == set(AccountWithHealthShape().fields)
    for text in (response.content.decode(), one.content.decode(), get(trader, "health/").content.decode()):
        assert "KEYKEYKEY" not in text
        assert "SECRETSECRET" not in text


def test_health_is_of_own_accounts(account, trader):
    make_account(make_user())
    assert [row["account"] for row in get(trader, "health/").json()] == [str(account.pk)]
    assert get(trader, f"accounts/{account.pk}/").json()["health"]["socket"] == "down"


@pytest.mark.parametrize("what", ["", "holdings/", "quote/", "order-book/", "buying-power/"])
def test_others_accounts_are_not_there(account, what):
    response = get(make_user(), f"accounts/{account.pk}/{what}", symbol="005930", price="70000")
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")


def test_holdings_are_the_brokers_own(paper, account, ls_account, trader):
    for one in (account, ls_account):
        told = get(trader, f"accounts/{one.pk}/holdings/").json()
        assert Decimal(told["cash"]["orderable"]) > 0
        assert isinstance(told["net_asset"], str)
        assert all(isinstance(row["quantity"], int) for row in told["holdings"])
        assert {row["fee"] is None for row in told["holdings"]} == {one.broker == "kis"}


def test_prices_are_the_brokers_own(paper, account, trader):
    quote = get(trader, f"accounts/{account.pk}/quote/", symbol="005930").json()
    book = get(trader, f"accounts/{account.pk}/order-book/", symbol="005930").json()
    assert Decimal(quote["price"]) > 0
    assert len(book["asks"]) == len(book["bids"]) == 10
    assert Decimal(book["asks"][0]["price"]) > Decimal(book["bids"][0]["price"])
    power = get(trader, f"accounts/{account.pk}/buying-power/", symbol="005930", price="70000").json()
    assert power["quantity"] > 0


def test_a_broker_that_cannot_be_reached_is_told(account, trader, settings):
    settings.BROKER_ADDRESSES = dict.fromkeys(
        settings.BROKER_ADDRESSES, ("http://127.0.0.1:1", "ws://127.0.0.1:1")
    )
    response = get(trader, f"accounts/{account.pk}/holdings/")
    assert response.status_code in {502, 503, 504}
    assert error_of(response)["code"].startswith("broker_")
    assert account.app_secret not in response.content.decode()


@pytest.mark.parametrize(
    "query", [{}, {"symbol": "x"}, {"symbol": "005930"}, {"symbol": "005930", "price": "0"}]
)
def test_a_wrong_question_is_named(account, trader, query):
    response = get(trader, f"accounts/{account.pk}/buying-power/", **query)
    assert response.status_code == 400
    assert set(error_of(response)["details"]) <= {"symbol", "price"}


def test_fills_are_filtered_paged_and_ones_own(account, ls_account, trader):
    order = make_order(account, trader)
    rows = [fill(account, order, number=str(n)) for n in range(3)] + [fill(ls_account, symbol="000660")]
    fill(make_account(make_user()))
    told = get(trader, "fills/").json()["results"]
    assert {row["id"] for row in told} == {str(row.pk) for row in rows}
    assert set(told[0]) == set(FillShape().fields)
    assert [row["symbol"] for row in get(trader, "fills/", symbol="000660").json()["results"]] == ["000660"]
    first = get(trader, "fills/", order=str(order.pk), limit=2).json()
    rest = script_of(trader).get(first["next"]).json()
    assert (len(first["results"]), len(rest["results"]), rest["next"]) == (2, 1, None)


def test_notices_after_a_number_come_in_order(account, trader):
    notices(account, 5)
    first = get(trader, "notices/", account=str(account.pk), after=1, limit=3).json()
    assert [row["seq"] for row in first["results"]] == [2, 3, 4]
    assert set(first["results"][0]) == set(NoticeShape().fields)
    rest = script_of(trader).get(first["next"]).json()
    assert ([row["seq"] for row in rest["results"]], rest["next"]) == ([5], None)
    assert [row["seq"] for row in get(trader, "notices/", limit=2).json()["results"]] == [5, 4]


def test_others_notices_are_not_there(account):
    notices(account, 2)
    stranger = make_user()
    assert get(stranger, "notices/").json()["results"] == []
    assert get(stranger, "notices/", account=str(account.pk), after=0).json()["results"] == []
    body = {"account": str(account.pk), "seq": 2}
    assert script_of(stranger).post("/api/v1/notices/read/", body, format="json").status_code == 404


def test_notices_are_marked_as_read(account, trader):
    body = {"account": str(account.pk), "seq": 2}
    assert script_of(trader).post("/api/v1/notices/read/", body, format="json").status_code == 204
    assert NoticeRead.objects.get(user=trader, account=account).seq == 2


@pytest.mark.parametrize("query", [{"after": "3"}, {"after": "-1", "account": "0" * 24}, {"kind": "gossip"}])
def test_a_wrong_notice_filter_is_named(trader, query):
    assert get(trader, "notices/", **query).status_code == 400


def test_instruments_are_found(trader):
    values = {"market": "kospi", "kind": "stock", "base_price": 1, "upper_limit": 1, "lower_limit": 1}
    Instrument.objects.create(
        symbol="005930", name="삼성전자", initials="ㅅㅅㅈㅈ", seen_at=clock.now(), **values
    )
    for text in ("005930", "삼성", "ㅅㅅ"):
        assert [row["symbol"] for row in get(trader, "instruments/", search=text).json()] == ["005930"]
    assert get(trader, "instruments/", search=".*").json() == []
    assert get(trader, "instruments/", search="").status_code == 400


def test_a_grant_opens_and_its_end_closes(account):
    reader = make_user()
    right = grant(account, reader, can_trade=False)
    assert get(reader, f"accounts/{account.pk}/").status_code == 200
    right.delete()
    assert get(reader, f"accounts/{account.pk}/").status_code == 404
    assert get(reader, f"accounts/{ObjectId()}/").status_code == 404
