"""The trader's pages: who may see what, what empty ones say, how the parts of a page answer."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from brokers.models import EventKind, Fill, Notice, NoticeRead, Order, OrderStatus
from brokers.paging import newest_first, read
from brokers.services.journal import Journal
from brokers.views import lists, paging
from lucy import clock
from lucy.mongo import transactional
from tests.factories import grant, make_account, make_order, make_user

pytestmark = pytest.mark.django_db

PAGES = [
    *("desk", "orders", "fills", "notices", "holdings", "trades", "profits"),
    *("health", "ticket", "latest-notices"),
]
HTMX = {"headers": {"HX-Request": "true"}}


def signed_in(user):
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def text_of(browser, name, **query):
    answer = browser.get(reverse(f"brokers:{name}"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def make_fill(order, quantity=10, **changes):
    values = {
        "account": order.account,
        "order": order,
        "trade_date": clock.trade_date(),
        "broker_order_no": order.broker_order_no,
        "fill_no": str(uuid4()),
        "symbol": order.symbol,
        "side": order.side,
        "quantity": quantity,
        "price": 70_000,
        "executed_at": clock.now(),
        "recorded_at": clock.now(),
    }
    return Fill.objects.create(**values | changes)


def make_notice(order, text="매수체결 · 삼성전자", kind="fill"):
    journal = Journal(order.account)
    journal.notice(kind, order, text, {})
    transactional(journal.write)()
    return Notice.objects.get(account=order.account, text=text)


# --- who may see ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_nobody_sees_a_page_without_signing_in(client, name):
    address = reverse(f"brokers:{name}")
    assert client.get(address)["Location"].startswith("/accounts/sign-in/?next=")
    part = client.get(address, **HTMX)
    assert (part.status_code, part.content) == (401, b"")
    assert part["HX-Redirect"].startswith("/accounts/sign-in/?next=")


@pytest.mark.parametrize("name", PAGES)
def test_a_user_without_accounts_is_told_so(name):
    assert signed_in(make_user()).get(reverse(f"brokers:{name}")).status_code == 200


def test_pages_say_what_to_do_when_they_are_empty(account, trader):
    browser = signed_in(trader)
    assert "오늘 낸 주문이 없습니다" in text_of(browser, "desk")
    assert "이 조건에 맞는 주문이 없습니다" in text_of(browser, "orders")
    assert "이 조건에 맞는 체결이 없습니다" in text_of(browser, "fills")
    assert "알림이 없습니다" in text_of(browser, "notices")
    nobody = signed_in(make_user())
    assert "볼 수 있는 계좌가 없습니다" in text_of(nobody, "desk")
    assert "주문할 수 있는 계좌가 없습니다" in text_of(nobody, "ticket")


def test_a_trader_sees_their_own_and_nothing_of_others(account, trader):
    own = make_order(account, trader, name="내 종목", broker_order_no="1", status=OrderStatus.ACCEPTED)
    stranger = make_user()
    other = make_order(make_account(stranger), stranger, name="남의 종목", broker_order_no="2")
    for order in (own, other):
        make_fill(order)
        make_notice(order, text=f"소식 {order.name}")
    browser = signed_in(trader)
    for name in ("desk", "orders", "fills", "notices", "latest-notices"):
        page = text_of(browser, name)
        assert "내 종목" in page
        assert "남의 종목" not in page
    for name in ("order", "modify", "cancel", "ticket-placed"):
        assert browser.get(reverse(f"brokers:{name}", args=[own.pk])).status_code == 200
        assert browser.get(reverse(f"brokers:{name}", args=[other.pk])).status_code == 404
    rows = browser.get(reverse("brokers:order-rows"), {"id": [str(own.pk), str(other.pk)]}).content.decode()
    assert str(own.pk) in rows
    assert str(other.pk) not in rows


@pytest.mark.parametrize("group", ["back office", "administrator"])
def test_staff_see_all_and_may_cancel_but_not_modify(account, trader, group):
    order = make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="7")
    page = text_of(signed_in(make_user(groups=(group,))), "orders")
    assert "삼성전자" in page
    assert reverse("brokers:cancel", args=[order.pk]) in page
    assert reverse("brokers:modify", args=[order.pk]) not in page


def test_who_only_watches_has_no_buttons(account, trader):
    watcher = make_user()
    grant(account, watcher, can_trade=False)
    make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="7")
    page = text_of(signed_in(watcher), "orders")
    assert "삼성전자" in page
    assert "/modify/" not in page
    assert "주문할 수 있는 계좌가 없습니다" in text_of(signed_in(watcher), "ticket")


@pytest.mark.parametrize("name", ["order", "modify", "cancel"])
def test_what_is_no_id_is_not_found(trader, name):
    assert (
        signed_in(trader).get(f"/orders/nonsense/{'' if name == 'order' else name + '/'}").status_code == 404
    )


@pytest.mark.parametrize("name", ["ticket-review", "ticket-place", "read-notices", "cancel-chosen"])
def test_changes_need_a_token_and_a_post(trader, name):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    refused = strict.post(reverse(f"brokers:{name}"))
    assert refused.status_code == 403
    assert "화면이 오래되어" in refused.content.decode()
    assert strict.get(reverse(f"brokers:{name}")).status_code == 405


def test_errors_speak_korean(trader):
    missing = signed_in(trader).get("/orders/000000000000000000000000/")
    assert missing.status_code == 404
    assert "찾는 화면이 없습니다" in missing.content.decode()


# --- lists ------------------------------------------------------------------------------------------------


def test_filters_narrow_the_blotter(account, ls_account, trader):
    make_order(account, trader, name="열린 것", status=OrderStatus.ACCEPTED)
    make_order(
        ls_account, trader, name="거부된 것", status=OrderStatus.REJECTED, side="sell", symbol="000660"
    )
    browser = signed_in(trader)
    only_open = {"state": "open"}, {"account": str(account.pk)}, {"side": "buy"}, {"symbol": "005930"}
    for query in only_open:
        page = text_of(browser, "orders", **query)
        assert "열린 것" in page
        assert "거부된 것" not in page
    assert "거부된 것" in text_of(browser, "orders", state="rejected")


def test_another_day_is_asked_for_and_is_not_live(account, trader):
    yesterday = clock.now() - timedelta(days=1)
    make_order(account, trader, name="어제 것", created_at=yesterday)
    browser = signed_in(trader)
    assert "어제 것" not in text_of(browser, "orders")
    day = yesterday.astimezone(clock.KST).date().isoformat()
    page = text_of(browser, "orders", first=day, last=day)
    assert "어제 것" in page
    assert "data-live" not in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"first": "2026-02-30"}, "날짜를 연-월-일로"),
        ({"first": "2026-03-02", "last": "2026-03-01"}, "시작일이 종료일보다 늦습니다"),
        ({"account": "0" * 24}, "계좌"),
    ],
)
def test_a_wrong_filter_is_named(trader, query, words):
    page = text_of(signed_in(trader), "orders", **query)
    assert "field-error" in page
    assert words in page


def test_more_rows_come_without_gaps_or_doubles(account, trader):
    moment = clock.now()
    made = {make_order(account, trader, created_at=moment).pk for _ in range(7)}
    seen, cursor = [], None
    while True:
        part = newest_first(Order.objects.all(), "created_at", cursor, 3)
        seen += [row.pk for row in part.rows]
        if not part.after:
            break
        cursor = read(part.after)
    assert len(seen) == 7
    assert set(seen) == made


@pytest.mark.parametrize("cursor", ["nonsense", "2026-01-01~x", "2026-01-01T00:00:00~" + "0" * 24])
def test_a_cursor_that_cannot_be_read_starts_at_the_top(account, trader, cursor):
    make_order(account, trader)
    assert len(paging.newest_first(Order.objects.all(), "created_at", cursor).rows) == 1


def test_the_fills_page_adds_up_the_day(account, trader):
    make_fill(make_order(account, trader), quantity=3)
    make_fill(make_order(account, trader, side="sell"), quantity=2, price=71_000)
    totals = lists._totals(Fill.objects.all())
    assert (totals["buy"]["won"], totals["sell"]["shares"], totals["net"]) == (210_000, 2, -68_000)
    page = text_of(signed_in(trader), "fills")
    assert "210,000" in page
    assert "−68,000" in page


def test_a_longer_period_is_added_up_when_asked(account, trader):
    make_fill(make_order(account, trader), quantity=3)
    browser, today = signed_in(trader), clock.trade_date()
    week = {"first": str(today - timedelta(days=6)), "last": str(today)}
    page = text_of(browser, "fills", **week)
    assert "이 기간의 합계 내기" in page
    assert "210,000" in text_of(browser, "fill-totals", **week)
    year = {"first": str(today - timedelta(days=300)), "last": str(today)}
    assert "합계는 한 달까지" in text_of(browser, "fills", **year)
    assert browser.get(reverse("brokers:fill-totals"), year).status_code == 404


def test_reading_marks_every_own_notice_and_no_other(account, trader):
    mine = make_notice(make_order(account, trader))
    stranger = make_user()
    make_notice(make_order(make_account(stranger), stranger))
    browser = signed_in(trader)
    assert '<span id="unread-count">1</span>' in text_of(browser, "notices")
    answer = browser.post(reverse("brokers:read-notices"), **HTMX)
    assert (answer.status_code, answer["HX-Trigger"]) == (204, "lucy:read")
    assert [mark.seq for mark in NoticeRead.objects.all()] == [mine.seq]
    assert '<span id="unread-count">0</span>' in text_of(browser, "notices")


def test_closing_a_toast_reads_up_to_its_notice(account, trader):
    order = make_order(account, trader)
    seqs = [make_notice(order, text=f"소식 {number}").seq for number in range(3)]
    browser, address = signed_in(trader), reverse("brokers:read-notices")
    answer = browser.post(address, {"stream": str(account.pk), "seq": seqs[1]}, **HTMX)
    assert (answer.status_code, answer["HX-Trigger"]) == (204, '{"lucy:unread": {"count": 1}}')
    assert NoticeRead.objects.get().seq == seqs[1]
    browser.post(address, {"stream": str(account.pk), "seq": seqs[2] + 1_000})
    assert NoticeRead.objects.get().seq == seqs[2]  # never ahead of what was told
    hidden = make_account(make_user())
    assert browser.post(address, {"stream": str(hidden.pk), "seq": 1}).status_code == 404
    for odd in ({"stream": "x", "seq": 1}, {"stream": str(account.pk), "seq": "x"}):
        assert browser.post(address, odd).status_code == 400


def test_the_trail_of_an_order_is_told(account, trader):
    order = make_order(account, trader, broker_order_no="17", status=OrderStatus.ACCEPTED)
    journal = Journal(account)
    journal.event(order, EventKind.ACCEPTED, "한국투자증권", "주문번호 17")
    transactional(journal.write)()
    make_fill(order, quantity=4)
    page = signed_in(trader).get(reverse("brokers:order", args=[order.pk])).content.decode()
    assert "주문번호 17" in page
    assert "70,000" in page
    part = signed_in(trader).get(reverse("brokers:order", args=[order.pk]), **HTMX).content.decode()
    assert "<html" not in part


def test_rows_tell_whether_the_filters_want_them(account, trader):
    order = make_order(account, trader, status=OrderStatus.FILLED)
    browser = signed_in(trader)
    ask = {"id": str(order.pk)}
    assert 'data-matches="1"' in text_of(browser, "order-rows", **ask)
    assert 'data-matches="0"' in text_of(browser, "order-rows", **ask, state="rejected")
    assert "data-order" not in text_of(browser, "order-rows", id="nonsense")


def test_no_page_shows_a_key(account, trader):
    browser = signed_in(trader)
    make_order(account, trader)
    for name in PAGES:
        page = text_of(browser, name)
        assert account.app_key not in page
        assert account.app_secret not in page


@pytest.mark.parametrize("name", PAGES)
def test_pages_hold_no_inline_script_or_style(account, trader, name):
    make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="1")
    page = text_of(signed_in(trader), name)
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
