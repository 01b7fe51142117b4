"""What a user is told that belongs to no account: once, numbered, live, beside the news of the accounts."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from brokers.adapters.base import Receipt
from brokers.models import Inbox, OrderStatus, UserNotice, UserNoticeKind
from brokers.selectors import unread_count
from brokers.services.notices import notify, notify_staff
from brokers.services.orders import accept_order
from tests.accounts.callers import script_of
from tests.brokers.test_feed import hear, with_token
from tests.factories import make_account, make_order, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_key_is_told_once_and_numbers_have_no_gaps_however_many_tell(trader):
    def tell(number):
        try:
            return notify(trader, UserNoticeKind.PRICE, f"삼성전자 {number}", key=f"price:{number % 6}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(tell, range(48)))
    assert sum(told) == 6
    assert sorted(UserNotice.objects.values_list("seq", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert Inbox.objects.get(user=trader).seq == 6
    assert all(notify(trader, UserNoticeKind.PRICE, "열쇠 없이") for _ in range(2))


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere", "javascript:1"]
)
def test_a_notice_leads_nowhere_else(trader, url):
    with pytest.raises(ValueError, match="no path of our own"):
        notify(trader, UserNoticeKind.IPO, "내일 청약", url=url)


def test_it_comes_live_and_again_for_who_was_away(site, trader):
    other = make_user("lee")
    with with_token(site, trader) as socket:
        assert hear(socket, "hello")["own"] == 0
        notify(other, UserNoticeKind.IPO, "남의 알림")
        notify(trader, UserNoticeKind.IPO, "니어스랩: 내일 청약", url="/ipo/7/")
        live = hear(socket)
        notify(trader, UserNoticeKind.SCREEN, "조건 진입")
        assert hear(socket)["seq"] == 2
        socket.send(json.dumps({"resume": {"own": 0}}))
        assert [hear(socket), hear(socket)["seq"]] == [live, 2]
    assert (live["account"], live["seq"], live["kind"]) == (None, 1, "ipo")
    assert live["data"] == {"url": "/ipo/7/"}


def test_bell_list_and_api_show_both_kinds_of_news_by_time(client, trader):
    account = make_account(trader)
    for number in range(4):
        accept_order(make_order(account, trader, status=OrderStatus.SENT), Receipt(str(number)))
        notify(trader, UserNoticeKind.IPO, f"{number}번 공모주", url=f"/ipo/{number}/")
    notify(make_user("lee"), UserNoticeKind.IPO, "남의 알림")
    assert unread_count(trader) == 8
    client.force_login(trader)
    bell = client.get("/notices/latest/").content.decode()
    assert bell.count("<li") == 8
    assert bell.index("3번 공모주") < bell.index("2번 공모주")
    assert '<a href="/ipo/3/">' in bell
    page = client.get("/notices/?kind=ipo").content.decode()
    assert page.count('class="notice notice-ipo"') == 4
    assert "작업 실패" not in page  # a kind of the staff's
    assert "남의" not in bell + page

    script = script_of(trader)
    first = script.get("/api/v1/notices/?limit=3").json()
    assert [row["kind"] for row in first["results"]] == ["ipo", "order", "ipo"]
    rest = script.get(first["next"].replace("limit=3", "limit=9")).json()
    assert len({(row["account"], row["seq"]) for row in first["results"] + rest["results"]}) == 8
    own = script.get("/api/v1/notices/?own=true&after=1&limit=2").json()
    assert [row["seq"] for row in own["results"]] == [2, 3]
    assert [row["seq"] for row in script.get(own["next"]).json()["results"]] == [4]
    assert script.post("/api/v1/notices/read/", {"seq": 3}, format="json").status_code == 204
    assert unread_count(trader) == 5
    client.post("/notices/read/")
    assert unread_count(trader) == 0


def test_staff_alone_are_told_of_the_house(trader):
    staff = make_user("park", is_staff=True)
    make_user("gone", is_staff=True, is_active=False)
    assert notify_staff(UserNoticeKind.JOB, "site38_work이 실패했습니다", key="job:1") == 1
    assert notify_staff(UserNoticeKind.JOB, "site38_work이 실패했습니다", key="job:1") == 0
    assert UserNotice.objects.get().user == staff
