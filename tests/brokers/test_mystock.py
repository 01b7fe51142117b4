"""나의 주식: one round of calls for all rows, tags, base prices that call once, removals that name first."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from brokers.adapters import client_for
from brokers.adapters.base import Quote
from brokers.hangul import initials_of
from brokers.models import Crossing, Instrument, Tag, UserNotice, WatchedStock
from brokers.paper.faults import Action, Rule
from brokers.services import watch
from lucy import clock
from lucy.errors import LucyError
from tests.accounts.callers import script_of
from tests.brokers.test_pages import signed_in
from tests.factories import make_account, make_demo_account, make_user

pytestmark = pytest.mark.django_db
SAMSUNG, HYNIX, KAKAO, SOLD = "005930", "000660", "035720", "999990"


@pytest.fixture(autouse=True)
def _forget_prices():
    watch._kept.clear()
    yield
    watch._kept.clear()


def make_instrument(symbol, name):
    return Instrument.objects.create(
        symbol=symbol, name=name, initials=initials_of(name), market="kospi", kind="stock",
        base_price=70_000, upper_limit=91_000, lower_limit=49_000, seen_at=clock.now(),
    )  # fmt: skip


@pytest.fixture
def issues(db):
    for symbol, name in ((SAMSUNG, "삼성전자"), (HYNIX, "SK하이닉스"), (KAKAO, "카카오"), (SOLD, "판 종목")):
        make_instrument(symbol, name)


def quote(symbol, price):
    won = Decimal(price)
    zero = Decimal(0)
    return Quote(symbol, "", won, won, zero, zero, won, won, won, won, won, 1, False)


@pytest.fixture
def asked(monkeypatch):
    """The rounds that went out, each answered at 70,000 unless `asked.price` says otherwise."""

    class Asked(list):
        price = 70_000
        silent = ()

    rounds = Asked()

    def quotes(account, symbols):
        rounds.append((account, list(symbols)))
        if account.broker in rounds.silent:
            raise LucyError("broker_unreachable", "증권사에 연결할 수 없습니다")
        return [quote(symbol, rounds.price) for symbol in symbols]

    monkeypatch.setattr("brokers.services.watch.desk.quotes", quotes)
    return rounds


def ask(user):
    return signed_in(user).get(reverse("brokers:mystock-prices")).json()


def post(user, name, *args, **values):
    return signed_in(user).post(reverse(f"brokers:{name}", args=args), values)


def names(user, tag=""):
    return [row.name for row in watch.watched_by(user, tag)]


# The list


def test_a_stock_is_put_on_the_list_once_with_several_tags(trader, issues):
    post(trader, "mystock-add", symbol=SAMSUNG)
    post(trader, "mystock-add", symbol=SAMSUNG, tag="day_trade")
    (row,) = watch.watched_by(trader)
    assert row.tags == [Tag.FOLLOWED, Tag.DAY_TRADE]
    assert names(trader, "day_trade") == ["삼성전자"]
    assert names(trader, "held") == []


def test_an_unknown_code_is_refused_by_name(trader, issues):
    assert (
        "종목 목록에 없는 코드입니다: 999999" in post(trader, "mystock-add", symbol="999999").content.decode()
    )
    assert "여섯 자리" in post(trader, "mystock-add", symbol="12").content.decode()
    assert not WatchedStock.objects.exists()


def test_the_list_has_an_end(trader, issues, monkeypatch):
    monkeypatch.setattr(watch, "MOST_STOCKS", 1)
    post(trader, "mystock-add", symbol=SAMSUNG)
    assert "1종목까지" in post(trader, "mystock-add", symbol=KAKAO).content.decode()


def test_search_knows_initials_and_what_is_there(trader, issues):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    found = signed_in(trader).get(reverse("brokers:mystock-find"), {"text": "ㅅㅅㅈㅈ"}).content.decode()
    assert "삼성전자" in found
    assert "담음" in found


def test_anothers_list_is_not_touched(trader, issues):
    other = make_user()
    watch.watch(other, SAMSUNG, Tag.FOLLOWED)
    assert post(trader, "mystock-tag", SAMSUNG, tag="held", on="1").status_code == 404
    assert post(trader, "mystock-bases", SAMSUNG, buy_below="1").status_code == 404
    post(trader, "mystock-remove", shown="", named=SAMSUNG)
    assert names(other) == ["삼성전자"]
    assert "삼성전자" not in signed_in(trader).get(reverse("brokers:mystock")).content.decode()


@pytest.mark.parametrize("name", ["mystock", "mystock-prices", "mystock-find", "mystock-remove"])
def test_nobody_sees_it_without_signing_in(client, db, name):
    assert client.get(reverse(f"brokers:{name}"))["Location"].startswith("/accounts/sign-in/")


def test_a_tag_is_switched_on_and_off(trader, issues):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    post(trader, "mystock-tag", SAMSUNG, tag="held", on="1")
    post(trader, "mystock-tag", SAMSUNG, tag="followed", on="")
    assert watch.watched_by(trader)[0].tags == [Tag.HELD]


# Removals


def test_a_removal_names_what_goes_and_what_stays(trader, issues):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    watch.watch(trader, KAKAO, Tag.FOLLOWED)
    watch.watch(trader, KAKAO, Tag.HELD)
    page = signed_in(trader).get(reverse("brokers:mystock-remove"), {"shown": "followed"}).content.decode()
    gone, stay = page.split("남는")
    assert "삼성전자" in gone
    assert "카카오" in stay
    assert len(names(trader)) == 2
    post(trader, "mystock-remove", shown="followed", named=[SAMSUNG, KAKAO])
    assert (names(trader), names(trader, "followed")) == (["카카오"], [])


def test_what_was_not_read_is_not_removed(trader, issues):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    watch.watch(trader, KAKAO, Tag.FOLLOWED)  # came after the question was read
    post(trader, "mystock-remove", shown="", named=SAMSUNG)
    assert names(trader) == ["카카오"]


def test_one_stock_is_removed(trader, issues):
    for symbol in (SAMSUNG, KAKAO):
        watch.watch(trader, symbol, Tag.FOLLOWED)
    post(trader, "mystock-remove", symbol=KAKAO, named=KAKAO, shown="")
    assert names(trader) == ["삼성전자"]


# 보유


def test_held_is_rebuilt_from_every_account(paper, trader, account, ls_account, issues):
    watch.watch(trader, SOLD, Tag.HELD)
    watch.watch(trader, SOLD, Tag.FOLLOWED)
    page = post(trader, "mystock-rebuild").content.decode()
    assert "삼성전자" in names(trader, "held")
    assert "보유에서 뺌: 판 종목" in page
    assert "판 종목" in names(trader)  # another tag keeps it


def test_a_silent_account_takes_no_tag_away(paper, trader, account, ls_account, issues):
    watch.watch(trader, SOLD, Tag.HELD)
    rule = Rule(Action.ANSWER, broker="kis", status=500, times=None)
    paper.call(lambda running: running.faults.add(rule))
    page = post(trader, "mystock-rebuild").content.decode()
    assert "답하지 않은 계좌가 있어" in page
    assert account.name in page
    assert {"판 종목", "삼성전자"} <= set(names(trader, "held"))


# Prices


def test_two_hundred_stocks_are_one_round(trader, ls_account, account, asked):
    for number in range(200):
        make_instrument(f"{number:06d}", f"종목 {number}")
        watch.watch(trader, f"{number:06d}", Tag.FOLLOWED)
    told = ask(trader)
    assert len(told["rows"]) == 200
    assert [(own.broker, len(symbols)) for own, symbols in asked] == [("ls", 200)]
    ask(trader)  # another tab, at once
    assert len(asked) == 1


def test_a_round_at_the_paper_broker_prices_all_it_lists(paper, trader, ls_account):
    symbols = paper.call(lambda running: [issue.code for issue in running.market.issues.values()])
    found, silence = watch.prices(trader, symbols)
    assert silence is None
    assert set(found) == set(symbols)


def test_a_silent_broker_leaves_the_round_to_the_next(trader, account, ls_account, issues, asked):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    asked.silent = ("ls",)
    told = ask(trader)
    assert [own.broker for own, _ in asked] == ["ls", "kis"]
    assert told["rows"][SAMSUNG]["price"] == "70,000"
    assert told["silence"] == ""


def test_kis_on_paper_is_asked_for_a_few_at_a_time(trader, asked):
    make_account(trader, server="paper")
    for number in range(8):
        make_instrument(f"{number:06d}", f"종목 {number}")
        watch.watch(trader, f"{number:06d}", Tag.FOLLOWED)
    ask(trader)
    assert len(ask(trader)["rows"]) == 8
    assert [len(symbols) for _, symbols in asked] == [5, 3]


def test_what_has_left_the_exchange_spoils_no_round(trader, account, issues, asked):
    for symbol in (SAMSUNG, KAKAO):
        watch.watch(trader, symbol, Tag.FOLLOWED)
    Instrument.objects.filter(symbol=KAKAO).delete()
    assert set(ask(trader)["rows"]) == {SAMSUNG}
    assert asked[0][1] == [SAMSUNG]


def test_old_prices_stay_and_are_called_old(trader, ls_account, issues, asked):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    ask(trader)
    told = watch._kept[SAMSUNG]
    watch._kept[SAMSUNG] = watch.Priced(told.quote, told.at - timedelta(seconds=31))
    asked.silent = ("ls",)
    answer = ask(trader)
    assert answer["rows"][SAMSUNG]["old"] is True
    assert "연결할 수 없습니다" in answer["silence"]
    assert "watch-row old" in signed_in(trader).get(reverse("brokers:mystock")).content.decode()


def test_without_an_account_the_list_says_so(issues):
    user = make_user()
    watch.watch(user, SAMSUNG, Tag.FOLLOWED)
    assert "시세를 물을 수 있는 계좌가 없습니다" in ask(user)["silence"]


def test_a_paused_account_is_not_asked(trader, issues, asked):
    make_account(trader, paused=True)
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    assert ask(trader)["rows"] == {}
    assert asked == []


def test_the_page_itself_asks_no_broker(trader, ls_account, issues, asked):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    assert "삼성전자" in signed_in(trader).get(reverse("brokers:mystock")).content.decode()
    assert asked == []


# Base prices


def price_is(asked, price):
    asked.price = price
    watch._kept.clear()


def test_a_base_price_calls_once_until_it_is_left(trader, ls_account, issues, asked):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    post(trader, "mystock-bases", SAMSUNG, buy_below="69,000", sell_above="71,000")
    assert ask(trader)["calls"] == []
    price_is(asked, 69_000)
    _, second = ask(trader), ask(trader)
    assert [notice.text for notice in UserNotice.objects.filter(user=trader)] == [
        "매수 기준가 도달: 삼성전자 69,000원, 기준가 69,000원 이하"
    ]
    assert second["calls"][0]["text"] == "삼성전자 69,000원, 기준가 69,000원 이하"
    price_is(asked, 72_000)
    assert ask(trader)["calls"][0]["side"] == "sell"
    price_is(asked, 70_000)
    assert ask(trader)["calls"] == []
    price_is(asked, 68_000)
    ask(trader)
    assert UserNotice.objects.filter(user=trader, kind="price").count() == 3


def test_base_prices_call_without_a_page_in_one_round_for_everyone(trader, ls_account, issues, asked):
    other = make_user()  # who has no account to ask with
    watch.base_prices(watch.watch(trader, SAMSUNG, Tag.FOLLOWED), None, Decimal(69_000))
    watch.base_prices(watch.watch(other, KAKAO, Tag.HELD), Decimal(80_000), None)
    watch.watch(other, HYNIX, Tag.HELD)  # without a base price: nobody waits for it
    assert watch.call_everyone() == 2
    assert [symbols for _, symbols in asked] == [[SAMSUNG, KAKAO]]
    assert UserNotice.objects.get(user=trader).url == f"/stocks/{SAMSUNG}/"
    assert "매수 기준가 도달: 카카오" in UserNotice.objects.get(user=other).text
    assert watch.call_everyone() is None


def test_nobody_is_called_while_the_market_is_closed(
    trader, ls_account, issues, asked, settings, monkeypatch
):
    settings.MARKET_HOURS = True
    night = datetime(2026, 11, 20, 3, tzinfo=clock.KST)
    monkeypatch.setattr(clock, "now", lambda: night)
    watch.base_prices(watch.watch(trader, SAMSUNG, Tag.FOLLOWED), None, Decimal(69_000))
    assert watch.call_everyone() is None
    assert asked == []


def test_two_tabs_are_not_called_twice(trader, issues):
    row = watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    watch.base_prices(row, None, Decimal(70_000))
    priced = {SAMSUNG: watch.Priced(quote(SAMSUNG, 70_000), clock.now())}
    tabs = [WatchedStock.objects.get(pk=row.pk) for _ in range(2)]
    assert [len(watch.newly_crossed([tab], priced)) for tab in tabs] == [1, 0]


def test_base_prices_must_be_in_order(trader, issues):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    answer = post(trader, "mystock-bases", SAMSUNG, buy_below="71000", sell_above="70000")
    assert answer.status_code == 422
    assert "매수 기준가는 매도 기준가보다 낮아야 합니다" in answer.content.decode()
    assert post(trader, "mystock-bases", SAMSUNG, buy_below="많이").status_code == 422
    assert watch.watched_by(trader)[0].buy_below is None


def test_new_base_prices_forget_the_call(trader, issues):
    row = watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    watch.base_prices(row, Decimal(70_000), None)
    watch.newly_crossed([row], {SAMSUNG: watch.Priced(quote(SAMSUNG, 60_000), clock.now())})
    assert row.crossing == Crossing.BELOW
    post(trader, "mystock-bases", SAMSUNG, buy_below="", sell_above="")
    row.refresh_from_db()
    assert (row.crossing, row.buy_below, row.crossed_at) == ("", None, None)


# Over REST, and in the admin


def test_the_list_over_rest(paper, trader, ls_account, issues):
    client = script_of(trader)
    assert client.post("/api/v1/mystock/", {"symbol": "999999"}, format="json").status_code == 400
    assert client.post("/api/v1/mystock/", {"symbol": SAMSUNG}, format="json").json()["tags"] == ["followed"]
    address = f"/api/v1/mystock/{SAMSUNG}/"
    changed = client.patch(
        address, {"tags": ["held", "day_trade"], "sell_above": 1_000}, format="json"
    ).json()
    assert (changed["tags"], changed["sell_above"], changed["buy_below"]) == (
        ["held", "day_trade"],
        "1000",
        None,
    )
    crossed = client.patch(address, {"buy_below": 2_000}, format="json")
    assert crossed.json()["error"]["code"] == "prices_crossed"

    told = client.get("/api/v1/mystock/prices/").json()
    assert (told["silence"], [row["symbol"] for row in told["prices"]]) == ("", [SAMSUNG])
    assert told["prices"][0]["old"] is False
    assert client.get("/api/v1/mystock/").json()[0]["crossing"] == "above"
    assert UserNotice.objects.filter(user=trader, kind="price").count() == 1

    stranger = script_of(make_user())
    assert stranger.get("/api/v1/mystock/").json() == []
    assert stranger.patch(address, {"tags": []}, format="json").status_code == 404
    assert stranger.delete(address).status_code == 404
    assert client.delete(address).status_code == 204
    assert names(trader) == []


def test_back_office_reads_the_lists(trader, issues, db):
    watch.watch(trader, SAMSUNG, Tag.FOLLOWED)
    office = make_user("office", groups=("back office",), is_staff=True)
    page = signed_in(office).get(reverse("admin:brokers_watchedstock_changelist")).content.decode()
    assert "삼성전자" in page
    assert str(trader) in page


@pytest.mark.parametrize(("broker", "calls"), [("ls", 4), ("kis", 7)])  # fifty and thirty prices a call
def test_two_hundred_prices_take_a_handful_of_calls(paper, trader, broker, calls, monkeypatch):
    account = make_demo_account(broker, trader)
    listed = paper.call(lambda running: [issue.code for issue in running.market.issues.values()])
    paced = []
    client: Any = client_for(account)
    monkeypatch.setattr(client._pace, "wait", lambda lane, **_: paced.append(lane))
    found = client.quotes((listed * 200)[:200])
    assert len(found) == 200
    assert paced == ["question"] * calls
